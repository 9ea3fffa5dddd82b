"""Many symbols, in order: the same bytes that `emvco.qr.render` gives, text by text, several times as fast.

With NumPy (the extra `batch`) texts are drawn in blocks; without it, and for what it does not speed up, one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Final, Literal, overload

from emvco.errors import SymbolError
from emvco.fields import Written
from emvco.qr.codewords import Mode
from emvco.qr.spec import ErrorLevel
from emvco.qr.symbol import Options, Symbol, check_options, render

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
_BLOCK: Final = 8192


@overload
def render_many(
    texts: Iterable[str | Written],
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
    texts: Iterable[str | Written],
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
    texts: Iterable[str | Written],
    format: Literal["rows"],
    *,
    mode: Mode = ...,
    error: ErrorLevel = ...,
    scale: int = ...,
    border: int = ...,
    mask: int | None = ...,
) -> Iterator[tuple[bytes, ...]]: ...
def render_many(
    texts: Iterable[str | Written],
    format: Format = "png",
    *,
    mode: Mode = "byte",
    error: ErrorLevel = "M",
    scale: int = 8,
    border: int = 4,
    mask: int | None = None,
) -> Iterator[object]:
    """Draw each of *texts* and give what `Symbol.<format>()` gives, in their order, as they are taken.

    `format` is png, modules, svg, data_url, terminal or rows; the rest is as for `render`. Reads ahead by up to 8,192
    texts, so it can run over millions. An iterator belongs to one thread at a time. Raises SymbolError, at once for
    options, and in its turn for a text that cannot be drawn; its message tells the place.
    """
    check_options(mode, error, scale, border, mask)
    if not isinstance(format, str) or format not in _FORMATS:
        raise SymbolError("unknown_format", message=f"the format is one of {', '.join(_FORMATS)}")
    if isinstance(texts, str | bytes):
        raise SymbolError("not_many", message="texts are a list or another iterable, not one text")
    try:
        stream = iter(texts)
    except TypeError:
        raise SymbolError("not_many", message="texts are a list or another iterable") from None
    return _stream(stream, format, Options(mode, error, scale, border, mask))


def _stream(texts: Iterator[str | Written], format: Format, options: Options) -> Iterator[object]:
    vectors = _vectors(format, options)
    show = _FORMATS[format]
    done = 0
    while block := list(islice(texts, _BLOCK)):
        drawn: list[object | None] = [None] * len(block)
        count = 0
        if vectors is not None:
            # A text that cannot be drawn is found again below, in its turn.
            with suppress(SymbolError):
                plain = [text for text in block if type(text) is str]
                if len(plain) == len(block):
                    count = vectors.draw(plain, drawn)
        if count == len(block):
            yield from drawn
            done += count
            continue
        for place, (text, picture) in enumerate(zip(block, drawn, strict=True)):
            yield _single(text, show, options, done + place) if picture is None else picture
        done += len(block)


def _single(text: str | Written, show: Callable[[Symbol], object], options: Options, place: int) -> object:
    try:
        return show(render(text, **options._asdict()))
    except SymbolError as failure:
        raise SymbolError(failure.code, failure.offset, message=f"text {place}: {failure.message}") from None


def _vectors(format: Format, options: Options) -> VectorBatch | None:
    try:
        from emvco.qr.vector_batch import VectorBatch  # noqa: PLC0415  NumPy is an extra, and slow to load.
    except ImportError:
        return None
    return VectorBatch(format, options)
