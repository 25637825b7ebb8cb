"""MCB1, a sealed file of any size: written and read front to back in bounded memory, for whoever holds one of its keys.

::

    "MCB1" | length 4 | header | stream header 24 | (length 4 | record) … | signature 64

The header is JSON: who signed, and the file's random key once per holder, each closed in that holder's way. Records hold 64 KiB
and are libsodium's secretstream (XChaCha20-Poly1305): none can be taken out, doubled or moved, and the last one says it is the
last. The signature covers everything before it. A reader has been told the truth only when :meth:`Reader.finish` returned.

Holders: ``machine`` (a secret of its own), ``province`` (its sealing key, with the generation), ``passphrase`` (Argon2id). Whoever
opens with a secret knows that a holder of it made the file; the province looks the signer up among its devices.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from nacl import bindings as sodium
from nacl import utils
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from sync.errors import SealedFileError, SealedFileLocked, SyncError
from sync.key_file import PassphraseWrap
from sync.keys import SIGNATURE, Opener, Signer, VerifyKey, seal
from sync.letter import b64, unb64
from sync.rollover import ProvincePublic

MAGIC: Final = b"MCB1"
RECORD: Final = 64 * 1024
MAX_HEADER: Final = 16 * 1024
_CONTEXT: Final = b"mcx sealed file 1"
_LENGTH: Final = struct.Struct(">I")
_OVER: Final = sodium.crypto_secretstream_xchacha20poly1305_ABYTES
_STREAM_HEADER: Final = sodium.crypto_secretstream_xchacha20poly1305_HEADERBYTES
_LAST: Final = sodium.crypto_secretstream_xchacha20poly1305_TAG_FINAL
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ALIASES: Final = str.maketrans({"I": "1", "L": "1", "O": "0", "U": "V"})
_MORE: Final = sodium.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE


@dataclass(frozen=True, slots=True)
class Holders:
    """Who may open a file; whoever is empty may not."""

    machine: bytes = b""
    """A secret of 32 bytes."""
    province: ProvincePublic | None = None
    passphrase: PassphraseWrap | None = None

    def close(self, key: bytes) -> dict[str, Any]:
        """The key, once for each."""
        held: dict[str, Any] = {}
        if self.machine:
            held["machine"] = b64(bytes(SecretBox(_own(self.machine)).encrypt(key)))
        if self.province is not None:
            held["province"] = {"generation": self.province.generation, "sealed": b64(seal(self.province.seal_key, key))}
        if self.passphrase is not None:
            held["passphrase"] = self.passphrase.wrap(key)
        return held


@dataclass(frozen=True, slots=True)
class Header:
    """The head of a file, before anything is proved."""

    signer: bytes
    """Public half of the key that signed."""
    device: int
    holders: Mapping[str, Any]
    raw: bytes

    @property
    def digest(self) -> bytes:
        return hashlib.sha256(self.raw).digest()

    def key_of_machine(self, secret: bytes) -> bytes:
        """Raises SealedFileLocked: not closed by this machine."""
        try:
            return bytes(SecretBox(_own(secret)).decrypt(unb64(self.holders["machine"])))
        except (KeyError, SyncError, CryptoError, ValueError):
            raise SealedFileLocked("not closed with this machine's secret") from None

    def key_of_province(self, openers: Mapping[int, Opener]) -> bytes:
        """With the province's sealing keys by generation. Raises SealedFileLocked: not sealed to one of them."""
        try:
            closed = self.holders["province"]
            return openers[closed["generation"]].open(unb64(closed["sealed"]))
        except (KeyError, TypeError, SyncError):
            raise SealedFileLocked("not sealed to this province") from None

    def key_of_passphrase(self, passphrase: str) -> bytes:
        """Raises SealedFileLocked: closed with another passphrase, or with none."""
        try:
            return PassphraseWrap(passphrase).unwrap(self.holders["passphrase"])
        except (KeyError, AttributeError, SyncError):
            raise SealedFileLocked("the passphrase does not open this file") from None


def write_grant(header: Header, key: bytes, code: str) -> bytes:
    """A file's key for somebody who is told the code: how the province opens a backup for a new machine."""
    return json.dumps({"file": b64(header.digest), **PassphraseWrap(_plain(code)).wrap(key)}).encode("ascii")


def read_grant(data: bytes, header: Header, code: str) -> bytes:
    """Raises SealedFileLocked: damaged, of another file, or another code."""
    try:
        facts = json.loads(data)
        if facts["file"] != b64(header.digest):
            raise SealedFileLocked("the key is of another file")
        return PassphraseWrap(_plain(code)).unwrap(facts)
    except (ValueError, KeyError, TypeError, AttributeError, SyncError):
        raise SealedFileLocked("the key file does not open this file") from None


class Writer:
    """Writes one sealed file; :meth:`finish` ends it."""

    def __init__(self, out: BinaryIO, signer: Signer, device: int, holders: Holders) -> None:
        key = sodium.crypto_secretstream_xchacha20poly1305_keygen()
        facts = {"signer": b64(signer.public), "device": device, "keys": holders.close(key)}
        raw = json.dumps(facts, separators=(",", ":")).encode("ascii")
        self._out, self._signer, self._hash, self._buffer = out, signer, hashlib.sha256(), bytearray()
        self._state = sodium.crypto_secretstream_xchacha20poly1305_state()
        stream = sodium.crypto_secretstream_xchacha20poly1305_init_push(self._state, key)
        self._put(MAGIC + _LENGTH.pack(len(raw)) + raw + stream)

    def write(self, data: bytes) -> None:
        self._buffer += data
        while len(self._buffer) > RECORD:
            self._record(bytes(self._buffer[:RECORD]), _MORE)
            del self._buffer[:RECORD]

    def finish(self) -> None:
        self._record(bytes(self._buffer), _LAST)
        self._out.write(self._signer.sign(_CONTEXT, self._hash.digest()))

    def _record(self, text: bytes, tag: int) -> None:
        closed = sodium.crypto_secretstream_xchacha20poly1305_push(self._state, text, tag=tag)
        self._put(_LENGTH.pack(len(closed)) + closed)

    def _put(self, data: bytes) -> None:
        self._hash.update(data)
        self._out.write(data)


class Reader:
    """Reads one sealed file: :attr:`header` at once, the rest after :meth:`unlock`."""

    def __init__(self, source: BinaryIO) -> None:
        self._source, self._hash, self._buffer, self._last = source, hashlib.sha256(), bytearray(), False
        self._state = sodium.crypto_secretstream_xchacha20poly1305_state()
        if self._take(len(MAGIC)) != MAGIC:
            raise SealedFileError("not a sealed file")
        self.header = _header(self._take(self._length(MAX_HEADER)))

    def unlock(self, key: bytes) -> None:
        """Begin to read with the file's key."""
        stream = self._take(_STREAM_HEADER)
        if len(key) != SecretBox.KEY_SIZE:
            raise SealedFileLocked("the key has the wrong size")
        sodium.crypto_secretstream_xchacha20poly1305_init_pull(self._state, stream, key)

    def read(self, size: int) -> bytes:
        """The next bytes, at most ``size`` and at least one, until the end."""
        while not self._buffer and not self._last:
            self._record()
        piece = bytes(self._buffer[:size])
        del self._buffer[:size]
        return piece

    def read_exactly(self, size: int) -> bytes:
        """Raises SealedFileError: the file ends before."""
        data = bytearray()
        while len(data) < size:
            piece = self.read(size - len(data))
            if not piece:
                raise SealedFileError("the file ends in the middle")
            data += piece
        return bytes(data)

    def finish(self) -> None:
        """Check that nothing is left and that the signer of the header signed all of it.

        Raises:
            SealedFileError, BadSignature
        """
        if self._buffer or not self._last:
            raise SealedFileError("the file goes on after its end")
        digest = self._hash.digest()
        signature = self._take(SIGNATURE)
        if self._source.read(1):
            raise SealedFileError("the file goes on after its end")
        VerifyKey(self.header.signer).verify(_CONTEXT, digest, signature)

    def _record(self) -> None:
        closed = self._take(self._length(RECORD + _OVER))
        try:
            text, tag = sodium.crypto_secretstream_xchacha20poly1305_pull(self._state, closed)
        except (CryptoError, ValueError, TypeError):
            raise SealedFileError("a record is damaged, or the key is of another file") from None
        self._buffer += text
        self._last = tag == _LAST

    def _length(self, most: int) -> int:
        (length,) = _LENGTH.unpack(self._take(_LENGTH.size))
        if not length <= most:
            raise SealedFileError("a length is over its limit")
        return int(length)

    def _take(self, size: int) -> bytes:
        data = self._source.read(size)
        if len(data) != size:
            raise SealedFileError("the file is cut short")
        self._hash.update(data)
        return data


def _header(raw: bytes) -> Header:
    try:
        facts = json.loads(raw)
        header = Header(unb64(facts["signer"]), int(facts["device"]), dict(facts["keys"]), raw)
    except (ValueError, KeyError, TypeError, RecursionError, SyncError):
        raise SealedFileError("the header is malformed") from None
    if len(header.signer) != 32:
        raise SealedFileError("the header is malformed")
    return header


def _own(secret: bytes) -> bytes:
    """The machine's secret is used for nothing else under this name."""
    return hashlib.blake2b(key=secret, person=b"mcx sealed file", digest_size=SecretBox.KEY_SIZE).digest()


def new_code() -> str:
    """A code to be read out on the telephone, 80 random bits: «K7F3-M9QX-2TDA-0VWE»."""
    signs = "".join(_ALPHABET[byte % 32] for byte in utils.random(16))
    return "-".join(signs[at : at + 4] for at in range(0, 16, 4))


def _plain(code: str) -> str:
    """A code as typed: case, spaces, dashes and look-alike letters do not matter."""
    return "".join(sign for sign in code.upper().translate(_ALIASES) if sign in _ALPHABET)
