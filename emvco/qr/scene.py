"""What is drawn on a card or a poster, in its own units, and the SVG of it. `emvco.qr.picture` makes a PNG of it."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Final

from emvco.qr import mark, svg
from emvco.qr.board import board_of
from emvco.qr.symbol import Symbol

FONTS: Final = "Sarabun, 'Noto Sans Thai', Thonburi, 'Leelawadee UI', system-ui, sans-serif"


@dataclass(frozen=True, slots=True)
class Ground:
    """The white sheet; with a *line* it is framed, and its corners are round."""

    line: str | None = None
    radius: float = 0

    def svg(self, scene: Scene) -> str:
        if self.line is None:
            return f'<rect width="{number(scene.width)}" height="{number(scene.height)}" fill="#fff"/>'
        inner = f'width="{number(scene.width - 1)}" height="{number(scene.height - 1)}" rx="{number(self.radius)}"'
        return f'<rect x="0.5" y="0.5" {inner} fill="#fff" stroke="{self.line}"/>'


@dataclass(frozen=True, slots=True)
class Band:
    """The coloured header along the top; its upper corners may be round."""

    height: float
    colour: str
    radius: float = 0

    def svg(self, scene: Scene) -> str:
        width, height, r = number(scene.width), number(self.height), self.radius
        path = f"M0 0h{width}v{height}H0z"
        if r:
            arc = f"a{r} {r} 0 0 1 {r}"
            path = f"M0 {height}V{r}{arc} {-r}H{number(scene.width - r)}{arc} {r}V{height}z"
        return f'<path fill="{self.colour}" d="{path}"/>'


@dataclass(frozen=True, slots=True)
class Code:
    """A symbol with its quiet zone in a square; with a *mark* in its middle, if it is one of level H."""

    symbol: Symbol
    x: float
    y: float
    side: float
    mark: bytes | None = None

    def svg(self, _scene: Scene) -> str:
        border = self.symbol.border
        modules = self.symbol.size + 2 * border
        lines = board_of(self.symbol.version).lines(self.symbol.board)
        place = f"translate({number(self.x)} {number(self.y)}) scale({self.side / modules:.5f})"
        return (
            f'<g transform="{place}" shape-rendering="crispEdges">'
            f'<path fill="#fff" d="M0 0h{modules}v{modules}H0z"/>'
            f'<path stroke="#000" d="{svg.path(lines, border)}"/>'
            f"{mark.svg_image(self.mark, self.symbol.size, border, '#fff') if self.mark else ''}</g>"
        )


@dataclass(frozen=True, slots=True)
class Text:
    """One line around the middle *x*, its baseline at *y*; *room* is how wide it may be."""

    x: float
    y: float
    size: float
    text: str
    colour: str
    room: float
    bold: bool = False

    def svg(self, _scene: Scene) -> str:
        weight = ' font-weight="600"' if self.bold else ""
        place = f'x="{number(self.x)}" y="{number(self.y)}" font-size="{number(self.size)}"'
        return f'<text {place}{weight} fill="{self.colour}">{escape(self.text, quote=False)}</text>'


@dataclass(frozen=True, slots=True)
class Disc:
    """A filled circle around *x* and *y*."""

    x: float
    y: float
    radius: float
    colour: str

    def svg(self, _scene: Scene) -> str:
        return f'<circle cx="{number(self.x)}" cy="{number(self.y)}" r="{number(self.radius)}" fill="{self.colour}"/>'


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign of lines, drawn in its own units from *x* and *y* on; *unit* is how large one is."""

    x: float
    y: float
    unit: float
    lines: tuple[tuple[tuple[float, float], ...], ...]
    width: float
    colour: str

    def svg(self, _scene: Scene) -> str:
        path = "".join(
            "".join(f"{'L' if n else 'M'}{number(x)} {number(y)}" for n, (x, y) in enumerate(line))
            for line in self.lines
        )
        place = f"translate({number(self.x)} {number(self.y)}) scale({number(self.unit)})"
        return (
            f'<path transform="{place}" fill="none" stroke="{self.colour}" stroke-width="{number(self.width)}"'
            f' stroke-linejoin="round" d="{path}"/>'
        )


Item = Ground | Band | Code | Text | Disc | Sign


@dataclass(frozen=True, slots=True)
class Scene:
    """Items from the bottom up, on a sheet of *width* by *height* units."""

    width: float
    height: float
    title: str
    items: tuple[Item, ...]

    def svg(self, width: str = "", height: str = "") -> str:
        """An SVG document as large as *width* and *height* say (`148mm`), or a pixel to the unit."""
        across, down = number(self.width), number(self.height)
        page = f'width="{width or across}" height="{height or down}" viewBox="0 0 {across} {down}"'
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" {page} role="img" font-family="{FONTS}" text-anchor="middle">'
            f"<title>{escape(self.title, quote=False)}</title>{''.join(item.svg(self) for item in self.items)}</svg>\n"
        )


def number(value: float) -> str:
    """At most three decimals."""
    return f"{value:.3f}".rstrip("0").rstrip(".")
