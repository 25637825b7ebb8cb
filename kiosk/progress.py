"""A bar on a terminal while something long runs; nothing at all where nobody looks."""

from __future__ import annotations

import sys
import time
from types import TracebackType

WIDTH = 32
_EVERY = 0.1


class Bar:
    """``with Bar("Đang ghi", total) as bar: bar.add(n)``. Counts bytes; time is only for how often it is drawn."""

    def __init__(self, label: str, total: int, *, quiet: bool = False) -> None:
        self._label = label
        self._total = total
        self._done = 0
        self._shown = not quiet and total > 0 and sys.stderr.isatty()
        self._drawn = 0.0

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._shown:
            self._draw()
            sys.stderr.write("\n")

    def add(self, size: int) -> None:
        """So many bytes more are done."""
        self._done += size
        now = time.monotonic()
        if self._shown and now - self._drawn >= _EVERY:
            self._drawn = now
            self._draw()

    def _draw(self) -> None:
        sys.stderr.write("\r" + bar_line(self._label, self._done, self._total))
        sys.stderr.flush()


def bar_line(label: str, done: int, total: int) -> str:
    """One line: label, bar, share and megabytes."""
    share = min(1.0, done / total) if total else 1.0
    filled = round(share * WIDTH)
    size = f"{done / 1e6:.1f}/{total / 1e6:.1f} MB".replace(".", ",")
    return f"{label} [{'█' * filled}{'·' * (WIDTH - filled)}] {share:4.0%} {size}"
