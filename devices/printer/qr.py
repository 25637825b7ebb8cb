"""QR codes of a slip as dots: error level M, quiet zone of four modules, every module a whole number of dots.

A module that is not a whole number of dots wide would come out uneven and a cheap telephone would give up. The code is made at
least ``MIN_SIDE_MM`` wide (modules without quiet zone) where the paper allows; a text so long that a module would be thinner than
three dots (0.375 mm) is refused rather than printed unreadably.
"""

from __future__ import annotations

import math

import qrcode
from PIL import Image
from qrcode.constants import ERROR_CORRECT_M
from qrcode.exceptions import DataOverflowError

from devices.errors import DeviceError

QUIET_MODULES = 4
MIN_SIDE_MM = 32.0
MIN_MODULE_DOTS = 3


def qr_image(data: str, width_dots: int, dpi: int = 203) -> Image.Image:
    """The code with its quiet zone, mode "1", black on white, at most ``width_dots`` wide. Raises :class:`DeviceError`
    ``qr_too_dense``.
    """
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=QUIET_MODULES, box_size=1)
    code.add_data(data.encode("utf-8"))
    try:
        code.make(fit=True)
    except (DataOverflowError, ValueError):
        raise _too_dense(data) from None
    rows = code.get_matrix()
    modules = len(rows)
    wanted = math.ceil(MIN_SIDE_MM * dpi / 25.4 / (modules - 2 * QUIET_MODULES))
    dots = min(wanted, width_dots // modules)
    if dots < MIN_MODULE_DOTS:
        raise _too_dense(data)
    small = Image.new("1", (modules, modules), 1)
    small.putdata([0 if dark else 1 for row in rows for dark in row])
    return small.resize((modules * dots, modules * dots), Image.Resampling.NEAREST)


def _too_dense(data: str) -> DeviceError:
    return DeviceError(
        "qr_too_dense",
        f"Mã QR dài {len(data.encode('utf-8'))} byte, quá dày để in rõ trên khổ giấy này.",
        "Rút ngắn địa chỉ tra cứu trong cấu hình.",
    )
