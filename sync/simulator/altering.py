"""How the fuzz alters a message: changes of the kinds that find most, in its bytes or, for letters, in the facts it tells."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Any, Final


def mutate(rng: random.Random, sample: bytes, others: Sequence[bytes]) -> bytes:
    """A few changes of the kinds that find most: bits, bytes, lengths, pieces doubled, dropped, taken from another message."""
    data = bytearray(sample)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        rng.choice(_CHANGES)(rng, data, others)
    return bytes(data)


def _flip(rng: random.Random, data: bytearray, others: Sequence[bytes]) -> None:
    if data:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _byte(rng: random.Random, data: bytearray, others: Sequence[bytes]) -> None:
    if data:
        data[rng.randrange(len(data))] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))


def _number(rng: random.Random, data: bytearray, others: Sequence[bytes]) -> None:
    """A field of some width set to an end of its range."""
    width = rng.choice((2, 3, 4, 5, 6, 8))
    at = rng.randrange(len(data) + 1)
    data[at : at + width] = rng.choice((bytes(width), b"\xff" * width, rng.randbytes(width), b"\x7f" + b"\xff" * (width - 1)))


def _cut(rng: random.Random, data: bytearray, others: Sequence[bytes]) -> None:
    del data[rng.randrange(len(data) + 1) :]


def _drop(rng: random.Random, data: bytearray, others: Sequence[bytes]) -> None:
    at = rng.randrange(len(data) + 1)
    del data[at : at + rng.randint(1, 40)]


def _double(rng: random.Random, data: bytearray, others: Sequence[bytes]) -> None:
    at = rng.randrange(len(data) + 1)
    data[at:at] = data[at : at + rng.randint(1, 400)]


def _insert(rng: random.Random, data: bytearray, others: Sequence[bytes]) -> None:
    at = rng.randrange(len(data) + 1)
    data[at:at] = rng.choice(
        (rng.randbytes(rng.randint(1, 30)), b"[" * 200, b'{"a":' * 60, b"9" * 400, b"\xed\xa0\x80", b"\n", b"1e999")
    )


def _splice(rng: random.Random, data: bytearray, others: Sequence[bytes]) -> None:
    other = rng.choice(others)
    at, start = rng.randrange(len(data) + 1), rng.randrange(len(other) + 1)
    data[at : at + rng.randint(0, 60)] = other[start : start + rng.randint(0, 400)]


_CHANGES: Final = (_flip, _flip, _byte, _byte, _number, _number, _cut, _drop, _double, _insert, _splice)


def strange_facts(rng: random.Random, sample: bytes) -> dict[str, Any]:
    """The facts of a letter, some of them missing, of another type, at an end of their range, or grown."""
    facts: dict[str, Any] = json.loads(sample.split(b"\n")[1])
    strange: tuple[Any, ...] = (
        None,
        True,
        -1,
        0,
        1 << 31,
        1 << 63,
        1.5,
        "",
        "A" * 5000,
        "=" * 43,
        [],
        [[1]],
        {},
        {"x": {"y": 1}},
        "\u0000",
    )
    for _ in range(rng.randint(1, 3)):
        name = rng.choice(list(facts) or ["x"])
        if rng.random() < 0.2:
            facts.pop(name, None)
        elif isinstance(facts.get(name), dict) and facts[name] and rng.random() < 0.7:
            facts[name] = {**facts[name], rng.choice(list(facts[name])): rng.choice(strange)}
        else:
            facts[name] = rng.choice((*strange, facts.get(rng.choice(list(facts) or ["x"]))))
    return facts
