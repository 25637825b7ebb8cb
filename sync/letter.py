"""A letter: facts as text, signed, the same in a file, on a stick and in a frame of an exchange.

::

    KIND \n JSON on one line \n signature [signature …] \n

The signatures are base64 and cover exactly the bytes of the JSON line, bound to the kind as their context: a letter of one kind
never passes for another, and nothing is signed that was written anew. Reading is strict and bounded, and trusts nothing: the
reader asks for the signature it needs with :meth:`Letter.check`.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sync.errors import BadLetter
from sync.keys import SIGNATURE, Signer, Verifier

MAX_LETTER: Final = 64 * 1024
"""Largest letter, bytes."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter as it was read; true only after :meth:`check`."""

    kind: bytes
    facts: Mapping[str, Any]
    body: bytes
    signatures: tuple[bytes, ...]

    def check(self, verifier: Verifier, place: int = 0) -> None:
        """Raises BadSignature unless the signature at that place is of this key."""
        verifier.verify(self.kind, self.body, self.signatures[place])

    def text(self, name: str) -> str:
        value = self.facts.get(name)
        if not isinstance(value, str):
            raise BadLetter(f"{name} is missing")
        return value

    def number(self, name: str, least: int, most: int) -> int:
        value = self.facts.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise BadLetter(f"{name} is no number from {least} to {most}")
        return value

    def table(self, name: str) -> Mapping[str, Any]:
        value = self.facts.get(name)
        if not isinstance(value, dict):
            raise BadLetter(f"{name} is missing")
        return value

    def part(self, name: str) -> Letter:
        """A table inside the facts, read in the same way."""
        return replace(self, facts=self.table(name))

    def data(self, name: str, size: int | None = None) -> bytes:
        """Bytes written in base64, of that size."""
        value = unb64(self.text(name))
        if size is not None and len(value) != size:
            raise BadLetter(f"{name} has the wrong size")
        return value


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def unb64(text: str) -> bytes:
    """Raises BadLetter: not base64."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise BadLetter("a value is not base64") from None


def write(kind: bytes, facts: Mapping[str, Any], *signers: Signer) -> bytes:
    """A letter with one signature of each signer, in this order.

    Raises:
        ValueError: larger than anybody would read; whoever writes lists splits them before.
    """
    body = json.dumps(facts, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    written = b"\n".join((kind, body, b" ".join(base64.b64encode(signer.sign(kind, body)) for signer in signers), b""))
    if len(written) > MAX_LETTER:
        raise ValueError(f"a letter of {len(written)} bytes")
    return written


def read(kind: bytes, data: bytes, signatures: int = 1) -> Letter:
    """Read a letter of a kind with so many signatures; nothing is verified.

    Raises:
        BadLetter: too large, another kind, or malformed.
    """
    if len(data) > MAX_LETTER:
        raise BadLetter(f"{len(data)} bytes are too many")
    lines = data.split(b"\n")
    if len(lines) != 4 or lines[0] != kind or lines[3]:
        raise BadLetter(f"not a {kind.decode('ascii')}")
    try:
        facts = json.loads(lines[1].decode("utf-8"))
        signed = tuple(base64.b64decode(word, validate=True) for word in lines[2].split(b" "))
    except (ValueError, RecursionError):
        raise BadLetter("the letter is damaged") from None
    # One way only to write each byte: base64 would let the last bits of a signature vary.
    exact = b" ".join(map(base64.b64encode, signed)) == lines[2]
    if not isinstance(facts, dict) or not exact or [len(one) for one in signed] != [SIGNATURE] * signatures:
        raise BadLetter("the letter is damaged")
    return Letter(kind, facts, lines[1], signed)


def kind_of(data: bytes) -> bytes:
    """First line of a letter."""
    return data[:64].split(b"\n", 1)[0]
