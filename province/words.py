"""Facts as Vietnamese sentences: times, states, steps, history. What citizens read says «bà con» and never names anybody."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from forms.dossier import STATUS_NAMES, Status, sentences
from province.clock import VIETNAM, moment
from sync.envelope import Event

_WEEKDAYS: Final = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")


def moment_vi(when: datetime) -> str:
    """«08:15, thứ Hai 23/11/2026» in Vietnam time."""
    local = when.astimezone(VIETNAM)
    return f"{local:%H:%M}, {_WEEKDAYS[local.weekday()]} {local:%d/%m/%Y}"


def iso_vi(iso: str) -> str:
    """An ISO time as people read it, or empty when it is not a time."""
    when = parsed(iso)
    return moment_vi(when) if when is not None else ""


def ms_vi(ms: int | None) -> str:
    """Milliseconds since the epoch as people read it; none or out of range = empty."""
    try:
        return moment_vi(moment(ms)) if ms is not None else ""
    except (ValueError, OverflowError, OSError):
        return ""


def parsed(iso: str) -> datetime | None:
    """An ISO time with its zone; a time without one is taken as Vietnam's. ``None`` when it is not a time."""
    try:
        when = datetime.fromisoformat(iso)
        return (when if when.tzinfo is not None else when.replace(tzinfo=VIETNAM)).astimezone(VIETNAM)
    except (ValueError, OverflowError):
        return None


def ago_vi(ms: int | None, now_ms: int) -> str:
    """How long ago: «vừa xong», «12 phút trước», «3 giờ trước», «5 ngày trước»; none = «chưa bao giờ»."""
    if ms is None:
        return "chưa bao giờ"
    minutes = max(0, now_ms - ms) // 60_000
    if minutes < 2:
        return "vừa xong"
    if minutes < 60:
        return f"{minutes} phút trước"
    if minutes < 48 * 60:
        return f"{minutes // 60} giờ trước"
    return f"{minutes // 1440} ngày trước"


def status_name(status: int) -> str:
    """National name of a status; unknown = «Chưa đủ dữ liệu»."""
    return STATUS_NAMES.get(status, "Chưa đủ dữ liệu")


# --- the citizen's page -----------------------------------------------------------------------------------------------

Tone = Literal["wait", "good", "act", "end"]
StepState = Literal["done", "now", "act", "end", "later"]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way, with the time it was reached (empty when not known) and how it looks."""

    title_vi: str
    when_vi: str
    state: StepState


@dataclass(frozen=True, slots=True)
class StateWords:
    """A state in plain words: what it is, what it means, what comes next. ``{place}`` is the commune's centre."""

    title_vi: str
    meaning_vi: str
    next_vi: str
    tone: Tone


_STATES: Final[Mapping[int, StateWords]] = {
    0: StateWords(
        "Tỉnh mới nhận được một phần hồ sơ",
        "Máy ở xã đang gửi tiếp phần còn lại.",
        "Bà con chưa phải làm gì. Xin xem lại sau.",
        "wait",
    ),
    Status.NEW: StateWords(
        "Đã nhận về tỉnh, chờ tiếp nhận",
        "Hồ sơ đã về đến hệ thống của tỉnh an toàn, đang chờ cán bộ kiểm tra giấy tờ.",
        "Cán bộ kiểm tra giấy tờ rồi cấp giấy tiếp nhận có ngày hẹn trả kết quả.",
        "wait",
    ),
    Status.ACCEPTED: StateWords(
        "Hồ sơ đã được tiếp nhận",
        "Cán bộ đã kiểm tra và nhận hồ sơ. Thời gian giải quyết bắt đầu được tính.",
        "Hồ sơ được giải quyết. Đến hẹn, bà con mang giấy tiếp nhận hoặc giấy tờ tùy thân đến nhận kết quả.",
        "good",
    ),
    Status.REFUSED: StateWords(
        "Hồ sơ không được tiếp nhận",
        "Cán bộ đã xem hồ sơ và không tiếp nhận được. Lý do ghi trong phiếu từ chối.",
        "Bà con đến nơi dưới đây để nhận phiếu từ chối và được hướng dẫn làm lại.",
        "end",
    ),
    Status.PROCESSING: StateWords(
        "Hồ sơ đang được giải quyết",
        "Cán bộ chuyên môn đang giải quyết hồ sơ.",
        "Đến hẹn, bà con mang giấy tiếp nhận hoặc giấy tờ tùy thân đến nhận kết quả.",
        "good",
    ),
    Status.SUPPLEMENT: StateWords(
        "Cần bổ sung giấy tờ",
        "Hồ sơ còn thiếu giấy tờ. Thời gian giải quyết tạm dừng cho đến khi bà con bổ sung.",
        "Bà con đến nơi dưới đây để được hướng dẫn bổ sung, nhớ mang theo phiếu yêu cầu bổ sung nếu có.",
        "act",
    ),
    Status.PAYMENT: StateWords(
        "Cần nộp phí, lệ phí hoặc thuế",
        "Hồ sơ đang chờ bà con nộp khoản tiền theo thông báo. Thời gian giải quyết tạm dừng.",
        "Bà con nộp tiền theo thông báo, hoặc đến nơi dưới đây để được hướng dẫn.",
        "act",
    ),
    Status.WITHDRAWN: StateWords(
        "Hồ sơ đã được rút", "Hồ sơ dừng lại theo yêu cầu của người nộp.", "Muốn nộp lại, bà con đến nơi dưới đây.", "end"
    ),
    Status.STOPPED: StateWords(
        "Hồ sơ đã dừng giải quyết",
        "Việc giải quyết đã dừng. Lý do ghi trong thông báo dừng giải quyết hồ sơ.",
        "Bà con đến nơi dưới đây để nhận thông báo và hỏi rõ lý do.",
        "end",
    ),
    Status.DONE: StateWords(
        "Đã có kết quả",
        "Hồ sơ đã giải quyết xong, kết quả đang chờ bà con.",
        "Mời bà con mang giấy tiếp nhận hoặc giấy tờ tùy thân đến nhận kết quả.",
        "good",
    ),
    Status.RETURNED: StateWords(
        "Đã trả kết quả", "Kết quả đã được trao. Hồ sơ này đã hoàn thành.", "Bà con không phải làm gì thêm.", "good"
    ),
}


def state_words(status: int) -> StateWords:
    """Plain words for a status code."""
    return _STATES.get(status, _STATES[0])


_WAY: Final = (
    (Status.ACCEPTED, "Được tiếp nhận"),
    (Status.PROCESSING, "Đang giải quyết"),
    (Status.DONE, "Có kết quả"),
    (Status.RETURNED, "Đã trả kết quả"),
)
_ASIDE: Final[Mapping[int, str]] = {
    Status.REFUSED: "Không được tiếp nhận",
    Status.SUPPLEMENT: "Chờ bổ sung giấy tờ",
    Status.PAYMENT: "Chờ nộp tiền",
    Status.WITHDRAWN: "Đã rút hồ sơ",
    Status.STOPPED: "Dừng giải quyết",
}


def steps(status: int, filed_at: str, received_at: str, times: Mapping[str, str]) -> Sequence[Step]:
    """The way of a dossier: what is done, where it stands, what comes. ``times`` is status code (text) -> ISO time."""
    numbers = [number for number, _ in _WAY]
    reached = numbers.index(status) if status in numbers else max((i for i, n in enumerate(numbers) if str(n) in times), default=-1)
    way = [Step("Đã nộp tại kiosk", iso_vi(filed_at), "done"), Step("Đã nhận về tỉnh", iso_vi(received_at), "done")]
    way += [Step(title, iso_vi(times.get(str(number), "")), "done") for number, title in _WAY[: reached + 1]]
    later = [Step(title, "", "later") for _, title in _WAY[reached + 1 :]]
    if status in _ASIDE:
        waits = status in (Status.SUPPLEMENT, Status.PAYMENT)
        way.append(Step(_ASIDE[status], iso_vi(times.get(str(status), "")), "act" if waits else "end"))
        return [*way, *(later if waits else [])]
    way[-1] = Step(way[-1].title_vi, way[-1].when_vi, "done" if status == Status.RETURNED else "now")
    return [*way, *later]


# --- the console ------------------------------------------------------------------------------------------------------

WHY_VI: Final[Mapping[str, str]] = {
    **sentences.WHY_VI,
    "content_unreadable": "nội dung không ghi được vào bảng",
    "effect_too_large": "nội dung quá lớn",
    "foreign_dossier": "hồ sơ thuộc xã khác",
    "revoked": "máy đã bị thu hồi",
    "former_key": "ký bằng khóa cũ, gửi sau khi máy đã đổi khóa",
    "branch": "đĩa cũ của máy còn giữ phần khác; đã nhận cả hai",
    "gap": "còn thiếu phần trước đó",
    "bad_signature": "chữ ký không đúng",
    "envelope_invalid": "sự kiện sai định dạng",
    "segment_invalid": "gói dữ liệu sai định dạng",
    "segment_too_large": "gói dữ liệu quá lớn",
    "dictionary_unknown": "gói dữ liệu dùng bảng nén chưa có ở tỉnh",
    "seal_broken": "không mở được niêm phong",
    "chain_broken": "chuỗi sự kiện bị đứt",
    "quarantine_full": "máy này gửi quá nhiều gói hỏng, chỉ còn đếm",
}


LEFT_VI: Final[Mapping[str, tuple[str, str]]] = {
    "former_key": (
        "Có phần ký bằng khóa cũ, gửi sau khi máy đã đổi khóa: giữ nguyên trong cách ly.",
        "Xem «province quarantine». Biết rõ USB này của máy đó thì «province quarantine-accept», rồi nhận lại USB.",
    ),
    "revoked": (
        "Máy đã bị thu hồi: phần gửi sau đó giữ nguyên trong cách ly.",
        "Xem «province quarantine». Biết rõ USB này ghi trước khi thu hồi thì «province quarantine-accept», rồi nhận lại USB.",
    ),
    "gap": ("Còn thiếu phần trước đó.", "Nhận USB ghi trước USB này rồi nhận lại; hoặc ghi lại USB ở máy."),
}
"""What was left of a stick -> what happened, and the cure."""


def left_vi(code: str) -> tuple[str, str]:
    """What happened to what was not taken of a stick, and the cure."""
    found = LEFT_VI.get(code)
    return found or (f"Có phần bị giữ lại: {why_vi(code)}.", "Xem «province quarantine»; giữ USB này và báo người quản trị.")


def why_vi(code: str) -> str:
    """A reason code as a phrase; an unknown code is shown itself."""
    return WHY_VI.get(code, code)


def value_vi(json_text: str) -> str:
    """A stored value as text: strings bare, lists joined, the rest as JSON."""
    try:
        value = json.loads(json_text)
    except ValueError:
        return json_text
    return plain_vi(value)


def plain_vi(value: Any) -> str:
    """A value as text for reading."""
    if value is None or value == "":
        return "(trống)"
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "có" if value else "không"
    if isinstance(value, list):
        return ", ".join(plain_vi(item) for item in value)
    return json.dumps(value, ensure_ascii=False)


def act_vi(event: Event, label: Callable[[str], str]) -> str:
    """What one event did, as a sentence without its time. ``label(field)`` gives a field's name for people."""
    told = sentences.act_vi(event.kind, event.content, label)
    return told or f"Sự kiện loại «{event.kind[:20]}», được giữ nguyên."
