"""The bytes of a call about a blob: a signed ticket with raw bytes behind it, a signed answer that says what is held.

::

    ticket = "MCB1" | kind 1 | device 4 | blob 32 | offset 6 | length 4 | nonce 16 | signature 64        131 bytes
    answer = "MCB1" | nonce 16 | state 1 | pause 2 | length 1 + refusal | ranges … | signature 64

``PUT /v1/b/<id>/<offset>`` carries a ticket and then ``length`` bytes of ciphertext; ``GET /v1/b/<id>?t=<ticket>`` asks. Both are
answered by what the province holds on disk. The ticket says who sends, so that strangers fill no disk; the bytes need no signature,
because the blob's name is their hash. The answer echoes the ticket's nonce, so a recorded one answers nothing, and a login page
that says 200 is no answer. Nothing but the hash decides «complete», and the kiosk believes it from the feed only.
"""

from __future__ import annotations

import base64
import binascii
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from sync.blob.ranges import MAX_RUNS, NONE, UNIT, Ranges
from sync.errors import BlobProtocol, NotOurProtocol
from sync.keys import SIGNATURE, Signer, Verifier

MAGIC: Final = b"MCB1"
NONCE: Final = 16
MAX_CHUNK: Final = 1 << 20
"""Most bytes of blob in one call."""
MAX_ANSWER: Final = 128 * 1024
_TICKET_CONTEXT: Final = b"mcx blob ticket 1"
_ANSWER_CONTEXT: Final = b"mcx blob answer 1"
_TICKET: Final = struct.Struct(">4sBI32s6sI16s")
_ANSWER: Final = struct.Struct(">4s16sBHB")
TICKET: Final = _TICKET.size + SIGNATURE
"""Bytes of a signed ticket."""


class Act(IntEnum):
    """What a ticket is for."""

    ASK = 0
    PUT = 1


class Held(IntEnum):
    """State of a blob at the province."""

    UNKNOWN = 0
    """No accepted ``at`` event has told of it (yet): the events go first."""
    PARTLY = 1
    COMPLETE = 2


@dataclass(frozen=True, slots=True)
class Ticket:
    """One call. ``blob`` is the name, 64 hex digits; ``offset`` lies on a unit."""

    act: Act
    device: int
    blob: str
    offset: int
    length: int
    nonce: bytes

    def write(self, signer: Signer) -> bytes:
        body = _TICKET.pack(
            MAGIC, self.act, self.device, bytes.fromhex(self.blob), self.offset.to_bytes(6, "big"), self.length, self.nonce
        )
        return body + signer.sign(_TICKET_CONTEXT, body)


@dataclass(frozen=True, slots=True)
class SignedTicket:
    """A ticket as it came; :meth:`verify` before trusting it."""

    ticket: Ticket
    body: bytes
    signature: bytes

    def verify(self, key: Verifier) -> None:
        """Raises BadSignature unless the device signed exactly this."""
        key.verify(_TICKET_CONTEXT, self.body, self.signature)


def read_ticket(data: bytes) -> SignedTicket:
    """Raises NotOurProtocol, BlobProtocol."""
    if data[: len(MAGIC)] != MAGIC:
        raise NotOurProtocol("a blob call that does not start with the magic")
    if len(data) != TICKET:
        raise BlobProtocol("a ticket of another length")
    body = data[: _TICKET.size]
    _, act, device, blob, offset, length, nonce = _TICKET.unpack(body)
    if act not in (Act.ASK, Act.PUT):
        raise BlobProtocol("a ticket of an unknown kind")
    ticket = Ticket(Act(act), device, blob.hex(), int.from_bytes(offset, "big"), length, nonce)
    if ticket.offset % UNIT or length > MAX_CHUNK or (act == Act.ASK and length):
        raise BlobProtocol("a ticket off the units, or for too much")
    return SignedTicket(ticket, body, data[_TICKET.size :])


@dataclass(frozen=True, slots=True)
class Answer:
    """What the province says of a blob. ``refusal`` is a stable code, empty when the call was taken; ``pause_s`` asks to wait."""

    nonce: bytes
    state: Held = Held.UNKNOWN
    have: Ranges = NONE
    pause_s: int = 0
    refusal: str = ""

    def write(self, signer: Signer) -> bytes:
        refusal = self.refusal.encode("ascii")[:255]
        # A set in very many runs is told in part: what is not told is only sent again.
        told = Ranges(self.have.runs[:MAX_RUNS]).encode()
        body = _ANSWER.pack(MAGIC, self.nonce, self.state, min(self.pause_s, 0xFFFF), len(refusal)) + refusal + told
        return body + signer.sign(_ANSWER_CONTEXT, body)


def is_ours(data: bytes) -> bool:
    return data[: len(MAGIC)] == MAGIC


def read_answer(data: bytes, province: Verifier, nonce: bytes) -> Answer:
    """An answer to the ticket with that nonce.

    Raises:
        NotOurProtocol, BadSignature: somebody else's, or altered.
        BlobProtocol: malformed, or the answer to another ticket.
    """
    if not is_ours(data):
        raise NotOurProtocol("a blob answer that does not start with the magic")
    if not _ANSWER.size + SIGNATURE <= len(data) <= MAX_ANSWER:
        raise BlobProtocol("a blob answer of an impossible length")
    body = data[:-SIGNATURE]
    province.verify(_ANSWER_CONTEXT, body, data[-SIGNATURE:])
    _, echoed, state, pause, length = _ANSWER.unpack_from(body)
    if echoed != nonce:
        raise BlobProtocol("the answer to another ticket")
    if state not in list(Held) or _ANSWER.size + length > len(body):
        raise BlobProtocol("a blob answer that does not read")
    refusal = body[_ANSWER.size : _ANSWER.size + length].decode("ascii", "replace")
    return Answer(echoed, Held(state), Ranges.decode(body[_ANSWER.size + length :]), pause, refusal)


def put_path(blob: str, offset: int) -> str:
    return f"/v1/b/{blob}/{offset}"


def ask_path(blob: str, ticket: bytes) -> str:
    return f"/v1/b/{blob}?t={base64.urlsafe_b64encode(ticket).decode('ascii')}"


def ticket_of_query(text: str) -> bytes:
    """Raises BlobProtocol."""
    try:
        return base64.urlsafe_b64decode(text.encode("ascii"))
    except (binascii.Error, ValueError):
        raise BlobProtocol("a ticket that is not base64") from None


def is_blob_name(text: str) -> bool:
    """64 lower-case hex digits: the only names that reach a disk or a table."""
    return len(text) == 64 and all(sign in "0123456789abcdef" for sign in text)
