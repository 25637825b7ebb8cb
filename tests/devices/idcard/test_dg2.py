"""The face on the chip: shown to the official when asked for, kept nowhere."""

from __future__ import annotations

import dataclasses
import io
import struct

import pytest
from PIL import Image

from devices.idcard import dg2, tlv
from devices.idcard.facts import CardPerson, CardReading, Face, Proof
from devices.idcard.reading import Order
from devices.idcard.twin import SAMPLES, ChipTwin, Profile
from devices.idcard.twin.files import Picture, build_dg2, draw_face
from tests.devices.idcard.lines import read

WOMAN = SAMPLES[0]


def framed(record: bytes, tag: int = 0x5F2E) -> bytes:
    return tlv.build(0x75, tlv.build(0x7F61, tlv.build(0x02, b"\x01") + tlv.build(0x7F60, tlv.build(tag, record))))


def record(picture: bytes, points: int = 0) -> bytes:
    block = struct.pack(">IH", 32 + 8 * points + len(picture), points) + bytes(14 + 8 * points + 12) + picture
    return b"FAC\x00010\x00" + struct.pack(">IH", 14 + len(block), 1) + block


def jpeg(width: int, height: int, **more: object) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), "#808080").save(buffer, "JPEG", **more)
    return buffer.getvalue()


@pytest.mark.parametrize("size", [0, 20_000, 40_000])
@pytest.mark.parametrize("kind", ["jpeg", "jpeg2000"])
def test_the_face_comes_as_a_jpeg_whatever_it_was(kind: Picture, size: int) -> None:
    file = build_dg2(WOMAN, kind, size)
    assert len(file) >= size
    face = dg2.face(file)
    assert (face.width, face.height) == (240, 320)
    with Image.open(io.BytesIO(face.jpeg), formats=("JPEG",)) as shown, Image.open(io.BytesIO(draw_face(WOMAN)[2])) as drawn:
        assert shown.size == (240, 320)
        for place in ((5, 5), (120, 120), (120, 300)):
            told, meant = shown.convert("L").getpixel(place), drawn.convert("L").getpixel(place)
            assert told == pytest.approx(meant, abs=24)


def test_feature_points_before_the_picture_are_passed_over() -> None:
    assert dg2.face(framed(record(jpeg(30, 40), points=5))).height == 40


def test_a_record_of_the_later_standard_is_searched_for_its_picture() -> None:
    later = tlv.build(
        0x65, tlv.build(0xA0, tlv.build(0x80, b"\x03")) + tlv.build(0xA1, tlv.build(0x30, tlv.build(0x81, jpeg(30, 40))))
    )
    assert dg2.face(framed(later, 0x7F2E)).width == 30


def test_what_is_hidden_in_the_picture_does_not_come_along() -> None:
    face = dg2.face(framed(record(jpeg(30, 40, comment=b"a word of the forger", exif=b"Exif\x00\x00" + b"x" * 50))))
    assert b"forger" not in face.jpeg
    assert len(face.jpeg) < 1000


def test_a_picture_too_large_to_be_a_face_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(ValueError, match="decoded"):
        dg2.face(framed(record(jpeg(2400, 2400))))


def test_a_picture_of_too_many_passes_is_refused() -> None:
    picture = jpeg(30, 40)
    with pytest.raises(ValueError, match="passes"):
        dg2.face(framed(record(picture + b"\xff\xda" * 100)))


@pytest.mark.parametrize(
    "file",
    [
        b"",
        b"\x75\x00",
        framed(b""),
        framed(b"FAC\x00010\x00"),
        framed(record(b"GIF89a" + bytes(50))),
        framed(record(jpeg(30, 40)[:200])),
        framed(record(b"\xff\xd8\xff" + bytes(300))),
        framed(record(b"\x00\x00\x00\x0cjP  " + bytes(300))),
        framed(tlv.build(0x65, tlv.build(0x81, b"none"))),
        framed(b"\x65" * 40),
        framed(record(jpeg(30, 40), points=60_000)[:400]),
        tlv.build(0x75, tlv.build(0x7F61, tlv.build(0x7F60, tlv.build(0xA1, b"")))),
    ],
)
def test_a_damaged_face_is_an_error_and_nothing_else(file: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        dg2.face(file)


def test_the_face_is_read_only_when_it_is_asked_for() -> None:
    chip = ChipTwin(profile=Profile(face_bytes=20_000))
    assert read(chip).face is None
    chip.power_on()
    assert read(chip, Order(face=True)).face == dg2.face(chip.files[0x0102])


def test_a_face_that_cannot_be_shown_loses_no_reading() -> None:
    chip = ChipTwin()
    chip.files[0x0102] = framed(b"")
    found = read(chip, Order(face=True))
    assert found.person == chip.person
    assert found.face is None


def test_a_face_that_is_not_the_signed_one_is_not_genuine() -> None:
    chip = ChipTwin()
    chip.files[0x0102] = build_dg2(SAMPLES[1])
    assert read(chip, Order(face=True)).proof.verdict == "not_genuine"


def test_no_text_shows_a_face_and_no_person_holds_one() -> None:
    face = Face(b"\xff\xd8picture", 1, 1)
    reading = CardReading(WOMAN.person, "bac", Proof(), 1, 0.1, face=face)
    assert "picture" not in repr(face) + repr(reading)
    assert "face" not in {field.name for field in dataclasses.fields(CardPerson)}
