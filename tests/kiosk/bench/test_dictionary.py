"""The shipped dictionaries are the ones the index pins, hold nobody real, and save what they are there for."""

import hashlib
import json
from importlib.resources import files

import pytest
import zstandard

from kiosk.bench.dictionary import FEED, UP, day

SHELF = files("sync").joinpath("data/dict")
INDEX = json.loads(SHELF.joinpath("index.json").read_text("utf-8"))["dictionaries"]
PINNED = {
    1: "42854e574bbdb2fabfc5c7b153388f37d15ba54aac6d921d71baf1558a5201c2",
    2: "17e8b0cc44dc429845f0cbef243973dd7f08828151cbc08bf9824efb749a638f",
}
"""Immutable for ever: a segment in some archive needs exactly these bytes."""


def newest(direction: str) -> bytes:
    name = [entry["file"] for entry in INDEX if entry["direction"] == direction][-1]
    return SHELF.joinpath(name).read_bytes()


def packed(lines: list[bytes], dictionary: bytes) -> int:
    table = zstandard.ZstdCompressionDict(dictionary) if dictionary else None
    return sum(len(zstandard.ZstdCompressor(level=19, dict_data=table).compress(line)) for line in lines)


def test_a_dictionary_once_shipped_never_changes() -> None:
    assert {entry["number"]: entry["sha256"] for entry in INDEX} == PINNED


@pytest.mark.parametrize("entry", INDEX, ids=lambda entry: entry["file"])
def test_the_files_are_those_of_the_index(entry: dict[str, object]) -> None:
    data = SHELF.joinpath(str(entry["file"])).read_bytes()
    assert (len(data), hashlib.sha256(data).hexdigest()) == (entry["size"], entry["sha256"])


@pytest.mark.parametrize(("direction", "share"), [(UP, 0.32), (FEED, 0.45)])
def test_a_lone_line_of_a_day_never_seen_shrinks(direction: str, share: float) -> None:
    seen = day("tests", 12)
    lines = list(seen.events if direction == UP else seen.feed)
    assert packed(lines, newest(direction)) < share * packed(lines, b"")


def test_the_same_seed_is_the_same_day() -> None:
    assert day("again", 3) == day("again", 3)


def test_personal_numbers_in_a_day_belong_to_no_province() -> None:
    text = b"".join(day("tests", 12).events).decode()
    numbers = [text[at : at + 12] for at in range(len(text) - 12) if text[at : at + 12].isdigit() and not text[at - 1].isdigit()]
    assert any(number.startswith("000") for number in numbers)
    assert not any(number.startswith("004") for number in numbers)
