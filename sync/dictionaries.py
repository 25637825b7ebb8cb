"""zstd dictionaries: numbered 1..255, immutable, shipped with the application and kept for ever (SYNC design 1.14).

``data/dict/index.json`` lists them: number, direction (``up`` for the logs of kiosks, ``feed`` for what comes back), file, SHA-256.
A file that is missing or has another hash stops the start with its name: data compressed with it could not be read. Number 0 is no
dictionary, which every end can read. Each direction uses the newest dictionary that both ends hold.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

from sync.errors import DictionaryDamaged

UP: Final = "up"
FEED: Final = "feed"


@dataclass(frozen=True, slots=True)
class Shelf:
    """The dictionaries one end holds."""

    held: Mapping[int, bytes] = field(default_factory=dict)
    """Number -> bytes, of both directions."""
    up: tuple[int, ...] = ()
    """Numbers for the logs of kiosks, newest last."""
    feed: tuple[int, ...] = ()
    """Numbers for the feed, newest last."""

    @property
    def numbers(self) -> tuple[int, ...]:
        return tuple(sorted(self.held))


NONE: Final = Shelf()


def newest(mine: tuple[int, ...], theirs: Collection[int]) -> int:
    """The newest of ``mine`` the other end holds too, 0 when there is none."""
    return next((number for number in reversed(mine) if number in theirs), 0)


@cache
def shipped() -> Shelf:
    """The dictionaries of this application. Raises :class:`DictionaryDamaged`."""
    return load(files("sync").joinpath("data/dict"))


def load(folder: Traversable) -> Shelf:
    """The dictionaries of a folder; none when it has no index.

    Raises:
        DictionaryDamaged: the index is malformed, or a file is missing or not the one the index names.
    """
    index = folder.joinpath("index.json")
    if not index.is_file():
        return NONE
    held: dict[int, bytes] = {}
    numbers: dict[str, list[int]] = {UP: [], FEED: []}
    for entry in _entries(index):
        try:
            number, direction, name, digest = entry["number"], entry["direction"], entry["file"], entry["sha256"]
            numbers[direction].append(number)
        except (KeyError, TypeError):
            raise DictionaryDamaged("index.json: an entry is malformed") from None
        if type(number) is not int or not 1 <= number <= 255 or number in held:
            raise DictionaryDamaged(f"index.json: number {number!r} is out of its range or there twice")
        held[number] = _read(folder, str(name), str(digest))
    return Shelf(held, tuple(sorted(numbers[UP])), tuple(sorted(numbers[FEED])))


def _entries(index: Traversable) -> list[dict[str, Any]]:
    try:
        found = json.loads(index.read_text(encoding="utf-8"))["dictionaries"]
    except (ValueError, KeyError, TypeError):
        raise DictionaryDamaged("index.json cannot be read") from None
    if not isinstance(found, list):
        raise DictionaryDamaged("index.json cannot be read")
    return found


def _read(folder: Traversable, name: str, digest: str) -> bytes:
    try:
        data = folder.joinpath(name).read_bytes()
    except OSError:
        raise DictionaryDamaged(f"{name} is missing") from None
    if hashlib.sha256(data).hexdigest() != digest:
        raise DictionaryDamaged(f"{name} is not the dictionary index.json names")
    return data
