"""The event envelope and the hash chain.

An event is one line of JSON, hashed exactly as it is stored and never re-serialised (SYNC design 1.3): Unicode normal forms,
key order and number formats can then not break a signature. ``n`` counts without gaps inside one incarnation of one device,
and ``h_n = SHA-256(h_(n-1) || line_n)`` chains the lines, so a later change or removal of any line changes every later head.
What a line means is not known here: kinds and contents belong to ``forms``.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sync.errors import SyncError

ZERO_HEAD = bytes(32)
"""Head of an empty chain: 32 zero bytes."""

MAX_LINE = 256 * 1024
"""Largest event line accepted, in bytes. Attachments travel as blobs, so a line is small."""

MAX_ENTRY = 3 * MAX_LINE
"""Largest entry of a feed, in bytes: a conflict carries two values. Any entry fits a segment alone, so none can block a feed."""

MAX_DEPTH = 32
"""Deepest nesting accepted, so that whatever was read can be written again anywhere."""

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_LEAD = re.compile(rb'\{"n":([1-9][0-9]{0,14}),')
_MOVED = re.compile(rb',"o":\[(0|[1-9][0-9]{0,12}),([1-9][0-9]{0,14})\]\}$')
_SURROGATE = re.compile("[\ud800-\udfff]")
_TYPES = (("d", str), ("k", str), ("a", str), ("c", dict))
_COUNTS = ("n", "s", "t", "q", "v")
_KNOWN = frozenset("ndkcstqavo")


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """Where an event was written: 32-bit device number, 40-bit incarnation, and ``n`` counted from 1."""

    device: int
    incarnation: int
    n: int

    def dossier_id(self) -> str:
        """Id of the dossier this event creates: ``<device>-<incarnation>-<n>``, unique without coordination."""
        return f"{base32(self.device)}-{base32(self.incarnation)}-{self.n}"


@dataclass(frozen=True, slots=True)
class Event:
    """One decoded line. ``content`` is opaque here; unknown keys are kept in ``extra`` and relayed."""

    n: int
    dossier: str
    kind: str
    content: Mapping[str, Any]
    base: int
    """Feed position the writer had applied when the form was *opened*."""
    wall_ms: int
    """Device wall clock, ms since the epoch, as evidence only."""
    quality: int
    """2 = checked against the province, 1 = drifted or rebooted since, 0 = unknown."""
    actor: str
    schema: int
    moved_from: tuple[int, int] | None = None
    """(incarnation, n) at first writing, when the event was carried over into a new incarnation."""
    extra: Mapping[str, Any] = field(default_factory=dict)


class EnvelopeError(SyncError):
    """A line is not an event envelope."""

    code = "envelope_invalid"


def base32(number: int) -> str:
    """Crockford base 32 of a non-negative integer, lower case, without padding."""
    if number < 0:
        raise ValueError("base32 takes a non-negative integer")
    digits = ""
    while True:
        number, rest = divmod(number, 32)
        digits = _ALPHABET[rest] + digits
        if number == 0:
            return digits


def encode(event: Event) -> bytes:
    """The line of an event: ``n`` first and ``o`` last, so that :func:`event_id` can undo a move byte for byte."""
    fields: dict[str, Any] = {
        "n": event.n,
        "d": event.dossier,
        "k": event.kind,
        "c": dict(event.content),
        "s": event.base,
        "t": event.wall_ms,
        "q": event.quality,
        "a": event.actor,
        "v": event.schema,
        **event.extra,
    }
    if event.moved_from is not None:
        fields["o"] = list(event.moved_from)
    line = json.dumps(fields, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8")
    if len(line) > MAX_LINE:
        raise EnvelopeError(f"event of {len(line)} bytes is over the limit of {MAX_LINE}")
    return line


def decode(line: bytes) -> Event:
    """Read a line.

    Raises:
        EnvelopeError: not UTF-8 JSON, too long, or a known key is missing or of another type.
    """
    if len(line) > MAX_LINE:
        raise EnvelopeError(f"event of {len(line)} bytes is over the limit of {MAX_LINE}")
    if b"\n" in line:
        raise EnvelopeError("an event is one line")
    raw = read_object(line)
    moved = raw.get("o")
    if moved is not None and not (isinstance(moved, list) and len(moved) == 2 and all(_is_count(x) for x in moved)):
        raise EnvelopeError("key o is not [incarnation, n]")
    for key, kind in _TYPES:
        if not isinstance(raw.get(key), kind):
            raise EnvelopeError(f"key {key} is missing or not a {kind.__name__}")
    for key in _COUNTS:
        if not _is_count(raw.get(key)):
            raise EnvelopeError(f"key {key} is missing or not a whole number")
    if raw["n"] < 1:
        raise EnvelopeError("n counts from 1")
    return Event(
        n=raw["n"],
        dossier=raw["d"],
        kind=raw["k"],
        content=raw["c"],
        base=raw["s"],
        wall_ms=raw["t"],
        quality=raw["q"],
        actor=raw["a"],
        schema=raw["v"],
        moved_from=(moved[0], moved[1]) if moved is not None else None,
        extra={} if raw.keys() <= _KNOWN else {key: value for key, value in raw.items() if key not in _KNOWN},
    )


def read_object(line: bytes) -> dict[str, Any]:
    """A JSON object that can be written again: finite numbers, text without lone surrogates, nested at most :data:`MAX_DEPTH` deep.

    Raises:
        EnvelopeError: it is something else.
    """
    try:
        raw = _READER.decode(line.decode("utf-8"))
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise EnvelopeError(f"not a line of JSON: {type(error).__name__}") from None
    if not isinstance(raw, dict):
        raise EnvelopeError("not a JSON object")
    # A lone surrogate comes only from an escape, and what has few brackets is not nested deep: nearly every line ends here.
    if b"\\u" in line or line.count(b"{") + line.count(b"[") >= MAX_DEPTH:
        _walk(raw)
    return raw


def _walk(raw: dict[str, Any]) -> None:
    level: list[Any] = [raw]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                below.extend(value)
                below.extend(value.values())
            elif isinstance(value, list):
                below.extend(value)
            elif isinstance(value, str) and not value.isascii() and _SURROGATE.search(value):
                raise EnvelopeError("a text holds a lone surrogate")
        if not below:
            return
        level = below
    raise EnvelopeError(f"nested more than {MAX_DEPTH} deep")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise EnvelopeError("a number is not finite")
    return number


_READER = json.JSONDecoder(parse_float=_finite, parse_constant=_finite)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def chain(head: bytes, line: bytes) -> bytes:
    """Next head of the chain: SHA-256 over the 32-byte head before and the line."""
    return hashlib.sha256(head + line).digest()


def event_id(device: int, incarnation: int, line: bytes) -> bytes:
    """Id of an event, 32 bytes, unchanged when it is moved to a new incarnation; recomputed, never sent.

    Any line has one: what was not written by :func:`encode` is its own first writing.
    """
    lead, moved = _LEAD.match(line), _MOVED.search(line)
    n = int(lead[1]) if lead is not None else 0
    if lead is not None and moved is not None:
        incarnation, n = int(moved[1]), int(moved[2])
        line = f'{{"n":{n},'.encode() + line[lead.end() : moved.start()] + b"}"
    return hashlib.sha256(struct.pack(">IQQ", device, incarnation, n) + line).digest()


def move_line(line: bytes, incarnation: int, n: int) -> bytes:
    """The line carried over from ``incarnation`` to place ``n`` of another one: same event, same :func:`event_id`.

    Only ``n`` is replaced and ``o`` added at the end; every byte between stays. A line that was moved before keeps its first
    origin. A line not written by :func:`encode` has no effect anywhere and is carried over inside one that has none either.
    """
    lead = _LEAD.match(line)
    if lead is None or not line.endswith(b"}"):
        content = {"from": incarnation, "line": base64.b64encode(line[: MAX_LINE // 2]).decode("ascii")}
        return encode(Event(n, "", "raw", content, 0, 0, 0, "", 0))
    rest = line[lead.end() :]
    if _MOVED.search(line) is None:
        rest = rest[:-1] + f',"o":[{incarnation},{lead[1].decode()}]}}'.encode()
    return f'{{"n":{n},'.encode() + rest


@lru_cache(maxsize=4096)
def dossier_device(dossier: str) -> int | None:
    """Device number inside a dossier id (:meth:`Origin.dossier_id`), ``None`` when the text is not such an id."""
    parts = dossier.split("-")
    if len(parts) != 3 or not (parts[2].isascii() and parts[2].isdigit() and parts[2][0] != "0" and len(parts[2]) <= 15):
        return None
    device, incarnation = _unbase32(parts[0]), _unbase32(parts[1])
    if device is None or incarnation is None or device >= 1 << 32 or incarnation >= 1 << 40:
        return None
    return device


def _unbase32(text: str) -> int | None:
    if not 0 < len(text) <= 8 or (len(text) > 1 and text[0] == "0"):
        return None
    number = 0
    for letter in text:
        digit = _ALPHABET.find(letter)
        if digit < 0:
            return None
        number = number * 32 + digit
    return number
