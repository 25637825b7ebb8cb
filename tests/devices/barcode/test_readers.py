"""The drivers on a real serial line (a pty) and on the twin's fifo: scans come, cables are pulled, the reader comes back."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from devices.barcode import open_barcode
from devices.barcode.reader import FifoBarcode, SerialBarcode
from devices.barcode.twin import BarcodeTwin
from devices.errors import DeviceError
from tests.devices.idcard.waiting import until

CARD = "004190000001||Nông Thị Mẫu|01021990|Nữ|Xóm Mẫu, Vĩnh Quang, Cao Bằng|15042021"


class Heard:
    """What a reader has said, in order."""

    def __init__(self) -> None:
        self.texts: queue.Queue[str] = queue.Queue()
        self.errors: queue.Queue[DeviceError] = queue.Queue()

    def text(self) -> str:
        return self.texts.get(timeout=3)

    def error(self) -> str:
        return self.errors.get(timeout=3).code


class Line:
    """A serial cable: a pty behind a link that can be pulled and plugged in again, like a udev link."""

    def __init__(self, link: Path) -> None:
        self._link = link
        self._ends: tuple[int, int] | None = None

    def plug(self) -> None:
        self._ends = os.openpty()
        self._link.symlink_to(os.ttyname(self._ends[1]))

    def pull(self) -> None:
        if self._ends is not None:
            self._link.unlink()
            for end in self._ends:
                os.close(end)
            self._ends = None

    def send(self, data: bytes) -> None:
        assert self._ends is not None
        os.write(self._ends[0], data)


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    cable = Line(tmp_path / "scanner")
    yield cable
    cable.pull()


@pytest.fixture
def listening() -> Iterator[Callable[[SerialBarcode | FifoBarcode], Heard]]:
    readers = []

    def listen(reader: SerialBarcode | FifoBarcode) -> Heard:
        heard = Heard()
        reader.start(heard.texts.put, heard.errors.put)
        readers.append(reader)
        return heard

    yield listen
    for reader in readers:
        reader.stop()


Listen = Callable[[SerialBarcode | FifoBarcode], Heard]


def until_connected(reader: SerialBarcode | FifoBarcode) -> None:
    until(lambda: reader.connected)


def test_vietnamese_text_arrives_unchanged_over_a_serial_line(line: Line, listening: Listen, tmp_path: Path) -> None:
    line.plug()
    reader = SerialBarcode(str(tmp_path / "scanner"))
    heard = listening(reader)
    until_connected(reader)
    line.send(CARD.encode() + b"\r")
    assert heard.text() == CARD


def test_a_pulled_cable_is_told_once_and_the_reader_comes_back_by_itself(line: Line, listening: Listen, tmp_path: Path) -> None:
    line.plug()
    reader = SerialBarcode(str(tmp_path / "scanner"), reopen_s=0.02)
    heard = listening(reader)
    until_connected(reader)
    line.send(b"first\r\nhalf a co")
    assert heard.text() == "first"
    line.pull()
    assert heard.error() == "barcode_absent"
    line.plug()
    until_connected(reader)
    line.send(b"whole\r\n")
    assert heard.text() == "whole"
    assert heard.errors.empty()


class Counting(SerialBarcode):
    """Counts how often it tries to open the line."""

    tries = 0

    def _port(self) -> Any:
        self.tries += 1
        return super()._port()


def test_a_reader_that_is_not_there_is_told_once_and_may_come_later(line: Line, listening: Listen, tmp_path: Path) -> None:
    reader = Counting(str(tmp_path / "scanner"), reopen_s=0.01)
    heard = listening(reader)
    assert heard.error() == "barcode_absent"
    until(lambda: reader.tries > 5)
    assert heard.errors.empty()
    line.plug()
    until_connected(reader)
    line.send(b"late\n")
    assert heard.text() == "late"


def test_noise_on_the_line_is_told_as_such(line: Line, listening: Listen, tmp_path: Path) -> None:
    line.plug()
    reader = SerialBarcode(str(tmp_path / "scanner"))
    heard = listening(reader)
    until_connected(reader)
    line.send(b"\xc3\x28\r\n")
    assert heard.error() == "barcode_garbled"


def test_the_twin_scans_through_its_fifo_many_times(listening: Listen, tmp_path: Path) -> None:
    twin = BarcodeTwin(tmp_path / "scanner")
    reader = FifoBarcode(str(tmp_path / "scanner"))
    heard = listening(reader)
    until_connected(reader)
    for text in (CARD, "https://example.org", CARD):
        twin.scan(text)
        assert heard.text() == text


def test_the_twins_cable_can_be_pulled_and_nobody_scans_into_nothing(listening: Listen, tmp_path: Path) -> None:
    twin = BarcodeTwin(tmp_path / "scanner")
    with pytest.raises(DeviceError, match="barcode_absent"):
        twin.scan("x")
    reader = FifoBarcode(str(tmp_path / "scanner"), reopen_s=0.02)
    heard = listening(reader)
    until_connected(reader)
    twin.unplug()
    assert heard.error() == "barcode_absent"
    until_connected(reader)
    twin.scan("back")
    assert heard.text() == "back"


def test_no_callback_comes_after_stop(listening: Listen, tmp_path: Path) -> None:
    twin = BarcodeTwin(tmp_path / "scanner")
    twin.plug()
    reader = FifoBarcode(str(tmp_path / "scanner"))
    heard = listening(reader)
    until_connected(reader)
    reader.stop()
    assert not reader.connected
    with pytest.raises(DeviceError, match="barcode_absent"):
        twin.scan("x")
    assert heard.texts.empty()
    assert heard.errors.empty()


def test_a_callback_may_stop_its_own_reader(tmp_path: Path) -> None:
    reader = FifoBarcode(str(tmp_path / "scanner"))
    stopped = threading.Event()

    def stop(text: str) -> None:
        reader.stop()
        stopped.set()

    reader.start(stop, lambda error: None)
    until_connected(reader)
    BarcodeTwin(tmp_path / "scanner").scan("x")
    assert stopped.wait(3)


def test_addresses(tmp_path: Path) -> None:
    assert isinstance(open_barcode("serial:///dev/ttyACM0?baud=115200"), SerialBarcode)
    assert isinstance(open_barcode(BarcodeTwin(tmp_path / "scanner").url), FifoBarcode)
    nothing = open_barcode("none:")
    nothing.start(lambda text: None, lambda error: None)
    assert not nothing.connected
    nothing.stop()


@pytest.mark.parametrize("url", ["", "serial:", "serial:///dev/x?baud=fast", "twin:", "keyboard:", "/dev/ttyACM0"])
def test_a_wrong_address_is_refused_by_name(url: str) -> None:
    with pytest.raises(DeviceError, match="barcode_address_invalid"):
        open_barcode(url)
