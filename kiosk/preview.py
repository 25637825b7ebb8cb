"""The small picture of a scan that goes before it: enough to check a dossier by, a thirtieth of its size.

A page becomes black on white at 200 dpi, CCITT G4 in TIFF, all pages of a file in one; a photograph becomes grey at 100 dpi, WebP.
The threshold between ink and paper is found in the picture itself (Otsu 1979), because scanners differ. A file that is no picture
here (a PDF) has no preview and goes as it is.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageSequence

from kiosk.services import Refused

PICTURES: Final = ("image/jpeg", "image/png", "image/tiff", "image/webp")
PAGE: Final = (1654, 2339)
"""A4 at 200 dpi, pixels; a page of any resolution is brought into it."""
PHOTO: Final = (827, 1170)
"""A4 at 100 dpi."""
_PIXELS_MOST: Final = 120_000_000
"""A3 at 600 dpi and a little: larger is no scan."""
_PAGES_MOST: Final = 60


@dataclass(frozen=True, slots=True)
class Preview:
    data: bytes
    mime: str
    pages: int


def preview(data: bytes, mime: str, *, photo: bool) -> Preview | None:
    """The preview of a file; ``None`` when its kind has none.

    Raises:
        Refused: ``scan_unreadable``: it is called a picture and is none, or is too large.
    """
    if mime not in PICTURES:
        return None
    try:
        with Image.open(io.BytesIO(data)) as picture:
            if getattr(picture, "n_frames", 1) > _PAGES_MOST:
                raise ValueError("too many pages")
            return _photo(picture) if photo else _pages(picture)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise Refused("scan_unreadable", "Không đọc được ảnh quét này.", "Quét lại giấy tờ rồi thêm lại.") from None


def _photo(picture: Image.Image) -> Preview:
    grey = _grey(picture)
    grey.thumbnail(PHOTO)
    out = io.BytesIO()
    grey.save(out, "WEBP", quality=60, method=6)
    return Preview(out.getvalue(), "image/webp", 1)


def _pages(picture: Image.Image) -> Preview:
    pages = list(_black_and_white(picture))
    out = io.BytesIO()
    pages[0].save(out, "TIFF", compression="group4", dpi=(200, 200), save_all=True, append_images=pages[1:])
    return Preview(out.getvalue(), "image/tiff", len(pages))


def _black_and_white(picture: Image.Image) -> Iterator[Image.Image]:
    for frame in ImageSequence.Iterator(picture):
        grey = _grey(frame)
        grey.thumbnail(PAGE if grey.height >= grey.width else (PAGE[1], PAGE[0]))
        threshold = _otsu(grey.histogram())
        yield grey.point([255 if level > threshold else 0 for level in range(256)]).convert("1", dither=Image.Dither.NONE)


def _grey(frame: Image.Image) -> Image.Image:
    if frame.width * frame.height > _PIXELS_MOST:
        raise ValueError("larger than any scan")
    return frame.convert("L")


def _otsu(histogram: list[int]) -> int:
    """The level that parts a histogram of 256 into two groups that differ most."""
    total, whole = sum(histogram), sum(level * count for level, count in enumerate(histogram))
    best, found, below, dark = -1.0, 127, 0, 0
    for level, count in enumerate(histogram):
        below, dark = below + count, dark + level * count
        if 0 < below < total:
            between = (whole * below / total - dark) ** 2 / (below * (total - below))
            best, found = max((best, found), (between, level))
    return found
