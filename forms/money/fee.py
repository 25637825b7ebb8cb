"""What a filing costs (phí, lệ phí): a rule of the procedure, the facts of one filing, and a sum with the lines that explain it.

Fees are data: fixed, per copy, per page with a cap per copy, free, free when filed in time (birth within 60 days: Luật Hộ tịch
Art. 11 and 15), or set by the provincial People's Council. An amount nobody has stated stays unknown (``None``) and is never
invented; so does a sum whose counts nobody has given yet. An exemption needs its reason's code, and the share paid by online
filers is data of the province. Whole đồng, rounded down in the payer's favour.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from forms.deadlines.calendar import WorkingCalendar
from forms.money.money import dong

KINDS: Final = ("free", "fixed", "free_within_days", "per_copy", "per_page", "by_resolution")
"""Fee rules a procedure may have."""

EVENT_VI: Final = "ngày xảy ra việc"

_NUMBERS: Final = ("amount_vnd", "days", "first_pages", "first_vnd", "next_vnd", "cap_vnd", "online_share_percent")
_NAMES: Final = ("unit_vi", "from", "copies", "items", "pages", "item_copies", "text_vi", "exempt_vi", "event_vi")


@dataclass(frozen=True, slots=True)
class Exemption:
    """A group of people who pay nothing; the official checks the paper that proves it. ``code`` goes into the receipt."""

    code: str
    name_vi: str


@dataclass(frozen=True, slots=True)
class FeeRule:
    """Fee of a procedure; what its kind does not use is 0, '' or ``None``. ``…_field`` and ``items`` name questions of the form."""

    kind: str
    text_vi: str
    days: int = 0
    from_field: str = ""
    """``free_within_days``: the question with the day of the event."""
    exempt_vi: str = ""
    """Who is exempt, in words."""
    amount_vnd: int | None = None
    """The amount: once (``fixed``), or for each copy; ``None`` while it has not been stated."""
    unit_vi: str = ""
    copies_field: str = ""
    items: str = ""
    """``per_page``: the repeat with one entry per original, and its questions ``pages_field`` and ``item_copies_field``."""
    pages_field: str = ""
    item_copies_field: str = ""
    first_pages: int = 0
    first_vnd: int = 0
    next_vnd: int = 0
    cap_vnd: int | None = None
    online_share_percent: int = 100
    """What an online filer pays of the sum, in percent."""
    exempt: tuple[Exemption, ...] = ()
    event_vi: str = EVENT_VI
    """``free_within_days``: what the days are counted from, in words («ngày sinh»)."""


def read_fee(data: Mapping[str, Any]) -> FeeRule:
    """The ``fee`` group of a ``procedure.yaml``.

    Raises:
        ValueError: with a Vietnamese sentence naming the key that is wrong.
    """
    kind = data.get("rule")
    if kind not in KINDS:
        raise ValueError(f"Không có cách tính lệ phí «{kind}»; chọn một trong: {', '.join(KINDS)}.")
    known = {"rule", "exempt", *_NUMBERS, *_NAMES}
    if unknown := sorted(str(key) for key in data.keys() - known):
        raise ValueError(f"Mục fee không có khóa «{unknown[0]}»; các khóa: {', '.join(sorted(known))}.")
    numbers = {key: _number(data, key) for key in _NUMBERS}
    names = {key: str(data.get(key) or "").strip() for key in _NAMES}
    share = numbers["online_share_percent"]
    if share is not None and share > 100:
        raise ValueError(f"Mục «online_share_percent» là phần trăm phải nộp, từ 0 đến 100; đang ghi «{share}».")
    _need(kind, data)
    exempt = _exemptions(data.get("exempt") or [])
    return FeeRule(
        kind,
        names["text_vi"],
        numbers["days"] or 0,
        names["from"],
        names["exempt_vi"] or "; ".join(one.name_vi for one in exempt),
        numbers["amount_vnd"],
        names["unit_vi"],
        names["copies"],
        names["items"],
        names["pages"],
        names["item_copies"],
        numbers["first_pages"] or 0,
        numbers["first_vnd"] or 0,
        numbers["next_vnd"] or 0,
        numbers["cap_vnd"],
        100 if share is None else share,
        exempt,
        names["event_vi"] or EVENT_VI,
    )


_WANTED: Final[Mapping[str, tuple[str, ...]]] = {
    "fixed": ("amount_vnd",),
    "free_within_days": ("days", "from"),
    "per_copy": ("amount_vnd",),
    "per_page": ("first_pages", "first_vnd", "next_vnd"),
}


def _need(kind: str, data: Mapping[str, Any]) -> None:
    for key in _WANTED.get(kind, ()):
        if data.get(key) in (None, ""):
            raise ValueError(f"Cách tính lệ phí «{kind}» cần mục «{key}».")


def _number(data: Mapping[str, Any], key: str) -> int | None:
    value = data.get(key)
    if value is not None and (type(value) is not int or value < 0):
        raise ValueError(f"Mục «{key}» phải là số nguyên không âm (đồng, ngày, trang); đang ghi «{value}».")
    return value


def _exemptions(rows: Any) -> tuple[Exemption, ...]:
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) and row.get("code") and row.get("name_vi") for row in rows):
        raise ValueError("Mục «exempt» phải là danh sách, mỗi dòng có code và name_vi.")
    found = tuple(Exemption(str(row["code"]), str(row["name_vi"])) for row in rows)
    if len({one.code for one in found}) < len(found):
        raise ValueError("Mục «exempt» có hai dòng cùng code.")
    return found


@dataclass(frozen=True, slots=True)
class Original:
    """One original to copy: how many pages it has, and how many copies of it are wanted."""

    pages: int
    copies: int = 1


@dataclass(frozen=True, slots=True)
class Filing:
    """What of one filing decides its fee; ``None`` and () are not known (yet)."""

    received: date
    event: date | None = None
    """The day of the event (birth) for ``free_within_days``."""
    copies: int | None = None
    originals: tuple[Original, ...] = ()
    exemption: str = ""
    """Code of the exemption an official has checked."""
    online: bool = False


@dataclass(frozen=True, slots=True)
class FeeLine:
    """One line of the calculation, in đồng; a reduction is negative."""

    text_vi: str
    amount_vnd: int


@dataclass(frozen=True, slots=True)
class FeeQuote:
    """``amount_vnd`` is ``None`` while the amount, or what decides it, is not known. ``text_vi`` is what is printed."""

    amount_vnd: int | None
    text_vi: str
    why_vi: str
    lines: tuple[FeeLine, ...] = ()
    """What adds up to the amount; empty without an amount."""


class FeeError(Exception):
    """The exemption is none of this procedure's. ``code`` is ``unknown_exemption``."""

    code = "unknown_exemption"

    def __init__(self, given: str, rule: FeeRule) -> None:
        super().__init__(f"{self.code}: {given}")
        known = "; ".join(f"{one.code} ({one.name_vi})" for one in rule.exempt)
        self.message_vi = f"Thủ tục này không có lý do miễn lệ phí «{given}»."
        self.cure_vi = (
            f"Chọn một trong: {known}." if known else "Thủ tục này không ghi đối tượng được miễn; cán bộ xem lại nghị quyết."
        )


FREE_VI: Final = "Miễn lệ phí"
RESOLUTION_VI: Final = "Theo nghị quyết HĐND tỉnh"


def filing_of(rule: FeeRule, answers: Mapping[str, Any], received: date) -> Filing:
    """The facts of a filing at the counter as its answers state them; an answer that is no number counts as not given."""
    rows = answers.get(rule.items)
    return Filing(
        received,
        event=_day(answers.get(rule.from_field)),
        copies=_whole(answers.get(rule.copies_field)),
        originals=tuple(_originals(rule, rows if isinstance(rows, list) else ())),
    )


def _originals(rule: FeeRule, rows: Sequence[Any]) -> Iterator[Original]:
    """The originals, or none at all while the pages of one are not known: a sum without it would be too low."""
    given = [row if isinstance(row, Mapping) else {} for row in rows]
    pages = [_whole(row.get(rule.pages_field)) for row in given]
    for row, count in zip(given, pages, strict=True):
        copies = _whole(row.get(rule.item_copies_field))
        if count and all(pages):
            yield Original(count, 1 if copies is None else copies)


def _day(value: Any) -> date | None:
    """A whole date that days can be counted from; a partial one decides nothing."""
    try:
        day = date.fromisoformat(value) if re.fullmatch(r"\d{4}-\d\d-\d\d", str(value), re.ASCII) else None
    except ValueError:
        return None
    return day if day is not None and day.year < date.max.year else None


def _whole(value: Any) -> int | None:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() else None


def quote(rule: FeeRule, filing: Filing, calendar: WorkingCalendar | None = None) -> FeeQuote:
    """Fee of a filing. The exemption goes before everything, the online share after.

    A period of grace does not count the day of the event; with ``calendar``, a last day that is a rest day moves to the next
    working day.

    Raises:
        FeeError: ``unknown_exemption``.
    """
    if filing.exemption:
        return _exempted(rule, filing.exemption)
    if rule.kind == "free":
        return FeeQuote(0, FREE_VI, rule.text_vi)
    if rule.kind == "free_within_days" and filing.event is not None:
        last = _last_free_day(rule, filing.event, calendar)
        if filing.received <= last:
            return FeeQuote(0, FREE_VI, f"Đăng ký trong {rule.days} ngày kể từ {rule.event_vi}, đến hết ngày {last:%d/%m/%Y}")
    return _sum(rule, filing)


def _exempted(rule: FeeRule, code: str) -> FeeQuote:
    for one in rule.exempt:
        if one.code == code:
            return FeeQuote(0, FREE_VI, f"Miễn: {one.name_vi} (mã {one.code})")
    raise FeeError(code, rule)


def _last_free_day(rule: FeeRule, event: date, calendar: WorkingCalendar | None) -> date:
    last = event + timedelta(days=rule.days)
    if calendar is not None and calendar.covers(last) and not calendar.is_working(last):
        return calendar.next_working(last)
    return last


def _sum(rule: FeeRule, filing: Filing) -> FeeQuote:
    lines = list(_LINES[rule.kind](rule, filing))
    if not lines:
        unknown = RESOLUTION_VI if rule.kind in ("by_resolution", "free_within_days") else rule.text_vi
        return FeeQuote(None, unknown, rule.exempt_vi)
    total = sum(line.amount_vnd for line in lines)
    if filing.online and rule.online_share_percent < 100:
        reduced = total * rule.online_share_percent // 100
        lines.append(FeeLine(f"Nộp trực tuyến: chỉ nộp {rule.online_share_percent} %", reduced - total))
        total = reduced
    return FeeQuote(total, dong(total) if total else FREE_VI, rule.text_vi, tuple(lines))


def _once(rule: FeeRule, _: Filing) -> Iterator[FeeLine]:
    if rule.amount_vnd is not None:
        yield FeeLine(f"{dong(rule.amount_vnd)}{_per(rule)}", rule.amount_vnd)


def _per_copy(rule: FeeRule, filing: Filing) -> Iterator[FeeLine]:
    if rule.amount_vnd is not None and filing.copies is not None:
        yield FeeLine(f"{filing.copies} × {dong(rule.amount_vnd)}{_per(rule)}", filing.copies * rule.amount_vnd)


def _per_page(rule: FeeRule, filing: Filing) -> Iterator[FeeLine]:
    for number, original in enumerate(filing.originals, start=1):
        first = min(original.pages, rule.first_pages)
        one = first * rule.first_vnd + (original.pages - first) * rule.next_vnd
        words = f"{first} trang × {dong(rule.first_vnd)}"
        if original.pages > first:
            words += f" + {original.pages - first} trang × {dong(rule.next_vnd)}"
        if rule.cap_vnd is not None and one > rule.cap_vnd:
            one, words = rule.cap_vnd, f"{words}, tối đa {dong(rule.cap_vnd)} một bản"
        yield FeeLine(f"Giấy thứ {number}: {original.copies} bản × ({words})", original.copies * one)


def _per(rule: FeeRule) -> str:
    return f"/{rule.unit_vi}" if rule.unit_vi else ""


_LINES: Final[Mapping[str, Callable[[FeeRule, Filing], Iterator[FeeLine]]]] = {
    "fixed": _once,
    "free_within_days": _once,
    "by_resolution": _once,
    "per_copy": _per_copy,
    "per_page": _per_page,
}
