"""Write down which letters every font of the product has, for the checker of forms (run once after a font changes).

``forms`` may not look into the rooms where the fonts lie, so it keeps this table; a test compares it with the fonts themselves.

    python3 deploy/build_font_coverage.py
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from fontTools.ttLib import TTFont

ROOT = Path(__file__).resolve().parent.parent
FONTS = (
    "kiosk/touch/fonts/BeVietnamPro-*.ttf",
    "kiosk/touch/fonts/NotoSans-*.ttf",
    "devices/printer/fonts/*.ttf",
    "forms/papers/fonts/*.ttf",
)
TABLE = ROOT / "forms" / "data" / "font_coverage.json"


def letters() -> set[int]:
    """Code points that every font has."""
    files = [file for pattern in FONTS for file in sorted(ROOT.glob(pattern))]
    return set.intersection(*(set(TTFont(file)["cmap"].getBestCmap()) for file in files))


def ranges(points: Iterable[int]) -> Iterator[tuple[int, int]]:
    """First and last of each run of neighbours."""
    run: list[int] = []
    for point in sorted(points):
        if run and point != run[-1] + 1:
            yield run[0], run[-1]
            run = []
        run.append(point)
    if run:
        yield run[0], run[-1]


def table() -> dict[str, object]:
    """What the file holds: runs of letters, and the names of the icons."""
    icons = json.loads((ROOT / "kiosk" / "touch" / "fonts" / "icons.json").read_text("utf-8"))
    return {"letters": [list(run) for run in ranges(letters())], "icons": sorted(icons)}


if __name__ == "__main__":
    TABLE.write_text(json.dumps(table(), separators=(",", ":")) + "\n", "utf-8")
