"""How the fuzz alters what a reader of cards is given: in its bytes, or in its structure with every length put right again.

An altered byte seldom gets past the length of the outermost object. So TLV (and DER, which is TLV) is taken apart into a tree, one
place of it is changed, and the whole is written anew; texts lose, gain and exchange fields.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from devices.idcard import tlv

Alter = Callable[[random.Random, bytes, Sequence[bytes]], bytes]
"""``(random, a sample, all samples)`` → something like it."""

_DEEPEST = 12
_STRANGE = (
    b"",
    b"\x00",
    b"\xff" * 9,
    b"\x80",
    b"\x7f\xff\xff\xff",
    bytes(300),
    b"\x30\x80",
    b"\x1f\xff\xff\xff\x7f\x84\xff\xff\xff\xff",
)
_TAGS = (0x02, 0x03, 0x04, 0x05, 0x06, 0x0C, 0x13, 0x17, 0x18, 0x1E, 0x30, 0x31, 0xA0, 0xA1, 0x5F1F, 0x7F61, 0x80)


def bytewise(rng: random.Random, sample: bytes, others: Sequence[bytes]) -> bytes:
    """Flip, cut, insert, repeat, or join the beginning of one to the end of another."""
    data = bytearray(sample)
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        at = rng.randrange(len(data) + 1)
        act = rng.randrange(6)
        if act == 0 and at < len(data):
            data[at] ^= 1 << rng.randrange(8)
        elif act == 1 and at < len(data):
            data[at] = rng.choice((0, 1, 0x7F, 0x80, 0xFF))
        elif act == 2:
            del data[at : at + rng.choice((1, 2, 8, 64))]
        elif act == 3:
            data[at:at] = rng.choice(_STRANGE)
        elif act == 4:
            data[at:at] = data[at : at + rng.choice((1, 4, 32))] * rng.choice((1, 3, 50))
        else:
            other = rng.choice(others)
            data[at:] = other[rng.randrange(len(other) + 1) :]
    return bytes(data)


def structured(rng: random.Random, sample: bytes, others: Sequence[bytes]) -> bytes:
    """Change one object of a TLV tree and write the lengths anew; now and then the bytes of it as well."""
    changed = _in_tree(rng, sample, others, 0)
    return bytewise(rng, changed, others) if rng.randrange(8) == 0 else changed


def _in_tree(rng: random.Random, data: bytes, others: Sequence[bytes], depth: int) -> bytes:
    try:
        objects = list(tlv.parse(data))
    except ValueError:
        return bytewise(rng, data, others)
    if not objects:
        return rng.choice(_STRANGE)
    at = rng.randrange(len(objects))
    tag, value = objects[at]
    if tag & tlv.CONSTRUCTED and depth < _DEEPEST and rng.randrange(6):
        objects[at] = tag, _in_tree(rng, value, others, depth + 1)
    else:
        objects[at : at + 1] = _changed(rng, tag, value, others)
    return b"".join(tlv.build(tag, value) for tag, value in objects)


def _changed(rng: random.Random, tag: int, value: bytes, others: Sequence[bytes]) -> list[tuple[int, bytes]]:
    """What may stand in the place of one object: nothing, itself changed, several, or itself wrapped deep."""
    act = rng.randrange(7)
    if act == 0:
        return []
    if act == 1:
        return [(tag, value)] * rng.choice((2, 3, 40))
    if act == 2:
        return [(rng.choice(_TAGS), value)]
    if act == 3:
        return [(tag, rng.choice(_STRANGE))]
    if act == 4:
        for _ in range(rng.choice((1, 5, 60))):
            value = tlv.build(0x30, value)
        return [(tag, value)]
    if act == 5 and tag & tlv.CONSTRUCTED:
        return [(tag, value + value[: rng.randrange(len(value) + 1)])]
    return [(tag, bytewise(rng, value, others))]


def worded(rng: random.Random, sample: bytes, others: Sequence[bytes]) -> bytes:
    """A text of fields between bars: some changed, dropped, doubled, swapped."""
    fields = sample.split(b"|")
    for _ in range(rng.choice((1, 1, 2, 3))):
        at = rng.randrange(len(fields))
        act = rng.randrange(5)
        if act == 0:
            fields[at] = bytewise(rng, fields[at], others)
        elif act == 1 and len(fields) > 1:
            del fields[at]
        elif act == 2:
            fields.insert(at, rng.choice((b"", b"01021990", b"00001950", "Nữ".encode(), b"0" * 12, b"x" * 500)))
        elif act == 3:
            to = rng.randrange(len(fields))
            fields[at], fields[to] = fields[to], fields[at]
        else:
            fields[at] = rng.choice(rng.choice(others).split(b"|"))
    return b"|".join(fields)
