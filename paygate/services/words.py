"""The words that people read, out of templates/words: one file for each page, each word in Thai and English."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_BESIDE: Final = Path(__file__).parents[2] / "templates"
_INSTALLED: Final = Path(__file__).parents[1] / "_data" / "templates"
FOLDER: Final = _INSTALLED if _INSTALLED.is_dir() else _BESIDE  # Other packages may leave a `templates` beside ours.


@functools.cache
def words(page: str, language: str) -> Mapping[str, str]:
    """The words of a page in "th" or "en", out of templates/words/<page>.json."""
    catalogue = json.loads((FOLDER / "words" / f"{page}.json").read_text(encoding="utf-8"))
    return {name: said[language] for name, said in catalogue.items()}
