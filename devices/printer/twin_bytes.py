"""Reading ESC/POS as a printer reads it: the stream is cut into orders as it arrives, and the orders are carried out on paper.

``Reader`` is the ear: it obeys real-time requests at once, even inside picture data as many printers do, and keeps half an order
until the rest comes, across connections. ``PaperRoll`` is the hand: it prints raster rows, feeds and cuts. Both are written from
the command tables of printer manuals and share no code with ``encode``, so they can judge it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from PIL import Image

Kind = Literal[
    "row", "feed", "newline", "cut", "reset", "fence", "asb", "identity", "process_id", "spacing", "ignored", "unknown", "text"
]


@dataclass(frozen=True, slots=True)
class Order:
    """One order in its turn. ``data`` is a raster row or the parameters; ``size`` the bytes it took in the stream."""

    kind: Kind
    data: bytes
    size: int


ESC_PARAMETERS = {
    byte: count for count, letters in {1: b" !%-3=EGJMRTUVacdrt{", 2: b"$\\", 3: b"p", 0: b"2@<Sim"}.items() for byte in letters
}
GS_PARAMETERS = {byte: count for count, letters in {1: b"!/BHIabfhrwx", 2: b"LPW\\$", 0: b":"}.items() for byte in letters}


class Reader:
    """Cuts the stream into orders. ``realtime(request)`` is called at once for DLE EOT n (2 bytes ``04 n``) and DLE DC4 8 (``14
    08``).
    """

    def __init__(self, realtime: Callable[[bytes], None]) -> None:
        self._realtime = realtime
        self._rest = b""
        self._row_bytes = 0
        self._rows_left = 0
        self._raster_tail = b""
        self._heard = 0
        self.deaf_in_raster = False
        self.stray = 0
        """Real-time requests met inside picture data."""

    @property
    def waiting_for_picture(self) -> bool:
        """Whether an unfinished picture will swallow the next bytes."""
        return self._rows_left > 0

    def clear(self) -> None:
        """Forget everything half read, as when the power goes."""
        self._rest = self._raster_tail = b""
        self._rows_left = 0

    def feed(self, data: bytes) -> list[Order]:
        """The orders completed by ``data``."""
        self._rest += data
        orders: list[Order] = []
        while self._rest:
            order, size = self._row() if self._rows_left else self._order(self._rest)
            if not size:
                break
            self._rest = self._rest[size:]
            if order:
                orders.append(order)
        return orders

    def _row(self) -> tuple[Order | None, int]:
        """A row of the picture under way. Requests inside it are obeyed as the bytes come, the bytes stay picture."""
        heard = self._rest[: self._row_bytes]
        self._listen(heard)
        if len(heard) < self._row_bytes:
            return None, 0
        self._raster_tail = (self._raster_tail + heard)[-2:]
        self._heard = 0
        self._rows_left -= 1
        return Order("row", heard, self._row_bytes), self._row_bytes

    def _listen(self, heard: bytes) -> None:
        fresh = (self._raster_tail + heard)[self._heard :]
        for at in range(len(fresh) - 2):
            if self._is_request(fresh[at : at + 3]):
                self.stray += 1
                if not self.deaf_in_raster:
                    self._realtime(fresh[at + 1 : at + 3])
        self._heard = max(self._heard, len(self._raster_tail) + len(heard) - 2)

    @staticmethod
    def _is_request(three: bytes) -> bool:
        return (
            (three[:2] == b"\x10\x04" and 1 <= three[2] <= 4)
            or (three[:2] == b"\x10\x05" and three[2] in (1, 2))
            or (three[:2] == b"\x10\x14" and three[2] in (1, 2, 8))
        )

    def _order(self, rest: bytes) -> tuple[Order | None, int]:
        head = rest[0]
        if head == 0x10:
            return self._dle(rest)
        if head in (0x1B, 0x1D):
            return (self._esc if head == 0x1B else self._gs)(rest) if len(rest) > 1 else (None, 0)
        if head == 0x0A:
            return Order("newline", b"", 1), 1
        if head < 0x20:
            return Order("ignored" if head in (0x00, 0x0D, 0x18) else "unknown", rest[:1], 1), 1
        return Order("text", rest[:1], 1), 1

    def _dle(self, rest: bytes) -> tuple[Order | None, int]:
        if len(rest) < 2:
            return None, 0
        size = {0x04: 3, 0x05: 3, 0x14: 0}.get(rest[1], 1)
        if rest[1] == 0x14:
            if len(rest) < 3:
                return None, 0
            size = {1: 5, 2: 5, 8: 10}.get(rest[2], 2)
        if len(rest) < size:
            return None, 0
        if size > 1:
            self._realtime(rest[1:3])
            return None, size
        return Order("unknown", rest[:1], 1), 1

    def _esc(self, rest: bytes) -> tuple[Order | None, int]:
        letter = rest[1]
        if letter == ord("*"):
            return self._column_picture(rest)
        count = ESC_PARAMETERS.get(letter)
        if count is None:
            return Order("unknown", rest[:2], 2), 2
        if len(rest) < 2 + count:
            return None, 0
        kinds: dict[int, Kind] = {
            ord("@"): "reset",
            ord("J"): "feed",
            ord("d"): "newline",
            ord("3"): "spacing",
            ord("2"): "spacing",
        }
        return Order(kinds.get(letter, "ignored"), rest[2 : 2 + count], 2 + count), 2 + count

    @staticmethod
    def _column_picture(rest: bytes) -> tuple[Order | None, int]:
        if len(rest) < 5:
            return None, 0
        size = 5 + int.from_bytes(rest[3:5], "little") * (3 if rest[2] >= 32 else 1)
        return (Order("unknown", rest[:2], size), size) if len(rest) >= size else (None, 0)

    def _gs(self, rest: bytes) -> tuple[Order | None, int]:
        letter = rest[1]
        if letter == ord("v"):
            return self._raster_head(rest)
        if letter == ord("V"):
            return self._cut(rest)
        if letter == ord("("):
            return self._extended(rest)
        count = GS_PARAMETERS.get(letter)
        if count is None:
            return Order("unknown", rest[:2], 2), 2
        if len(rest) < 2 + count:
            return None, 0
        kinds: dict[int, Kind] = {ord("r"): "fence", ord("a"): "asb", ord("I"): "identity"}
        return Order(kinds.get(letter, "ignored"), rest[2 : 2 + count], 2 + count), 2 + count

    def _raster_head(self, rest: bytes) -> tuple[Order | None, int]:
        if len(rest) < 8:
            return None, 0
        self._row_bytes = int.from_bytes(rest[4:6], "little")
        self._rows_left = int.from_bytes(rest[6:8], "little") if self._row_bytes else 0
        self._raster_tail = b""
        self._heard = 0
        return None, 8

    @staticmethod
    def _cut(rest: bytes) -> tuple[Order | None, int]:
        if len(rest) < 3:
            return None, 0
        if rest[2] in (65, 66, 97, 98, 103, 104):
            return (Order("cut", rest[3:4], 4), 4) if len(rest) >= 4 else (None, 0)
        return Order("cut", b"", 3), 3

    @staticmethod
    def _extended(rest: bytes) -> tuple[Order | None, int]:
        if len(rest) < 5:
            return None, 0
        size = 5 + int.from_bytes(rest[3:5], "little")
        if len(rest) < size:
            return None, 0
        body = rest[5:size]
        if rest[2] == ord("H") and body[:2] == b"00":
            return Order("process_id", body[2:], size), size
        return Order("ignored" if rest[2] in b"DEAKLkH" else "unknown", rest[:3], size), size


@dataclass(slots=True)
class PaperRoll:
    """Paper below the print head. Rows are bytes of ``width_dots`` dots, a set bit being black."""

    width_dots: int
    feed_units_per_dot: int = 1
    rows: list[bytes] = field(default_factory=list)
    line_rows: int = 30

    def row(self, data: bytes) -> None:
        width = self.width_dots // 8
        self.rows.append(data[:width].ljust(width, b"\0"))

    def feed_units(self, units: int) -> None:
        self.feed_rows(units // self.feed_units_per_dot)

    def feed_rows(self, count: int) -> None:
        self.rows += [bytes(self.width_dots // 8)] * count

    def cut(self, paper_dots: int) -> Image.Image | None:
        """What hangs out, as a picture of mode "1" with the paper's own margins; ``None`` when nothing does. The roll starts
        anew.
        """
        picture = self.hanging(paper_dots)
        self.rows.clear()
        return picture

    def hanging(self, paper_dots: int) -> Image.Image | None:
        if not self.rows:
            return None
        data = bytes(byte ^ 0xFF for row in self.rows for byte in row)
        printed = Image.frombytes("1", (self.width_dots, len(self.rows)), data)
        paper = Image.new("1", (paper_dots, len(self.rows)), 1)
        paper.paste(printed, ((paper_dots - self.width_dots) // 2, 0))
        return paper
