"""A scene as a PNG file, drawn with Pillow. Text is `emvco.qr.typeset`'s, so that it does not depend on the host."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Final

from emvco.qr import mark, typeset
from emvco.qr.colours import rgb
from emvco.qr.scene import Band, Code, Disc, Ground, Scene, Sign, Text

if TYPE_CHECKING:
    from PIL import Image

_WHITE: Final = (255, 255, 255)
_FINE: Final = 4  # Round corners are drawn this much larger, and then made smaller: Pillow does not smooth them.
_GREY: Final = bytes.maketrans(b"\x00\x01", b"\xff\x00")

Corners = tuple[bool, bool, bool, bool]
_ALL: Final[Corners] = (True, True, True, True)
_UPPER: Final[Corners] = (True, True, False, False)


def png(scene: Scene, scale: float, dpi: int | None = None) -> bytes:
    """*scale* pixels to the unit; *dpi* is only noted in the file. Raises SymbolError as `typeset.library` does."""
    module = typeset.library("PIL.Image")
    image: Image.Image = module.new("RGB", (round(scene.width * scale), round(scene.height * scale)), _WHITE)
    for item in scene.items:
        match item:
            case Ground():
                _ground(image, item, scale)
            case Band():
                _fill(image, (0, 0, image.width, round(item.height * scale)), item.colour, item.radius * scale, _UPPER)
            case Code():
                _code(image, item, scale)
            case Text():
                _text(image, item, scale)
            case Disc():
                x, y, r = (round(value * scale) for value in (item.x, item.y, item.radius))
                _fill(image, (x - r, y - r, x + r, y + r), item.colour, r, _ALL)
            case Sign():
                _sign(image, item, scale)
    out = BytesIO()
    noted = {} if dpi is None else {"dpi": (dpi, dpi)}
    # Named, so that it does not change with a default; level 9 takes three times as long for 5 %.
    image.save(out, "PNG", compress_level=6, **noted)
    return out.getvalue()


def _ground(image: Image.Image, ground: Ground, scale: float) -> None:
    if ground.line is None:
        return
    line, radius = max(1, round(scale)), ground.radius * scale
    _fill(image, (0, 0, image.width, image.height), ground.line, radius, _ALL)
    _fill(image, (line, line, image.width - line, image.height - line), "#fff", radius - line, _ALL)


def _fill(image: Image.Image, box: tuple[int, int, int, int], colour: str, radius: float, round_at: Corners) -> None:
    """A rectangle with round corners."""
    if radius <= 0:
        image.paste(rgb(colour), box)
        return
    modules = typeset.library("PIL.Image"), typeset.library("PIL.ImageDraw")
    width, height = (box[2] - box[0]) * _FINE, (box[3] - box[1]) * _FINE
    mask: Image.Image = modules[0].new("L", (width, height), 0)
    shape = (0, 0, width - 1, height - 1)
    modules[1].Draw(mask).rounded_rectangle(shape, radius * _FINE, fill=255, corners=round_at)
    image.paste(rgb(colour), box, mask.reduce(_FINE))


def _code(image: Image.Image, code: Code, scale: float) -> None:
    """Every module as many whole pixels as fit, in the middle of the square."""
    symbol, side = code.symbol, code.side * scale
    module = max(1, int(side / (symbol.size + 2 * symbol.border)))
    small = typeset.library("PIL.Image").frombytes("L", (symbol.size,) * 2, symbol.modules().translate(_GREY))
    length = symbol.size * module
    aside = (side - length) / 2
    # Nothing but white lies around: the quiet zone is there already.
    left, top = round(code.x * scale + aside), round(code.y * scale + aside)
    image.paste(small.resize((length, length), 0), (left, top))
    if code.mark is not None:
        _mark(image, code.mark, symbol.size, module, left, top)


def _mark(image: Image.Image, picture: bytes, size: int, module: int, left: int, top: int) -> None:
    """The mark on its light square, where `emvco.qr.mark` puts it."""
    library = typeset.library("PIL.Image")
    read, box = mark.read(picture), mark.box(size)
    first = (size - box) // 2 * module
    left, top = left + first, top + first
    image.paste(_WHITE, (left, top, left + box * module, top + box * module))
    side = (box - 1) * module
    sign = library.frombytes("RGBA", (read.width, read.height), read.pixels).resize((side, side), 4)  # 4: averaged.
    image.paste(sign.convert("RGB"), (left + module // 2, top + module // 2), sign.getchannel("A"))


def _sign(image: Image.Image, sign: Sign, scale: float) -> None:
    modules = typeset.library("PIL.Image"), typeset.library("PIL.ImageDraw")
    fine = sign.unit * scale * _FINE
    across, down = (max(line[n] for part in sign.lines for line in part) + sign.width for n in (0, 1))
    size = (round(across * fine / _FINE) * _FINE, round(down * fine / _FINE) * _FINE)
    mask: Image.Image = modules[0].new("L", size, 0)
    pen, width = modules[1].Draw(mask), round(sign.width * fine)
    for line in sign.lines:
        pen.line([(x * fine, y * fine) for x, y in line], 255, width, joint="curve")
    image.paste(rgb(sign.colour), (round(sign.x * scale), round(sign.y * scale)), mask.reduce(_FINE))


def _text(image: Image.Image, text: Text, scale: float) -> None:
    said = typeset.cut(text.text, text.room / text.size, bold=text.bold)
    ink = typeset.ink(said, text.x * scale, text.y * scale, text.size * scale, bold=text.bold)
    if not ink.cover:  # Nothing but characters without a shape.
        return
    mask = typeset.library("PIL.Image").frombytes("L", (ink.width, ink.height), ink.cover)
    image.paste(rgb(text.colour), (ink.left, ink.top), mask)
