"""Letters drawn without FreeType, Pillow or the product: outlines by fontTools, filled by a scan-line of our own.

The judge of the slip's letters. Curves are cut into chords, every row is sampled at several heights, and a cell counts as ink
when more than ``INK`` of it lies inside the outline by the non-zero winding rule.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from fontTools.pens.basePen import BasePen
from fontTools.ttLib import TTFont

SAMPLES = 5
CHORDS = 6
INK = 0.45

Point = tuple[float, float]
Bitmap = tuple[int, ...]
"""Rows of dots as integers, cut to the ink; the lowest bit is the left dot."""


class _Chords(BasePen):
    def __init__(self, glyphs: Any) -> None:
        super().__init__(glyphs)
        self.edges: list[tuple[Point, Point]] = []
        self._first: Point = (0, 0)

    def _moveTo(self, point: Point) -> None:
        self._first = point

    def _lineTo(self, point: Point) -> None:
        self.edges.append((self._getCurrentPoint(), point))

    def _qCurveToOne(self, control: Point, end: Point) -> None:
        start = self._getCurrentPoint()
        points = [
            tuple((1 - t) ** 2 * a + 2 * (1 - t) * t * b + t * t * c for a, b, c in zip(start, control, end, strict=True))
            for t in (step / CHORDS for step in range(CHORDS + 1))
        ]
        self.edges += list(itertools.pairwise(points))

    def _closePath(self) -> None:
        if self._getCurrentPoint() != self._first:
            self.edges.append((self._getCurrentPoint(), self._first))


@cache
def _font(path: Path) -> tuple[Any, dict[int, str], int]:
    font = TTFont(path)
    return font.getGlyphSet(), font.getBestCmap(), font["head"].unitsPerEm


def letter(path: Path, char: str, size: int) -> Bitmap:
    """``char`` of the font file at ``size`` dots to the em."""
    glyphs, cmap, em = _font(path)
    pen = _Chords(glyphs)
    glyphs[cmap[ord(char)]].draw(pen)
    edges = [((x0 * size / em + size, 2 * size - y0 * size / em), (x1 * size / em + size, 2 * size - y1 * size / em))
             for (x0, y0), (x1, y1) in pen.edges]  # fmt: skip
    return trimmed([_row(edges, row, 3 * size) for row in range(3 * size)])


def _row(edges: Sequence[tuple[Point, Point]], row: int, width: int) -> int:
    cells = [0.0] * width
    for sample in range(SAMPLES):
        y = row + (sample + 0.5) / SAMPLES
        crossings = sorted(
            (x0 + (y - y0) * (x1 - x0) / (y1 - y0), 1 if y1 > y0 else -1) for (x0, y0), (x1, y1) in edges if (y0 <= y) != (y1 <= y)
        )
        winding = 0
        for (x, turn), (following, _) in itertools.pairwise(crossings):
            winding += turn
            if winding:
                _cover(cells, x, following)
    return sum(1 << at for at, cell in enumerate(cells) if cell / SAMPLES > INK)


def _cover(cells: list[float], left: float, right: float) -> None:
    for at in range(int(left), int(right) + 1):
        cells[at] += max(0.0, min(right, at + 1) - max(left, at))


def trimmed(rows: Sequence[int]) -> Bitmap:
    """Rows without the white around the ink."""
    inked = [row for row in rows if row]
    if not inked:
        return ()
    first = next(at for at, row in enumerate(rows) if row)
    last = len(rows) - next(at for at, row in enumerate(reversed(rows)) if row)
    left = min((row & -row).bit_length() - 1 for row in inked)
    return tuple(row >> left for row in rows[first:last])


def likeness(a: Bitmap, b: Bitmap, reach: int = 1) -> float:
    """Shared ink over all ink, at the best offset of at most ``reach`` dots sideways and one up or down (none with reach 0)."""
    sideways, upright = range(-reach, reach + 1), range(-min(reach, 1), min(reach, 1) + 1)
    return max(_overlap(a, b, right, down, reach) for right in sideways for down in upright)


def _overlap(a: Bitmap, b: Bitmap, right: int, down: int, reach: int) -> float:
    height = max(len(a), len(b)) + 2 * reach
    first = [0] * reach + [row << reach for row in a]
    second = [0] * (reach + down) + [row << (reach + right) for row in b]
    pairs = list(zip(first + [0] * (height - len(first)), second + [0] * (height - len(second)), strict=True))
    shared = sum((x & y).bit_count() for x, y in pairs)
    return shared / sum((x | y).bit_count() for x, y in pairs)
