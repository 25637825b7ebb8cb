"""Telephone numbers of Vietnam: how people write them, how they are stored, how they are read back.

A mobile number has ten digits and begins 03, 05, 07, 08 or 09; a landline begins 02 and has eleven, Cao Bằng's 0206 and seven.
Stored as ``+84…``. A household often shares one number and many people have none, so no number is a valid answer, never a fault.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

_MOBILE: Final = re.compile(r"0[35789][0-9]{8}")
_LANDLINE: Final = re.compile(r"02[0-9]{9}")
_OLD_MOBILE: Final = re.compile(r"01[0-9]{9}")
_AREA: Final = 4
"""Digits of a landline's area code with its zero (0206)."""


@dataclass(frozen=True, slots=True)
class PhoneFacts:
    """What a written number is. ``valid`` also when there is none; otherwise ``why`` is a Vietnamese sentence."""

    kind: Literal["mobile", "landline", "none", "unknown"]
    stored: str
    """«+84912345678»; '' for none."""
    shown: str
    """As people read it: «0912 345 678»."""
    why: str = ""

    @property
    def valid(self) -> bool:
        return not self.why


def read_phone(text: str) -> PhoneFacts:
    """Read a number with spaces, dots, dashes or brackets, with 0, 84, +84 or 0084 in front, or with the zero forgotten."""
    plain = re.sub(r"[\s.()\-–/]", "", text)
    if not plain:
        return PhoneFacts("none", "", "")
    digits = re.sub(r"^(\+84|0084|84(?=[0-9]{9}))0?", "0", plain)
    if re.fullmatch(r"[35789][0-9]{8}", digits):
        digits = f"0{digits}"
    if _MOBILE.fullmatch(digits):
        return PhoneFacts("mobile", f"+84{digits[1:]}", f"{digits[:4]} {digits[4:7]} {digits[7:]}")
    if _LANDLINE.fullmatch(digits):
        return PhoneFacts("landline", f"+84{digits[1:]}", f"{digits[:_AREA]} {digits[_AREA:8]} {digits[8:]}")
    return PhoneFacts("unknown", "", text.strip(), _why(digits))


def _why(digits: str) -> str:
    if not re.fullmatch(r"\+?[0-9]+", digits):
        return "Số điện thoại chỉ gồm chữ số. Bà con xem lại, hoặc bỏ trống nếu không có."
    if _OLD_MOBILE.fullmatch(digits):
        return "Số 11 chữ số đầu 01 là số cũ đã đổi đầu số. Bà con ghi số mới 10 chữ số."
    if digits.startswith("+"):
        return "Đây là số nước ngoài. Bà con ghi số điện thoại ở Việt Nam, hoặc bỏ trống nếu không có."
    return "Số di động có 10 chữ số, bắt đầu bằng 03, 05, 07, 08 hoặc 09. Bà con xem lại, hoặc bỏ trống nếu không có."
