"""Small helpers to look at slips: ink as integers, the box of the ink, a picture of the paper without its margins."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageOps

from devices.printer import Profile
from tests.devices.printer.outlines import Bitmap, trimmed


def ink_rows(image: Image.Image) -> list[int]:
    """Rows of a mode "1" picture as integers, the lowest bit being the left dot."""
    assert image.mode == "1"
    mirrored = ImageOps.mirror(image)
    data = mirrored.tobytes()
    stride = (image.width + 7) // 8
    spare = stride * 8 - image.width
    full = (1 << image.width) - 1
    rows = [data[at : at + stride] for at in range(0, len(data), stride)]
    return [(int.from_bytes(row, "big") >> spare) ^ full for row in rows]


def letter_picture(image: Image.Image) -> Bitmap:
    """The ink of a picture without the white around it."""
    return trimmed(ink_rows(image))


def ink_count(image: Image.Image) -> int:
    return sum(row.bit_count() for row in ink_rows(image))


def ink_box(image: Image.Image) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the ink."""
    box = ImageOps.invert(image.convert("L")).getbbox()
    assert box
    return box


def printed_area(path: Path, profile: Profile) -> Image.Image:
    """A paper of the twin without its margins left and right."""
    paper = Image.open(path)
    margin = (profile.paper_dots - profile.width_dots) // 2
    return paper.crop((margin, 0, margin + profile.width_dots, paper.height))


def starts_with(paper: Image.Image, picture: Image.Image) -> bool:
    """Whether the paper shows exactly the picture, dot for dot, and white below it."""
    top = paper.crop((0, 0, picture.width, picture.height))
    rest = paper.crop((0, picture.height, paper.width, paper.height))
    return top.tobytes() == picture.tobytes() and ink_count(rest) == 0
