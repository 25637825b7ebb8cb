"""What is remembered about a printer, and who may use it."""

from pathlib import Path

import pytest

from devices.errors import DeviceError
from devices.printer.lock import Memory, PrinterLock


@pytest.fixture
def lock(tmp_path: Path) -> PrinterLock:
    return PrinterLock(tmp_path / "spool" / "printer.lock")


def test_a_new_printer_is_neither_in_doubt_nor_known_to_answer(lock: PrinterLock) -> None:
    with lock.held(0.1) as held:
        assert held.memory() == Memory(doubt=False, answers=False)


def test_what_was_remembered_is_there_for_the_next_holder(lock: PrinterLock) -> None:
    with lock.held(0.1) as held:
        held.remember(Memory(doubt=True, answers=True))
        held.remember(Memory(doubt=False, answers=True))
    with PrinterLock(lock.path).held(0.1) as held:
        assert held.memory() == Memory(doubt=False, answers=True)


@pytest.mark.parametrize("torn", ["{", '{"doubt": fal', "[]", "null", '{"answers": true}'])
def test_a_torn_memory_counts_as_doubt(lock: PrinterLock, torn: str) -> None:
    with lock.held(0.1):
        lock.path.write_text(torn)
    with lock.held(0.1) as held:
        assert held.memory().doubt


def test_a_second_holder_is_told_the_printer_is_busy_and_may_come_back(lock: PrinterLock) -> None:
    with lock.held(0.1), pytest.raises(DeviceError) as refused, PrinterLock(lock.path).held(0.05):
        pass
    assert refused.value.code == "printer_busy"
    with PrinterLock(lock.path).held(0.05):
        pass


def test_the_file_is_for_its_owner_only(lock: PrinterLock) -> None:
    with lock.held(0.1):
        assert lock.path.stat().st_mode & 0o077 == 0


def test_a_lock_that_is_not_lasting_excludes_others_and_leaves_no_memory_behind(lock: PrinterLock) -> None:
    passing = PrinterLock(lock.path, lasting=False)
    with passing.held(0.1) as held:
        held.remember(Memory(doubt=True, answers=True))
        with pytest.raises(DeviceError), lock.held(0.02):
            pass
    with passing.held(0.1) as held:
        assert held.memory() == Memory(doubt=True, answers=True)
    with lock.held(0.1) as held:
        assert held.memory() == Memory()
