"""From what a device says to what a person reads: one fact, one state word, one thing to touch. Shared by the screens and the
technician's commands, so both say the same."""

from __future__ import annotations

from pathlib import Path

from devices.card import ReaderState, card_error
from devices.errors import DeviceError
from devices.printer import PrinterStatus
from kiosk.services import DeviceFact, Health

CLOSED = ("paper_out", "cover_open", "offline")
"""Printer states in which nothing may be sent."""


def printer_fact(status: PrinterStatus | DeviceError | None) -> DeviceFact:
    """The receipt printer; ``None``: this machine has none."""
    if status is None:
        return _printer("absent", "Máy này không có máy in.", "Bà con chép lại mã hồ sơ trên màn hình.")
    if isinstance(status, DeviceError):
        return _printer("broken", status.message_vi, status.cure_vi)
    health: Health = "ok" if status.state == "ready" else "broken" if status.state in CLOSED else "warning"
    return _printer(health, status.fact_vi, status.cure_vi)


def printer_unasked() -> DeviceFact:
    """A printer that has not answered yet since the start."""
    return _printer("warning", "Đang kiểm tra…", "")


def _printer(state: Health, fact: str, cure: str) -> DeviceFact:
    return DeviceFact("printer", "Máy in phiếu", "print", state, fact, cure)


def reader_fact(state: ReaderState | DeviceError | None, today: int = 0) -> DeviceFact:
    """The ID card reader; ``None``: this machine has none. ``today``: cards read since the start."""
    if state is None:
        return _reader("absent", "Máy này không có đầu đọc thẻ.", "")
    if isinstance(state, DeviceError):
        return _reader("broken", state.message_vi, state.cure_vi)
    if state.problem in ("pcscd_absent",):
        absent = card_error(state.problem)
        return _reader("broken", absent.message_vi, absent.cure_vi)
    if not state.present:
        return _reader("broken", "Không thấy đầu đọc thẻ.", "Kiểm tra dây USB của đầu đọc thẻ rồi thử lại.")
    return _reader("ok", f"Sẵn sàng · đã đọc {today} thẻ" if today else "Sẵn sàng", "")


def reader_unasked() -> DeviceFact:
    """A reader that has not answered yet since the start."""
    return _reader("warning", "Đang kiểm tra…", "")


def _reader(state: Health, fact: str, cure: str) -> DeviceFact:
    return DeviceFact("reader", "Đầu đọc thẻ căn cước", "contactless", state, fact, cure)


def barcode_fact(url: str) -> DeviceFact:
    """The barcode reader, judged by its device file."""
    title, icon = "Máy quét mã QR", "qr_code_scanner"
    if url == "none:":
        return DeviceFact("barcode", title, icon, "absent", "Máy này không có máy quét.", "")
    path = Path(url.split("://", 1)[-1].split("?", 1)[0])
    if not path.exists():
        return DeviceFact("barcode", title, icon, "broken", "Không thấy máy quét.", "Kiểm tra dây của máy quét mã.")
    return DeviceFact("barcode", title, icon, "ok", "Sẵn sàng", "")


def disk_fact(free: int, enough: bool) -> DeviceFact:
    """The disk of the store; ``free`` in bytes."""
    title, icon = "Ổ đĩa", "hard_drive"
    text = f"Còn trống {free / 1e9:.1f} GB".replace(".", ",")
    if not enough:
        return DeviceFact("disk", title, icon, "broken", f"{text}: không nhận hồ sơ mới.", "Xóa tệp thừa trên ổ đĩa của máy.")
    return DeviceFact("disk", title, icon, "ok", text, "")
