"""What a camera sees of a card held before it, drawn: an invented card with a real QR, turned, blurred, dim or in glare."""

from __future__ import annotations

import random
from dataclasses import dataclass

import qrcode
from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter

CARD = "004190000001||Nông Thị Mẫu|01021990|Nữ|Xóm Mẫu, Vĩnh Quang, Thành phố Cao Bằng, Cao Bằng|15042021"
WIDTH, HEIGHT = 1280, 720


@dataclass(frozen=True)
class View:
    """How the card is held. ``share``: width of the QR in widths of the picture; ``blur`` in pixels; ``light`` 1.0 is good."""

    share: float = 0.25
    turned: float = 0.0
    tilt: float = 0.0
    blur: float = 0.8
    light: float = 1.0
    glare: float = 0.0
    noise: int = 8
    seed: int = 1


def code(text: str, width: int) -> Image.Image:
    """The QR of ``text`` with its quiet zone, ``width`` pixels wide."""
    drawn = qrcode.QRCode(border=4, error_correction=qrcode.constants.ERROR_CORRECT_M)
    drawn.add_data(text)
    return drawn.make_image().get_image().convert("L").resize((width, width), Image.Resampling.BOX)


def frame(view: View, *texts: str) -> Image.Image:
    """A grey picture of the codes ``texts`` side by side on cards before a restless ground."""
    rng = random.Random(view.seed)
    picture = _ground(rng)
    for place, text in enumerate(texts):
        card, mask = _card(text, view)
        middle = WIDTH * (place + 1) // (len(texts) + 1), HEIGHT // 2
        picture.paste(card, (middle[0] - card.width // 2, middle[1] - card.height // 2), mask)
    if view.glare:
        shine = Image.new("L", (WIDTH, HEIGHT))
        x, y = WIDTH * (0.5 + rng.uniform(-0.03, 0.03)), HEIGHT * (0.5 + rng.uniform(-0.05, 0.05))
        ImageDraw.Draw(shine).ellipse((x - 60, y - 60, x + 60, y + 60), fill=int(255 * view.glare))
        picture = ImageChops.add(picture, shine.filter(ImageFilter.GaussianBlur(40)))
    picture = ImageEnhance.Brightness(picture.filter(ImageFilter.GaussianBlur(view.blur))).enhance(view.light)
    grain = Image.frombytes("L", picture.size, rng.randbytes(WIDTH * HEIGHT)).point(lambda grey: grey * view.noise // 255)
    return ImageChops.add(picture, grain, offset=-view.noise // 2)


def _ground(rng: random.Random) -> Image.Image:
    ground = Image.new("L", (WIDTH, HEIGHT), 90)
    pen = ImageDraw.Draw(ground)
    for _ in range(120):
        x, y = rng.randrange(WIDTH), rng.randrange(HEIGHT)
        pen.rectangle((x, y, x + rng.randrange(20, 200), y + rng.randrange(10, 120)), fill=rng.randrange(30, 220))
    return ground


def _card(text: str, view: View) -> tuple[Image.Image, Image.Image]:
    width = int(WIDTH * view.share)
    card = Image.new("L", (int(width * 1.5), int(width * 1.3)), 205)
    card.paste(code(text, width), (width // 4, width // 7))
    mask = Image.new("L", card.size, 255)
    if view.tilt:
        lean = view.tilt * card.height
        corners = (0, 0, 0, card.height, card.width, card.height + lean, card.width, -lean)
        card, mask = (one.transform(one.size, Image.Transform.QUAD, corners, Image.Resampling.BICUBIC) for one in (card, mask))
    turned = [one.rotate(view.turned, Image.Resampling.BICUBIC, expand=True) for one in (card, mask)]
    return turned[0], turned[1]
