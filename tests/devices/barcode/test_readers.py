"""The drivers on a real serial line (a pty) and on the twin's fifo: scans come, cables are pulled, the reader comes back."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from devices.barcode import Ears, open_barcode
from devices.barcode.errors import lost
from devices.barcode.facts import Scan, Source
from devices.barcode.fifo import FifoBarcode
from devices.barcode.serial_port import SerialBarcode
from devices.barcode.twin import BarcodeTwin
from devices.errors import DeviceError
from tests.devices.barcode.heard import Heard
from tests.devices.idcard.waiting import until

CARD = "004190000001||Nông Thị Mẫu|01021990|Nữ|Xóm Mẫu, Vĩnh Quang, Cao Bằng|15042021"


Listen = Callable[[Source], Heard]


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
def listening() -> Iterator[Listen]:
    readers = []

    def listen(reader: Source) -> Heard:
        heard = Heard()
        reader.start(heard.ears)
        readers.append(reader)
        return heard

    yield listen
    for reader in readers:
        reader.stop()


def until_connected(reader: Source) -> None:
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
    assert heard.silent


def test_a_callback_may_stop_its_own_reader(tmp_path: Path) -> None:
    reader = FifoBarcode(str(tmp_path / "scanner"))
    stopped = threading.Event()

    def stop(scan: Scan) -> None:
        reader.stop()
        stopped.set()

    reader.start(Ears(stop, lambda error: None))
    until_connected(reader)
    BarcodeTwin(tmp_path / "scanner").scan("x")
    assert stopped.wait(3)


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.EACCES, "barcode_denied"),
        (errno.EBUSY, "barcode_busy"),
        (errno.ENOTTY, "barcode_wrong_device"),
        (errno.ENODEV, "barcode_absent"),
    ],
)
def test_why_a_device_does_not_open_is_told_by_name_with_a_cure(number: int, code: str) -> None:
    failure = lost(OSError(number, "no"))
    assert failure.code == code
    assert failure.cure_vi


def test_a_serial_line_has_one_listener(line: Line, listening: Listen, tmp_path: Path) -> None:
    line.plug()
    first = SerialBarcode(str(tmp_path / "scanner"))
    listening(first)
    until_connected(first)
    assert listening(SerialBarcode(str(tmp_path / "scanner"))).error() == "barcode_busy"


@pytest.mark.parametrize(
    "url",
    [
        "none:",
        "serial:///dev/ttyACM0?baud=115200",
        "serial:///dev/ttyACM0 camera:///dev/video0?width=640&height=480",
        "wedge:///dev/input/by-id/usb-Mau-event-kbd",
        "twin:///a twin-camera:///b twin-wedge:///c",
    ],
)
def test_addresses(url: str) -> None:
    readers = open_barcode(url)
    assert not readers.connected


@pytest.mark.parametrize(
    "url",
    [
        *("", "serial:", "serial:///dev/x?baud=fast", "serial:///dev/x?speed=9600", "twin:", "keyboard:", "keyboard:///x"),
        *("/dev/ttyACM0", "serial:///dev/x none:", "camera:///dev/video0?baud=9600", "camera://video0", "wedge:dev/input/event3"),
    ],
)
def test_a_wrong_address_is_refused_by_name(url: str) -> None:
    with pytest.raises(DeviceError, match="barcode_address_invalid"):
        open_barcode(url)
