"""What a province, or one machine, has set otherwise: limits, fees and routing with the days on which they count.

Cao Bằng shortens many national limits and sets fees by resolution (VIETNAM §1.4), and procedures move to ministry systems one by
one (§1.8). An override names the procedures, the days of receipt it is for, what it rests on, and the keys of ``procedure.yaml`` it
changes; inside a group only the keys it names change. The packaged file is ``forms/catalog/overrides.yaml``; a machine may pass
another one of the same shape. A later override wins over an earlier one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from forms.procedures.marked_yaml import Marked, read_marked
from forms.procedures.procedure import within
from forms.xlsform import Fault, FormError

CHANGEABLE: Final = ("time", "fee", "routing", "online_vi", "certainty")
"""Groups an override may change: what provinces decide. Names, papers and questions are the law's."""


@dataclass(frozen=True, slots=True)
class Override:
    """One decision. ``codes`` empty: every procedure that is filed here; ``province`` empty: wherever the file is used."""

    codes: frozenset[str]
    province: str
    valid_from: date | None
    valid_to: date | None
    basis_vi: str
    change: Mapping[str, Any]

    def applies(self, code: str, day: date) -> bool:
        return (not self.codes or code in self.codes) and within(day, self.valid_from, self.valid_to)

    def apply(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """The procedure's data with this decision on top."""
        if not self.codes and not data["routing"]["filed_here"]:
            return data
        changed = {
            key: {**data[key], **value} if isinstance(value, Mapping) and isinstance(data.get(key), Mapping) else value
            for key, value in self.change.items()
        }
        return {**data, **changed}


def read_overrides(text: str, file: str = "overrides.yaml") -> tuple[Override, ...]:
    """Read a file of overrides.

    Raises:
        FormError: with every fault found.
    """
    source = read_marked(text, file)
    rows = source.data.get("overrides")
    if not isinstance(rows, list):
        raise FormError([Fault(file, 0, "overrides", "missing", "Thiếu danh sách «overrides».")])
    faults = [fault for place, row in enumerate(rows) for fault in _faults(source, place, row)]
    if faults:
        raise FormError(faults)
    return tuple(_override(row) for row in rows)


def _override(row: Mapping[str, Any]) -> Override:
    return Override(
        frozenset() if row["codes"] == "*" else frozenset(row["codes"]),
        str(row.get("province") or ""),
        row.get("from"),
        row.get("to"),
        str(row["basis_vi"]),
        row["change"],
    )


def _faults(source: Marked, place: int, row: Any) -> list[Fault]:
    faults: list[Fault] = []

    def fault(key: str, rule: str, message: str) -> None:
        faults.append(Fault(source.file, source.line(("overrides", place, key)), key, rule, message))

    if not isinstance(row, Mapping):
        fault("overrides", "missing", "Mỗi dòng phải là các cặp «khóa: giá trị».")
        return faults
    codes, change = row.get("codes"), row.get("change")
    if codes != "*" and not (isinstance(codes, list) and codes and all(isinstance(code, str) for code in codes)):
        fault("codes", "codes", 'codes phải là danh sách mã thủ tục trong ngoặc kép, hoặc "*".')
    if not str(row.get("basis_vi") or "").strip():
        fault("basis_vi", "missing", "Thiếu basis_vi: văn bản nào của tỉnh quyết định?")
    for key in ("from", "to"):
        if row.get(key) is not None and type(row[key]) is not date:
            fault(key, "date", f"«{row[key]}» không phải là ngày dạng 2026-11-24.")
    if not isinstance(change, Mapping) or not change:
        fault("change", "missing", "Thiếu change: thay đổi những gì?")
    elif unknown := sorted(change.keys() - set(CHANGEABLE)):
        fault("change", "key", f"Không được thay «{unknown[0]}»; chỉ được thay: {', '.join(CHANGEABLE)}.")
    return faults
