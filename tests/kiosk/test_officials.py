"""PINs: who signs in, how wrong ones are slowed down, what is refused as a PIN."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.officials import FIRST_WAIT, SignIn, add_official
from kiosk.services import Refused
from tests.kiosk.machines import ToldClock, make_machine


@pytest.fixture
def clock() -> ToldClock:
    return ToldClock()


@pytest.fixture
def desk(tmp_path: Path, clock: ToldClock) -> SignIn:
    machine = make_machine(tmp_path, clock)
    add_official(machine.store, "Cán bộ Mẫu", "135790", "official")
    add_official(machine.store, "Kỹ thuật Mẫu", "864209", "technician")
    return SignIn(machine.store, clock)


def refused(desk: SignIn, pin: str) -> Refused:
    with pytest.raises(Refused) as caught:
        desk.try_pin(pin)
    return caught.value


def test_the_pin_tells_the_person_and_the_role(desk: SignIn) -> None:
    assert desk.try_pin("135790").name_vi == "Cán bộ Mẫu"
    assert desk.try_pin("864209").role == "technician"


def test_a_wrong_pin_says_how_many_tries_are_left(desk: SignIn) -> None:
    assert (refused(desk, "111222").code, refused(desk, "111222").cure_vi) == ("wrong_pin", "Còn 1 lần thử.")


def test_after_three_wrong_pins_even_the_right_one_waits(desk: SignIn, clock: ToldClock) -> None:
    for _ in range(3):
        refused(desk, "111222")
    assert refused(desk, "135790").code == "pin_wait"
    clock.advance(FIRST_WAIT)
    assert desk.try_pin("135790").name_vi == "Cán bộ Mẫu"


def test_each_further_wrong_pin_waits_longer(desk: SignIn, clock: ToldClock) -> None:
    waits = []
    for _ in range(6):
        waits.append(refused(desk, "111222").cure_vi)
        clock.advance(1000)
    assert waits[2:] == [f"Chờ {n} giây rồi thử lại." for n in (30, 60, 120, 240)]


@pytest.mark.parametrize("pin", ["12345", "111111", "123456", "987654", "12ab56", "1122334455667"])
def test_a_weak_pin_is_refused(tmp_path: Path, pin: str) -> None:
    with pytest.raises(Refused) as caught:
        add_official(make_machine(tmp_path).store, "Cán bộ Mẫu", pin, "official")
    assert caught.value.code == "pin_weak"


def test_no_two_people_have_one_pin(tmp_path: Path) -> None:
    store = make_machine(tmp_path).store
    add_official(store, "Cán bộ Mẫu", "135790", "official")
    with pytest.raises(Refused) as caught:
        add_official(store, "Cán bộ Khác", "135790", "official")
    assert caught.value.code == "pin_taken"


def test_a_kiosk_without_officials_says_what_to_do(tmp_path: Path, clock: ToldClock) -> None:
    desk = SignIn(make_machine(tmp_path, clock).store, clock)
    assert refused(desk, "135790").code == "no_officials"
