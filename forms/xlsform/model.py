"""What is wrong in an authored file, told so that a person can mend it: the place, a stable rule code, a sentence in Vietnamese."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a form or procedure file. ``row`` counts from 1, 0 is the file as a whole."""

    file: str
    row: int
    column: str
    rule: str
    message: str
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        where = f"dòng {self.row}" + (f", cột {self.column}" if self.column else "") if self.row else "cả tệp"
        return f"{self.file}, {where}: {self.message}"


class FormError(Exception):
    """A form or procedure that may not be used; ``faults`` lists everything found."""

    code = "form_invalid"

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = tuple(faults)
