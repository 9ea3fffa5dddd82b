"""Search over sections of pages. It knows no words: Thai is written without spaces, so parts of the text are compared.

Every term of a question (parted by spaces) must be somewhere in a section; where that finds nothing, sections with
most of the question's groups of three letters come instead. docs.js does the same in the browser, over the same index.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

MOST: Final = 20
MOST_CHARS: Final = 100
GRAM: Final = 3
ENOUGH: Final = 0.6
IN_TITLE: Final = 30
IN_PAGE: Final = 5


@dataclass(frozen=True, slots=True)
class Entry:
    """A section: where it is, its page, its heading, and what it says."""

    url: str
    page: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry that fits, with the part of its text around the first term."""

    entry: Entry
    excerpt: str


def folded(text: str) -> str:
    """The text as it is compared."""
    return unicodedata.normalize("NFC", text).casefold()


def search(entries: Sequence[Entry], question: str) -> list[Hit]:
    """The entries that fit best, the best first."""
    asked = folded(question[:MOST_CHARS].strip())
    terms = asked.split()
    if not terms:
        return []
    scored = [(_exact(entry, terms), entry) for entry in entries]
    if not any(score for score, _ in scored):
        grams = _grams(asked)
        scored = [(_alike(entry, grams), entry) for entry in entries] if grams else []
    best = sorted((one for one in scored if one[0]), key=lambda one: -one[0])[:MOST]
    return [Hit(entry, _excerpt(entry.text, terms)) for _, entry in best]


def _exact(entry: Entry, terms: Sequence[str]) -> float:
    title, page, text = folded(entry.title), folded(entry.page), folded(entry.text)
    score = 0.0
    for term in terms:
        found = IN_TITLE * (term in title) + IN_PAGE * (term in page) + min(text.count(term), 4)
        if not found:
            return 0
        score += found
    return score


def _alike(entry: Entry, grams: set[str]) -> float:
    here = folded(f"{entry.title} {entry.page} {entry.text}")
    part = sum(gram in here for gram in grams) / len(grams)
    titled = sum(gram in folded(entry.title) for gram in grams) / len(grams)
    return part + titled if part >= ENOUGH else 0


def _grams(text: str) -> set[str]:
    return {text[n : n + GRAM] for n in range(len(text) - GRAM + 1)}


def _excerpt(text: str, terms: Sequence[str], around: int = 70) -> str:
    here = folded(text)
    places = [here.find(term) for term in terms if term in here]
    at = min(places, default=0)
    start = max(0, at - around)
    return ("…" if start else "") + text[start : at + 2 * around].strip() + ("…" if at + 2 * around < len(text) else "")
