"""Talking to a chip: in the clear, or under secure messaging (ICAO Doc 9303-11, 9.8).

A channel turns a plain command into a plain answer; who reads files does not know which cipher is under it. ``SecureMessaging``
is the framing of DO 87, 97, 99 and 8E over a small cipher suite, so AES after PACE is another suite and nothing else. An answer
whose MAC is wrong, or that comes unprotected, ends the session: ``ChannelBroken``, after which only a fresh start from SELECT
helps.
"""

from __future__ import annotations

import hmac
from typing import Protocol

from devices.idcard import tlv
from devices.idcard.apdu import Answer, Command
from devices.idcard.crypto import decrypt_3des, encrypt_3des, pad, retail_mac, unpad

_TAIL = 3 + 10
"""Bytes after the data of a protected command: DO 97 and DO 8E."""
_MAX_PARTS = 300
"""More than an answer of 64 KiB comes in."""


class ChannelBroken(Exception):
    """The session is dead: a damaged, unprotected or foreign answer."""


class SecureChannel(Protocol):
    """What file reading needs, protected or not."""

    @property
    def block(self) -> int:
        """Bytes of one block of its cipher; 0 in the clear."""
        ...

    def send(self, command: Command) -> Answer:
        """Send ``command`` and give the plain answer. Raises :class:`ChannelBroken` when the session is lost."""
        ...


class Transport(Protocol):
    """Bytes to the chip and back: PC/SC in earnest, the software chip in tests of the cryptography."""

    def transmit(self, apdu: bytes) -> bytes: ...


class PlainChannel:
    """Commands in the clear."""

    block = 0

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def send(self, command: Command) -> Answer:
        raw = self._transport.transmit(command.encode())
        if len(raw) < 2:
            raise ChannelBroken("answer without a status word")
        return Answer(raw[:-2], int.from_bytes(raw[-2:], "big"))


class CipherSuite(Protocol):
    """The cipher and MAC of a session. ``ssc`` is the send sequence counter as bytes of one block."""

    block: int

    def encrypt(self, ssc: bytes, data: bytes) -> bytes: ...

    def decrypt(self, ssc: bytes, data: bytes) -> bytes: ...

    def mac(self, data: bytes) -> bytes: ...


class TripleDesSuite:
    """Two-key triple DES with a zero IV and the retail MAC: what basic access gives."""

    block = 8

    def __init__(self, ks_enc: bytes, ks_mac: bytes) -> None:
        self._enc, self._mac = ks_enc, ks_mac

    def encrypt(self, ssc: bytes, data: bytes) -> bytes:
        return encrypt_3des(self._enc, data)

    def decrypt(self, ssc: bytes, data: bytes) -> bytes:
        return decrypt_3des(self._enc, data)

    def mac(self, data: bytes) -> bytes:
        return retail_mac(self._mac, data)


class SecureMessaging:
    """A protected session over ``transport``, counting from ``ssc`` (8 bytes for triple DES, 16 for AES)."""

    def __init__(self, transport: Transport, suite: CipherSuite, ssc: bytes) -> None:
        self._transport = transport
        self._suite = suite
        self._ssc = int.from_bytes(ssc, "big")
        self._width = len(ssc)

    @property
    def block(self) -> int:
        return self._suite.block

    def send(self, command: Command) -> Answer:
        raw = self._transport.transmit(self.wrap(command))
        for _ in range(_MAX_PARTS):
            if raw[-2:-1] != b"\x61":
                return self.unwrap(raw)
            # A long answer in parts (ISO/IEC 7816-4, 5.3.4): the last byte says how much to fetch next.
            raw = raw[:-2] + self._transport.transmit(b"\x00\xc0\x00\x00" + raw[-1:])
        raise ChannelBroken("answer without an end")

    def renewed(self, suite: CipherSuite) -> SecureMessaging:
        """A session over the same line that starts anew with other keys."""
        return SecureMessaging(self._transport, suite, bytes(suite.block))

    def wrap(self, command: Command) -> bytes:
        """The protected command, of extended length where it or its answer needs that; moves the counter on."""
        ssc = self._step()
        head = bytes([command.cla | 0x0C]) + command.header[1:]
        body = b""
        if command.data:
            body += tlv.build(0x87, b"\x01" + self._suite.encrypt(ssc, pad(command.data, self._suite.block)))
        width = 2 if command.extended or len(body) + _TAIL > 255 else 1
        if command.le is not None:
            body += tlv.build(0x97, (command.le % 256**width).to_bytes(width, "big"))
        covered = ssc + pad(head, self._suite.block) + body
        body += tlv.build(0x8E, self._suite.mac(covered))
        size = len(body).to_bytes(1, "big") if width == 1 else b"\x00" + len(body).to_bytes(2, "big")
        return head + size + body + bytes(width)

    def unwrap(self, raw: bytes) -> Answer:
        """The plain answer; moves the counter on. Raises :class:`ChannelBroken` unless the MAC fits."""
        ssc = self._step()
        try:
            objects = dict(tlv.parse(raw[:-2]))
            covered = b"".join(tlv.build(tag, objects[tag]) for tag in (0x87, 0x99) if tag in objects)
            if not hmac.compare_digest(self._suite.mac(ssc + covered), objects[0x8E]):
                raise ChannelBroken("wrong MAC")
            data = b""
            if 0x87 in objects:
                data = unpad(self._suite.decrypt(ssc, objects[0x87][1:]))
            return Answer(data, int.from_bytes(objects[0x99], "big"))
        except (ValueError, KeyError) as error:
            raise ChannelBroken(f"answer not protected as agreed (status {raw[-2:].hex()})") from error

    def _step(self) -> bytes:
        self._ssc = (self._ssc + 1) % (1 << 8 * self._width)
        return self._ssc.to_bytes(self._width, "big")
