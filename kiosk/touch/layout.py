"""Boxes that place their children at once: measure from the top down, place, done.

Kivy's own layouts settle over several clock passes and guess at the heights of wrapped text. Here a parent asks each child
what it wants at a given width (:meth:`Part.want`) and then gives it a rectangle (:meth:`Part.place`); a screen is complete
after one call, which makes geometry testable and building fast. Coordinates are Kivy's: origin bottom left, real pixels.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kivy.uix.widget import Widget

from kiosk.touch.theme import px

LEAST_KEPT = 0.2
"""Share of its wish that a shrinking part always keeps."""


class Part(Widget):
    """A widget placed by its parent. ``w`` and ``h`` are fixed sizes in design px (``None``: as the content wants);
    ``flex`` is the share of left-over room it takes along its parent's axis; ``key`` is its stable id for tests and demo.
    A part whose class says ``shrinks`` gives room back when its siblings want more than there is."""

    shrinks: bool = False

    def __init__(
        self, *parts: Widget, w: float | None = None, h: float | None = None, flex: float = 0.0, key: str = "", **kwargs: Any
    ) -> None:
        super().__init__(size_hint=(None, None), size=(0, 0), **kwargs)
        self.fixed_w = None if w is None else px(w)
        self.fixed_h = None if h is None else px(h)
        self.flex = flex
        self.key = key
        for part in parts:
            self.add_widget(part)

    @property
    def parts(self) -> list[Part]:
        """Children in the order they were given (Kivy keeps them backwards)."""
        return list(reversed(self.children))

    def natural(self, width: float) -> tuple[float, float]:
        """Size the content wants when at most ``width`` wide."""
        w, h = 0.0, 0.0
        for part in self.parts:
            pw, ph = part.want(width)
            w, h = max(w, pw), max(h, ph)
        return w, h

    def want(self, width: float) -> tuple[float, float]:
        """Size wanted, fixed sizes considered."""
        if self.fixed_w is not None:
            width = self.fixed_w
        if self.fixed_w is not None and self.fixed_h is not None:
            return self.fixed_w, self.fixed_h
        w, h = self.natural(width)
        return (w if self.fixed_w is None else self.fixed_w), (h if self.fixed_h is None else self.fixed_h)

    def place(self, x: float, y: float, w: float, h: float) -> None:
        """Take the rectangle and place the children in it."""
        self.pos = (round(x), round(y))
        self.size = (round(x + w) - round(x), round(y + h) - round(y))
        self.arrange()

    def arrange(self) -> None:
        for part in self.parts:
            part.place(self.x, self.y, self.width, self.height)

    def again(self) -> None:
        """Arrange the children anew after a change inside."""
        self.arrange()


class Space(Part):
    """Empty room: ``Space(16)`` is a gap of 16 design px both ways, ``Space(flex=1)`` a spring; one that ``shrinks`` gives way."""

    def __init__(self, size: float = 0.0, *, flex: float = 0.0, shrinks: bool = False) -> None:
        self.shrinks = shrinks
        super().__init__(w=0 if flex else size, h=0 if flex else size, flex=flex)


class Native(Part):
    """Holds one ordinary Kivy widget (a RecycleView, say) and gives it its whole rectangle."""

    def __init__(self, widget: Widget, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        widget.size_hint = (None, None)
        self.widget = widget
        self.add_widget(widget)

    def natural(self, width: float) -> tuple[float, float]:
        return width, self.widget.height

    def arrange(self) -> None:
        self.widget.pos, self.widget.size = self.pos, self.size


class Box(Part):
    """Common to rows and columns. ``pad`` is one number or (left, top, right, bottom); ``gap`` lies between children;
    ``align`` says where children go across the axis: ``fill``, ``start`` (left, top), ``middle`` or ``end``."""

    def __init__(
        self,
        *parts: Widget,
        gap: float = 0.0,
        pad: float | tuple[float, float, float, float] = 0.0,
        align: str = "fill",
        **kwargs: Any,
    ) -> None:
        super().__init__(*parts, **kwargs)
        self.gap = px(gap)
        self.pad = tuple(px(p) for p in (pad if isinstance(pad, tuple) else (pad,) * 4))
        self.align = align

    def shares(self, room: float, wanted: list[float]) -> list[float]:
        """Lengths along the axis: what is wanted, springs share the rest; with too little room springs vanish and
        what shrinks gives way, down to a fifth."""
        parts = self.parts
        rest = room - sum(v for v, p in zip(wanted, parts, strict=True) if not p.flex) - self.gap * max(0, len(parts) - 1)
        giving = sum(v for v, p in zip(wanted, parts, strict=True) if p.shrinks and not p.flex)
        if rest < 0 and giving:
            keep = max(LEAST_KEPT, (giving + rest) / giving)
            wanted = [v * keep if p.shrinks and not p.flex else v for v, p in zip(wanted, parts, strict=True)]
        total = sum(p.flex for p in parts)
        return [max(0.0, rest) * p.flex / total if p.flex else v for v, p in zip(wanted, parts, strict=True)]


class Row(Box):
    """Children side by side."""

    def widths(self, room: float) -> list[float]:
        inner = room - self.pad[0] - self.pad[2]
        left, wanted = inner - self.gap * max(0, len(self.parts) - 1), []
        for part in self.parts:
            w = 0.0 if part.flex else part.want(max(0.0, left))[0]
            wanted.append(w)
            left -= w
        return self.shares(inner, wanted)

    def natural(self, width: float) -> tuple[float, float]:
        widths = self.widths(width)
        heights = [part.want(w)[1] for part, w in zip(self.parts, widths, strict=True)]
        across = max(heights, default=0.0) + self.pad[1] + self.pad[3]
        least = [min(w, part.want(w)[0]) if part.flex else w for part, w in zip(self.parts, widths, strict=True)]
        return sum(least) + self.gap * max(0, len(widths) - 1) + self.pad[0] + self.pad[2], across

    def arrange(self) -> None:
        x, bottom = self.x + self.pad[0], self.y + self.pad[3]
        room = self.height - self.pad[1] - self.pad[3]
        for part, w in zip(self.parts, self.widths(self.width), strict=True):
            h = room if self.align == "fill" and part.fixed_h is None else min(part.want(w)[1], room)
            drop = {"start": room - h, "end": 0.0}.get(self.align, (room - h) / 2)
            part.place(x, bottom + drop, w, h)
            x += w + self.gap


class Col(Box):
    """Children one under the other."""

    def natural(self, width: float) -> tuple[float, float]:
        inner = width - self.pad[0] - self.pad[2]
        sizes = [part.want(inner) for part in self.parts]
        height = sum(h for _, h in sizes) + self.gap * max(0, len(sizes) - 1) + self.pad[1] + self.pad[3]
        return max((w for w, _ in sizes), default=0.0) + self.pad[0] + self.pad[2], height

    def arrange(self) -> None:
        inner = self.width - self.pad[0] - self.pad[2]
        sizes = [part.want(inner) for part in self.parts]
        heights = self.shares(self.height - self.pad[1] - self.pad[3], [h for _, h in sizes])
        top = self.top - self.pad[1]
        for part, (w, _), h in zip(self.parts, sizes, heights, strict=True):
            width = inner if self.align == "fill" and part.fixed_w is None else min(w, inner)
            shift = {"start": 0.0, "fill": 0.0, "end": inner - width}.get(self.align, (inner - width) / 2)
            part.place(self.x + self.pad[0] + shift, top - h, width, h)
            top -= h + self.gap


class Grid(Box):
    """Equal cells in ``cols`` columns, filled row by row; the last row keeps the width of the others.

    Rows share the height given; ``row`` fixes their height in design px instead."""

    def __init__(self, *parts: Widget, cols: int, row: float | None = None, **kwargs: Any) -> None:
        super().__init__(*parts, **kwargs)
        self.cols = cols
        self.row = None if row is None else px(row)

    @property
    def rows(self) -> int:
        return -(-len(self.children) // self.cols)

    def natural(self, width: float) -> tuple[float, float]:
        cell = (width - self.pad[0] - self.pad[2] - self.gap * (self.cols - 1)) / self.cols
        tallest = self.row or max((p.want(cell)[1] for p in self.parts), default=0.0)
        return width, tallest * self.rows + self.gap * max(0, self.rows - 1) + self.pad[1] + self.pad[3]

    def arrange(self) -> None:
        if not self.children:
            return
        w = (self.width - self.pad[0] - self.pad[2] - self.gap * (self.cols - 1)) / self.cols
        h = self.row or (self.height - self.pad[1] - self.pad[3] - self.gap * (self.rows - 1)) / self.rows
        for number, part in enumerate(self.parts):
            row, col = divmod(number, self.cols)
            part.place(self.x + self.pad[0] + col * (w + self.gap), self.top - self.pad[1] - (row + 1) * h - row * self.gap, w, h)


def every(root: Widget) -> Iterable[Widget]:
    """The widget and all below it, in drawing order."""
    yield root
    for child in reversed(root.children):
        yield from every(child)
