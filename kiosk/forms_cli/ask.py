"""``python3 main.py forms deadline|fee|code|name|calendar``: ask the rules, and read the answer aloud.

An official who is asked «why this date?» or «why this much?» gets every day and every line with its reason; ``--json`` gives the
same facts to programs. Nothing is read from the store and nothing is written. Exit code 0: answered; 1: the rules give no answer,
or the code is not valid; 2: the question itself is wrong. A refusal is a named error with its cure.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from forms.codes import CodeFacts, ProcedureCode, check_code, read_procedure_code
from forms.deadlines.calendar import VIETNAM, WEEKDAYS_VI, CalendarError, CalendarFileError, Special, WorkingCalendar, read_calendar
from forms.deadlines.deadline import DayCount, DeadlineError, Due, OfficeHours, Pause, StepDue, due, step_dues
from forms.deadlines.holidays import doubts, proposal
from forms.money.fee import FeeError, FeeQuote, Filing, Original, quote
from forms.money.money import dong, dong_words
from forms.people.names import read_name
from forms.procedures.catalogue import load_catalogue
from forms.procedures.procedure import Procedure
from kiosk.clock import Clock


class AskError(Exception):
    """A question that cannot be answered as it is put: a stable ``code``, a sentence and what to do."""

    def __init__(self, code: str, message_vi: str, cure_vi: str) -> None:
        super().__init__(f"{code}: {message_vi}")
        self.code = code
        self.message_vi = message_vi
        self.cure_vi = cure_vi


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said: the same facts for programs and as lines to read aloud; ``code`` is the exit code."""

    facts: Mapping[str, Any]
    lines: Sequence[str]
    code: int = 0


def add_commands(acts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the asking commands to ``main.py forms``; each sets ``handler``."""
    deadline = _command(acts, "deadline", _deadline, "hạn trả kết quả, từng ngày và vì sao (due date, day by day)")
    deadline.add_argument("--procedure", required=True, help="mã thủ tục, ví dụ 1.001193")
    deadline.add_argument("--received", required=True, help="lúc nhận, ví dụ 2026-11-24T15:01 (giờ Việt Nam)")
    deadline.add_argument("--paused", action="append", default=[], help="khoảng dừng: TỪ/ĐẾN, hai lúc viết như --received")
    deadline.add_argument("--hours", default="", help="giờ làm việc, ví dụ 07:30-11:30,13:30-17:00")
    deadline.add_argument("--calendar", type=Path, help="tệp lịch nghỉ lễ (JSON) thay cho lịch có sẵn")
    fee = _command(acts, "fee", _fee, "phí, lệ phí và cách tính (fee, line by line)")
    fee.add_argument("--procedure", required=True, help="mã thủ tục")
    fee.add_argument("--received", help="lúc nhận; mặc định là bây giờ")
    fee.add_argument("--event", help="ngày xảy ra việc (sinh, chết), ví dụ 2026-11-01")
    fee.add_argument("--copies", help="số bản")
    fee.add_argument("--pages", help="số trang của một bản chính")
    fee.add_argument("--items", default="", help="nhiều bản chính: TRANGxBẢN, ví dụ 5x2,3x1")
    fee.add_argument("--exempt", default="", help="mã đối tượng được miễn")
    fee.add_argument("--online", action="store_true", help="nộp trực tuyến")
    code = _command(acts, "code", _code, "mã này là mã gì, đúng hay sai ở đâu (what a code is)")
    code.add_argument("text", metavar="MÃ")
    name = _command(acts, "name", _name, "các dạng của một họ tên (forms of a name)")
    name.add_argument("text", metavar="TÊN")
    calendar = _command(acts, "calendar", _calendar, "kiểm tra lịch nghỉ lễ, đề nghị lịch một năm (check, propose)")
    calendar.add_argument("--calendar", type=Path, help="tệp lịch cần kiểm tra; mặc định là lịch có sẵn")
    calendar.add_argument("--propose", help="năm cần đề nghị, ví dụ 2030")


def _command(acts: argparse._SubParsersAction[argparse.ArgumentParser], name: str, ask: Any, text: str) -> argparse.ArgumentParser:
    parser = acts.add_parser(name, help=text)
    parser.add_argument("--json", action="store_true", help="trả lời bằng JSON")
    parser.set_defaults(handler=lambda given: _answer(ask, given))
    return parser


def _answer(ask: Any, given: argparse.Namespace) -> int:
    try:
        answer: Answer = ask(given)
    except (AskError, CalendarFileError, FeeError) as error:
        answer = _refusal(error, 2)
    except (DeadlineError, CalendarError) as error:
        answer = _refusal(error, 1)
    text = json.dumps(answer.facts, ensure_ascii=False, indent=1) if given.json else "\n".join(answer.lines)
    sys.stdout.write(text + "\n")
    return answer.code


def _refusal(error: AskError | CalendarFileError | FeeError | DeadlineError | CalendarError, code: int) -> Answer:
    facts = {"error": {"code": error.code, "message": error.message_vi, "cure": error.cure_vi}}
    return Answer(facts, [f"{error.code}: {error.message_vi}", f"Cách xử lý: {error.cure_vi}"], code)


# --- deadline --------------------------------------------------------------------------------------------------------


def _deadline(given: argparse.Namespace) -> Answer:
    received, calendar, hours = _moment(given.received), _calendar_of(given.calendar), _hours(given.hours)
    paused = [_pause(text) for text in given.paused]
    procedure = _procedure(given.procedure, received.date())
    found = due(procedure.time, received, calendar, hours, paused)
    steps = step_dues(procedure.time, received, calendar, hours, paused)
    notes = [*_no_hour_vi(given.received), *_provisional_vi(found), *(doubts(calendar) if given.calendar else ())]
    facts = {
        "procedure": procedure.code,
        "received": received.isoformat(),
        "due": found.due.isoformat(),
        "duration": found.duration_vi,
        "days": [{"date": day.date.isoformat(), "counted": day.counted, "why": day.why} for day in found.days],
        "stages": [{"where": stage.where_vi, "due": stage.due.isoformat()} for stage in found.stages],
        "steps": [{"name": step.name_vi, "due": step.due.isoformat() if step.due else None} for step in steps],
        "calendar": found.calendar,
        "notes": notes,
    }
    return Answer(facts, [*_due_lines(procedure, received, found, steps), *(f"Lưu ý: {note}" for note in notes)])


def _due_lines(procedure: Procedure, received: datetime, found: Due, steps: Sequence[StepDue]) -> Sequence[str]:
    lines = [
        f"Thủ tục {procedure.code}: {procedure.name_vi}.",
        f"Nhận lúc {_moment_vi(received)}.",
        f"Hẹn trả kết quả: {_moment_vi(found.due)} ({found.duration_vi}).",
        "Từng ngày:",
    ]
    counted = 0
    for day in found.days:
        counted += day.counted
        lines.append(f"- {_day_vi(day.date)}: {_count_vi(day, counted)}.")
    lines += [f"Phần của {stage.where_vi} xong trước {_moment_vi(stage.due)}." for stage in found.stages]
    lines += [f"Bước «{step.name_vi}»: {_moment_vi(step.due) if step.due else 'không quy định thời gian'}." for step in steps]
    return [*lines, f"Lịch làm việc: bản {found.calendar}."]


def _count_vi(day: DayCount, number: int) -> str:
    """An ordinary working day needs no reason, an ordinary rest day only the word."""
    ordinary = day.why == WEEKDAYS_VI[day.date.weekday()]
    if day.counted:
        return f"tính, ngày thứ {number}" + ("" if ordinary else f" ({day.why})")
    return f"không tính ({'nghỉ cuối tuần' if ordinary else day.why})"


def _no_hour_vi(received: str) -> Sequence[str]:
    """A day alone is its first moment, which matters where the law asks for 15:00."""
    if any(mark in received for mark in ("T", " ", ":")):
        return ()
    return ("chưa ghi giờ nhận nên tính từ đầu ngày; nhận sau 15 giờ có thể hẹn ngày khác.",)


def _provisional_vi(found: Due) -> Sequence[str]:
    return [
        f"lịch nghỉ lễ năm {year} mới là tạm tính, chưa có quyết định; hạn có thể thay đổi." for year in found.provisional_years
    ]


def _pause(text: str) -> Pause:
    start, slash, end = text.partition("/")
    pause = Pause(_moment(start), _moment(end) if end else None)
    if not slash or (pause.end is not None and pause.end < pause.start):
        raise AskError("bad_pause", f"«{text}» không phải là một khoảng dừng.", "Ghi hai lúc TỪ/ĐẾN, lúc trước đứng trước.")
    return pause


# --- fee -------------------------------------------------------------------------------------------------------------


def _fee(given: argparse.Namespace) -> Answer:
    received = _moment(given.received) if given.received else Clock().now()
    procedure = _procedure(given.procedure, received.date())
    event = _date(given.event) if given.event else None
    if event is not None and event > received.date():
        raise AskError("bad_event", f"Ngày {event:%d/%m/%Y} còn sau ngày nhận hồ sơ.", "Xem lại --event và --received.")
    filing = Filing(
        received.date(),
        event=event,
        copies=_whole(given.copies, "số bản"),
        originals=_originals(given),
        exemption=given.exempt,
        online=given.online,
    )
    found = quote(procedure.fee, filing, WorkingCalendar.load())
    words = "" if found.amount_vnd is None else dong_words(found.amount_vnd)
    facts = {
        "procedure": procedure.code,
        "amount_vnd": found.amount_vnd,
        "text": found.text_vi,
        "why": found.why_vi,
        "lines": [{"text": line.text_vi, "amount_vnd": line.amount_vnd} for line in found.lines],
        "words": words,
    }
    return Answer(facts, _fee_lines(procedure, found, words))


def _fee_lines(procedure: Procedure, found: FeeQuote, words: str) -> Sequence[str]:
    lines = [
        f"Thủ tục {procedure.code}: {procedure.name_vi}.",
        *(f"- {line.text_vi}: {dong(line.amount_vnd)}." for line in found.lines),
    ]
    if found.amount_vnd is None:
        lines.append(f"Chưa tính được số tiền: {found.text_vi or 'chưa có mức thu'}.")
    elif not found.amount_vnd:
        lines.append(f"Không phải nộp tiền: {found.text_vi}.")
    else:
        lines.append(f"Phải nộp: {dong(found.amount_vnd)} ({words}).")
    why = "Căn cứ" if found.amount_vnd is not None else "Được miễn nếu là"
    return [*lines, *([f"{why}: {found.why_vi}."] if found.why_vi else [])]


def _originals(given: argparse.Namespace) -> tuple[Original, ...]:
    if given.pages and given.items:
        raise AskError("bad_items", "Có cả --pages và --items.", "Chỉ ghi một trong hai.")
    if given.pages:
        return (Original(_whole(given.pages, "số trang") or 1, _whole(given.copies, "số bản") or 1),)
    if given.copies and given.items:
        raise AskError("bad_items", "Có cả --copies và --items.", "Ghi số bản trong --items, ví dụ 5x2: giấy 5 trang 2 bản.")
    return tuple(_original(text) for text in given.items.split(",")) if given.items else ()


def _original(text: str) -> Original:
    found = re.fullmatch(r"\s*([1-9][0-9]{0,4})(?:x([1-9][0-9]{0,3}))?\s*", text)
    if found is None:
        raise AskError(
            "bad_items", f"«{text}» không đúng dạng TRANGxBẢN.", "Ví dụ 5x2,3x1: giấy 5 trang 2 bản, giấy 3 trang 1 bản."
        )
    return Original(int(found[1]), int(found[2] or 1))


# --- code, name, calendar --------------------------------------------------------------------------------------------


def _code(given: argparse.Namespace) -> Answer:
    procedure = read_procedure_code(given.text)
    return _procedure_code(procedure) if procedure else _dossier_code(check_code(given.text))


def _procedure_code(found: ProcedureCode) -> Answer:
    name = load_catalogue().official_name(found.code)
    parts = {"service": found.service, "agency": found.agency, "name": name}
    facts = {"kind": "procedure", "normalised": found.code, "valid": True, "why": "", "parts": parts}
    lines = [f"Mã thủ tục hành chính {found.code}: {name or 'chưa có trong danh mục của máy'}."]
    lines += [f"Phần «{found.agency}» do danh mục của tỉnh thêm vào."] if found.agency else []
    lines += [f"Phần «{found.service}» là số dịch vụ trên Cổng dịch vụ công."] if found.service else []
    return Answer(facts, lines)


_KINDS_VI = {"provisional": "Mã tạm của máy", "official": "Mã hồ sơ chính thức", "unknown": "Không rõ là mã gì"}
_ORDERS_VI = {"root_first": "mã tỉnh, bộ đứng trước", "leaf_first": "mã tỉnh, bộ đứng sau, kiểu trước năm 2025", "": ""}


def _dossier_code(found: CodeFacts) -> Answer:
    facts: dict[str, Any] = {
        "kind": found.kind,
        "normalised": found.normalised,
        "valid": found.valid,
        "why": found.why,
        "parts": {},
    }
    lines = [
        f"{_KINDS_VI[found.kind]}: {found.normalised or '(trống)'}.",
        "Mã viết đúng." if found.valid else f"Mã viết sai: {found.why}",
    ]
    if (parts := found.parts) is not None:
        facts["parts"] = {
            "unit": parts.unit,
            "day": parts.day.isoformat(),
            "number": parts.number,
            "owner": parts.owner,
            "order": parts.order,
        }
        order = f" ({_ORDERS_VI[parts.order]})" if parts.order else ""
        lines.append(f"{'Máy' if found.kind == 'provisional' else 'Cơ quan'}: {parts.unit}{order}.")
        lines.append(f"Ngày {parts.day:%d/%m/%Y}, số thứ tự {parts.number}.")
        lines += [f"Cơ quan chủ quản hệ thống: {parts.owner}."] if parts.owner else []
    return Answer(facts, lines, 0 if found.valid else 1)


def _name(given: argparse.Namespace) -> Answer:
    found = read_name(given.text)
    if not found.written:
        raise AskError("no_name", "Chưa có tên.", 'Ghi họ tên trong dấu ngoặc kép, ví dụ "Nông Thị Mẫu".')
    facts = {
        "written": found.written,
        "normal": found.normal,
        "capitals": found.capitals,
        "folded": found.folded,
        "sort_key": found.sort_key,
        "why": found.why,
    }
    last, *before = found.normal.split()[::-1]
    lines = [
        f"Giữ nguyên như giấy tờ: {found.written}.",
        f"Viết thống nhất: {found.normal}.",
        f"In hoa: {found.capitals}.",
        f"Tìm không dấu: {found.folded}.",
        f"Xếp danh sách theo tên «{last}»" + (f", rồi đến «{' '.join(reversed(before))}»." if before else "."),
    ]
    return Answer(facts, [*lines, *([found.why] if found.why else [])])


def _calendar(given: argparse.Namespace) -> Answer:
    if given.propose is not None:
        year = _whole(given.propose, "năm") or 0
        if not 2026 <= year <= 2100:
            raise AskError("bad_year", f"Không đề nghị được lịch năm {year}.", "Ghi một năm từ 2026 đến 2100.")
        days = proposal(year)
        return Answer({"year": year, "holidays": [_row(day) for day in days]}, [_special_vi(day) for day in days])
    calendar = _calendar_of(given.calendar)
    found = doubts(calendar)
    facts = {"calendar": calendar.version, "provisional_years": sorted(calendar.provisional_years), "doubts": list(found)}
    said = found or [
        f"Lịch bản {calendar.version} khớp với luật và âm lịch, từ {calendar.first:%d/%m/%Y} đến {calendar.last:%d/%m/%Y}."
    ]
    return Answer(facts, said, 1 if found else 0)


def _row(day: Special) -> Mapping[str, str]:
    """As it stands in a calendar file."""
    return {"date": day.day.isoformat(), "name": day.name_vi, "kind": day.kind, "status": day.status}


def _special_vi(day: Special) -> str:
    return f"{_day_vi(day.day)}/{day.day.year}: {day.name_vi}{' (chờ quyết định)' if day.status == 'provisional' else ''}."


# --- what is asked with ----------------------------------------------------------------------------------------------


def _procedure(text: str, day: date) -> Procedure:
    code = read_procedure_code(text)
    catalogue = load_catalogue()
    if code is None or not catalogue.versions(code.code):
        raise AskError("unknown_procedure", f"Danh mục của máy không có thủ tục «{text}».", "Xem lại mã thủ tục, ví dụ 1.001193.")
    procedure = catalogue.on(code.code, day)
    if procedure is None:
        periods = "; ".join(_period_vi(one) for one in catalogue.versions(code.code))
        message = f"Thủ tục «{text}» không áp dụng ngày {day:%d/%m/%Y}."
        raise AskError("not_in_force", message, f"Xem lại ngày nhận hồ sơ; danh mục của máy có bản áp dụng {periods}.")
    return procedure


def _period_vi(procedure: Procedure) -> str:
    first, last = procedure.valid_from, procedure.valid_to
    words = [f"từ {first:%d/%m/%Y}" if first else "", f"đến hết {last:%d/%m/%Y}" if last else ""]
    return " ".join(filter(None, words)) or "mọi ngày"


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=VIETNAM) if moment.tzinfo is None else moment.astimezone(VIETNAM)
    except (ValueError, OverflowError):
        raise AskError("bad_time", f"«{text}» không phải là một lúc có thật.", "Ghi như 2026-11-24T15:01.") from None


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise AskError("bad_date", f"«{text}» không phải là ngày có thật.", "Ghi như 2026-11-24.") from None


def _whole(text: str | None, what: str) -> int | None:
    if text is None:
        return None
    if not re.fullmatch(r"[1-9][0-9]{0,5}", text):
        raise AskError("bad_number", f"«{text}» không phải là {what}.", "Ghi một số nguyên từ 1 đến 999999, không có dấu chấm.")
    return int(text)


def _hours(text: str) -> OfficeHours:
    try:
        return OfficeHours.parse(text) if text else OfficeHours()
    except ValueError:
        raise AskError("bad_hours", f"«{text}» không phải là giờ làm việc.", "Ghi như 07:30-11:30,13:30-17:00.") from None


def _calendar_of(path: Path | None) -> WorkingCalendar:
    if path is None:
        return WorkingCalendar.load()
    try:
        return read_calendar(path.read_bytes())
    except OSError:
        raise AskError("no_calendar", f"Không mở được tệp lịch «{path.name}».", "Xem lại đường dẫn của tệp.") from None


def _moment_vi(moment: datetime) -> str:
    return f"{moment:%H:%M}, {_day_vi(moment.date())}/{moment.year}"


def _day_vi(day: date) -> str:
    return f"{WEEKDAYS_VI[day.weekday()]} {day:%d/%m}"
