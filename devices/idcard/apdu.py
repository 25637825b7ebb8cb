"""Commands and answers of a chip (ISO/IEC 7816-4): facts only, written to bytes and read back by both ends."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Command:
    """A command in the clear. ``le``: bytes wanted, 256 for «as many as there are», ``None`` for none."""

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = b""
    le: int | None = None

    @property
    def header(self) -> bytes:
        return bytes([self.cla, self.ins, self.p1, self.p2])

    def encode(self) -> bytes:
        """Short form where data and ``le`` fit it, else extended. ``ValueError`` when they fit neither."""
        if len(self.data) > 65_535 or (self.le or 0) > 65_536:
            raise ValueError("does not fit a command")
        size = 2 if self.extended else 1
        body = b"\x00" if self.extended else b""
        if self.data:
            body += len(self.data).to_bytes(size, "big") + self.data
        return self.header + body + (b"" if self.le is None else self.le.to_bytes(3, "big")[-size:])

    @staticmethod
    def decode(raw: bytes) -> Command:
        """The command in ``raw``, short or extended form. ``ValueError`` for bytes that are none."""
        if len(raw) < 4:
            raise ValueError("shorter than a header")
        head, body = raw[:4], raw[4:]
        wide = len(body) >= 3 and body[0] == 0
        size = 2 if wide else 1
        body = body[1:] if wide else body
        data, rest = b"", body
        if len(body) > size:
            count = int.from_bytes(body[:size], "big")
            data, rest = body[size : size + count], body[size + count :]
            if len(data) < count or not count:
                raise ValueError("data cut off")
        if len(rest) not in (0, size):
            raise ValueError("length field cut off")
        le = (int.from_bytes(rest, "big") or 256**size) if rest else None
        return Command(head[0], head[1], head[2], head[3], data, le)

    def wanting(self, le: int) -> Command:
        """The same command for ``le`` bytes."""
        return replace(self, le=le)

    @property
    def extended(self) -> bool:
        """Whether it wants more than a short answer can hold."""
        return (self.le or 0) > 256 or len(self.data) > 255


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: data and the status word."""

    data: bytes
    sw: int

    @property
    def ok(self) -> bool:
        return self.sw == 0x9000


def select_application(aid: bytes) -> Command:
    return Command(0x00, 0xA4, 0x04, 0x0C, aid)


def select_master_file() -> Command:
    return Command(0x00, 0xA4, 0x00, 0x0C, b"\x3f\x00")


def select_file(fid: int) -> Command:
    return Command(0x00, 0xA4, 0x02, 0x0C, fid.to_bytes(2, "big"))


def read_binary(offset: int, count: int) -> Command:
    """Read ``count`` bytes at ``offset`` (below 32,768) of the selected file."""
    return Command(0x00, 0xB0, offset >> 8, offset & 0xFF, b"", count)


def read_by_short_id(short_id: int, count: int) -> Command:
    """Select the file with ``short_id`` (1–30) and read its first ``count`` bytes."""
    return Command(0x00, 0xB0, 0x80 | short_id, 0x00, b"", count)


def read_far(offset: int, count: int) -> Command:
    """Read at any ``offset`` of the selected file: odd INS, offset in DO 54. ``count`` includes the header of the DO 53."""
    digits = offset.to_bytes((offset.bit_length() + 7) // 8 or 1, "big")
    return Command(0x00, 0xB1, 0x00, 0x00, bytes([0x54, len(digits)]) + digits, count)


def get_challenge() -> Command:
    return Command(0x00, 0x84, 0x00, 0x00, b"", 8)


def external_authenticate(token: bytes) -> Command:
    return Command(0x00, 0x82, 0x00, 0x00, token, len(token))


def internal_authenticate(challenge: bytes, le: int) -> Command:
    return Command(0x00, 0x88, 0x00, 0x00, challenge, le)
