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
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from sync.errors import SyncError

ZERO_HEAD = bytes(32)
"""Head of an empty chain: 32 zero bytes."""

MAX_LINE = 256 * 1024
"""Largest event line accepted, in bytes. Attachments travel as blobs, so a line is small."""

_ROOM_TO_MOVE = 64
"""Bytes a line is written below that, so that it is none too large when it is moved: a longer ``n``, and ``o``."""

MAX_ENTRY = 3 * MAX_LINE
"""Largest entry of a feed, in bytes: a conflict carries two values. Any entry fits a segment alone, so none can block a feed."""

MAX_DEPTH = 32
"""Deepest nesting accepted, so that whatever was read can be written again anywhere."""

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_LEAD = re.compile(rb'\{"n":([1-9][0-9]{0,14}),')
_MOVED = re.compile(rb',"o":\[(0|[1-9][0-9]{0,12}),([1-9][0-9]{0,14})\]\}$')
_SURROGATE = re.compile("[\ud800-\udfff]")
_KNOWN = frozenset("ndkcstqavo")
_NEEDED = len(_KNOWN) - 1
"""How many of them no line does without: all but ``o``."""
_LAST_COUNT = 2**63 - 1


class Origin(NamedTuple):
    """Where an event was written: 32-bit device number, 40-bit incarnation, and ``n`` counted from 1."""

    device: int
    incarnation: int
    n: int

    def dossier_id(self, chance: int) -> str:
        """Id of the dossier this event creates: ``<device>-<chance>-<n>``, unique without coordination.

        ``chance`` is 40 random bits: two futures of one past (a disk that was copied, or put back from an image) have device,
        incarnation and n in common, and must not give two citizens one dossier.
        """
        return f"{base32(self.device)}-{base32(chance)}-{self.n}"


class Event(NamedTuple):
    """One decoded line. ``content`` is opaque here; unknown keys are kept in ``extra`` and relayed.

    A tuple, like all that is made for every line of a batch: a frozen dataclass takes five times as long to make. The quickest way
    to make one, where a province takes thousands in, is ``tuple.__new__``.
    """

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
    extra: Mapping[str, Any] = MappingProxyType({})


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
    line = write(fields).encode("utf-8")
    if len(line) > MAX_LINE - _ROOM_TO_MOVE:
        raise EnvelopeError(f"event of {len(line)} bytes is over the limit of {MAX_LINE - _ROOM_TO_MOVE}")
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
    try:
        n, dossier, kind, content, base, wall_ms = raw["n"], raw["d"], raw["k"], raw["c"], raw["s"], raw["t"]
        quality, actor, schema = raw["q"], raw["a"], raw["v"]
    except KeyError as error:
        raise EnvelopeError(f"key {error.args[0]} is missing") from None
    # JSON gives these types themselves, never a subclass but bool: one comparison a type is all it takes, on every line there is.
    if not (type(dossier) is type(kind) is type(actor) is str and type(content) is dict):
        raise EnvelopeError("one of d, k, a is not text, or c no object")
    if not type(n) is type(base) is type(wall_ms) is type(quality) is type(schema) is int:
        raise EnvelopeError("one of n, s, t, q, v is not a whole number")
    counts = 0 <= base <= _LAST_COUNT >= wall_ms >= 0 <= quality <= _LAST_COUNT >= schema >= 0
    if not (counts and 1 <= n <= _LAST_COUNT):
        raise EnvelopeError("n counts from 1, and s, t, q, v from 0")
    extra: Mapping[str, Any] = (
        {} if len(raw) == _NEEDED or raw.keys() <= _KNOWN else {key: raw[key] for key in raw if key not in _KNOWN}
    )
    origin = (moved[0], moved[1]) if moved is not None else None
    return tuple.__new__(Event, (n, dossier, kind, content, base, wall_ms, quality, actor, schema, origin, extra))


def read_object(line: bytes) -> dict[str, Any]:
    """A JSON object that can be written again: finite numbers, text without lone surrogates, nested at most :data:`MAX_DEPTH` deep.

    Raises:
        EnvelopeError: it is something else.
    """
    try:
        text = line.decode("utf-8")
        raw, end = _READER.raw_decode(text)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise EnvelopeError(f"not a line of JSON: {type(error).__name__}") from None
    if not isinstance(raw, dict) or end != len(text):
        raise EnvelopeError("not a JSON object and nothing else")
    # A lone surrogate comes only from an escape, and what has few brackets is not nested deep: nearly every line ends here.
    if b"\\" in line or line.count(b"{") + line.count(b"[") >= MAX_DEPTH:
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


def write(value: Any) -> str:
    """JSON as it stands in every line of ours: no spaces, no escapes but the needed ones.

    Raises:
        ValueError: a number that is not finite.
        TypeError: no JSON.
    """
    return "".join(_WRITER(value, 0))


def _no_json(value: Any) -> Any:
    raise TypeError(f"{type(value).__name__} is no JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise EnvelopeError("a number is not finite")
    return number


_READER = json.JSONDecoder(parse_float=_finite, parse_constant=_finite)
_WRITER: Callable[[Any, int], tuple[str, ...]] = vars(json.encoder)["c_make_encoder"](
    None, _no_json, json.encoder.encode_basestring, None, ":", ",", False, False, False
)
"""What ``JSONEncoder.encode`` makes anew for every value, and looks for circles with."""


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value <= _LAST_COUNT


def chain(head: bytes, line: bytes) -> bytes:
    """Next head of the chain: SHA-256 over the 32-byte head before and the line."""
    return hashlib.sha256(head + line).digest()


def event_id(device: int, incarnation: int, line: bytes) -> bytes:
    """Id of an event, 32 bytes, unchanged when it is moved to a new incarnation; recomputed, never sent.

    Any line has one: what was not written by :func:`encode` is its own first writing.
    """
    lead, moved = _LEAD.match(line), _MOVED.search(line) if line.endswith(b"]}") else None
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
    device, chance = _unbase32(parts[0]), _unbase32(parts[1])
    if device is None or chance is None or device >= 1 << 32 or chance >= 1 << 40:
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
