"""The files of the chip: DG13 in all its wrappings, what is kept and what never is, and the signed hashes."""

from __future__ import annotations

import dataclasses
import hashlib
import subprocess
import unicodedata
from collections.abc import Mapping
from pathlib import Path

import pytest

from devices.idcard import tlv
from devices.idcard.dg1 import parse_dg1
from devices.idcard.dg13 import MAX_DEPTH, MAX_OBJECTS, MAX_TEXT, NO_ITEMS, parse_dg13
from devices.idcard.facts import Can, CardPerson, CardReading, Proof
from devices.idcard.holder import person_from_chip
from devices.idcard.mrz import build_td1, check_digit, parse_td1
from devices.idcard.stream import done
from devices.idcard.twin import SAMPLES, ChipTwin, Citizen, Profile
from devices.idcard.twin.files import Wrapping, build_dg1, build_dg2, build_dg13

WOMAN, MAN, ELDER = SAMPLES


def facts_in(dg13: bytes) -> Mapping[str, str]:
    return parse_dg13(dg13).facts


def item(number: int, text: str) -> bytes:
    return tlv.build(0x30, tlv.build(0x02, bytes([number])) + tlv.build(0x0C, text.encode()))


@pytest.mark.parametrize("wrapping", ["set", "oid", "flat", "bare"])
@pytest.mark.parametrize("citizen", SAMPLES, ids=lambda citizen: citizen.number)
def test_dg13_gives_the_same_person_in_every_wrapping_seen(citizen: Citizen, wrapping: Wrapping) -> None:
    assert person_from_chip(parse_dg1(build_dg1(citizen)), parse_dg13(build_dg13(citizen, wrapping))) == citizen.person


def test_religion_features_family_and_portrait_are_not_kept() -> None:
    person = person_from_chip(parse_dg1(build_dg1(ELDER)), parse_dg13(build_dg13(ELDER)))
    kept = repr(dataclasses.asdict(person)) + repr(parse_dg13(build_dg13(ELDER))) + repr(facts_in(build_dg13(ELDER)))
    for private in (ELDER.religion, ELDER.features, ELDER.father, ELDER.mother):
        assert private in build_dg13(ELDER).decode(errors="replace"), "the chip holds it"
        assert private not in kept
    assert {field.name for field in dataclasses.fields(CardPerson)}.isdisjoint(
        {"religion", "features", "portrait", "father", "mother"}
    )


def test_items_may_come_in_any_order_be_missing_or_be_unknown() -> None:
    facts = facts_in(tlv.build(0x6D, item(99, "mới") + item(2, "NÔNG THỊ MẪU") + item(1, "004190000001")))
    assert (facts["number"], facts["name"]) == ("004190000001", "NÔNG THỊ MẪU")
    assert "residence" not in facts


def test_a_version_number_before_the_items_is_no_item() -> None:
    wrapped = tlv.build(0x30, tlv.build(0x02, b"\x01") + tlv.build(0x31, item(1, "004190000001")))
    assert facts_in(tlv.build(0x6D, wrapped))["number"] == "004190000001"


@pytest.mark.parametrize("where", [15, 16])
def test_the_old_number_is_known_by_its_nine_digits_whichever_item_it_is_in(where: int) -> None:
    other = 31 - where
    facts = facts_in(tlv.build(0x6D, item(where, "080000001") + item(other, "VN0123")))
    assert facts["old_number"] == "080000001"


def test_decomposed_letters_are_composed() -> None:
    facts = facts_in(tlv.build(0x6D, item(2, unicodedata.normalize("NFD", "NÔNG THỊ MẪU"))))
    assert facts["name"] == "NÔNG THỊ MẪU"


def string(number: int, tag: int, value: bytes) -> bytes:
    return tlv.build(0x30, tlv.build(0x02, bytes([number])) + tlv.build(tag, value))


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        (0x0C, "NÔNG THỊ MẪU".encode()),
        (0x1E, "NÔNG THỊ MẪU".encode("utf-16-be")),
        (0x1C, "NÔNG THỊ MẪU".encode("utf-32-be")),
        (0x04, "NÔNG THỊ MẪU".encode()),
        (0x14, "NÔNG THỊ MẪU".encode()),
    ],
    ids=["UTF8", "BMP", "universal", "octets", "T61 that is UTF-8"],
)
def test_a_text_is_read_in_every_kind_of_string(tag: int, value: bytes) -> None:
    assert facts_in(tlv.build(0x6D, string(2, tag, value)))["name"] == "NÔNG THỊ MẪU"


def test_t61_that_is_no_utf8_is_read_as_latin() -> None:
    assert facts_in(tlv.build(0x6D, string(2, 0x14, "NÔNG".encode("latin-1"))))["name"] == "NÔNG"


def test_of_an_item_that_comes_twice_the_first_counts() -> None:
    assert facts_in(tlv.build(0x6D, item(2, "NÔNG THỊ MẪU") + item(2, "BẾ VĂN THỬ")))["name"] == "NÔNG THỊ MẪU"


def test_unknown_items_stay_in_memory_and_no_text_shows_them() -> None:
    items = parse_dg13(tlv.build(0x6D, item(1, "004190000001") + item(99, "một điều riêng") + item(40, "nữa")))
    assert items.unknown_numbers == (40, 99)
    assert "riêng" not in repr(items) + str(items) + repr(items.facts)


def nested(depth: int) -> bytes:
    inner = item(1, "004190000001")
    for _ in range(depth):
        inner = tlv.build(0x30, inner)
    return tlv.build(0x6D, inner)


def test_a_dg13_nested_without_end_or_with_too_many_objects_is_damaged() -> None:
    assert facts_in(nested(MAX_DEPTH - 1))["number"] == "004190000001"
    with pytest.raises(ValueError, match="too deep"):
        parse_dg13(nested(MAX_DEPTH + 1))
    with pytest.raises(ValueError, match="too many"):
        parse_dg13(tlv.build(0x6D, item(1, "004190000001") + b"\x05\x00" * MAX_OBJECTS))


@pytest.mark.parametrize("dg13", [b"", b"\x6d\x00", b"\x6d\x05\x30\x10\x02\x01\x01", b"\x61\x03abc", tlv.build(0x6D, b"\x30\x00")])
def test_a_damaged_dg13_is_an_error_not_a_person(dg13: bytes) -> None:
    with pytest.raises(ValueError, match=r"object|items|cut"):
        parse_dg13(dg13)


def test_two_files_of_two_people_are_no_person() -> None:
    with pytest.raises(ValueError, match="belong together"):
        person_from_chip(parse_dg1(build_dg1(WOMAN)), parse_dg13(build_dg13(MAN)))


def from_items(mrz: str, **items: str) -> CardPerson:
    """The holder of a card with this zone whose DG13 holds these items, by their number: ``i3="1958"``."""
    listed = b"".join(item(int(number[1:]), text) for number, text in items.items())
    return person_from_chip(parse_td1(mrz), parse_dg13(tlv.build(0x6D, listed)))


@pytest.mark.parametrize(
    "items",
    [{"i3": "05/05/1970"}, {"i3": "1970"}, {"i3": "03/1990"}, {"i4": "Nam"}, {"i12": "01/02/2031"}, {"i1": "abc190000001"}],
    ids=["birth", "year of birth", "month of birth", "sex", "end of validity", "number"],
)
def test_two_files_that_contradict_each_other_are_no_person(items: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="belong together"):
        from_items(WOMAN.mrz, **items)


def test_a_number_that_is_not_twelve_digits_is_none_even_where_the_zone_has_none() -> None:
    one = f"IDVNM190000001{check_digit('190000001')}".ljust(30, "<")
    two = WOMAN.mrz[30:59]
    zone = one + two + check_digit(one[5:] + two[:7] + two[8:15] + two[18:29]) + WOMAN.mrz[60:]
    assert from_items(zone, i1=WOMAN.number).number == WOMAN.number
    for odd in ("abc190000001", "٠٠٤190000001", "190000001"):
        with pytest.raises(ValueError, match="belong together"):
            from_items(zone, i1=odd)


@pytest.mark.parametrize(
    ("citizen", "items"),
    [
        (ELDER, {"i3": "1950"}),
        (ELDER, {"i3": "01/01/1950"}),
        (ELDER, {"i3": "không rõ"}),
        (ELDER, {"i12": "Không thời hạn"}),
        (ELDER, {"i12": "31/12/9999"}),
        (ELDER, {"i12": "05/05/2061"}),
        (WOMAN, {"i3": "1990"}),
        (WOMAN, {"i3": "00/02/1990"}),
        (WOMAN, {"i4": "NỮ"}),
        (WOMAN, {"i4": "F"}),
        (WOMAN, {"i12": ""}),
    ],
)
def test_a_file_that_says_less_or_in_other_words_contradicts_nothing(citizen: Citizen, items: dict[str, str]) -> None:
    person = from_items(citizen.mrz, **items)
    assert (person.number, person.sex, person.birth[:4]) == (citizen.number, citizen.sex, citizen.birth[:4])


def test_a_month_and_day_of_noughts_in_the_zone_are_not_known_but_the_year_is() -> None:
    zone = build_td1(number="004200000011", birth="000000", sex="M", expiry="400505", name="BE VAN THU")
    assert from_items(zone, i3="05/05/2000").birth == "2000-05-05"
    with pytest.raises(ValueError, match="belong together"):
        from_items(zone, i3="05/05/2001")


@pytest.mark.parametrize("odd", ["A\x1b@", "A\x00B", "A\u202eB", "x" * (MAX_TEXT + 1)], ids=["escape", "null", "turned", "long"])
def test_a_text_that_no_paper_shows_is_left_out_and_the_rest_is_read(odd: str) -> None:
    person = from_items(WOMAN.mrz, i2=odd, i6="Tày", i9=odd)
    assert (person.name, person.ethnicity, person.residence, person.number) == ("", "Tày", "", WOMAN.number)


def test_padding_around_a_text_is_not_part_of_it() -> None:
    assert facts_in(tlv.build(0x6D, item(2, "\ufeffNÔNG THỊ MẪU\x00\x00")))["name"] == "NÔNG THỊ MẪU"


def test_what_holds_personal_data_shows_none_when_printed() -> None:
    reading = CardReading(WOMAN.person, "bac", Proof(), 1, 0.1)
    printed = repr((WOMAN.person, WOMAN.key, Can("000001"), done(reading), parse_td1(WOMAN.mrz))) + f"{WOMAN.key} {Can('000001')}"
    for private in ("000001", "NÔNG", "NONG", "1990", "900201", "300201", "Tày", "Vĩnh Quang"):
        assert private not in printed


def test_without_dg13_the_name_stays_empty_and_the_century_comes_from_the_number() -> None:
    person = person_from_chip(parse_dg1(build_dg1(WOMAN)), NO_ITEMS)
    assert (person.number, person.name, person.birth, person.sex) == ("004190000001", "", "1990-02-01", "Nữ")


def test_the_face_is_a_jpeg_in_the_standards_frame() -> None:
    record = tlv.find(build_dg2(WOMAN), 0x75, 0x7F61, 0x7F60, 0x5F2E)
    assert record[:8] == b"FAC\x00010\x00"
    assert record[46:48] == b"\xff\xd8"
    assert len(record) == int.from_bytes(record[8:12], "big")


def test_openssl_accepts_the_signature_and_the_chain(tmp_path: Path) -> None:
    chip = ChipTwin()
    (tmp_path / "sod").write_bytes(tlv.find(chip.files[0x011D], 0x77))
    (tmp_path / "csca.pem").write_bytes(chip.issuer.csca_pem)
    told = subprocess.run(
        ["openssl", "cms", "-verify", "-inform", "DER", "-in", "sod", "-CAfile", "csca.pem", "-binary", "-out", "content"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert hashlib.sha256(chip.files[0x010D]).digest() in (tmp_path / "content").read_bytes()


def test_a_card_without_security_object_can_be_made() -> None:
    assert 0x011D not in ChipTwin(profile=Profile(sod=False)).files
