"""From a grey picture to the codes in it, and to a small picture to aim by. Pure; zxing-cpp decodes, OpenCV shrinks.

Texts are read as UTF-8 from the bytes of the code, as a card writes them; only bytes that are no UTF-8 are left to the decoder's
guess. All codes in the picture are given: a card beside a slip is two.
"""

from __future__ import annotations

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray

from devices.barcode.facts import Preview
from devices.barcode.scans import MAX_SCAN

Grey = NDArray[np.uint8]

PREVIEW_WIDTH = 480
_FORMATS = zxingcpp.barcode_formats_from_str("QRCode,DataMatrix,Code128,EAN13")


def codes_in(grey: Grey) -> list[str]:
    """The texts of all codes in the picture, without blanks at their ends.

    Softened first, which is quicker and reads more: the grain of a dim picture looks like edges. Then as it is, for tiny codes.
    """
    found = _read(cv2.GaussianBlur(grey, (3, 3), 0)) or _read(grey)
    texts = [_text(one).strip() for one in found if len(one.bytes) <= MAX_SCAN]
    return [text for text in texts if text]


def _read(grey: Grey | cv2.typing.MatLike) -> list[zxingcpp.Barcode]:
    return zxingcpp.read_barcodes(grey, formats=_FORMATS)


def _text(code: zxingcpp.Barcode) -> str:
    try:
        return bytes(code.bytes).decode("utf-8")
    except UnicodeDecodeError:
        return str(code.text)


def preview_of(grey: Grey) -> Preview:
    """The picture made small and turned left to right, so that a hand sees itself move as in a mirror."""
    height = max(1, round(grey.shape[0] * PREVIEW_WIDTH / grey.shape[1]))
    small = cv2.flip(cv2.resize(grey, (PREVIEW_WIDTH, height), interpolation=cv2.INTER_AREA), 1)
    return Preview(PREVIEW_WIDTH, height, small.tobytes())
