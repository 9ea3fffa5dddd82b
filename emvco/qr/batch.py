"""Many symbols, in order: the same bytes that `emvco.qr.render` gives, text by text, several times as fast.

With NumPy (the extra `batch`) texts are drawn in blocks; without it, and for what it does not speed up, one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, overload

from emvco.errors import SymbolError
from emvco.qr import tables
from emvco.qr.codewords import Mode, Template, template_for
from emvco.qr.spec import ErrorLevel
from emvco.qr.symbol import Symbol, check_options, render, utf8

if TYPE_CHECKING:
    from emvco.qr.vector_batch import VectorBatch

TextFormat = Literal["svg", "data_url", "terminal"]
Format = Literal["png", "modules", "rows", "svg", "data_url", "terminal"]

_FORMATS: Final[dict[str, Callable[[Symbol], object]]] = {
    "png": Symbol.png,
    "modules": Symbol.modules,
    "rows": Symbol.rows,
    "svg": Symbol.svg,
    "data_url": Symbol.data_url,
    "terminal": Symbol.terminal,
}
# Bounds the memory of a stream, whatever its length; and what is drawn in vain if the taker stops early.
_BLOCK: Final = 4096
_WORTH_VECTORS: Final = 24  # Fewer texts of a template are drawn one by one.


@overload
def render_many(
    texts: Iterable[str],
    format: Literal["png", "modules"] = "png",
    *,
    mode: Mode = ...,
    error: ErrorLevel = ...,
    scale: int = ...,
    border: int = ...,
    mask: int | None = ...,
) -> Iterator[bytes]: ...
@overload
def render_many(
    texts: Iterable[str],
    format: TextFormat,
    *,
    mode: Mode = ...,
    error: ErrorLevel = ...,
    scale: int = ...,
    border: int = ...,
    mask: int | None = ...,
) -> Iterator[str]: ...
@overload
def render_many(
    texts: Iterable[str],
    format: Literal["rows"],
    *,
    mode: Mode = ...,
    error: ErrorLevel = ...,
    scale: int = ...,
    border: int = ...,
    mask: int | None = ...,
) -> Iterator[tuple[bytes, ...]]: ...
def render_many(
    texts: Iterable[str],
    format: Format = "png",
    *,
    mode: Mode = "byte",
    error: ErrorLevel = "M",
    scale: int = 8,
    border: int = 4,
    mask: int | None = None,
) -> Iterator[object]:
    """Draw each of *texts* and give what `Symbol.<format>()` gives, in their order, as they are taken.

    `format` is png, modules, svg, data_url, terminal or rows; the rest is as for `render`. Reads ahead by up to 4,096
    texts, so it can run over millions. An iterator belongs to one thread at a time. Raises SymbolError, at once for
    options, and in its turn for a text that cannot be drawn; its message tells the place.
    """
    check_options(mode, error, scale, border, mask)
    if format not in _FORMATS:
        raise SymbolError("unknown_format", message=f"the format is one of {', '.join(_FORMATS)}")
    return _stream(iter(texts), format, _Options(mode, error, scale, border, mask))


class _Options(NamedTuple):
    mode: Mode
    error: ErrorLevel
    scale: int
    border: int
    mask: int | None


def _stream(texts: Iterator[str], format: Format, options: _Options) -> Iterator[object]:
    vectors = _vectors(format, options)
    done = 0
    while block := list(islice(texts, _BLOCK)):
        groups, failure = _grouped(block, options)
        results: list[object] = [None] * sum(map(len, groups.values()))
        for template, places in groups.items():
            chosen = [block[place] for place in places]
            for place, result in zip(places, _drawn(template, chosen, format, options, vectors), strict=True):
                results[place] = result
        yield from results
        if failure is not None:
            raise SymbolError(failure.code, failure.offset, message=f"text {done + len(results)}: {failure.message}")
        done += len(block)


def _drawn(
    template: Template, texts: list[str], format: Format, options: _Options, vectors: VectorBatch | None
) -> list[object]:
    if vectors is not None and template.version <= tables.VERSION_MAX and len(texts) >= _WORTH_VECTORS:
        drawn = vectors.draw(template, [text.encode() for text in texts])
        if drawn is not None:
            return drawn
    show = _FORMATS[format]
    return [show(render(text, **options._asdict())) for text in texts]


def _grouped(block: list[str], options: _Options) -> tuple[dict[Template, list[int]], SymbolError | None]:
    """Places by template, up to the first text that cannot be drawn."""
    groups: dict[Template, list[int]] = {}
    for place, text in enumerate(block):
        try:
            template = template_for(utf8(text), options.mode, options.error)
        except SymbolError as failure:
            return groups, failure
        places = groups.get(template)
        if places is None:
            groups[template] = [place]
        else:
            places.append(place)
    return groups, None


def _vectors(format: Format, options: _Options) -> VectorBatch | None:
    try:
        from emvco.qr.vector_batch import VectorBatch  # noqa: PLC0415  NumPy is an extra, and slow to load.
    except ImportError:
        return None
    return VectorBatch(format, options.error, options.scale, options.border, options.mask)
