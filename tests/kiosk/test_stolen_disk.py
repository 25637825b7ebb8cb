"""A stolen disk tells nobody's name: not the store, its WAL and copies, not ledger, logs, temporary files, backup or stick."""

from __future__ import annotations

import base64
import logging
import multiprocessing
import os
import tempfile
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from forms.text import fold
from kiosk.attachments import Paper, attach
from kiosk.backup_cli import place_of
from kiosk.config import load
from kiosk.machine import key_file
from kiosk.printing import Spooler
from kiosk.rotation import rotate
from kiosk.store.backup import Receivers, back_up
from kiosk.store.check import check
from kiosk.store.keyring import open_keyring
from kiosk.store.restore import restore_file
from kiosk.sync_cli import sync_command
from kiosk.usecases import file_dossier, print_test
from sync.keys import VerifyKey
from tests.kiosk.machines import ANSWERS, MOTHER, MOTHERS_CARD, PROCEDURE, filled_session, make_machine
from tests.kiosk.province_twin import ProvinceTwin
from tests.kiosk.test_prepared import prepare

NAMES = (MOTHER.name, MOTHER.number, "Nà Mẫu", str(ANSWERS["child_name"]), "Trạm y tế xã Mẫu")


def written(name: str) -> Iterator[bytes]:
    """Every way the bytes of a name may stand on a disk."""
    cases = {name, name.lower(), name.upper(), name.title(), fold(name), fold(name).upper()}
    for text in cases | {unicodedata.normalize("NFD", one) for one in cases}:
        for code in ("utf-8", "utf-16-le", "utf-16-be"):
            yield text.encode(code)


SCAN = Paper("giay_chung_sinh", "application/pdf")

NEEDLES = sorted({needle for name in NAMES for needle in written(name)})


def leaks(folder: Path) -> list[str]:
    """Files below a folder, or their names, that tell a person's name or number."""
    found = []
    for path in sorted(folder.rglob("*")):
        held = str(path).encode() + (path.read_bytes() if path.is_file() else b"")
        found += [path.name for needle in NEEDLES if needle in held][:1]
    return found


def _a_working_day(state: Path) -> None:
    """What a machine does, with its log and its temporary files in the state folder; then its current is cut."""
    (state / "tmp").mkdir(parents=True)
    tempfile.tempdir = str(state / "tmp")
    logging.basicConfig(level=logging.DEBUG, filename=state / "journal.log", force=True)
    province = ProvinceTwin()
    machine = province.enrol(state)
    spooler = Spooler(machine.store, None, 576, lambda: None, lambda: None)
    spooler.start()
    for _ in range(3):
        file_dossier(machine, PROCEDURE, filled_session(), MOTHERS_CARD)
    filed = file_dossier(machine, PROCEDURE, filled_session(), MOTHERS_CARD)
    attach(machine, filed.dossier, SCAN, b"%PDF- " + MOTHER.name.encode())
    prepare(machine)
    print_test(machine)
    province.settle(machine)
    assert check(machine.store, 7, [VerifyKey(key) for key in machine.store.verify_keys()]).ok
    (state / "usb").mkdir()
    back_up(machine.store, machine.keyring, state / "usb" / "backup", Receivers(province.public, "mật khẩu sao lưu"))
    rotate(machine)
    common = ["--state", str(state), "--set", "store.reserve_mb=1", "--set", "sync.timeout=1.0"]
    sync_command(["--once", *common, "--set", "province.url=http://127.0.0.1:9"])
    sync_command(["enrol", "--again", "--write-request", str(state / "usb" / "request"), *common])
    spooler.stop()
    machine.close()
    restore_file(state / "usb" / "backup", place_of(machine.config))
    machine = make_machine(state, enrolled=False)
    file_dossier(machine, PROCEDURE, filled_session(), MOTHERS_CARD)
    os._exit(9)


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = tmp_path_factory.mktemp("stolen") / "state"
    child = multiprocessing.get_context("spawn").Process(target=_a_working_day, args=(state,))
    child.start()
    child.join(60)
    assert child.exitcode == 9
    return state


def test_no_file_of_a_machine_that_worked_tells_a_name(disk: Path) -> None:
    assert (disk / "kiosk.db-wal").stat().st_size > 0
    assert list(disk.glob("blobs/??/*"))
    assert list(disk.glob("*.before-restore-*"))
    assert (disk / "journal.log").stat().st_size > 0
    assert leaks(disk) == []


def test_the_search_finds_a_name_however_it_is_written(tmp_path: Path) -> None:
    for number, text in enumerate((MOTHER.name, "nong thi mau", unicodedata.normalize("NFD", "Nông Văn Thử"))):
        (tmp_path / str(number)).write_bytes(b"\0" * 99 + text.encode("utf-16-le" if number == 1 else "utf-8"))
    assert leaks(tmp_path) == ["0", "1", "2"]


def test_the_store_key_is_not_beside_the_store(disk: Path) -> None:
    ring = open_keyring(key_file(load(disk)), store_exists=True)
    secrets = (ring.store, ring.device.sign.seed, ring.device.seal.secret)
    needles = [form for secret in secrets for form in (secret, secret.hex().encode(), base64.b64encode(secret))]
    beside = [path for path in disk.rglob("*") if path.is_file() and path.parent.name != "keys"]
    assert [path.name for path in beside if any(needle in path.read_bytes() for needle in needles)] == []
