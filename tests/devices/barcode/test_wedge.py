"""A keyboard wedge on the twin's fifo of input events, and the ioctls against a real device that is no keyboard."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.barcode.facts import Scan
from devices.barcode.fifo import open_fifo
from devices.barcode.keys import ENTER, EV_KEY, EV_SYN, EVENT, PAUSE_S, SHIFT, SYN_DROPPED, Keystrokes
from devices.barcode.scans import MAX_SCAN, Garbled
from devices.barcode.twin import WedgeTwin
from devices.barcode.wedge import WedgeBarcode, grabbed
from devices.idcard import parse_wedge
from tests.devices.barcode.drawn import CARD
from tests.devices.barcode.heard import Heard
from tests.devices.idcard.waiting import until

ALT, CTRL, CAPS, U, DIGIT_1, PAD_7 = 56, 29, 58, 22, 2, 71


@pytest.fixture
def twin(tmp_path: Path) -> WedgeTwin:
    return WedgeTwin(tmp_path / "wedge")


@pytest.fixture
def wedge(tmp_path: Path) -> Iterator[WedgeBarcode]:
    reader = WedgeBarcode(lambda: open_fifo(str(tmp_path / "wedge")), reopen_s=0.02)
    yield reader
    reader.close()


def listening(wedge: WedgeBarcode) -> Heard:
    heard = Heard()
    wedge.start(heard.ears)
    until(lambda: wedge.connected)
    return heard


def events(*keys: tuple[int, int]) -> bytes:
    return b"".join(EVENT.pack(0, 0, EV_KEY, code, value) for code, value in keys)


def stroke(code: int) -> tuple[tuple[int, int], tuple[int, int]]:
    return (code, 1), (code, 0)


def typed(*keys: tuple[int, int]) -> list[Scan | Garbled]:
    return Keystrokes().feed(events(*keys, *stroke(ENTER[0])), 0)


def test_of_a_card_s_code_the_digits_arrive(twin: WedgeTwin, wedge: WedgeBarcode) -> None:
    heard = listening(wedge)
    twin.scan(CARD)
    scan = heard.scan()
    assert scan.typed
    person = parse_wedge(scan.text)
    assert (person.number, person.birth, person.issued, person.name) == ("004190000001", "1990-02-01", "2021-04-15", "")


def test_a_us_keyboard_s_letters_arrive_as_they_are(twin: WedgeTwin, wedge: WedgeBarcode) -> None:
    heard = listening(wedge)
    text = "https://example.org/h/TAM-1?k=A_b~!@#$%^&*()+[]{}|;:'<>,.`" + '"'
    twin.scan(text)
    assert heard.text() == text


def test_without_enter_silence_ends_the_scan(twin: WedgeTwin, wedge: WedgeBarcode) -> None:
    heard = listening(wedge)
    twin.type_without_enter("12345678")
    assert heard.text() == "12345678"


def test_a_pause_shorter_than_a_tenth_of_a_second_ends_nothing() -> None:
    keys = Keystrokes()
    keys.feed(events(*stroke(DIGIT_1) * 5), 0)
    assert keys.rest(PAUSE_S * 0.9) == []
    assert keys.rest(PAUSE_S) == [Scan("11111", typed=True)]


def test_single_keys_of_a_finger_are_no_scan() -> None:
    keys = Keystrokes()
    keys.feed(events(*stroke(DIGIT_1)), 0)
    assert keys.rest(1) == []
    assert keys.feed(events(*stroke(ENTER[0])), 1) == []


def test_letters_composed_from_digits_under_alt_add_no_digits() -> None:
    composed = ((ALT, 1), *stroke(PAD_7), *stroke(PAD_7), (ALT, 0))
    assert typed(*stroke(DIGIT_1), *composed, *stroke(DIGIT_1)) == [Scan("11", typed=True)]


@pytest.mark.parametrize("end", [57, ENTER[0]])
def test_letters_composed_by_their_number_add_no_digits(end: int) -> None:
    begun = ((CTRL, 1), (SHIFT[0], 1), *stroke(U), (SHIFT[0], 0), (CTRL, 0))
    assert typed(*stroke(DIGIT_1), *begun, *stroke(DIGIT_1), *stroke(end), *stroke(DIGIT_1)) == [Scan("11", typed=True)]


def test_repeats_of_a_key_held_down_and_caps_lock_change_no_digit() -> None:
    assert typed(*stroke(CAPS), (DIGIT_1, 1), (DIGIT_1, 2), (DIGIT_1, 2), (DIGIT_1, 0)) == [Scan("1", typed=True)]


def test_events_may_come_in_any_pieces() -> None:
    keys, data = Keystrokes(), events(*stroke(DIGIT_1) * 4, *stroke(ENTER[0]))
    found = [scan for place in range(len(data)) for scan in keys.feed(data[place : place + 1], 0)]
    assert found == [Scan("1111", typed=True)]


def test_events_that_the_kernel_dropped_spoil_the_scan_and_not_the_next() -> None:
    keys = Keystrokes()
    lost = keys.feed(events(*stroke(DIGIT_1), (SHIFT[0], 1)) + EVENT.pack(0, 0, EV_SYN, SYN_DROPPED, 0), 0)
    assert isinstance(lost[0], Garbled)
    assert keys.feed(events(*stroke(DIGIT_1), *stroke(ENTER[1])), 0) == [Scan("1", typed=True)]


def test_keys_without_end_are_dropped() -> None:
    keys = Keystrokes()
    assert any(isinstance(one, Garbled) for one in keys.feed(events(*stroke(DIGIT_1) * (MAX_SCAN + 2)), 0))


def test_a_wedge_that_is_held_takes_the_keys_even_when_nobody_listens(twin: WedgeTwin, wedge: WedgeBarcode) -> None:
    wedge.hold()
    until(lambda: wedge.connected)
    twin.scan("11111")
    until(lambda: twin.taken)
    heard = listening(wedge)
    twin.scan("22222")
    assert heard.text() == "22222"
    wedge.stop()
    twin.scan("33333")
    until(lambda: twin.taken)
    again = listening(wedge)
    twin.scan("44444")
    assert again.text() == "44444"
    assert heard.silent


def test_a_pulled_wedge_is_told_once_to_each_who_listens_and_comes_back(twin: WedgeTwin, wedge: WedgeBarcode) -> None:
    heard = listening(wedge)
    twin.unplug()
    assert heard.error() == "barcode_absent"
    until(lambda: wedge.connected)
    twin.scan("back1")
    assert heard.text() == "back1"
    assert heard.silent


def test_a_wedge_that_was_lost_before_somebody_listens_is_told_at_once(tmp_path: Path) -> None:
    reader = WedgeBarcode(lambda: grabbed(str(tmp_path / "none")), reopen_s=60)
    failed = Heard()
    reader.start(failed.ears)
    assert failed.error() == "barcode_absent"
    reader.stop()
    heard = Heard()
    reader.start(heard.ears)
    assert heard.error() == "barcode_absent"
    assert heard.silent
    reader.close()


def test_a_device_that_is_no_keyboard_is_told_as_such() -> None:
    reader = WedgeBarcode(lambda: grabbed(os.devnull))
    heard = Heard()
    reader.start(heard.ears)
    assert heard.error() == "barcode_wrong_device"
    reader.close()
