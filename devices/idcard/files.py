"""Whole files out of the chip with as few commands as their sizes allow (ISO/IEC 7816-4, 11.3; ICAO Doc 9303-10, 3.6).

A file is named in its first READ BINARY by its short identifier, and that read takes as much as a short answer holds under secure
messaging; the header in it says how much is still to come. From 32,768 on the odd instruction B1 carries the offset. What a chip
refuses is learnt once (:class:`Habits`) and not tried again. A chip's word about lengths is only believed within the limit of the
file, and commands are counted: whatever it answers, the reading ends in bounded time and memory, with ``ValueError``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from devices.idcard import tlv
from devices.idcard.apdu import Answer, Command, read_binary, read_by_short_id, read_far, select_file
from devices.idcard.channel import SecureChannel

SHORT_ROOM: Final = 256
"""Bytes a short answer holds, status word apart. Every reader passes that, also one that takes no command over 261 bytes."""
LONG_ROOM: Final = 65536
"""Bytes a long answer holds (extended length)."""
TRIED_ROOM: Final = 2048
"""What long answers are tried with: most of what they can save, and no reader's buffer."""
MAX_FILE: Final = 64 * 1024
MAX_FACE_FILE: Final = 1024 * 1024
MAX_CARD_ACCESS: Final = 4096
"""Bytes; real ones are below 300, and nobody vouches for it."""
FAR: Final = 0x8000
"""The first offset that READ BINARY with the even instruction cannot name."""
_HEADER: Final = 8
_MOST_HEADER: Final = 4
_END_OF_FILE: Final = 0x6282


class File(Enum):
    """The files that are read: identifier, tag of the object that fills it, and the longest that is believed."""

    COM = (0x011E, 0x60)
    DG1 = (0x0101, 0x61)
    DG2 = (0x0102, 0x75, MAX_FACE_FILE)
    DG13 = (0x010D, 0x6D)
    DG14 = (0x010E, 0x6E)
    DG15 = (0x010F, 0x6F)
    SOD = (0x011D, 0x77)
    CARD_ACCESS = (0x011C, 0x31, MAX_CARD_ACCESS)
    """Of the master file, and read in the clear."""

    def __init__(self, fid: int, tag: int, limit: int = MAX_FILE) -> None:
        self.fid, self.tag, self.limit = fid, tag, limit

    @property
    def short_id(self) -> int:
        return self.fid & 0x1F


class FileMissing(Exception):
    """The chip has no such file, or does not let it be read."""


@dataclass(slots=True)
class Habits:
    """What this chip has been seen to take; learnt while reading. ``room``: bytes an answer may hold; more than a short one where
    the technician says so, until the chip refuses."""

    short_ids: bool = True
    whole_first: bool = True
    room: int = SHORT_ROOM

    @staticmethod
    def cautious() -> Habits:
        """How the most careful reader reads: for a fresh start after a session that broke."""
        return Habits(short_ids=False, whole_first=False)


def largest_read(block: int, room: int = SHORT_ROOM) -> int:
    """Plain bytes whose protected answer fits ``room``; ``block``: of the cipher, 0 in the clear.

    Around the data go DO 87 (tag, length, padding indicator; at least one byte of padding), DO 99 (4 bytes) and DO 8E (10).
    """
    if not block:
        return room
    length = 2 if room <= SHORT_ROOM else 3
    return (room - (1 + length + 1) - 4 - 10) // block * block - 1


def read_file(
    channel: SecureChannel, file: File, habits: Habits | None = None, on_bytes: Callable[[int, int], None] | None = None
) -> bytes:
    """The whole of ``file``; its length comes from its own first bytes, never from EF.COM.

    ``on_bytes(done, total)`` is called after each command. Raises :class:`FileMissing`; ``ValueError`` when what comes is not the
    object that belongs there, whole.
    """
    reading = _Reading(channel, file, habits or Habits())
    data = bytearray(reading.first())
    tag, length, start = tlv.header(bytes(data[:_HEADER]))
    total = start + length
    if tag != file.tag or total > file.limit:
        raise ValueError("not the object that belongs here")
    # Chips may give less than they are asked for, but not without end.
    for _ in range(4 * (total // reading.most + 2)):
        if on_bytes:
            on_bytes(min(len(data), total), total)
        if len(data) >= total:
            return bytes(data[:total])
        data += reading.more(len(data), total - len(data))
    raise ValueError("file comes in too small pieces")


class _Reading:
    """The commands of one file."""

    def __init__(self, channel: SecureChannel, file: File, habits: Habits) -> None:
        self._channel, self._file, self._habits = channel, file, habits

    @property
    def most(self) -> int:
        return largest_read(self._channel.block, self._habits.room)

    def first(self) -> bytes:
        """The file's beginning; it is the selected one from then on."""
        try:
            return self._first()
        except FileMissing:
            if self._habits.room == SHORT_ROOM:
                raise
        # Long answers are tried on the first file only.
        self._habits.room = SHORT_ROOM
        return self._first()

    def _first(self) -> bytes:
        habits = self._habits
        count = self.most if habits.whole_first else _HEADER
        if habits.short_ids and (data := self._ask(read_by_short_id(self._file.short_id, count))):
            return data
        if not self._channel.send(select_file(self._file.fid)).ok:
            raise FileMissing(self._file.name)
        if data := self._ask(read_binary(0, count)):
            habits.short_ids = False
            return data
        if habits.whole_first and habits.room == SHORT_ROOM and (data := self._ask(read_binary(0, _HEADER))):
            habits.whole_first = False
            return data
        raise FileMissing(self._file.name)

    def more(self, offset: int, wanted: int) -> bytes:
        data = self._far(offset, wanted) if offset >= FAR else self._ask(read_binary(offset, min(wanted, self.most)))
        if not data:
            raise ValueError("file shorter than it says")
        return data

    def _far(self, offset: int, wanted: int) -> bytes:
        """Le counts the header of DO 53 too, for which chips reserve what it takes or what it could take."""
        header = _MOST_HEADER if self._habits.whole_first else len(tlv.build(0x53, bytes(wanted))) - wanted
        answer = self._ask(read_far(offset, min(wanted + header, self.most)))
        return tlv.find(answer, 0x53) if answer else b""

    def _ask(self, command: Command) -> bytes:
        """What comes back; empty for a refusal."""
        answer = self._channel.send(command)
        if answer.sw >> 8 == 0x6C and 0 < answer.sw & 0xFF <= (command.le or 0):
            answer = self._channel.send(command.wanting(answer.sw & 0xFF))
        return _data(answer, command.le or 0)


def _data(answer: Answer, wanted: int) -> bytes:
    if answer.sw not in (0x9000, _END_OF_FILE):
        return b""
    if len(answer.data) > wanted:
        raise ValueError("more than was asked for")
    return answer.data
