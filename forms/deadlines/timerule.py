"""The time limit of a procedure as data: which way it is counted, how long, in which stages and steps, and how far it may grow.

Read from the ``time`` group of a ``procedure.yaml``; what is wrong is told as one Vietnamese sentence that names the key. A rule
knows no date: :mod:`forms.deadlines.deadline` applies it. Days are working days unless the kind says calendar days; a quarter is a
fourth of the office's working day, the unit in which Cao Bằng publishes the steps of its processes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Literal

KINDS: Final = ("same_day_15h", "working_days", "calendar_days", "hours", "quarter_days", "stages", "by_law", "unknown")
"""Time rules a procedure may have; the last two give no date by themselves."""


class DeadlineError(Exception):
    """No due date follows from the rule: an official states it. ``code`` is ``no_stated_limit``."""

    code = "no_stated_limit"

    def __init__(self, text_vi: str) -> None:
        super().__init__(f"{self.code}: {text_vi}")
        self.message_vi = f"Thủ tục này chưa có thời hạn tính được bằng máy ({text_vi})."
        self.cure_vi = "Cán bộ ghi thời hạn theo quyết định của tỉnh."


class ClockRule(StrEnum):
    """What a pause does to a due date: sectors differ, so the rule used is kept with the dossier."""

    RESTART = "restart"
    """From the beginning (rules of the interlinked procedures)."""
    SUBTRACT = "subtract"
    """The waiting time is taken out (index 766)."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The share of one level of government, one after the other (commune, then province), in working days."""

    where_vi: str
    days: int


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the internal process (quy trình nội bộ) in quarters of a working day; 0 is a step without a limit."""

    name_vi: str
    quarters: int


@dataclass(frozen=True, slots=True)
class Extension:
    """How far verification (xác minh) may lengthen the limit.

    ``total``: the whole limit is then ``days`` from receipt; ``added``: ``days`` follow the due date.
    """

    days: int
    unit: Literal["working_days", "calendar_days"]
    counts: Literal["total", "added"]
    when_vi: str = ""


@dataclass(frozen=True, slots=True)
class TimeRule:
    """Time limit of a procedure (thời hạn giải quyết); numbers its kind does not use are 0."""

    kind: str
    days: int = 0
    text_vi: str = ""
    hours: int = 0
    quarters: int = 0
    stages: tuple[Stage, ...] = ()
    steps: tuple[Step, ...] = ()
    extension: Extension | None = None
    next_day_after_15h: bool = False
    """A limit in days (interlinked procedures): received after 15:00 counts as received the next working day."""


def read_time(data: Mapping[str, Any]) -> TimeRule:
    """The ``time`` group of a ``procedure.yaml``.

    Raises:
        ValueError: with a Vietnamese sentence naming the key that is wrong.
    """
    kind = data.get("rule")
    if kind not in KINDS:
        raise ValueError(f"Không có cách tính hạn «{kind}»; chọn một trong: {', '.join(KINDS)}.")
    known = {"rule", "days", "hours", "quarters", "stages", "steps", "extension", "next_day_after_15h", "text_vi"}
    if unknown := sorted(str(key) for key in data.keys() - known):
        raise ValueError(f"Mục time không có khóa «{unknown[0]}»; các khóa: {', '.join(sorted(known))}.")
    rule = TimeRule(
        kind,
        _count_of(data, "days", wanted=kind in ("working_days", "calendar_days")),
        str(data.get("text_vi") or ""),
        _count_of(data, "hours", wanted=kind == "hours"),
        _count_of(data, "quarters", wanted=kind == "quarter_days"),
        tuple(Stage(_words(row, "where_vi"), _count_of(row, "days", wanted=True)) for row in _rows(data, "stages")),
        tuple(Step(_words(row, "name_vi"), _count_of(row, "quarters", wanted=False)) for row in _rows(data, "steps")),
        _extension(data.get("extension"), kind),
        _next_day(data.get("next_day_after_15h", False), kind),
    )
    if (kind == "stages") != bool(rule.stages):
        raise ValueError("Cách tính «stages» cần danh sách stages, và chỉ cách tính ấy mới có.")
    _check_steps(rule)
    return rule


def _check_steps(rule: TimeRule) -> None:
    """A process is published with steps that add up to its limit (Cao Bằng's decisions: quarters, the last step without time)."""
    limit = rule.quarters or 4 * (rule.days or sum(stage.days for stage in rule.stages))
    spent = sum(step.quarters for step in rule.steps)
    if rule.steps and rule.kind in ("working_days", "quarter_days", "stages") and spent != limit:
        raise ValueError(f"Các bước cộng lại là {spent} phần tư ngày, thời hạn là {limit} phần tư ngày: phải bằng nhau.")


def _extension(data: Any, kind: str) -> Extension | None:
    """Without ``counts``, «không quá n ngày» replaces the limit of a same-day procedure and is added to any other."""
    if data is None:
        return None
    if not isinstance(data, Mapping):
        raise ValueError("Mục extension phải là các cặp «khóa: giá trị».")
    unit, counts = data.get("unit"), data.get("counts", "total" if kind == "same_day_15h" else "added")
    if unit not in ("working_days", "calendar_days"):
        raise ValueError("Mục extension: unit phải là working_days hoặc calendar_days.")
    if counts not in ("total", "added"):
        raise ValueError("Mục extension: counts phải là total (tính từ ngày nhận) hoặc added (cộng thêm vào hạn).")
    return Extension(_count_of(data, "days", wanted=True), unit, counts, str(data.get("when_vi") or ""))


def _next_day(value: Any, kind: str) -> bool:
    if type(value) is not bool:
        raise ValueError(f"Mục «next_day_after_15h» phải là true hoặc false; đang ghi «{value}».")
    if value and kind not in ("working_days", "calendar_days", "stages"):
        raise ValueError("Mục «next_day_after_15h» chỉ dùng cho thời hạn tính bằng ngày.")
    return value


def _count_of(data: Mapping[str, Any], key: str, *, wanted: bool) -> int:
    value = data.get(key)
    if value is None and not wanted:
        return 0
    if type(value) is not int or value < wanted:
        raise ValueError(f"Mục «{key}» phải là số nguyên, từ {int(wanted)} trở lên; đang ghi «{value}».")
    return value


def _words(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"Thiếu «{key}», hoặc không phải là chữ.")
    return value.strip()


def _rows(data: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    rows = data.get(key) or []
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise ValueError(f"Mục «{key}» phải là danh sách các nhóm «khóa: giá trị».")
    return rows
