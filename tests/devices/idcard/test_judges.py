"""The software chip judged by programs of others over the real pcscd: it is not only our own reader that can read it.

``mrtdreader`` (libmrtd) has its own basic access and secure messaging. It knows NFC devices only, so a small library gives it
PC/SC instead.
"""

from __future__ import annotations

import io
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from devices.idcard.facts import MrzKey
from devices.idcard.twin import SAMPLES, ChipTwin, PcscdTwin

BRIDGE = Path(__file__).with_name("nfc_over_pcsc.c")
CITIZEN = SAMPLES[0]
Lay = Callable[[ChipTwin], None]


def mrtdreader(folder: Path, pcscd: PcscdTwin, key: MrzKey) -> str:
    """What it says about the card on the reader; the picture it finds is left in ``folder``."""
    bridge = folder / "bridge.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-I/usr/include/PCSC", "-o", bridge, BRIDGE, "-lpcsclite"], check=True)
    told = subprocess.run(
        ["mrtdreader", "-p", key.document, "-b", key.birth_yymmdd, "-e", key.expiry_yymmdd],
        cwd=folder,
        env={**os.environ, **pcscd.environment, "LD_PRELOAD": str(bridge)},
        capture_output=True,
        check=False,
        timeout=20,
    )
    return told.stdout.decode(errors="replace")


def test_mrtdreader_opens_the_chip_and_reads_its_files(pcscd: PcscdTwin, lay: Lay, tmp_path: Path) -> None:
    chip = ChipTwin()
    lay(chip)
    said = mrtdreader(tmp_path, pcscd, chip.key)
    assert "Challenge successful" in said
    assert CITIZEN.mrz in said
    assert chip.files[0x011D].hex() in said
    picture = next(path for path in tmp_path.iterdir() if path.read_bytes().startswith(b"\xff\xd8"))
    with Image.open(io.BytesIO(picture.read_bytes())) as face:
        assert face.size == (240, 320)


def test_mrtdreader_is_refused_with_the_key_of_another_card(pcscd: PcscdTwin, lay: Lay, tmp_path: Path) -> None:
    lay(ChipTwin())
    assert "Challenge successful" not in mrtdreader(tmp_path, pcscd, SAMPLES[1].key)


def test_opensc_sees_the_reader_the_answer_to_reset_and_the_application(pcscd: PcscdTwin, lay: Lay) -> None:
    lay(ChipTwin())
    told = subprocess.run(
        ["opensc-tool", "-r", pcscd.reader_name, "-a", "-s", "00A4040C07A0000002471001"],
        env={**os.environ, **pcscd.environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    assert "3b:80:80:01:01" in told.stdout
    assert "SW1=0x90, SW2=0x00" in told.stdout, told.stderr
