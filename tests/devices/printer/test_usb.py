"""A printer on USB: found by its ids, end points read from the device, short transfers continued, a pulled cable survived."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import usb.backend.libusb1

from devices.printer import Printer, open_printer
from devices.printer.twin import PrinterTwin
from tests.devices.printer.test_printing import QUICK, SLIP, is_on_paper
from tests.devices.printer.usb_bus import Bus


@pytest.fixture
def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bus]:
    with PrinterTwin(tmp_path / "paper") as twin:
        made = Bus(twin)
        monkeypatch.setattr(usb.backend.libusb1, "get_backend", lambda **_: made)
        yield made


@pytest.fixture
def printer(bus: Bus, tmp_path: Path) -> Printer:
    return open_printer("usb://04b8:0e15?profile=generic80" + QUICK, lock=tmp_path / "lock")


def test_a_slip_arrives_whole_though_every_transfer_is_cut_short(bus: Bus, printer: Printer) -> None:
    assert printer.status().state == "ready"
    assert printer.print(SLIP).state == "printed"
    assert is_on_paper(bus.twin, 1)


def test_the_printer_tells_its_faults_over_usb(bus: Bus, printer: Printer) -> None:
    bus.twin.set(cover=True)
    assert printer.print(SLIP).code == "cover_open"


def test_a_cable_pulled_in_the_middle_is_uncertain_and_put_back_is_no_event(bus: Bus, printer: Printer) -> None:
    bus.unplug_after = 12
    outcome = printer.print(SLIP)
    assert (outcome.state, outcome.code) == ("uncertain", "printer_lost")
    assert printer.print(SLIP).code == "printer_absent"
    bus.unplug_after = None
    bus.plugged = True
    assert printer.print(SLIP).state == "printed"
    assert is_on_paper(bus.twin, len(bus.twin.slips()))


def test_a_machine_without_a_usb_library_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("libusb1", "libusb0", "openusb"):
        monkeypatch.setattr(f"usb.backend.{name}.get_backend", lambda **_: None)
    assert open_printer("usb://04b8:0e15", lock=tmp_path / "lock").status().code == "printer_driver_missing"
