"""Dictionaries: what is shipped is what the index names, and both ends take the newest they share."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from sync import dictionaries
from sync.errors import DictionaryDamaged


def shelf(folder: Path, *entries: dict[str, object]) -> dictionaries.Shelf:
    (folder / "index.json").write_text(json.dumps({"dictionaries": entries}), encoding="utf-8")
    return dictionaries.load(folder)


def entry(folder: Path, number: object, direction: str = "up", data: bytes = b"words") -> dict[str, object]:
    (folder / f"{number}.dict").write_bytes(data)
    return {"number": number, "direction": direction, "file": f"{number}.dict", "sha256": hashlib.sha256(data).hexdigest()}


def test_what_is_shipped_can_be_read_both_ways() -> None:
    held = dictionaries.shipped()
    assert set(held.held) == {*held.up, *held.feed}
    assert held.up
    assert held.feed


def test_a_folder_without_an_index_holds_none(tmp_path: Path) -> None:
    assert dictionaries.load(tmp_path) == dictionaries.NONE


def test_directions_are_kept_apart_and_the_newest_comes_last(tmp_path: Path) -> None:
    held = shelf(tmp_path, entry(tmp_path, 7), entry(tmp_path, 3), entry(tmp_path, 5, "feed"))
    assert (held.up, held.feed, held.numbers) == ((3, 7), (5,), (3, 5, 7))
    assert dictionaries.newest(held.up, {3, 5}) == 3
    assert dictionaries.newest(held.feed, ()) == 0


def test_a_missing_or_altered_file_stops_the_start(tmp_path: Path) -> None:
    good = entry(tmp_path, 1)
    for bad in ({**good, "file": "gone.dict"}, {**good, "sha256": "00" * 32}):
        with pytest.raises(DictionaryDamaged):
            shelf(tmp_path, bad)


@pytest.mark.parametrize("number", [0, 256, "1", True])
def test_a_number_out_of_range_stops_the_start(tmp_path: Path, number: object) -> None:
    with pytest.raises(DictionaryDamaged):
        shelf(tmp_path, entry(tmp_path, number))


def test_a_malformed_index_stops_the_start(tmp_path: Path) -> None:
    for text in ("[]", "{", '{"dictionaries": {}}', '{"dictionaries": [{"number": 1}]}', '{"dictionaries": [7]}'):
        (tmp_path / "index.json").write_text(text, encoding="utf-8")
        with pytest.raises(DictionaryDamaged):
            dictionaries.load(tmp_path)
    good = entry(tmp_path, 1)
    with pytest.raises(DictionaryDamaged):
        shelf(tmp_path, good, good)
