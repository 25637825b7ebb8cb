"""Talking to a chip: in the clear, or under secure messaging (ICAO Doc 9303-11, 9.8).

A channel turns a plain command into a plain answer; who reads files does not know which cipher is under it. ``SecureMessaging``
is the framing of DO 85, 87, 97, 99 and 8E over a small cipher suite. Data of instructions with an odd number travels in DO 85, all
other in DO 87. An answer whose MAC is wrong, that comes unprotected, or that holds anything but what the standard lists ends the
session: ``ChannelBroken``, after which only a fresh start from SELECT helps.
"""

from __future__ import annotations

import hmac
from typing import Protocol

from devices.idcard import tlv
from devices.idcard.apdu import Answer, Command
from devices.idcard.crypto import (
    ENCRYPTION,
    MAC,
    CipherName,
    aes_mac,
    decrypt_3des,
    decrypt_aes,
    derive_key,
    encrypt_3des,
    encrypt_aes,
    pad,
    retail_mac,
    unpad,
)

_SHORT_PARTS, _LONG_PARTS = 16, 300
"""More than a signature, and an answer of 64 KiB, come in."""


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
        raw = _exchange(self._transport, command.encode(), extended=command.extended)
        return Answer(raw[:-2], int.from_bytes(raw[-2:], "big"))


def _exchange(transport: Transport, apdu: bytes, *, extended: bool) -> bytes:
    """What comes back for ``apdu``, put together when the chip gives it in parts (ISO/IEC 7816-4, 5.3.4)."""
    raw = b""
    for number in range(_LONG_PARTS if extended else _SHORT_PARTS):
        part = transport.transmit(apdu)
        if not 2 <= len(part) <= (65_538 if extended else 258):
            raise ChannelBroken(f"an answer of {len(part)} bytes")
        raw += part
        if part[-2] != 0x61:
            return raw
        # Only the first may be empty: it says that there is something to fetch (T=0).
        if number and len(part) == 2:
            raise ChannelBroken("a part that brings nothing")
        # The last byte says how much to fetch next.
        raw, apdu = raw[:-2], b"\x00\xc0\x00\x00" + part[-1:]
    raise ChannelBroken("an answer without an end")


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


class AesSuite:
    """AES with the encrypted counter as IV, and CMAC: what PACE and chip authentication give (Doc 9303-11, 9.8.6.2)."""

    block = 16

    def __init__(self, ks_enc: bytes, ks_mac: bytes) -> None:
        self._enc, self._mac = ks_enc, ks_mac

    def encrypt(self, ssc: bytes, data: bytes) -> bytes:
        return encrypt_aes(self._enc, data, encrypt_aes(self._enc, ssc))

    def decrypt(self, ssc: bytes, data: bytes) -> bytes:
        return decrypt_aes(self._enc, data, encrypt_aes(self._enc, ssc))

    def mac(self, data: bytes) -> bytes:
        return aes_mac(self._mac, pad(data, self.block))


def session_suite(cipher: CipherName, secret: bytes) -> CipherSuite:
    """The suite of the session whose two sides share ``secret`` (Doc 9303-11, 9.7.4)."""
    suite = TripleDesSuite if cipher == "3des" else AesSuite
    return suite(derive_key(cipher, secret, ENCRYPTION), derive_key(cipher, secret, MAC))


class SecureMessaging:
    """A protected session over ``transport``, counting from ``ssc``, which has the length of a block; without it from zero.

    Whatever goes wrong in :meth:`send` ends it for good: each further call raises :class:`ChannelBroken` and sends nothing.
    """

    def __init__(self, transport: Transport, suite: CipherSuite, ssc: bytes = b"") -> None:
        self._transport = transport
        self._suite = suite
        self._ssc = int.from_bytes(ssc, "big")
        self._alive = True

    @property
    def transport(self) -> Transport:
        """What the session runs over, for the session that comes after this one."""
        return self._transport

    @property
    def block(self) -> int:
        return self._suite.block

    def send(self, command: Command) -> Answer:
        if not self._alive:
            raise ChannelBroken("the session is over")
        self._alive = False
        answer = self.unwrap(_exchange(self._transport, self.wrap(command), extended=_needs_extended(command)), command)
        self._alive = True
        return answer

    def wrap(self, command: Command) -> bytes:
        """The protected command, of extended length where it or its answer needs that; moves the counter on."""
        ssc = self._step()
        cla, body = command.cla | 0x0C, b""
        if command.data:
            sealed = self._suite.encrypt(ssc, pad(command.data, self._suite.block))
            body += tlv.build(0x85, sealed) if command.ins & 1 else tlv.build(0x87, b"\x01" + sealed)
        if command.le is not None:
            body += tlv.build(0x97, command.le.to_bytes(3, "big")[-2:] if command.extended else bytes([command.le & 0xFF]))
        body += tlv.build(0x8E, self._suite.mac(ssc + pad(bytes([cla]) + command.header[1:], self._suite.block) + body))
        le = 65_536 if _needs_extended(command) else 256
        return Command(cla, command.ins, command.p1, command.p2, body, le).encode()

    def unwrap(self, raw: bytes, command: Command) -> Answer:
        """The plain answer to ``command``; moves the counter on.

        Raises :class:`ChannelBroken` unless it is exactly what the standard allows: data at most once, status, a MAC that fits.
        """
        ssc = self._step()
        covered, mac, trailer = raw[:-12], raw[-12:-2], raw[-2:]
        if not hmac.compare_digest(mac, b"\x8e\x08" + self._suite.mac(ssc + covered)):
            raise ChannelBroken(f"not protected as agreed (status {trailer.hex()})")
        try:
            *sealed, (tag, status) = tlv.parse(covered)
            if tag != 0x99 or status != trailer or len(sealed) > 1:
                raise ValueError("status and objects are not those of a protected answer")
            data = self._open(ssc, command, *sealed[0]) if sealed else b""
        except ValueError as error:
            raise ChannelBroken("nothing an honest chip protects") from error
        return Answer(data, int.from_bytes(status, "big"))

    def _open(self, ssc: bytes, command: Command, tag: int, value: bytes) -> bytes:
        if tag == 0x87 and value[:1] == b"\x01":
            return unpad(self._suite.decrypt(ssc, value[1:]))
        if tag == 0x85 and command.ins & 1:
            return unpad(self._suite.decrypt(ssc, value))
        raise ValueError("not encrypted data")

    def _step(self) -> bytes:
        self._ssc = (self._ssc + 1) % (1 << 8 * self._suite.block)
        return self._ssc.to_bytes(self._suite.block, "big")


def _needs_extended(command: Command) -> bool:
    """Whether protection makes ``command`` too long for the short form: it adds up to 34 bytes."""
    return command.extended or len(command.data) > 220
