"""The way behind the PIN: which page comes when, and that nobody stays signed in after the pages have left the glass."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from kiosk.viewmodels.base import ViewModel
from kiosk.viewmodels.flow import Kiosk
from kiosk.viewmodels.official import IDLE_S, SignIn
from kiosk.viewmodels.official_flow import DossierPage, TechnicianPage, TouchTestPage, WorklistPage, open_staff
from tests.kiosk.services_twin import FakeScheduler, ServicesTwin


class Attract(ViewModel):
    """Stands for the citizens' first screen."""

    def __init__(self, kiosk: Kiosk) -> None:
        super().__init__()


@dataclass
class House:
    clock: FakeScheduler
    services: ServicesTwin
    kiosk: Kiosk

    def enter(self, pin: str) -> None:
        self.kiosk.open_staff()
        pad = self.kiosk.screen
        assert isinstance(pad, SignIn)
        for digit in pin:
            pad.press(digit)
        pad.submit()


@pytest.fixture
def house() -> House:
    clock = FakeScheduler()
    services = ServicesTwin(clock)
    return House(clock, services, Kiosk(services, clock, Attract, open_staff))


def test_an_official_comes_to_the_worklist(house: House) -> None:
    house.enter("246810")
    assert isinstance(house.kiosk.screen, WorklistPage)


def test_a_technician_comes_to_the_devices_and_never_to_dossiers(house: House) -> None:
    house.enter("135790")
    page = house.kiosk.screen
    assert isinstance(page, TechnicianPage)
    assert not page.leaves_to_worklist
    page.back()
    assert isinstance(house.kiosk.screen, Attract)
    assert house.services.official is None


def test_a_wrong_pin_stays_at_the_pad(house: House) -> None:
    house.enter("111222")
    assert isinstance(house.kiosk.screen, SignIn)


def test_leaving_the_pad_goes_back_to_the_citizens(house: House) -> None:
    house.kiosk.open_staff()
    pad = house.kiosk.screen
    assert isinstance(pad, SignIn)
    pad.cancel()
    assert isinstance(house.kiosk.screen, Attract)
    assert house.clock.waiting == 0


def test_the_worklist_is_found_as_it_was_left(house: House) -> None:
    dossier = house.services.put(status=4)
    house.enter("246810")
    worklist = house.kiosk.screen
    assert isinstance(worklist, WorklistPage)
    worklist.desk.choose_tab("open")
    worklist.desk.choose(dossier.id)
    worklist.open_dossier()
    page = house.kiosk.screen
    assert isinstance(page, DossierPage)
    page.back()
    again = house.kiosk.screen
    assert isinstance(again, WorklistPage)
    assert again is not worklist
    assert again.desk.tab == "open"
    assert house.services.official is not None


def test_an_official_reaches_the_devices_and_comes_back(house: House) -> None:
    house.enter("246810")
    worklist = house.kiosk.screen
    assert isinstance(worklist, WorklistPage)
    worklist.open_technician()
    devices = house.kiosk.screen
    assert isinstance(devices, TechnicianPage)
    devices.open_touch_test()
    test = house.kiosk.screen
    assert isinstance(test, TouchTestPage)
    test.back()
    back = house.kiosk.screen
    assert isinstance(back, TechnicianPage)
    back.back()
    assert isinstance(house.kiosk.screen, WorklistPage)


@pytest.mark.parametrize("way", ["lock", "idle", "kiosk"])
def test_however_the_page_leaves_the_official_is_signed_out_and_nothing_keeps_running(house: House, way: str) -> None:
    dossier = house.services.put(name="NÔNG THỊ MẪU")
    house.enter("246810")
    page = house.kiosk.screen
    assert isinstance(page, WorklistPage)
    desk = page.desk
    desk.choose(dossier.id)
    wiped = house.kiosk.wiped
    if way == "lock":
        page.lock()
    elif way == "idle":
        house.clock.advance(IDLE_S + 1)
    else:
        house.kiosk.end()
    assert isinstance(house.kiosk.screen, Attract)
    assert house.services.official is None
    assert desk.selected is None
    assert house.kiosk.wiped == wiped + 1
    house.services.changed()
    assert house.clock.waiting == 0


def test_a_touch_on_any_page_keeps_the_official_signed_in(house: House) -> None:
    house.enter("246810")
    house.clock.advance(IDLE_S - 10)
    worklist = house.kiosk.screen
    assert isinstance(worklist, WorklistPage)
    worklist.touched()
    worklist.open_technician()
    house.clock.advance(IDLE_S - 10)
    assert isinstance(house.kiosk.screen, TechnicianPage)


def test_a_page_tells_its_screen_about_desk_and_session(house: House) -> None:
    house.enter("246810")
    page = house.kiosk.screen
    assert isinstance(page, WorklistPage)
    told: list[str] = []
    page.watch(lambda: told.append("changed"))
    house.services.call_help("Đọc thẻ")
    assert told == ["changed"]
    house.clock.advance(IDLE_S - 29)
    assert len(told) > 1
    assert page.session.closing is not None
