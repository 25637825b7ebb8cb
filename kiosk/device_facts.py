"""From what a device says to what a person reads: one fact, one state word, one thing to touch. Shared by the screens and the
technician's commands, so both say the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from devices.barcode.look import Found, look
from devices.errors import DeviceError
from devices.idcard import ReaderState, card_error
from devices.printer import PrinterStatus
from kiosk.copied import COPY_VI, CURE_VI
from kiosk.services import DeviceFact, Health, LineState
from kiosk.store.store import Store
from kiosk.sync_status import LineFact

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


def troubles_vi(printer: DeviceFact, reader: DeviceFact) -> list[str]:
    """What citizens are told before they start."""
    told = []
    if printer.state in ("broken", "absent"):
        told.append("Máy chưa in được phiếu. Bà con vẫn nộp được, nhớ chép lại mã hồ sơ.")
    if reader.state == "broken":
        told.append("Đầu đọc thẻ chưa dùng được. Bà con gõ thông tin bằng tay.")
    return told


def barcode_fact(addresses: str, ask: Callable[[str], Sequence[Found]] = look) -> DeviceFact:
    """The code readers. One that is missing beside another that works is a warning, and so is a dark picture: it may be night."""
    try:
        found = ask(addresses)
    except DeviceError as error:
        return _barcode("broken", error.message_vi, error.cure_vi)
    if not found:
        return _barcode("absent", "Máy này không có máy quét.", "")
    problems = [one.problem for one in found if one.problem is not None]
    dark = [problem for problem in problems if problem.code == "camera_dark"]
    state: Health = "ok" if not problems else "broken" if len(problems) == len(found) and not dark else "warning"
    return _barcode(state, " · ".join(map(_reader_vi, found)), " ".join(dict.fromkeys(one.cure_vi for one in problems)))


_KINDS_VI = {"scanner": "Máy quét", "camera": "Camera", "wedge": "Máy quét kiểu bàn phím (chỉ lấy được số)"}


def _reader_vi(found: Found) -> str:
    title = f"{_KINDS_VI[found.kind]} {found.name}".rstrip()
    return f"{title}: {found.problem.message_vi if found.problem else 'sẵn sàng'}"


def _barcode(state: Health, fact: str, cure: str) -> DeviceFact:
    return DeviceFact("barcode", "Máy quét mã QR", "qr_code_scanner", state, fact, cure)


def disk_fact(free: int, enough: bool) -> DeviceFact:
    """The disk of the store; ``free`` in bytes."""
    title, icon = "Ổ đĩa", "hard_drive"
    text = f"Còn trống {free / 1e9:.1f} GB".replace(".", ",")
    if not enough:
        return DeviceFact("disk", title, icon, "broken", f"{text}: không nhận hồ sơ mới.", "Xóa tệp thừa trên ổ đĩa của máy.")
    return DeviceFact("disk", title, icon, "ok", text, "")


def line_state(store: Store, told: LineFact) -> LineState:
    """What a citizen and an official see of the line; ``told`` is what the sync process last wrote of it."""
    waiting = int(store.rows("SELECT count(*) AS n FROM dossier WHERE pending > 0")[0]["n"])
    quarantined = int(store.rows("SELECT count(*) AS n FROM quarantine")[0]["n"])
    if told.online is False:
        chip = f"Mất mạng từ {told.since_vi} – {waiting} hồ sơ chờ gửi" if waiting else f"Mất mạng từ {told.since_vi}"
    elif waiting:
        chip = f"{waiting} hồ sơ chờ gửi"
    else:
        chip = ""
    return LineState(told.online, told.since_vi, waiting, quarantined, chip)


def copy_fact() -> DeviceFact:
    """In the place of the line: two machines under one number are the greater trouble."""
    return _line("warning", COPY_VI, CURE_VI)


def line_fact(state: LineState, told: LineFact, enrolled: bool) -> DeviceFact:
    """The line to the province, as the technician reads it."""
    if not enrolled:
        return _line("broken", "Máy chưa được tỉnh ghi danh.", "Chạy «python3 main.py sync enrol».")
    if state.quarantined:
        return _line("broken", f"{state.quarantined} gói bị từ chối, cần xem.", "Gọi tỉnh.")
    if state.online is False:
        return _line("warning", f"{state.chip_vi}. {told.failure_vi}".strip(), told.cure_vi)
    if state.online is None:
        return _line("warning", "Chưa thử gửi lần nào.", "Kiểm tra dịch vụ gửi (sync) có chạy không.")
    return _line("ok", state.chip_vi or "Đã gửi hết", "")


def _line(state: Health, fact: str, cure: str) -> DeviceFact:
    return DeviceFact("line", "Mạng và gửi hồ sơ", "cloud_upload", state, fact, cure)
