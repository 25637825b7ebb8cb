"""What a filing costs (phí, lệ phí): a rule of the procedure, the facts of one filing, and a sum with the lines that explain it.

Fees are data: fixed, per copy, per page with a cap per copy, free, free when filed in time (birth within 60 days: Luật Hộ tịch
Art. 11 and 15), or set by the provincial People's Council. An amount nobody has stated stays unknown (``None``) and is never
invented; so does a sum whose counts nobody has given yet. An exemption needs its reason's code, and the share paid by online
filers is data of the province. Whole đồng, rounded down in the payer's favour.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from forms.calendar import WorkingCalendar

KINDS: Final = ("free", "fixed", "free_within_days", "per_copy", "per_page", "by_resolution")
"""Fee rules a procedure may have."""

_NUMBERS: Final = ("amount_vnd", "days", "first_pages", "first_vnd", "next_vnd", "cap_vnd", "online_share_percent")
_NAMES: Final = ("unit_vi", "from", "copies", "items", "pages", "item_copies", "text_vi", "exempt_vi")


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
class FeeQuote:
    """``amount_vnd`` is ``None`` when the province's resolution decides and is not loaded. ``text_vi`` is what is printed."""

    amount_vnd: int | None
    text_vi: str
    why_vi: str


FREE_VI = "Miễn lệ phí"
RESOLUTION_VI = "Theo nghị quyết HĐND tỉnh"


def fee(rule: FeeRule, *, received: date, event: date | None = None, calendar: WorkingCalendar | None = None) -> FeeQuote:
    """Fee of a filing received on ``received`` about an event (birth) of ``event``; no event known means the resolution decides.

    The period does not count the day of the event; with ``calendar``, a last day that is a rest day moves to the next working day.
    """
    if rule.kind == "free":
        return FeeQuote(0, FREE_VI, rule.text_vi)
    if rule.kind == "free_within_days" and event is not None:
        last = event + timedelta(days=rule.days)
        if calendar is not None and calendar.covers(last) and not calendar.is_working(last):
            last = calendar.next_working(last)
        if received <= last:
            return FeeQuote(0, FREE_VI, f"Đăng ký trong {rule.days} ngày kể từ ngày sinh, đến hết ngày {last:%d/%m/%Y}")
    return FeeQuote(rule.amount_vnd, RESOLUTION_VI, rule.exempt_vi)
