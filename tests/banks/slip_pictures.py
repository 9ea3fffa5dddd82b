"""Slips as payers send them: drawn here, then scaled, turned, blurred and photographed. None is real."""

from __future__ import annotations

import io
import random
from collections.abc import Callable

from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

import emvco
from emvco import qr

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz"
Distort = Callable[[Image.Image, random.Random], Image.Image]


def payload(seed: int) -> str:
    """An invented slip's mini QR: like KBank's or like SCB's."""
    dice = random.Random(seed)
    digits = "".join(dice.choices("0123456789", k=6))
    tail = "".join(dice.choices(LETTERS, k=6))
    if seed % 2:
        return emvco.slip_payload("004", f"0161{digits}{dice.randint(10**4, 10**5 - 1)}{tail[:3].upper()}01")
    return emvco.slip_payload("014", f"202601{digits}{tail}{tail[::-1]}")


def code(text: str, side: int) -> Image.Image:
    """One QR, *side* pixels wide with its quiet zone."""
    drawn = Image.open(io.BytesIO(qr.render(text, error="M", scale=4).png())).convert("L")
    return drawn.resize((side, side), Image.Resampling.LANCZOS)


def slip(*texts: str, seed: int = 0, side: int | None = None, width: int = 1080, height: int = 1920) -> Image.Image:
    """A slip on a coloured ground with lines like text, and its codes in the lower half."""
    dice = random.Random(seed)
    shade = Image.linear_gradient("L").resize((width, height)).point(lambda value: 150 + value // 3)
    picture = Image.merge("RGB", (shade, shade.point(lambda value: min(255, value + 15)), shade))
    draw = ImageDraw.Draw(picture)
    for row in range(60, height // 2, 70):
        draw.rounded_rectangle((60, row, 60 + dice.randint(200, width - 200), row + 26), 8, fill=(40, 60, 80))
    draw.ellipse((width - 260, 80, width - 80, 260), fill=(60, 160, 90))
    for place, text in enumerate(texts):
        size = side or dice.randint(160, 280)
        left = dice.randint(60, width - size - 60) if len(texts) == 1 else 60 + place * (width // 2)
        picture.paste(code(text, size).convert("RGB"), (left, dice.randint(height * 6 // 10, height - size - 40)))
    return picture


def edited(text: str, words: str) -> Image.Image:
    """A slip on which somebody wrote *words*, large, over what the bank's app had drawn."""
    picture = slip(text, side=240)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((60, 300, 1000, 700), fill=(255, 255, 255))
    draw.text((80, 420), words, fill=(0, 0, 0), font_size=120)
    return picture


def as_file(picture: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    """The bytes of a file."""
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def _narrow(width: int) -> Distort:
    return lambda picture, _: picture.resize((width, picture.height * width // picture.width), Image.Resampling.BICUBIC)


def _turned(low: float, high: float) -> Distort:
    def turn(picture: Image.Image, dice: random.Random) -> Image.Image:
        angle = dice.uniform(low, high) * dice.choice((-1, 1))
        return picture.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor="white")

    return turn


def _blurred(radius: float) -> Distort:
    return lambda picture, _: picture.filter(ImageFilter.GaussianBlur(radius))


def _noisy(sigma: float) -> Distort:
    return lambda picture, _: Image.blend(picture, Image.effect_noise(picture.size, sigma * 4).convert("RGB"), 0.25)


def _perspective(picture: Image.Image, dice: random.Random) -> Image.Image:
    """Seen from aside: the corners of the picture move by up to 8 %."""
    width, height = picture.size
    move = [dice.uniform(0, 0.08) for _ in range(8)]
    corners = (
        *(-width * move[0], -height * move[1]),
        *(-width * move[2], height * (1 + move[3])),
        *(width * (1 + move[4]), height * (1 + move[5])),
        *(width * (1 + move[6]), -height * move[7]),
    )
    return picture.transform(picture.size, Image.Transform.QUAD, corners, Image.Resampling.BICUBIC, fillcolor="white")


def _photographed(picture: Image.Image, dice: random.Random) -> Image.Image:
    """A photo of a screen: its lines, a shadow across it, from aside, not quite sharp."""
    lines = Image.new("L", (1, 4), 255)
    lines.putpixel((0, 0), 225)
    moire = Image.new("L", picture.size)
    for row in range(0, picture.height, 4):
        moire.paste(lines.resize((picture.width, 4)), (0, row))
    shadow = Image.linear_gradient("L").rotate(90).resize(picture.size).point(lambda value: 140 + value * 115 // 255)
    seen = Image.composite(picture, Image.new("RGB", picture.size), moire)
    seen = Image.composite(seen, Image.new("RGB", picture.size), shadow)
    return _blurred(1.0)(_perspective(seen, dice), dice)


def _dark(picture: Image.Image, _: random.Random) -> Image.Image:
    return ImageEnhance.Brightness(picture).enhance(0.35)


def _inverted(picture: Image.Image, _: random.Random) -> Image.Image:
    return picture.point(lambda value: 255 - value)


def _right_angle(picture: Image.Image, dice: random.Random) -> Image.Image:
    return picture.rotate(dice.choice((90, 180, 270)), expand=True)


def _plain(picture: Image.Image, _: random.Random) -> Image.Image:
    return picture


# Condition -> how it is done, JPEG quality (0: PNG), the least share that must be read: all of them where zxing-cpp was
# measured to read all; of the strongly blurred ones a part.
CONDITIONS: dict[str, tuple[Distort, int, float]] = {
    "clean png": (_plain, 0, 1.0),
    "jpeg 90": (_plain, 90, 1.0),
    "jpeg 60": (_plain, 60, 1.0),
    "jpeg 40": (_plain, 40, 1.0),
    "noise": (_noisy(12), 70, 1.0),
    "720 pixels wide": (_narrow(720), 75, 1.0),
    "blur 1.5": (_blurred(1.5), 75, 1.0),
    "blur 2.5": (_blurred(2.5), 75, 0.6),
    "right angle": (_right_angle, 80, 1.0),
    "turned 3 to 8 degrees": (_turned(3, 8), 80, 1.0),
    "turned 15 to 45 degrees": (_turned(15, 45), 80, 1.0),
    "perspective": (_perspective, 80, 1.0),
    "photo of a screen": (_photographed, 75, 1.0),
    "dark": (_dark, 80, 1.0),
    "inverted": (_inverted, 80, 1.0),
}
