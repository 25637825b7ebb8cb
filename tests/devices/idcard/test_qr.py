"""The QR on the card's face, look-alikes, and typing."""

from __future__ import annotations

import unicodedata
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.errors import DeviceError
from devices.idcard import CardPerson, keys_from_qr, parse_card_qr, parse_wedge, typed_person
from devices.idcard.repair import repaired
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


@pytest.mark.parametrize(
    ("written", "iso"), [("00001958", "1958"), ("1958", "1958"), ("00031958", "1958-03"), ("031958", "1958-03")]
)
def test_old_peoples_dates_may_be_partial_and_nothing_is_invented(written: str, iso: str) -> None:
    assert parse_card_qr(CARD.replace("01021990", written)).birth == iso


def test_text_comes_composed_and_trimmed_whatever_the_scanner_sends() -> None:
    sent = unicodedata.normalize("NFD", CARD).replace("Nông", " Nông ") + "\r\n"
    assert parse_card_qr(sent) == parse_card_qr(CARD)


@pytest.mark.parametrize("around", ["\ufeff{}", "]Q1{}", "\ufeff]Q3{}\r\n", "\x1d{}\x1d", "\r\n{}\r\n", "{}|", " {} "])
def test_what_scanners_put_around_a_code_is_no_part_of_it(around: str) -> None:
    assert parse_card_qr(around.format(CARD)) == parse_card_qr(CARD)


Form = Literal["NFC", "NFD"]


def _read_as(text: str, page: str) -> str:
    return "".join(bytes([byte]).decode(page, "ignore") or chr(byte) for byte in text.encode())


@pytest.mark.parametrize("page", ["latin-1", "cp1252", "cp1258"])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("sent_on", ["NFC", "NFD"])
def test_text_sent_in_the_wrong_page_is_put_right(page: str, form: Form, sent_on: Form) -> None:
    garbled = unicodedata.normalize(sent_on, _read_as(unicodedata.normalize(form, CARD), page))
    assert parse_card_qr(garbled) == parse_card_qr(CARD)


def test_a_byte_order_mark_in_the_wrong_page_is_dropped_with_it() -> None:
    assert parse_card_qr(_read_as("\ufeff" + CARD, "latin-1")) == parse_card_qr(CARD)


@given(
    st.text(
        st.sampled_from("aàáâãèéêìíòóôõùúýăđĩũơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ ÀÁÂÃÈÉÊÌÍÒÓÔÕÙÚÝĂĐƠƯ,/0"), max_size=40
    )
)
def test_honest_vietnamese_is_never_repaired(text: str) -> None:
    assert repaired(text) == unicodedata.normalize("NFC", text)


def test_text_that_is_only_partly_garbled_is_left_alone_and_refused() -> None:
    assert "đọc sai" in refusal(CARD.replace("Nông", "NÃ´ng")).message_vi


def test_letter_case_and_the_words_of_the_address_stay_as_the_card_has_them() -> None:
    person = parse_card_qr(CARD.replace("Nông Thị Mẫu", "NÔNG THỊ MẪU").replace("Xóm Mẫu", "TDP Số 3, P. Mẫu"))
    assert (person.name, person.residence[:16]) == ("NÔNG THỊ MẪU", "TDP Số 3, P. Mẫu")


@pytest.mark.parametrize("old", ["", "080000001", "004090000009"])
def test_an_old_number_has_nine_digits_or_twelve(old: str) -> None:
    assert parse_card_qr(CARD.replace("080000001", old)).old_number == old


def test_a_date_of_issue_before_birth_is_a_misread_code() -> None:
    assert "đọc sai" in refusal(CARD.replace("15042021", "15041980")).message_vi


@pytest.mark.parametrize("part", ["Nông Thị Mẫu", "Xóm Mẫu, "])
def test_texts_longer_than_any_card_s_are_refused(part: str) -> None:
    assert "đọc sai" in refusal(CARD.replace(part, part + "ấ" * 301)).message_vi
    assert "đọc sai" in refusal(CARD + "|x" * 500).message_vi


INSURED = "|4ee1bb996e67205468e1bb8b|01/02/1990|2|436f20|04 - 001|-|01/01/2021|-|"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("DN4040000000001" + INSURED, "bảo hiểm y tế"),
        ("0400000001" + INSURED, "bảo hiểm y tế"),
        ("004190000001" + INSURED, "bảo hiểm y tế"),
        ("https://example.org/h/TAM-1?k=ABC", "trên phiếu, không phải trên thẻ"),
        ("MCX-SLIP 12", "trên phiếu, không phải trên thẻ"),
        ("https://example.org/h/TAM-1", "trang web"),
        ("www.example.org", "trang web"),
        ("https://vneid.example/x?y", "VNeID"),
        ("HC1:6BF+70790T9WJWG.FKY*4GO0", "tiêm chủng"),
        ("shc:/567629095243206034602924", "tiêm chủng"),
        ("00020101021238540010A00000072701240006970436", "chuyển tiền"),
        ("2|99|0900000000|NONG THI MAU|mau@thu.vn|0|0|0", "chuyển tiền"),
        ("WIFI:S:Mau;T:WPA;P:12345678;;", "WiFi"),
        ("BEGIN:VCARD\nFN:Nông Thị Mẫu\nEND:VCARD", "danh thiếp"),
        ("MECARD:N:Mau;;", "danh thiếp"),
        ("otpauth://totp/mau?secret=ABC", "bí mật"),
        ("tel:0900000000", "gọi điện"),
        ("IDVNM1900000013004190000001<<6", "mặt sau thẻ"),
        ("8934567890123", "mã vạch"),
        ("004190000001|080000001|Nông Thị Mẫu|31021990|Nữ|Xóm Mẫu|15042021", "đọc sai"),
        ("004190000001|080000001|N0ng Thi|01021990|Nữ|Xóm Mẫu|15042021", "đọc sai"),
        ("004190000001|080000001|Nông Thị Mẫu|01021990|?|Xóm Mẫu|15042021", "đọc sai"),
        ("004190000001|08000001|Nông Thị Mẫu|01021990|Nữ|Xóm Mẫu|15042021", "đọc sai"),
        ("٠٠٤١٩٠٠٠٠٠٠١||Nông Thị Mẫu|01021990|Nữ|Xóm Mẫu|15042021", "không phải"),
        ("a|b|c|d|e|f|g", "không phải"),
        ("", "không phải"),
    ],
)
def test_a_foreign_code_is_refused_with_a_sentence_that_names_it(text: str, said: str) -> None:
    error = refusal(text)
    assert said in error.message_vi
    assert error.cure_vi


def typed_by_wedge(text: str) -> str:
    """What a wedge types: only letters that a US keyboard has."""
    return text.encode("ascii", "ignore").decode()


def test_of_a_wedge_only_digits_are_believed() -> None:
    assert parse_wedge(typed_by_wedge(CARD)) == CardPerson(
        number="004190000001", name="", birth="1990-02-01", issued="2021-04-15", old_number="080000001", source="qr"
    )


def test_bars_that_lost_their_shift_are_still_bars() -> None:
    assert parse_wedge(typed_by_wedge(CARD).replace("|", "\\")) == parse_wedge(typed_by_wedge(CARD))


@pytest.mark.parametrize("citizen", SAMPLES, ids=lambda citizen: citizen.number)
def test_what_a_wedge_gives_opens_the_same_chip(citizen: Citizen) -> None:
    assert keys_from_qr(parse_wedge(typed_by_wedge(citizen.qr_text))) == keys_from_qr(parse_card_qr(citizen.qr_text))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (typed_by_wedge(CARD).replace("|", ""), "không phải"),
        (typed_by_wedge(CARD).replace("004190000001", "00419000000"), "không phải"),
        (typed_by_wedge(CARD).replace("01021990", "0102199"), "đọc sai"),
        ("https://example.org/h/TAM-1?k=ABC", "trên phiếu"),
        ("DN4040000000001" + INSURED, "bảo hiểm y tế"),
    ],
)
def test_what_is_not_certain_through_a_wedge_is_refused(text: str, said: str) -> None:
    with pytest.raises(DeviceError) as caught:
        parse_wedge(text)
    assert said in caught.value.message_vi


@given(st.one_of(st.text(max_size=300), st.lists(st.text(max_size=20), min_size=7, max_size=9).map("|".join)))
def test_no_key_strokes_whatever_break_the_parser(text: str) -> None:
    outcome: str
    try:
        outcome = parse_wedge(text).source
    except DeviceError as error:
        outcome = error.code
    assert outcome in ("qr", "foreign_qr")


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
    ("number", "birth", "code"),
    [
        ("123", "1990", "number_invalid"),
        ("００４１９００００００１", "1990", "number_invalid"),
        ("004190000001", "32/1/1990", "date_invalid"),
    ],
)
def test_wrong_typing_is_refused_by_name(number: str, birth: str, code: str) -> None:
    with pytest.raises(DeviceError, match=code):
        typed_person(number, "Nông Thị Mẫu", birth)
