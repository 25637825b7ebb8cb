"""Scanner, wedge and camera of one kiosk as one reader."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.barcode import Barcodes, Scan, open_barcode
from devices.barcode.fifo import FifoBarcode
from devices.barcode.twin import BarcodeTwin, WedgeTwin
from tests.devices.barcode.drawn import CARD
from tests.devices.barcode.heard import Heard
from tests.devices.idcard.waiting import until


@pytest.fixture
def scanner(tmp_path: Path) -> BarcodeTwin:
    return BarcodeTwin(tmp_path / "scanner")


@pytest.fixture
def wedge(tmp_path: Path) -> WedgeTwin:
    return WedgeTwin(tmp_path / "wedge")


@pytest.fixture
def readers(scanner: BarcodeTwin, wedge: WedgeTwin) -> Iterator[Barcodes]:
    scanner.plug()
    wedge.plug()
    readers = open_barcode(f"{scanner.url} {wedge.url}")
    yield readers
    readers.close()


def both_open(tmp_path: Path) -> None:
    """Both fifos have somebody at the other end."""
    until(lambda: all(hand.listened_to for hand in (BarcodeTwin(tmp_path / "scanner"), WedgeTwin(tmp_path / "wedge"))))


def test_the_same_code_before_two_readers_is_one_scan(
    readers: Barcodes, scanner: BarcodeTwin, wedge: WedgeTwin, tmp_path: Path
) -> None:
    heard = Heard()
    readers.start(heard.ears)
    both_open(tmp_path)
    scanner.scan(CARD)
    assert heard.text() == CARD
    wedge.scan(CARD)
    wedge.scan("12345678")
    assert heard.text() == "12345678"
    assert heard.silent


def test_a_reader_that_is_lost_is_no_failure_while_another_works(tmp_path: Path) -> None:
    here, gone = (FifoBarcode(str(tmp_path / name), reopen_s=0.02) for name in ("here", "nowhere/gone"))
    readers = Barcodes((here, gone))
    heard = Heard()
    readers.start(heard.ears)
    until(lambda: here.connected)
    BarcodeTwin(tmp_path / "here").scan("x")
    assert heard.text() == "x"
    assert heard.silent
    readers.close()


def test_the_loss_of_the_last_reader_is_told_once(tmp_path: Path) -> None:
    readers = Barcodes([FifoBarcode(str(tmp_path / "nowhere" / name), reopen_s=0.02) for name in ("a", "b")])
    heard = Heard()
    readers.start(heard.ears)
    assert heard.error() == "barcode_absent"
    readers.stop()
    assert heard.silent


def test_no_reader_at_all_is_silence() -> None:
    readers = open_barcode("none:")
    heard = Heard()
    readers.start(heard.ears)
    assert not readers.connected
    readers.stop()
    assert heard.silent


def test_nothing_of_the_code_is_kept_when_listening_ends(readers: Barcodes, scanner: BarcodeTwin, tmp_path: Path) -> None:
    heard = Heard()
    readers.start(heard.ears)
    both_open(tmp_path)
    scanner.scan("98765432")
    assert heard.text() == "98765432"
    readers.stop()
    assert not [one for one in gc.get_objects() if isinstance(one, Scan) and one.text == "98765432"]


def test_a_new_watch_hears_the_code_that_the_last_one_heard(readers: Barcodes, scanner: BarcodeTwin, tmp_path: Path) -> None:
    for _ in range(2):
        heard = Heard()
        readers.start(heard.ears)
        both_open(tmp_path)
        scanner.scan(CARD)
        assert heard.text() == CARD
        readers.stop()
