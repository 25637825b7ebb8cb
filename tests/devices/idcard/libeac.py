"""libeac (OpenPACE), a PACE written by others, through its shared library: one end of the protocol and of secure messaging.

Debian ships the library without headers, so its functions are declared here by hand.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Callable
from ctypes import POINTER, c_char_p, c_int, c_size_t, c_ubyte, c_uint, c_ulong, c_void_p

from devices.idcard import tlv
from devices.idcard.apdu import Answer, Command

NAME = "libeac.so.3"
MRZ, CAN = 1, 2


class Buffer(ctypes.Structure):
    """BUF_MEM of OpenSSL."""

    _fields_ = [("length", c_size_t), ("data", c_void_p), ("max", c_size_t), ("flags", c_ulong)]


def load() -> ctypes.CDLL | None:
    """The library, or ``None`` where it is not installed."""
    try:
        library = ctypes.CDLL(NAME)
    except OSError:
        return None
    buffer, context = POINTER(Buffer), c_void_p
    for name, result, arguments in (
        ("EAC_init", None, []),
        ("EAC_CTX_new", context, []),
        ("EAC_CTX_clear_free", None, [context]),
        ("EAC_CTX_init_ef_cardaccess", c_int, [POINTER(c_ubyte), c_uint, context]),
        ("EAC_CTX_set_encryption_ctx", c_int, [context, c_int]),
        ("EAC_increment_ssc", c_int, [context]),
        ("EAC_encrypt", buffer, [context, buffer]),
        ("EAC_decrypt", buffer, [context, buffer]),
        ("EAC_authenticate", buffer, [context, buffer]),
        ("PACE_SEC_new", c_void_p, [c_char_p, c_size_t, c_int]),
        ("PACE_SEC_clear_free", None, [c_void_p]),
        ("PACE_STEP1_enc_nonce", buffer, [context, c_void_p]),
        ("PACE_STEP2_dec_nonce", c_int, [context, c_void_p, buffer]),
        ("PACE_STEP3A_generate_mapping_data", buffer, [context]),
        ("PACE_STEP3A_map_generator", c_int, [context, buffer]),
        ("PACE_STEP3B_generate_ephemeral_key", buffer, [context]),
        ("PACE_STEP3B_compute_shared_secret", c_int, [context, buffer]),
        ("PACE_STEP3C_derive_keys", c_int, [context]),
        ("PACE_STEP3D_compute_authentication_token", buffer, [context, buffer]),
        ("PACE_STEP3D_verify_authentication_token", c_int, [context, buffer]),
        ("BUF_MEM_create_init", buffer, [c_char_p, c_size_t]),
        ("BUF_MEM_clear_free", None, [buffer]),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    library.EAC_init()
    return library


class End:
    """One end of PACE, and of the session after it."""

    def __init__(self, library: ctypes.CDLL, card_access: bytes, secret: bytes, kind: int) -> None:
        self._library = library
        self._context = library.EAC_CTX_new()
        data = (c_ubyte * len(card_access)).from_buffer_copy(card_access)
        assert library.EAC_CTX_init_ef_cardaccess(data, len(card_access), self._context) == 1
        self._secret = library.PACE_SEC_new(secret, len(secret), kind)
        assert self._secret

    def close(self) -> None:
        self._library.PACE_SEC_clear_free(self._secret)
        self._library.EAC_CTX_clear_free(self._context)

    def _give(self, name: str, *arguments: object) -> bytes:
        """What the library's function ``name`` gives as bytes."""
        return self._take(getattr(self._library, name)(self._context, *arguments))

    def _take(self, buffer: ctypes._Pointer[Buffer]) -> bytes:
        assert buffer, "libeac gives nothing"
        data = ctypes.string_at(buffer.contents.data, buffer.contents.length) if buffer.contents.length else b""
        self._library.BUF_MEM_clear_free(buffer)
        return data

    def _do(self, name: str, *arguments: object) -> bool:
        return int(getattr(self._library, name)(self._context, *arguments)) == 1

    def _buffer(self, data: bytes) -> ctypes._Pointer[Buffer]:
        buffer: ctypes._Pointer[Buffer] = self._library.BUF_MEM_create_init(data, len(data))
        return buffer

    def encrypted_nonce(self) -> bytes:
        return self._give("PACE_STEP1_enc_nonce", self._secret)

    def take_nonce(self, encrypted: bytes) -> None:
        assert self._do("PACE_STEP2_dec_nonce", self._secret, self._buffer(encrypted))

    def mapping_data(self) -> bytes:
        return self._give("PACE_STEP3A_generate_mapping_data")

    def map(self, theirs: bytes) -> None:
        assert self._do("PACE_STEP3A_map_generator", self._buffer(theirs))

    def public_key(self) -> bytes:
        return self._give("PACE_STEP3B_generate_ephemeral_key")

    def agree(self, theirs: bytes) -> None:
        assert self._do("PACE_STEP3B_compute_shared_secret", self._buffer(theirs))
        assert self._do("PACE_STEP3C_derive_keys")

    def token(self, theirs: bytes) -> bytes:
        return self._give("PACE_STEP3D_compute_authentication_token", self._buffer(theirs))

    def believes(self, token: bytes) -> bool:
        return self._do("PACE_STEP3D_verify_authentication_token", self._buffer(token))

    def start_session(self) -> None:
        assert self._do("EAC_CTX_set_encryption_ctx", 0)

    def step(self) -> None:
        """The next value of the counter."""
        assert self._do("EAC_increment_ssc")

    def seal(self, data: bytes, block: int) -> bytes:
        return self._give("EAC_encrypt", self._buffer(_padded(data, block)))

    def open(self, data: bytes) -> bytes:
        return self._give("EAC_decrypt", self._buffer(data)).rstrip(b"\x00")[:-1]

    def mac(self, data: bytes, block: int) -> bytes:
        return self._give("EAC_authenticate", self._buffer(_padded(data, block)))


def _padded(data: bytes, block: int) -> bytes:
    return data + b"\x80" + bytes(-(len(data) + 1) % block)


class Chip:
    """A chip whose cryptography is libeac's: it opens by PACE and then answers one command with ``file``."""

    def __init__(self, end: End, block: int, file: bytes) -> None:
        self._end, self._block, self._file = end, block, file
        self._step = 0
        self._ours = b""

    def transmit(self, apdu: bytes) -> bytes:
        command = Command.decode(apdu)
        if command.cla & 0x0C:
            return self._protected(command)
        if command.ins == 0x22:
            return b"\x90\x00"
        given = dict(tlv.parse(tlv.find(command.data, 0x7C)))
        self._step += 1
        tag, value = self._answer(given)
        return tlv.build(0x7C, tlv.build(tag, value)) + b"\x90\x00"

    def _answer(self, given: dict[int, bytes]) -> tuple[int, bytes]:
        end = self._end
        if self._step == 1:
            return 0x80, end.encrypted_nonce()
        if self._step == 2:
            ours = end.mapping_data()
            end.map(given[0x81])
            return 0x82, ours
        if self._step == 3:
            self._ours, self._theirs = end.public_key(), given[0x83]
            end.agree(given[0x83])
            return 0x84, self._ours
        assert end.believes(given[0x85]), "libeac does not believe our terminal"
        token = end.token(self._theirs)
        end.start_session()
        return 0x86, token

    def _protected(self, command: Command) -> bytes:
        end = self._end
        end.step()
        *parts, (tag, mac) = tlv.parse(command.data)
        covered = b"".join(tlv.build(*part) for part in parts)
        head = command.header + b"\x80" + bytes(self._block - 5)
        assert (tag, mac) == (0x8E, end.mac(head + covered if covered else command.header, self._block))
        sealed = dict(parts).get(0x87)
        data = end.open(sealed[1:]) if sealed else self._file
        end.step()
        body = tlv.build(0x87, b"\x01" + end.seal(data, self._block)) + bytes.fromhex("99029000")
        return body + tlv.build(0x8E, end.mac(body, self._block)) + b"\x90\x00"


class Terminal:
    """A terminal whose cryptography is libeac's. ``transmit`` is the line to the chip."""

    def __init__(self, end: End, block: int, transmit: Callable[[bytes], bytes]) -> None:
        self._end, self._block, self._transmit = end, block, transmit

    def open(self, oid: bytes, kind: int) -> bool:
        """PACE; whether libeac believes the chip at the end of it."""
        end = self._end
        assert (
            self._transmit(Command(0, 0x22, 0xC1, 0xA4, tlv.build(0x80, oid) + tlv.build(0x83, bytes([kind]))).encode())
            == b"\x90\x00"
        )
        end.take_nonce(self._ask(b"", 0x80))
        end.map(self._ask(tlv.build(0x81, end.mapping_data()), 0x82))
        ours = end.public_key()
        theirs = self._ask(tlv.build(0x83, ours), 0x84)
        end.agree(theirs)
        believed = end.believes(self._ask(tlv.build(0x85, end.token(theirs)), 0x86, last=True))
        end.start_session()
        return believed

    def _ask(self, data: bytes, wanted: int, *, last: bool = False) -> bytes:
        body = tlv.build(0x7C, data)
        answer = self._transmit(Command(0 if last else 0x10, 0x86, 0, 0, body, 256 if len(body) < 256 else 65_536).encode())
        assert answer.endswith(b"\x90\x00"), answer.hex()
        return tlv.find(answer[:-2], 0x7C, wanted)

    def send(self, command: Command) -> Answer:
        """One command under secure messaging; asserts that the chip's MAC is right."""
        end = self._end
        end.step()
        head = bytes([command.cla | 0x0C]) + command.header[1:]
        body = tlv.build(0x87, b"\x01" + end.seal(command.data, self._block)) if command.data else b""
        body += b"" if command.le is None else tlv.build(0x97, bytes([command.le & 0xFF]))
        padded = head + b"\x80" + bytes(self._block - 5)
        body += tlv.build(0x8E, end.mac(padded + body if body else head, self._block))
        answer = self._transmit(Command(head[0], head[1], head[2], head[3], body, 256).encode())
        end.step()
        covered, mac = answer[:-12], answer[-10:-2]
        assert mac == end.mac(covered, self._block), "the chip's MAC is wrong"
        objects = dict(tlv.parse(covered))
        data = end.open(objects[0x87][1:]) if 0x87 in objects else b""
        return Answer(data, int.from_bytes(objects[0x99], "big"))
