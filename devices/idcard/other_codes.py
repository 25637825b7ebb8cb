"""Codes people hold before the scanner in place of the card's: each recognised by what its maker published, and named politely.

Nothing of a foreign code is kept or repeated in a sentence. The order matters: the first kind that fits names the code.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from devices.errors import DeviceError
from devices.idcard.errors import card_error

_LOOK = "Tìm mã vuông in trên thẻ căn cước rồi đưa cho máy đọc. Không có thì bà con tự nhập thông tin."


class _Kind(NamedTuple):
    fits: Callable[[str], bool]
    message_vi: str
    cure_vi: str


def _like(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern, re.IGNORECASE)
    return lambda text: compiled.match(text) is not None


def _insured(text: str) -> bool:
    """Health insurance: a card or social-insurance number first; names as the hexadecimal of their UTF-8 on old and new cards."""
    first, bar, rest = text.partition("|")
    if not bar:
        return False
    if re.fullmatch(r"[A-Z]{2}[0-9]{13}|[0-9]{10}", first, re.IGNORECASE):
        return True
    return re.fullmatch(r"[0-9]{12}", first) is not None and _is_hex_name(rest.partition("|")[0])


def _is_hex_name(field: str) -> bool:
    if not re.fullmatch(r"(?:[0-9A-Fa-f]{2}){2,200}", field):
        return False
    try:
        return any(letter.isalpha() for letter in bytes.fromhex(field).decode("utf-8"))
    except UnicodeDecodeError:
        return False


_KINDS = (
    _Kind(
        _like(r"https?://[^\s/]+/h/[^\s?/]+\?k=|MCX-SLIP "),
        "Đây là mã trên phiếu, không phải trên thẻ.",
        "Bà con giữ phiếu lại để xem hồ sơ. Đưa mã vuông in trên thẻ căn cước cho máy đọc.",
    ),
    _Kind(
        _insured,
        "Đây là mã của thẻ bảo hiểm y tế, không phải thẻ căn cước.",
        "Bà con lấy thẻ căn cước, đưa mã vuông in trên thẻ cho máy đọc.",
    ),
    _Kind(
        _like(r".*vneid"),
        "Đây là mã trong ứng dụng VNeID. Máy này không kiểm tra được mã đó.",
        "Bà con dùng thẻ căn cước bằng nhựa, hoặc tự nhập thông tin, hoặc nhờ cán bộ.",
    ),
    _Kind(
        _like(r"HC1:|shc:/|.*(?:pc-?covid|tiemchung|ncovi)"),
        "Đây là mã tiêm chủng hoặc giấy đi đường, không phải thẻ căn cước.",
        _LOOK,
    ),
    _Kind(
        _like(r"000201[0-9]{2}|[0-9]\|99\|[0-9]{9,11}\|"),
        "Đây là mã chuyển tiền, không phải thẻ căn cước. Máy không lấy tiền của bà con.",
        _LOOK,
    ),
    _Kind(_like(r"WIFI:"), "Đây là mã vào mạng WiFi, không phải thẻ căn cước.", _LOOK),
    _Kind(_like(r"BEGIN:VCARD|MECARD:"), "Đây là mã danh thiếp, không phải thẻ căn cước.", _LOOK),
    _Kind(_like(r"otpauth(?:-migration)?:"), "Đây là mã bí mật để đăng nhập. Bà con cất đi, đừng đưa cho ai xem.", _LOOK),
    _Kind(
        _like(r"(?:tel|sms|smsto|mailto|geo):|BEGIN:VEVENT"),
        "Đây là mã gọi điện, nhắn tin hoặc chỉ đường, không phải thẻ căn cước.",
        _LOOK,
    ),
    _Kind(_like(r"[a-z][a-z0-9+.-]*://|www\."), "Đây là mã của một trang web, không phải thẻ căn cước.", _LOOK),
    _Kind(
        _like(r"I[D<][A-Z]{3}[0-9A-Z<]{10}"),
        "Đây là ba dòng chữ in ở mặt sau thẻ, máy chưa dùng ở bước này.",
        "Đưa mã vuông in trên thẻ cho máy đọc.",
    ),
    _Kind(
        _like(r"[0-9]{12}\|"),
        "Máy đọc sai mã trên thẻ.",
        "Lau sạch thẻ, bỏ thẻ ra khỏi bao, rồi đưa mã lại cho thẳng và yên. Không được thì bà con tự nhập thông tin.",
    ),
    _Kind(
        _like(r"[0-9]{6,20}$"),
        "Đây là mã vạch chỉ có dãy số, không phải mã vuông trên thẻ căn cước.",
        _LOOK,
    ),
)


def foreign_code(text: str) -> DeviceError:
    """The refusal ``foreign_qr`` of a code that is not a card's, with the sentence and the cure of its kind."""
    for kind in _KINDS:
        if kind.fits(text):
            return DeviceError("foreign_qr", kind.message_vi, kind.cure_vi)
    return card_error("foreign_qr")
