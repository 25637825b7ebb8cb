"""What the kiosk's keyboard and pads write, key by key."""

from __future__ import annotations

import pytest

from kiosk.viewmodels.typing import DateEntry, Typing


def keys(typing: Typing, text: str) -> Typing:
    for key in text:
        typing.press(key)
    return typing


def test_in_a_name_each_word_begins_with_a_capital_by_itself() -> None:
    assert keys(Typing(kind="name"), "nông thi mâu").text == "Nông Thi Mâu"


def test_the_case_shown_is_the_case_that_comes() -> None:
    typing = Typing(kind="name")
    assert typing.upper
    keys(typing, "n")
    assert not typing.upper
    typing.shift()
    assert typing.upper
    assert keys(typing, "a").text == "NA"
    assert not typing.upper


def test_shift_takes_an_automatic_capital_back() -> None:
    typing = Typing(kind="name")
    typing.shift()
    assert keys(typing, "đ").text == "đ"


def test_a_tone_key_acts_on_the_syllable_just_written_and_only_then() -> None:
    typing = Typing(kind="name")
    assert not typing.can_tone
    typing.tone("sắc")
    keys(typing, "thi")
    assert typing.can_tone
    typing.tone("nặng")
    assert typing.text == "Thị"
    typing.tone("nặng")
    assert typing.text == "Thi"
    typing.press(" ")
    assert not typing.can_tone


def test_the_tone_of_the_last_syllable_can_be_taken_off() -> None:
    typing = Typing("Thị", "name")
    typing.no_tone()
    assert typing.text == "Thi"


def test_spaces_are_never_doubled_nor_written_first_and_the_value_has_none_around_it() -> None:
    typing = keys(Typing(kind="text"), "  bản  mẫu ")
    assert typing.text == "Bản mẫu "
    assert typing.value == "Bản mẫu"


def test_a_number_takes_digits_only_and_no_more_than_its_length() -> None:
    typing = Typing(kind="digits", limit=12)
    keys(typing, "0041a98 000001999")
    assert typing.text == "004198000001"


def test_a_code_is_written_in_capitals() -> None:
    assert keys(Typing("TAM-", "code", limit=35), "01-k").text == "TAM-01-K"


def test_delete_and_clear_take_letters_away() -> None:
    typing = Typing("Mẫu", "name")
    typing.delete()
    assert typing.text == "Mẫ"
    typing.clear()
    assert typing.text == ""


def test_layer_and_order_of_the_letters_turn() -> None:
    typing = Typing()
    typing.turn_layer()
    typing.turn_order()
    assert (typing.layer, typing.alphabetical) == ("signs", True)


def test_every_change_is_told_once() -> None:
    typing, told = Typing(), []
    typing.watch(lambda: told.append(typing.text))
    keys(typing, "ab")
    assert told == ["A", "Ab"]


def test_closing_forgets_the_text_and_the_watchers() -> None:
    typing, told = Typing("Mẫu"), []
    typing.watch(lambda: told.append(1))
    typing.close()
    typing.press("a")
    assert (typing.text, told) == ("A", [])


def test_a_language_without_tones_is_written_as_it_comes() -> None:
    assert keys(Typing(kind="text", method="plain"), "hmoob").text == "Hmoob"


# --- dates -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("digits", "iso"),
    [("15112026", "2026-11-15"), ("4112026", "2026-11-04"), ("1592026", "2026-09-15"), ("492026", "2026-09-04"), ("", "")],
)
def test_digits_become_a_date_and_a_lone_digit_gets_its_zero(digits: str, iso: str) -> None:
    entry = DateEntry()
    entry.type(digits)
    assert entry.value == iso


def test_a_date_half_written_is_no_date() -> None:
    entry = DateEntry()
    entry.type("1511")
    assert not entry.full
    assert entry.value == "1511"


@pytest.mark.parametrize(
    ("digits", "fault"), [("32", "day"), ("00", "day"), ("0113", "month"), ("31022026", "date"), ("29022024", "")]
)
def test_what_no_calendar_has_is_seen_as_soon_as_possible(digits: str, fault: str) -> None:
    entry = DateEntry()
    entry.type(digits)
    assert entry.fault == fault


def test_only_the_year_can_be_given_where_that_is_allowed() -> None:
    entry = DateEntry("1958-03-02", partial=True)
    entry.choose("year")
    assert entry.value == "1958"
    entry.choose("month")
    entry.type("031958")
    assert entry.value == "1958-03"


def test_a_full_date_cannot_be_made_partial_where_the_form_wants_it_whole() -> None:
    entry = DateEntry("1958-03-02")
    entry.choose("year")
    assert entry.value == "1958-03-02"


@pytest.mark.parametrize("iso", ["1958", "1958-03", "1958-03-02"])
def test_what_was_given_comes_back_as_it_was(iso: str) -> None:
    assert DateEntry(iso, partial=True).value == iso


def test_the_box_that_takes_the_next_digit_is_known() -> None:
    entry = DateEntry()
    assert entry.active == 0
    entry.type("12")
    assert entry.active == 1
    entry.type("03")
    assert entry.active == 2
    assert entry.parts == (("12", 2), ("03", 2), ("", 4))
    entry.delete()
    assert entry.parts == (("12", 2), ("0", 2), ("", 4))
