"""Codes in pictures from strangers: photographs and screenshots, of any size and kind."""

from __future__ import annotations

import io
import warnings

import zxingcpp
from PIL import Image

from paygate.core.errors import InvalidInput

MAX_PIXELS = 50_000_000  # A large photograph; checked before anything is unpacked.
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")


def read_codes(content: bytes) -> list[str]:
    """The text of each code in a picture, as written in it; empty when there is none.

    Raises InvalidInput (file) for what is no picture of FORMATS, is damaged, or has more than MAX_PIXELS.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # Our own limit is lower.
            with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
                width, height = opened.size
                if width * height > MAX_PIXELS:
                    raise InvalidInput(f"The picture has more than {MAX_PIXELS // 1_000_000} megapixels.", field="file")
                grey = _on_white(opened)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        # Pillow's words for damaged files are these four.
        raise InvalidInput(
            "The file is not a readable PNG, JPEG, WebP, GIF, BMP or TIFF picture.", field="file"
        ) from error
    found = zxingcpp.read_barcodes(grey, text_mode=zxingcpp.TextMode.Plain)
    return [one.text for one in found if one.text]


def _on_white(picture: Image.Image) -> Image.Image:
    """In grey, what is transparent as paper."""
    if picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info:
        coloured = picture.convert("RGBA")
        paper = Image.new("RGBA", coloured.size, "white")
        return Image.alpha_composite(paper, coloured).convert("L")
    return picture.convert("L")
