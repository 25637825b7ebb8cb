"""The QR on the card's face, look-alikes, and typing."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.errors import DeviceError
from devices.idcard import CardPerson, keys_from_qr, parse_card_qr, typed_person
from devices.idcard.twin import SAMPLES, Citizen

CARD = "004190000001|080000001|Nông Thị Mẫu|01021990|Nữ|Xóm Mẫu, Vĩnh Quang, Thành phố Cao Bằng, Cao Bằng|15042021"


def refusal(text: str) -> DeviceError:
    with pytest.raises(DeviceError) as caught:
        parse_card_qr(text)
    assert caught.value.code == "foreign_qr"
    return caught.value


def test_the_seven_fields_become_a_person() -> None:
    assert parse_card_qr(CARD) == CardPerson(
        number="004190000001",
        name="Nông Thị Mẫu",
        birth="1990-02-01",
        sex="Nữ",
        residence="Xóm Mẫu, Vĩnh Quang, Thành phố Cao Bằng, Cao Bằng",
        issued="2021-04-15",
        old_number="080000001",
        source="qr",
    )


def test_newer_cards_may_append_fields() -> None:
    assert parse_card_qr(CARD + "|LỤC THỊ ĐỊNH|NÔNG VĂN GIẢ|") == parse_card_qr(CARD)


def test_the_old_number_may_be_empty() -> None:
    assert parse_card_qr(CARD.replace("080000001", "")).old_number == ""


@pytest.mark.parametrize(
    ("written", "iso"), [("00001958", "1958"), ("1958", "1958"), ("00031958", "1958-03"), ("031958", "1958-03")]
)
def test_old_peoples_dates_may_be_partial_and_nothing_is_invented(written: str, iso: str) -> None:
    assert parse_card_qr(CARD.replace("01021990", written)).birth == iso


def test_text_comes_composed_and_trimmed_whatever_the_scanner_sends() -> None:
    sent = unicodedata.normalize("NFD", CARD).replace("Nông", " Nông ") + "\r\n"
    assert parse_card_qr(sent) == parse_card_qr(CARD)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "DN4040000000001|4ec3b46e67205468e1bb8b204de1baab75|01/02/1990|2|436f20|04 - 001|-|01/01/2021|-|",
            "bảo hiểm y tế",
        ),
        ("https://example.org/h/TAM-1?k=ABC", "trang web"),
        ("00020101021238540010A00000072701240006970436", "chuyển tiền"),
        ("004190000001|080000001|Nông Thị Mẫu|31021990|Nữ|Xóm Mẫu|15042021", "đọc sai"),
        ("004190000001|080000001|N0ng Thi|01021990|Nữ|Xóm Mẫu|15042021", "đọc sai"),
        ("004190000001|080000001|Nông Thị Mẫu|01021990|?|Xóm Mẫu|15042021", "đọc sai"),
        ("8934567890123", "không phải"),
        ("a|b|c|d|e|f|g", "không phải"),
        ("", "không phải"),
    ],
)
def test_a_foreign_code_is_refused_with_a_sentence_that_names_it(text: str, said: str) -> None:
    error = refusal(text)
    assert said in error.message_vi
    assert error.cure_vi


@given(st.one_of(st.text(max_size=300), st.lists(st.text(max_size=20), min_size=7, max_size=9).map("|".join)))
def test_no_text_whatever_breaks_the_parser(text: str) -> None:
    outcome: str
    try:
        outcome = parse_card_qr(text).source
    except DeviceError as error:
        outcome = error.code
    assert outcome in ("qr", "foreign_qr")


@pytest.mark.parametrize("citizen", SAMPLES, ids=lambda citizen: citizen.number)
def test_the_key_of_each_sample_card_is_the_first_its_qr_gives(citizen: Citizen) -> None:
    keys = keys_from_qr(parse_card_qr(citizen.qr_text))
    assert keys[0] == citizen.key


def test_a_person_can_be_typed() -> None:
    person = typed_person("004 190 000 001", " Nông  Thị Mẫu ", "1/2/1990", "nữ")
    assert (person.number, person.name, person.birth, person.sex, person.source) == (
        "004190000001",
        "Nông Thị Mẫu",
        "1990-02-01",
        "Nữ",
        "typed",
    )


@pytest.mark.parametrize(
    ("number", "birth", "code"), [("123", "1990", "number_invalid"), ("004190000001", "32/1/1990", "date_invalid")]
)
def test_wrong_typing_is_refused_by_name(number: str, birth: str, code: str) -> None:
    with pytest.raises(DeviceError, match=code):
        typed_person(number, "Nông Thị Mẫu", birth)
