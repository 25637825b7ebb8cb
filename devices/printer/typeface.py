"""The letters of a slip: Noto Sans from this package, measured in dots, with a refusal instead of a box for a letter it does not
have.

A :class:`Type` is one face at one size. Its line box is taken from the ink of the tallest and deepest Vietnamese letters, not
from what the font file declares, so a mark over a capital is never cut and lines never touch. Letters that Unicode has only as a
base with combining marks (``Ơ̆`` in Ê Đê names) are put together here, because Pillow's basic layout does not place marks; basic
layout is used because it gives the same dots on every machine.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache, cached_property
from importlib.resources import files
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from devices.errors import DeviceError
from devices.printer.coverage import characters

TALLEST = "ẮẰẲẴẤẦẨẪẾỀỂỄỐỒỔỖỨỪỬỮĐ"
DEEPEST = "gjpqyỵợựặậệộẶẬỆỘỢỰQ,;()|/"
BELOW = 220
"""Unicode's combining class of marks that stand under their letter."""
SUBSTITUTES = str.maketrans({"●": "•"})
"""Signs the screen uses and Noto Sans lacks, with the sign that says the same on paper (the dots of a masked number)."""


class Face:
    """One font file of the package: its bytes and the characters it can draw."""

    def __init__(self, file_name: str) -> None:
        self.file_name = file_name
        self.data = files("devices.printer").joinpath("fonts").joinpath(file_name).read_bytes()

    @cached_property
    def characters(self) -> frozenset[int]:
        """Code points with a glyph of their own."""
        return characters(self.data)

    def missing(self, text: str) -> str:
        """The characters of ``text`` this face cannot draw, each once, in order."""
        return "".join(dict.fromkeys(char for char in text if ord(char) not in self.characters))


@cache
def face(bold: bool) -> Face:
    """The face for plain or for strong text; loaded once. Plain text is Medium: thin strokes break on a worn print head."""
    return Face("NotoSans-Bold.ttf" if bold else "NotoSans-Medium.ttf")


class Type:
    """A face at a size in dots. ``ascent`` and ``descent`` are the ink of the tallest and deepest letters, ``pitch`` the line
    distance.
    """

    def __init__(self, face_: Face, size: int) -> None:
        self.face = face_
        self.size = size
        self._font = ImageFont.truetype(BytesIO(face_.data), size, layout_engine=ImageFont.Layout.BASIC)
        self._inks: dict[str, tuple[int, int, int, int]] = {}
        self.ascent = -round(self._font.getbbox(TALLEST, anchor="ls")[1])
        self.descent = round(self._font.getbbox(DEEPEST, anchor="ls")[3])
        self.pitch = self.ascent + self.descent + max(2, round(size * 0.06))
        self.cap = -round(self._font.getbbox("H", anchor="ls")[1])

    def width(self, text: str) -> float:
        """Room ``text`` takes in dots: its advance and what its outer letters stick out beyond it (``ĩ`` does, to the left)."""
        if not text:
            return 0
        last = next(char for char in reversed(text) if not unicodedata.combining(char) or char == text[0])
        beyond = max(0.0, self._ink(last)[2] - self._font.getlength(last))
        return self._before(text) + sum(self._font.getlength(run) for run, _ in clusters(text)) + beyond

    def draw(self, draw: ImageDraw.ImageDraw, x: float, baseline: float, text: str, ink: int) -> None:
        """Draw ``text`` on ``baseline``, its ink from ``x`` on."""
        x += self._before(text)
        for run, marks in clusters(text):
            draw.text((x, baseline), run, font=self._font, fill=ink, anchor="ls")
            advance = self._font.getlength(run)
            if marks:
                self._draw_marks(draw, x + advance - self._font.getlength(run[-1]), baseline, run[-1], marks, ink)
            x += advance

    def _before(self, text: str) -> int:
        return max(0, -self._ink(text[0])[0]) if text else 0

    def _draw_marks(self, draw: ImageDraw.ImageDraw, x: float, baseline: float, base: str, marks: str, ink: int) -> None:
        left, top, right, bottom = self._ink(base)
        gap = max(1, round(self.size * 0.06))
        for mark in marks:
            mark_left, mark_top, mark_right, mark_bottom = self._ink(mark)
            dx = (left + right - mark_left - mark_right) // 2
            if unicodedata.combining(mark) == BELOW:
                dy = max(0, bottom + gap - mark_top)
                bottom = mark_bottom + dy
            else:
                dy = min(0, top - gap - mark_bottom)
                top = mark_top + dy
            draw.text((round(x) + dx, baseline + dy), mark, font=self._font, fill=ink, anchor="ls")

    def _ink(self, char: str) -> tuple[int, int, int, int]:
        """Where ``char`` leaves ink around its origin on the baseline; Pillow's own box includes the advance, which a mark has
        none of.
        """
        if char not in self._inks:
            middle = 2 * self.size
            canvas = Image.new("L", (2 * middle, 2 * middle))
            ImageDraw.Draw(canvas).text((middle, middle), char, font=self._font, fill=255, anchor="ls")
            left, top, right, bottom = canvas.getbbox() or (middle,) * 4
            self._inks[char] = (left - middle, top - middle, right - middle, bottom - middle)
        return self._inks[char]


@cache
def type_at(size: int, *, bold: bool) -> Type:
    """The face for plain or strong text at ``size`` dots; loaded and measured once."""
    return Type(face(bold), size)


def clusters(text: str) -> Iterator[tuple[str, str]]:
    """``text`` as (run, combining marks that stand on the run's last character)."""
    run = marks = ""
    for char in text:
        if unicodedata.combining(char) and run:
            marks += char
        elif marks:
            yield run, marks
            run, marks = char, ""
        else:
            run += char
    if run:
        yield run, marks


def printable(text: str) -> str:
    """``text`` in NFC, with every white space except line feed and no-break space a plain space, and without invisible
    characters.

    Raises :class:`DeviceError` ``glyph_missing`` naming the first characters no face can draw: a slip with a box in a name is a
    wrong slip.
    """
    text = unicodedata.normalize("NFC", text).translate(SUBSTITUTES)
    text = "".join(" " if char.isspace() and char not in "\n\u00a0" else char for char in text)
    text = "".join(char for char in text if char == "\n" or unicodedata.category(char) not in ("Cf", "Cc"))
    missing = face(bold=False).missing(text.replace("\n", ""))
    if missing:
        named = ", ".join(f"«{char}» (U+{ord(char):04X})" for char in missing[:5])
        raise DeviceError("glyph_missing", f"Phông chữ của phiếu không có ký tự {named}.", "Sửa lại chữ đó trong hồ sơ rồi in lại.")
    return text
