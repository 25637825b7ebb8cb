"""The chip's end of secure messaging (ICAO Doc 9303-11, 9.8), and what the parts of the chip's program hand each other.

A part answers the commands it knows with a :class:`Reply`, which may bring the session that protects everything after it, and
raises :class:`Refuse` for a bare status word. Written apart from the terminal's end, so that a mistake there does not hide here.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from devices.idcard import tlv
from devices.idcard.apdu import Answer, Command
from devices.idcard.channel import CipherSuite
from devices.idcard.crypto import pad, unpad


class Refuse(Exception):
    """The chip answers with this status word and nothing else."""

    def __init__(self, sw: int) -> None:
        super().__init__(f"{sw:04X}")
        self.sw = sw


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; ``session``, when there is one, protects all that follows, but not this answer itself."""

    answer: Answer
    session: ChipSession | None = None

    @staticmethod
    def of(data: bytes = b"", sw: int = 0x9000) -> Reply:
        return Reply(Answer(data, sw))


class Part(Protocol):
    """A protocol the chip speaks."""

    def power_on(self) -> None:
        """Forget what is half done."""
        ...

    def answer(self, command: Command) -> Reply | None:
        """The reply to ``command``, ``None`` when it is for another part. May raise :class:`Refuse` or ``ValueError`` (6A80)."""
        ...


class ChipSession:
    """A protected session as the chip sees it; ``ssc`` is the counter's start, one block long, zero when left out."""

    def __init__(self, suite: CipherSuite, ssc: bytes = b"") -> None:
        self._suite = suite
        self._ssc = int.from_bytes(ssc, "big")

    def _step(self) -> bytes:
        self._ssc = (self._ssc + 1) % (1 << 8 * self._suite.block)
        return self._ssc.to_bytes(self._suite.block, "big")

    def answer(self, command: Command, act: Callable[[Command], Reply]) -> tuple[bytes, ChipSession]:
        """Check and open ``command``, let ``act`` answer it, protect the answer.

        Also gives the session for the next command. Raises ``Refuse(6988)`` for wrong protection.
        """
        ssc = self._step()
        objects = dict(tlv.parse(command.data))
        covered = b"".join(tlv.build(tag, objects[tag]) for tag in (0x85, 0x87, 0x97) if tag in objects)
        mac = self._suite.mac(ssc + pad(command.header, self._suite.block) + covered)
        if not hmac.compare_digest(mac, objects.get(0x8E, b"")):
            raise Refuse(0x6988)
        wanted = objects.get(0x97)
        le = None if wanted is None else int.from_bytes(wanted, "big") or 256 ** len(wanted)
        data = self._open(ssc, command.ins, objects)
        plain = Command(command.cla & 0xF3, command.ins, command.p1, command.p2, data, le)
        try:
            reply = act(plain)
        except Refuse as refusal:
            reply = Reply.of(sw=refusal.sw)
        except ValueError:
            reply = Reply.of(sw=0x6A80)
        return self._protect(reply.answer, plain), reply.session or self

    def _open(self, ssc: bytes, ins: int, objects: dict[int, bytes]) -> bytes:
        if ins & 1:
            return unpad(self._suite.decrypt(ssc, objects[0x85])) if 0x85 in objects else b""
        return unpad(self._suite.decrypt(ssc, objects[0x87][1:])) if 0x87 in objects else b""

    def _protect(self, answer: Answer, command: Command) -> bytes:
        ssc = self._step()
        body = b""
        if answer.data:
            sealed = self._suite.encrypt(ssc, pad(answer.data, self._suite.block))
            body = tlv.build(0x85, sealed) if command.ins & 1 else tlv.build(0x87, b"\x01" + sealed)
        status = answer.sw.to_bytes(2, "big")
        body += tlv.build(0x99, status)
        return body + tlv.build(0x8E, self._suite.mac(ssc + body)) + status
