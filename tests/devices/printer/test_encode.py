"""The bytes of a slip, judged by a reader written from the printers' manuals and by python-escpos' own encoder."""

import random

import pytest
from escpos.printer import Dummy
from PIL import Image

from devices.printer import profile, render
from devices.printer.encode import encode, feed, recovery, shield
from devices.printer.twin_bytes import Order, PaperRoll, Reader
from tests.devices.printer.pictures import ink_count
from tests.devices.printer.samples import KIOSK_SLIP

PROFILES = ["generic80", "generic58", "epson80"]


def read(data: bytes) -> tuple[list[Order], list[bytes]]:
    heard: list[bytes] = []
    return Reader(heard.append).feed(data), heard


def paper_of(orders: list[Order], width_dots: int, feed_units_per_dot: int) -> Image.Image:
    roll = PaperRoll(width_dots, feed_units_per_dot)
    for order in orders:
        if order.kind == "row":
            roll.row(order.data)
        elif order.kind == "feed":
            roll.feed_units(order.data[0])
    picture = roll.hanging(width_dots)
    assert picture
    return picture


def hostile_picture(seed: int) -> Image.Image:
    """Rows made of the bytes printers take for real-time requests, some of them meeting across two rows."""
    dice = random.Random(seed)
    data = bytes(dice.choice((0x10, 0x04, 0x05, 0x14, 0x01, 0x00)) for _ in range(72 * 200))
    return Image.frombytes("1", (576, 200), bytes(byte ^ 0xFF for byte in data))


@pytest.mark.parametrize("name", PROFILES)
def test_the_bytes_read_back_as_the_very_dots_of_the_picture(name: str) -> None:
    chosen = profile(name)
    picture = render(KIOSK_SLIP, chosen.width_dots)
    dummy = Dummy()
    dummy._raw(encode(picture, chosen))
    orders, heard = read(dummy.output)
    paper = paper_of(orders, chosen.width_dots, chosen.feed_units_per_dot)
    assert paper.crop((0, 0, *picture.size)).tobytes() == shield(picture).tobytes()
    assert heard == []
    assert next(order.kind for order in orders) == "reset"
    assert [order.kind for order in orders][-1] == "cut"


def test_the_dots_are_those_that_python_escpos_sends_for_the_same_picture() -> None:
    picture = render(KIOSK_SLIP)
    dummy = Dummy(profile="TM-T20II")
    dummy.image(picture)
    theirs = paper_of(read(dummy.output)[0], 576, 1)
    ours = paper_of(read(encode(picture, profile("generic80")))[0], 576, 1)
    assert ours.crop((0, 0, *picture.size)).tobytes() == theirs.tobytes()


def test_a_slip_takes_less_than_two_thirds_of_the_bytes_of_the_plain_raster() -> None:
    picture = render(KIOSK_SLIP)
    assert len(encode(picture, profile("generic80"))) < picture.width * picture.height / 8 * 2 / 3


def test_no_band_is_higher_than_the_profile_allows() -> None:
    black = Image.new("1", (576, 500), 0)
    data = encode(black, profile("generic80"))
    heights = [int.from_bytes(data[at + 6 : at + 8], "little") for at in range(len(data)) if data[at : at + 4] == b"\x1dv0\0"]
    assert sum(heights) == 500
    assert max(heights) == 64


@pytest.mark.parametrize("seed", range(8))
def test_picture_data_never_holds_a_real_time_request(seed: int) -> None:
    picture = hostile_picture(seed)
    data = encode(picture, profile("generic80"))
    for request in (b"\x10\x04", b"\x10\x05", b"\x10\x14"):
        assert request not in data
    paper = paper_of(read(data)[0], 576, 1).crop((0, 0, 576, 200))
    assert paper.tobytes() == shield(picture).tobytes()


def test_the_shield_adds_single_dots_and_takes_none_away() -> None:
    picture = hostile_picture(1)
    shielded = shield(picture)
    before, after = picture.tobytes(), shielded.tobytes()
    assert all(new & ~old == 0 for old, new in zip(before, after, strict=True)), "white dots only turn black"
    changed = sum((old ^ new).bit_count() for old, new in zip(before, after, strict=True))
    assert changed == sum(old != new for old, new in zip(before, after, strict=True)) > 0


def test_a_harmless_picture_passes_the_shield_unchanged() -> None:
    picture = render(KIOSK_SLIP)
    assert ink_count(shield(picture)) - ink_count(picture) <= 4


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("rows", [1, 7, 127, 128, 255, 256, 1000])
def test_a_feed_moves_the_paper_by_so_many_dots(name: str, rows: int) -> None:
    chosen = profile(name)
    moved = sum(order.data[0] for order in read(feed(rows, chosen))[0])
    assert moved == rows * chosen.feed_units_per_dot


@pytest.mark.parametrize(
    "picture",
    [Image.new("L", (576, 8)), Image.new("1", (570, 8)), Image.new("1", (584, 8))],
    ids=["grey", "not whole bytes", "too wide"],
)
def test_a_picture_that_does_not_fit_the_printer_is_refused(picture: Image.Image) -> None:
    with pytest.raises(ValueError, match="cannot print"):
        encode(picture, profile("generic80"))


def test_the_recovery_fills_the_highest_unfinished_band() -> None:
    chosen = profile("generic80")
    heard: list[bytes] = []
    reader = Reader(heard.append)
    reader.feed(b"\x1dv0\0" + (72).to_bytes(2, "little") + (64).to_bytes(2, "little") + b"\xff")
    assert reader.waiting_for_picture
    kinds = [order.kind for order in reader.feed(recovery(chosen))]
    assert kinds[:64] == ["row"] * 64
    assert kinds[-3:] == ["reset", "newline", "cut"]
    assert not reader.waiting_for_picture
