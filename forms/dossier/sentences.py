"""What an event did, as one Vietnamese sentence for officials; kiosk and province tell the same history in the same words.

Contents come from devices and may be of any shape: what cannot be read is left out, never an error. The sentence names neither the
time nor the author of the event; both stand in its envelope.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta, timezone
from typing import Any, Final

from forms.dossier.events import step_of
from forms.dossier.persons import Person
from forms.dossier.reading import parsed
from forms.dossier.records import FeeState
from forms.dossier.states import STATUS_NAMES

_HANOI: Final = timezone(timedelta(hours=7))

FIELD_NAMES: Final[Mapping[str, str]] = {
    "status": "Trạng thái",
    "status_at": "Thời điểm chuyển trạng thái",
    "official_code": "Mã hồ sơ",
    "province_received_at": "Thời điểm về tỉnh",
    "province_due": "Hẹn trả của tỉnh",
    "result_number": "Số kết quả của tỉnh",
    "applicant": "Người yêu cầu",
    "owner": "Chủ hồ sơ",
    "submitter": "Người nộp",
    "authorisation": "Quyền nộp thay",
    "subject": "Hồ sơ về",
    "procedure": "Thủ tục",
    "form": "Mẫu tờ khai",
    "code": "Mã tạm",
    "key": "Khóa tra cứu",
    "unit": "Đơn vị tiếp nhận",
    "resolving": "Đơn vị giải quyết",
    "return_at": "Nơi trả kết quả",
    "return_way": "Cách nhận kết quả",
    "channel": "Cách nộp",
    "filed_at": "Thời điểm nộp",
    "due": "Hẹn trả kết quả",
    "due_before": "Hẹn trả trước đó",
    "calendar": "Bảng ngày làm việc",
    "paused": "Thời gian tạm dừng",
    "route": "Đường đi của hồ sơ",
    "corrections": "Đính chính",
    "remark": "Nhận xét",
    "appointment": "Lịch hẹn",
    "receipt.due": "Hẹn trả trên giấy tiếp nhận",
    "receipt.received_by": "Người tiếp nhận",
}
"""Fields for people; a field that is not here has a name in its form, or none."""

WHY_VI: Final[Mapping[str, str]] = {
    "unseen": "hai bên sửa mà chưa thấy của nhau",
    "class_I": "mục này không được sửa sau khi nộp",
    "class_P": "mục này chỉ tỉnh được ghi",
    "class_A": "mục này đã được ghi trước đó",
    "class_N": "khoản này đã được ghi trước đó",
    "class_T": "mục này chỉ đổi theo bước giải quyết",
    "exists": "hồ sơ đã được tạo trước đó",
    "step_from_other_state": "hồ sơ không còn ở trạng thái mà bước này bắt đầu",
    "step_unlawful": "bước chuyển này không được phép",
    "found_other": "thông tin mà bước này dựa vào đã được sửa",
    "event_unread": "phần mềm ở đây chưa đọc được việc này",
    "act_unknown": "phần mềm ở đây chưa biết bước này",
    "role_forbidden": "người làm không có thẩm quyền",
    "resolved_elsewhere": "đơn vị khác đang giải quyết hồ sơ",
    "not_new": "hồ sơ đã được tiếp nhận trước đó",
    "supplement_twice": "hồ sơ đã được yêu cầu bổ sung một lần",
    "extension_twice": "hồ sơ đã hẹn lại một lần",
}
"""Why the fold did not apply an event, or put a value aside, as a phrase."""


def act_vi(kind: str, content: Mapping[str, Any], label: Callable[[str], str]) -> str:
    """The sentence of an event; empty when nothing can be told. ``label(field)`` names a field for people."""
    if kind == "new":
        return "Người dân nộp hồ sơ tại kiosk."
    if kind == "f":
        return _fields(content, label)
    if kind == "st":
        return _step(content)
    if kind == "note":
        return f"Ghi chú: {content.get('text')}"
    if kind == "fee":
        return _fee(content)
    if kind == "at":
        return "Thêm ảnh xem nhanh của giấy tờ." if content.get("role") == "preview" else "Thêm bản quét giấy tờ."
    if kind == "rm":
        return f"Gỡ một mục đã ghi. {_why(content, 'why')}"
    if kind == "cor":
        return f"Đính chính «{label(_text(content, 'field'))}». {_why(content, 'why')}"
    if kind == "dec":
        return _decision(content, label)
    return ""


def _fields(content: Mapping[str, Any], label: Callable[[str], str]) -> str:
    if not content:
        return "Không ghi mục nào."
    answers = sum(name.startswith("a.") for name in content)
    if len(content) <= 3:
        return f"Ghi: {', '.join(label(str(name)) for name in content)}."
    return f"Điền tờ khai: {answers} câu trả lời." if answers == len(content) else f"Ghi {len(content)} mục thông tin."


def _step(content: Mapping[str, Any]) -> str:
    step = step_of("st", content)
    if step is None:
        return "Chuyển trạng thái (nội dung không đọc được)."
    told = content.get("set")
    act = _ACTS.get(str(content.get("act") or ""))
    if act is not None:
        return act(told if isinstance(told, Mapping) else {})
    return f"Chuyển từ «{_status(step[0])}» sang «{_status(step[1])}»."


_ACTS: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "accept": lambda told: f"Tiếp nhận hồ sơ{_until(told)}.",
    "refuse": lambda told: f"Từ chối tiếp nhận. {_why(told, 'refusal.reason_vi')}",
    "ask_supplement": lambda told: f"Yêu cầu bổ sung: {_list(told, 'supplement.items')}. {_why(told, 'supplement.reason_vi')}",
    "supplement": lambda told: f"Nhận giấy tờ bổ sung: {_list(told, 'supplement.received')}{_until(told)}.",
    "start": lambda told: "Bắt đầu giải quyết.",
    "transfer": lambda told: f"Chuyển hồ sơ đến đơn vị {_text(told, 'resolving')}.",
    "ask_duties": lambda told: f"Yêu cầu nộp tiền: {_text(told, 'duties.what_vi')}. Tạm dừng tính thời gian.",
    "duties_done": lambda told: f"Đã nộp tiền theo thông báo{_until(told)}.",
    "extend": lambda told: f"Xin lỗi và hẹn lại{_until(told)}. {_why(told, 'extension.reason_vi')}",
    "withdraw": lambda told: f"Người nộp rút hồ sơ. {_why(told, 'stop.reason_vi')}",
    "stop": lambda told: f"Dừng giải quyết. {_why(told, 'stop.reason_vi')}",
    "close_unanswered": lambda told: f"Đóng hồ sơ vì hết hạn mà không bổ sung. {_why(told, 'stop.reason_vi')}",
    "finish": lambda told: f"Đã có kết quả: {_text(told, 'result.name_vi')}.",
    "hand_over": lambda told: f"Trả kết quả cho {Person.read(told.get('handover.to')).name or 'người nhận'}.",
}


def _fee(content: Mapping[str, Any]) -> str:
    amount = _text(content, "amount_vnd")
    grouped = f"{int(amount):,}".replace(",", ".") if amount.isascii() and amount.isdigit() and len(amount) <= 12 else amount
    received = content.get("state") == FeeState.RECEIVED.value
    return f"{'Nhận' if received else 'Người dân báo đã chuyển'} {grouped} đồng: {_text(content, 'what_vi')}."


def _decision(content: Mapping[str, Any], label: Callable[[str], str]) -> str:
    field = _text(content, "field")
    if not field:
        return "Đã xem bước không được áp dụng."
    kept = "Giữ giá trị đang có" if content.get("choice") == "kept" else "Lấy giá trị kia"
    return f"{kept} của «{label(field)}»."


def _until(told: Mapping[str, Any]) -> str:
    due = parsed(told.get("due"))
    return f", hẹn trả {due.astimezone(_HANOI):%H:%M %d/%m/%Y}" if due is not None else ""


def _why(told: Mapping[str, Any], name: str) -> str:
    return f"Lý do: {_text(told, name)}."


def _text(told: Mapping[str, Any], name: str) -> str:
    value = told.get(name)
    return value.rstrip(". ") if isinstance(value, str) else ""


def _list(told: Mapping[str, Any], name: str) -> str:
    value = told.get(name)
    return "; ".join(item.rstrip(". ") for item in value if isinstance(item, str)) if isinstance(value, list) else ""


def _status(code: int) -> str:
    return STATUS_NAMES.get(code, "Chưa đủ dữ liệu")
