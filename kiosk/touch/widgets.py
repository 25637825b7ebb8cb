"""One door to the parts a screen is made of. A screen writes ``from kiosk.touch.widgets import Btn, Col, Txt``.

Boxes come from ``layout``, letters from ``text``, pressable things from ``controls``, drawn marks from ``marks``. Sizes are
design pixels throughout (``theme.px``); letter sizes grow with the large-text mode (``theme.pt``).
"""

from kiosk.touch.controls import (
    KINDS,
    Act,
    Badge,
    Btn,
    Chip,
    Field,
    Note,
    RoundBtn,
    Scrim,
    Surface,
    TapGuard,
    Tappable,
    chips,
    dialog,
    guard,
    title,
)
from kiosk.touch.layout import Box, Col, Grid, Native, Part, Row, Space, every
from kiosk.touch.marks import Band, Bar, Progress, Qr, Ring, Spinner, draw_band
from kiosk.touch.text import Icon, Txt

__all__ = [
    "KINDS",
    "Act",
    "Badge",
    "Band",
    "Bar",
    "Box",
    "Btn",
    "Chip",
    "Col",
    "Field",
    "Grid",
    "Icon",
    "Native",
    "Note",
    "Part",
    "Progress",
    "Qr",
    "Ring",
    "RoundBtn",
    "Row",
    "Scrim",
    "Space",
    "Spinner",
    "Surface",
    "TapGuard",
    "Tappable",
    "Txt",
    "chips",
    "dialog",
    "draw_band",
    "every",
    "guard",
    "title",
]
