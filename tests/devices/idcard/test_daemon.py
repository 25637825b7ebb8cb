"""The daemon and the reader come and go; the twin's own pcscd is real, private, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.errors import DeviceError
from devices.idcard.reader import CardReader
from devices.idcard.twin import SAMPLES, ChipTwin, PcscdTwin, VpcdCard
from tests.devices.idcard.waiting import until

KEY = SAMPLES[0].key
ROOT = Path(__file__).parents[3]


@pytest.fixture
def stopped(pcscd: PcscdTwin) -> Iterator[PcscdTwin]:
    pcscd.stop()
    yield pcscd
    pcscd.plug_reader()


def code(reader: CardReader) -> str:
    with pytest.raises(DeviceError) as caught:
        reader.read((KEY,))
    return caught.value.code


def test_no_daemon(stopped: PcscdTwin, reader: CardReader) -> None:
    assert code(reader) == "pcscd_absent"
    assert reader.state().problem == "pcscd_absent"


def test_no_reader(stopped: PcscdTwin, reader: CardReader) -> None:
    stopped.unplug_reader()
    assert code(reader) == "reader_absent"
    assert (reader.state().present, reader.state().problem) == (False, "reader_absent")


def test_a_reader_of_another_name_is_not_taken(pcscd: PcscdTwin) -> None:
    other = CardReader("ACS ACR1252")
    assert code(other) == "reader_absent"
    other.close()


def test_the_same_driver_works_again_after_the_daemon_was_restarted(stopped: PcscdTwin, reader: CardReader) -> None:
    assert code(reader) == "pcscd_absent"
    stopped.start()
    stopped.lay(ChipTwin())
    assert reader.read((KEY,)).person == SAMPLES[0].person


def test_a_daemon_that_dies_under_a_reading_is_named_and_the_next_reading_works(desk: PcscdTwin, reader: CardReader) -> None:
    chip = ChipTwin()
    desk.lay(chip)

    def stop_once(share: float, sentence: str) -> None:
        if share > 0.3:
            desk.stop()

    with pytest.raises(DeviceError) as caught:
        reader.read((KEY,), progress=stop_once)
    assert caught.value.code == "pcscd_absent"
    desk.start()
    desk.lay(chip)
    assert reader.read((KEY,)).person == chip.person


def test_a_card_can_be_laid_from_anywhere_by_the_port(desk: PcscdTwin, reader: CardReader) -> None:
    with VpcdCard(desk.port) as place:
        place.lay(ChipTwin(SAMPLES[1]))
        until(lambda: reader.state().card)
        assert reader.read((SAMPLES[1].key,)).person == SAMPLES[1].person
    until(lambda: not reader.state().card)


def test_a_second_twin_in_one_process_is_refused(pcscd: PcscdTwin) -> None:
    with pytest.raises(RuntimeError, match="already"), PcscdTwin():
        pass


HOLD = """
import sys
from devices.idcard.twin import ChipTwin, PcscdTwin
with PcscdTwin() as twin:
    twin.lay(ChipTwin())
    print(twin.socket_path, twin.port, flush=True)
    sys.stdin.read()
"""


def start_holder() -> tuple[subprocess.Popen[str], Path]:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "PCSCLITE_CSOCK_NAME"},
    )
    assert holder.stdout is not None
    return holder, Path(holder.stdout.readline().split()[0])


def daemons_on(socket_path: Path) -> int:
    """Processes that run pcscd with the configuration beside ``socket_path``."""
    found = 0
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += str(socket_path.parent).encode() in process.read_bytes()
        except OSError:
            continue
    return found


def test_twins_of_several_processes_live_side_by_side(desk: PcscdTwin, reader: CardReader) -> None:
    holder, socket_path = start_holder()
    assert str(socket_path) != desk.socket_path
    desk.lay(ChipTwin(SAMPLES[1]))
    assert reader.read((SAMPLES[1].key,)).person == SAMPLES[1].person
    holder.communicate("")
    assert holder.returncode == 0
    assert daemons_on(socket_path) == 0
    assert not socket_path.parent.exists()


def test_pcscd_ends_even_when_its_owner_is_killed() -> None:
    holder, socket_path = start_holder()
    assert daemons_on(socket_path) == 2, "the warden and pcscd"
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    until(lambda: daemons_on(socket_path) == 0)
    assert not socket_path.parent.exists()
