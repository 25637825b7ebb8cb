"""Blocks to dots: one black-and-white picture of the whole slip, exactly as wide as the printer prints.

Everything is drawn here because receipt printers cannot spell Vietnamese: their code pages are incomplete and put tones beside
letters. The picture is drawn in grey, then cut to black at a threshold. Titles are broken into lines of even length, values of
neighbouring pairs share a column edge, the code is set as large as its line allows, and long words break rather than leave the
paper. Pure: no clock, no device.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from PIL import Image, ImageDraw

from devices.printer.paper import Align, Banner, Block, Gap, Line, Pair, QrBlock, Rule, Signatures, Size
from devices.printer.qr import qr_image
from devices.printer.typeface import Type, printable, type_at

THRESHOLD = 140
"""Grey below this becomes a black dot."""
BLACK, WHITE = 0, 255
SIGNATURE_ROOM_MM = 16
LIST_ITEM = re.compile(r"(\d{1,2}[.)]|[-–•+]) ")
WIDOW_SHARE = 0.2
"""A last line shorter than this share of the width is a widow: words are then brought down to it."""
BREAK_AFTER = "-/.,:;?&=@_·–"

Draw = Callable[[ImageDraw.ImageDraw, int], None]
"""Draws a block with its top at the given row."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Type sizes and distances in dots for one paper width."""

    width: int
    dpi: int
    small: int
    normal: int
    large: int
    huge: int
    huge_least: int
    block_gap: int
    pair_label_share: float

    def size(self, name: Size) -> int:
        return {"small": self.small, "normal": self.normal, "large": self.large, "huge": self.huge}[name]

    def dots(self, mm: float) -> int:
        return round(mm * self.dpi / 25.4)


def scale_for(width_dots: int, dpi: int = 203) -> Scale:
    """Sizes for that width; letters keep their size in mm where they can and shrink a little on narrow paper."""
    if width_dots >= 500:
        return Scale(width_dots, dpi, small=22, normal=27, large=34, huge=64, huge_least=40, block_gap=7, pair_label_share=0.36)
    return Scale(width_dots, dpi, small=20, normal=24, large=29, huge=52, huge_least=34, block_gap=6, pair_label_share=0.38)


@dataclass(frozen=True, slots=True)
class _Set:
    """A block that has been set: how many rows it takes and how it draws itself."""

    height: int
    draw: Draw


def render(blocks: Sequence[Block], width_dots: int = 576, *, dpi: int = 203) -> Image.Image:
    """The slip as a picture of mode "1" (0 black), ``width_dots`` wide and as high as it needs to be, with no margin above or
    below.

    Raises :class:`DeviceError` ``glyph_missing`` or ``qr_too_dense``.
    """
    scale = scale_for(width_dots, dpi)
    pieces: list[tuple[int, _Set]] = []
    row = 0
    for before, piece in _set_all(blocks, scale):
        row += before
        pieces.append((row, piece))
        row += piece.height
    grey = Image.new("L", (width_dots, max(row, 1)), WHITE)
    draw = ImageDraw.Draw(grey)
    for top, piece in pieces:
        piece.draw(draw, top)
    return grey.point(lambda value: 255 if value >= THRESHOLD else 0).convert("1", dither=Image.Dither.NONE)


def _set_all(blocks: Sequence[Block], scale: Scale) -> list[tuple[int, _Set]]:
    """Every block set, each with the white rows before it."""
    out: list[tuple[int, _Set]] = []
    index = 0
    while index < len(blocks):
        block = blocks[index]
        index += 1
        if isinstance(block, Pair):
            pairs = [block]
            while index < len(blocks) and isinstance(following := blocks[index], Pair):
                pairs.append(following)
                index += 1
            out += [(scale.block_gap, piece) for piece in _pairs(pairs, scale)]
        else:
            out.append((_gap_before(block, scale), _one(block, scale)))
    if out:
        out[0] = (0, out[0][1])
    return out


def _gap_before(block: Block, scale: Scale) -> int:
    match block:
        case Gap() | QrBlock():
            return 0
        case Rule():
            return 2 * scale.block_gap
        case Banner() | Line(size="large" | "huge"):
            return scale.block_gap + 3
        case _:
            return scale.block_gap


def _one(block: Block, scale: Scale) -> _Set:
    match block:
        case Line():
            return _line(block, scale)
        case Rule():
            return _rule(scale)
        case QrBlock():
            return _qr(block, scale)
        case Gap():
            return _Set(scale.dots(block.mm), lambda draw, top: None)
        case Signatures():
            return _signatures(block, scale)
        case Banner():
            return _banner(block, scale)
        case Pair():
            return _pairs([block], scale)[0]


def _text(lines: Sequence[str], type_: Type, x: int, width: int, align: Align, ink: int = BLACK) -> _Set:
    """Lines of one type under each other in the column ``x`` … ``x + width``."""

    def draw(on: ImageDraw.ImageDraw, top: int) -> None:
        baseline = top + type_.ascent
        for line in lines:
            free = width - type_.width(line)
            offset = {"left": 0.0, "center": free / 2, "right": free}[align]
            type_.draw(on, round(x + offset), baseline, line, ink)
            baseline += type_.pitch

    return _Set(type_.ascent + type_.descent + type_.pitch * (len(lines) - 1), draw)


def _line(block: Line, scale: Scale) -> _Set:
    text = printable(block.text)
    type_ = type_at(scale.size(block.size), bold=block.bold)
    if block.size == "huge":
        type_ = _fitting(text, scale, bold=block.bold)
        lines = _code_lines(text, type_, scale.width)
    elif block.align == "left" and (item := LIST_ITEM.match(text)):
        return _item(item[0], text[item.end() :], type_, scale.width)
    else:
        lines = wrap(text, type_, scale.width, even=block.align == "center")
    return _text(lines, type_, 0, scale.width, block.align)


def _item(mark: str, text: str, type_: Type, width: int) -> _Set:
    """An entry of a list: further lines stand under its text, not under its number."""
    indent = round(type_.width(mark))
    body = _text(wrap(text, type_, width - indent), type_, indent, width - indent, "left")

    def draw(on: ImageDraw.ImageDraw, top: int) -> None:
        type_.draw(on, 0, top + type_.ascent, mark, BLACK)
        body.draw(on, top)

    return _Set(body.height, draw)


def _code_lines(text: str, type_: Type, width: int) -> list[str]:
    """A code that is too long for one line is broken after a hyphen, into lines of about equal length."""
    out: list[str] = []
    for line in text.split("\n"):
        cuts = [at for at in range(1, len(line)) if line[at - 1] == "-"]
        halves = [(line[:at], line[at:]) for at in cuts if max(type_.width(line[:at]), type_.width(line[at:])) <= width]
        if type_.width(line) <= width or not halves:
            out += wrap(line, type_, width)
        else:
            first, second = min(halves, key=lambda half: abs(type_.width(half[0]) - type_.width(half[1])))
            out += [first, second]
    return out


def _fitting(text: str, scale: Scale, *, bold: bool) -> Type:
    """The largest type in which ``text`` keeps its lines, not below the least size of a code."""
    size = scale.huge
    while size > scale.huge_least and max(type_at(size, bold=bold).width(line) for line in text.split("\n")) > scale.width:
        size -= 2
    return type_at(size, bold=bold)


def _pairs(pairs: Sequence[Pair], scale: Scale) -> list[_Set]:
    label_type = type_at(scale.small, bold=False)
    value_type = type_at(scale.normal, bold=True)
    texts = [(printable(pair.label), printable(pair.value)) for pair in pairs]
    between = scale.dots(2)
    column = min(int(scale.width * scale.pair_label_share), max(round(label_type.width(label)) for label, _ in texts))
    at = column + between
    return [_pair(label, value, label_type, value_type, column, at, scale) for label, value in texts]


def _pair(label: str, value: str, label_type: Type, value_type: Type, column: int, at: int, scale: Scale) -> _Set:
    """Label and value with their first lines on one baseline."""
    left = _text(wrap(label, label_type, column, even=True), label_type, 0, column, "left")
    right = _text(wrap(value, value_type, scale.width - at), value_type, at, scale.width - at, "left")
    drop = value_type.ascent - label_type.ascent

    def draw(on: ImageDraw.ImageDraw, top: int) -> None:
        left.draw(on, top + drop)
        right.draw(on, top)

    return _Set(max(left.height + drop, right.height), draw)


def _rule(scale: Scale) -> _Set:
    def draw(on: ImageDraw.ImageDraw, top: int) -> None:
        on.rectangle((0, top, scale.width - 1, top + 1), fill=BLACK)

    return _Set(2 + scale.block_gap, draw)


def _qr(block: QrBlock, scale: Scale) -> _Set:
    """The code beside its caption on wide paper, above it on narrow paper."""
    picture = qr_image(block.data, scale.width, scale.dpi)
    caption = printable(block.caption)
    side = picture.width
    room = scale.width - side
    type_ = type_at(scale.small, bold=False)
    if caption and room >= scale.dots(22):
        text = _text(wrap(caption, type_, room, even=True), type_, side, room, "left")

        def beside(on: ImageDraw.ImageDraw, top: int) -> None:
            on.bitmap((0, top), _ink(picture), fill=BLACK)
            text.draw(on, top + (side - text.height) // 2)

        return _Set(max(side, text.height), beside)

    under = _text(wrap(caption, type_, scale.width, even=True), type_, 0, scale.width, "center") if caption else None

    def above(on: ImageDraw.ImageDraw, top: int) -> None:
        on.bitmap(((scale.width - side) // 2, top), _ink(picture), fill=BLACK)
        if under:
            under.draw(on, top + side)

    return _Set(side + (under.height if under else 0), above)


def _ink(picture: Image.Image) -> Image.Image:
    """The picture as a mask: set where it is black."""
    return picture.point(lambda value: 0 if value else 255)


def _signatures(block: Signatures, scale: Scale) -> _Set:
    """Two columns; the roles end on one line and the notes beneath them begin on one."""
    between = scale.dots(4)
    width = (scale.width - between) // 2
    strong, plain = type_at(scale.small, bold=True), type_at(scale.small, bold=False)
    roles, notes = [], []
    for x, text in ((0, block.left), (width + between, block.right)):
        role, _, note = printable(text).partition("\n")
        roles.append(_text(wrap(role, strong, width, even=True), strong, x, width, "center"))
        notes.append(_text(wrap(note, plain, width, even=True), plain, x, width, "center"))
    upper = max(role.height for role in roles)

    def draw(on: ImageDraw.ImageDraw, top: int) -> None:
        for role, note in zip(roles, notes, strict=True):
            role.draw(on, top + upper - role.height)
            note.draw(on, top + upper)

    return _Set(upper + max(note.height for note in notes) + scale.dots(SIGNATURE_ROOM_MM), draw)


def _banner(block: Banner, scale: Scale) -> _Set:
    type_ = type_at(scale.large, bold=True)
    pad = scale.dots(1)
    text = _text(
        wrap(printable(block.text), type_, scale.width - 2 * pad, even=True), type_, pad, scale.width - 2 * pad, "center", WHITE
    )

    def draw(on: ImageDraw.ImageDraw, top: int) -> None:
        on.rectangle((0, top, scale.width - 1, top + text.height + 2 * pad - 1), fill=BLACK)
        text.draw(on, top + pad)

    return _Set(text.height + 2 * pad, draw)


def wrap(text: str, type_: Type, width: int, *, even: bool = False) -> list[str]:
    """Lines of ``text`` no wider than ``width``; words too long for a line break, after a hyphen or the like where there is one.

    ``even`` makes the lines of a paragraph about equally long without adding a line, as a title wants it.
    """
    out: list[str] = []
    for paragraph in text.split("\n"):
        words = [word for word in paragraph.split(" ") if word]
        lines = _greedy(words, type_, width)
        if len(lines) > 1 and even:
            lines = _evened(words, type_, width, len(lines))
        elif len(lines) > 1:
            lines = _without_widow(words, type_, width, lines)
        out += lines or [""]
    return out


def _greedy(words: Sequence[str], type_: Type, width: float) -> list[str]:
    lines: list[str] = []
    line = ""
    for word in words:
        joined = f"{line} {word}" if line else word
        if type_.width(joined) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        *full, line = _broken(word, type_, width)
        lines += full
    return [*lines, line] if line else lines


def _without_widow(words: Sequence[str], type_: Type, width: int, lines: list[str]) -> list[str]:
    """``lines``, or as many lines set a little narrower whose last one is no widow, if there are such."""
    for narrower in range(width, width * 3 // 4, -8):
        tried = _greedy(words, type_, narrower)
        if len(tried) > len(lines):
            break
        if type_.width(tried[-1]) >= width * WIDOW_SHARE:
            return tried
    return lines


def _broken(word: str, type_: Type, width: float) -> list[str]:
    """``word`` in pieces that fit; each piece as long as it can be, preferring to end after one of ``BREAK_AFTER``."""
    pieces = []
    while type_.width(word) > width:
        fit = max(1, bisect_right(range(1, len(word)), width, key=partial(_width_of_start, word, type_)))
        neat = max((end for end in range(fit, 0, -1) if word[end - 1] in BREAK_AFTER), default=0)
        end = neat if neat > fit // 2 else fit
        pieces.append(word[:end])
        word = word[end:]
    return [*pieces, word]


def _width_of_start(word: str, type_: Type, end: int) -> float:
    return type_.width(word[:end])


def _evened(words: Sequence[str], type_: Type, width: int, count: int) -> list[str]:
    narrow, wide = 1, width
    while narrow < wide:
        middle = (narrow + wide) // 2
        fits = all(type_.width(word) <= middle for word in words) and len(_greedy(words, type_, middle)) <= count
        narrow, wide = (narrow, middle) if fits else (middle + 1, wide)
    return _greedy(words, type_, wide)
