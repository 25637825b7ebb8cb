"""What a printer says about itself: telling its answers apart byte by byte, and turning them into one fact and one cure.

The fixed bits of the answers differ (DLE EOT 0xx1xx10, the head of an automatic status 0xx1xx00, GS r 0xx0xxxx; blocks such as GS
I begin with 5F or 37 and end with 00), so bytes that arrive mixed are sorted without guessing. What fits nothing is counted as
noise: a line that echoes or babbles must not be mistaken for a printer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

State = Literal["ready", "paper_out", "paper_low", "cover_open", "offline", "unknown"]


@dataclass(frozen=True, slots=True)
class PrinterStatus:
    """One fact about a printer for people and programs. ``code`` is finer than ``state`` and as stable."""

    state: State
    code: str
    fact_vi: str
    cure_vi: str = ""

    @property
    def prints(self) -> bool:
        """Whether a slip may be sent now."""
        return self.state in ("ready", "paper_low")


READY = PrinterStatus("ready", "ready", "Máy in sẵn sàng.")
PAPER_LOW = PrinterStatus("paper_low", "paper_low", "Máy in sắp hết giấy.", "Chuẩn bị cuộn giấy mới.")
PAPER_OUT = PrinterStatus("paper_out", "paper_out", "Máy in hết giấy.", "Mở nắp máy in, thay cuộn giấy mới rồi đóng nắp.")
COVER_OPEN = PrinterStatus("cover_open", "cover_open", "Nắp máy in đang mở.", "Ấn nắp máy in xuống cho đến khi nghe tiếng «tách».")


def _offline(code: str, fact_vi: str, cure_vi: str) -> PrinterStatus:
    return PrinterStatus("offline", code, fact_vi, cure_vi)


def _unknown(code: str, fact_vi: str, cure_vi: str) -> PrinterStatus:
    return PrinterStatus("unknown", code, fact_vi, cure_vi)


CABLES = "Kiểm tra dây nguồn và dây nối của máy in."
RESTART = "Tắt máy in, chờ mười giây rồi bật lại."

CUTTER = _offline("cutter", "Dao cắt giấy của máy in bị kẹt.", "Tắt máy in, gỡ giấy kẹt ở dao cắt rồi bật lại.")
HEAD_HOT = _offline("head_hot", "Đầu in đang quá nóng nên máy in tạm nghỉ.", "Chờ vài phút, máy in sẽ tự chạy lại.")
BROKEN = _offline("printer_error", "Máy in báo lỗi.", RESTART)
OFFLINE = _offline("offline", "Máy in đang tạm dừng.", "Ấn nút FEED trên máy in, hoặc tắt rồi bật lại máy in.")
ABSENT = _offline("printer_absent", "Không tìm thấy máy in.", CABLES)
REFUSED = _offline("printer_refused", "Máy in từ chối kết nối.", "Kiểm tra máy in đã bật và đúng địa chỉ trong cấu hình.")
DENIED = _offline("printer_denied", "Máy không có quyền dùng máy in.", "Báo kỹ thuật viên cấp quyền cho thiết bị máy in.")
NO_DRIVER = _offline(
    "printer_driver_missing", "Máy thiếu phần mềm cho đường nối này.", "Báo kỹ thuật viên cài lại phần mềm của máy."
)
LOST = _offline("printer_lost", "Đường nối tới máy in bị ngắt giữa chừng.", CABLES)
BUSY = _unknown("printer_busy", "Máy in đang được dùng cho việc khác.", "Chờ một lát, phiếu sẽ tự in.")
MUTE = _unknown("printer_mute", "Máy in không trả lời.", RESTART)
NONSENSE = _unknown("printer_nonsense", "Thiết bị ở địa chỉ máy in trả lời không đúng.", "Kiểm tra địa chỉ máy in trong cấu hình.")
ONE_WAY = _unknown("printer_one_way", "Máy in này không báo được tình trạng.", "Nhìn máy in để biết phiếu đã ra chưa.")
STUCK = _unknown("printer_stuck", "Máy in nhận lệnh nhưng không in được.", RESTART)


def is_realtime(byte: int) -> bool:
    """An answer to DLE EOT."""
    return byte & 0x93 == 0x12


def is_automatic(byte: int) -> bool:
    """The first of the four bytes of an automatic status (GS a)."""
    return byte & 0x93 == 0x10


def is_fence(byte: int) -> bool:
    """An answer to GS r."""
    return byte & 0x90 == 0x00


@dataclass(slots=True)
class Answers:
    """Sorts what a printer sends. Feed it bytes as they come; it keeps what is not yet complete."""

    realtime: list[int] = field(default_factory=list)
    fences: list[int] = field(default_factory=list)
    automatic: list[bytes] = field(default_factory=list)
    blocks: list[bytes] = field(default_factory=list)
    noise: int = 0
    _rest: bytes = b""

    @property
    def incomplete(self) -> bool:
        """Whether the beginning of an answer waits for its end."""
        return bool(self._rest)

    def feed(self, data: bytes) -> None:
        """Sort ``data``, continuing where the last call ended."""
        rest = self._rest + data
        while rest:
            taken = self._take(rest)
            if not taken:
                break
            rest = rest[taken:]
        self._rest = rest

    def _take(self, rest: bytes) -> int:
        """Sort the first answer of ``rest``; returns its length, 0 while it is incomplete."""
        head = rest[0]
        if is_realtime(head):
            self.realtime.append(head)
        elif is_automatic(head):
            if len(rest) < 4:
                return 0
            self.automatic.append(rest[:4])
            return 4
        elif head in (0x37, 0x5F):
            end = rest.find(0)
            if end < 0:
                return 0
            self.blocks.append(rest[1:end])
            return end + 1
        elif is_fence(head):
            self.fences.append(head)
        else:
            self.noise += 1
        return 1


def judge(answers: Mapping[int, int]) -> PrinterStatus:
    """One status from the answers to DLE EOT n, by n: 1 printer, 2 cause of being offline, 3 errors, 4 paper. Missing ones count
    as no news.

    Paper and cover are named before «offline», because they are what a hand can mend.
    """
    printer, cause, errors, paper = (answers.get(n, 0) for n in (1, 2, 3, 4))
    if paper & 0x60 or cause & 0x20:
        return PAPER_OUT
    if cause & 0x04:
        return COVER_OPEN
    if errors & 0x08:
        return CUTTER
    if errors & 0x40:
        return HEAD_HOT
    if errors & 0x20 or cause & 0x40:
        return BROKEN
    if printer & 0x08:
        return OFFLINE
    if paper & 0x0C:
        return PAPER_LOW
    return READY
