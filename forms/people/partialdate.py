"""Dates of which only a part is known: elders often know their year of birth and nothing more.

What is not known stays unknown, and nobody is given the first of January: a partial date is a range of days, and two of them are
compared by what they could both mean.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from forms.text import date_vi, nfc, split_date

_WRITTEN: Final = re.compile(r"(?:(?:([0-9?]{1,2}|-{2})[/.-])?([0-9?]{1,2}|-{2})[/.-])?([0-9]{4})")


@dataclass(frozen=True, slots=True, order=True)
class PartialDate:
    """Year, month and day; what is not known is 0, and a known day needs a known month.

    Raises:
        ValueError: no such day.
    """

    year: int
    month: int = 0
    day: int = 0

    def __post_init__(self) -> None:
        if self.day and not self.month:
            raise ValueError(f"a day without a month: {self.day}")
        date(self.year, self.month or 1, self.day or 1)

    @classmethod
    def of(cls, iso: str) -> PartialDate:
        """From the stored form «1958», «1958-03» or «1958-03-12».

        Raises:
            ValueError: another shape, or no such day.
        """
        return cls(*split_date(iso))

    @classmethod
    def read(cls, text: str) -> PartialDate:
        """From what people and papers write: «12/3/1958», «3/1958», «1958», «00/00/1958», «12031958».

        Raises:
            ValueError: another shape, or no such day.
        """
        plain = re.sub(r"\s", "", nfc(text)).removeprefix("năm")
        if re.fullmatch(r"[0-9]{8}", plain):
            plain = f"{plain[:2]}/{plain[2:4]}/{plain[4:]}"
        found = _WRITTEN.fullmatch(plain)
        if found is None:
            raise ValueError(f"not a date or partial date: {text!r}")
        day, month, year = (int(part) if part and part.isdigit() else 0 for part in found.groups())
        return cls(year, month, day)

    @property
    def iso(self) -> str:
        """The stored form."""
        return "-".join([f"{self.year:04d}", *(f"{part:02d}" for part in (self.month, self.day) if part)])

    @property
    def vi(self) -> str:
        """As people write it: «12/03/1958», «tháng 03/1958», «năm 1958»."""
        return date_vi(self.iso)

    @property
    def first(self) -> date:
        """The earliest day it can be."""
        return date(self.year, self.month or 1, self.day or 1)

    @property
    def last(self) -> date:
        """The latest day it can be."""
        if self.day:
            return self.first
        after = date(self.year + (self.month in (0, 12)), self.month % 12 + 1, 1)
        return after - timedelta(days=1)

    def may_be(self, other: PartialDate) -> bool:
        """Whether both can be the same day."""
        return self.first <= other.last and other.first <= self.last

    def ages(self, day: date) -> range:
        """The whole years of age possible on ``day``: one number for a full date, at most two otherwise."""
        return range(_years(self.last, day), _years(self.first, day) + 1)


def _years(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
