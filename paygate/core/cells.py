"""Cells of the CSV files that we write for spreadsheets."""

from __future__ import annotations

# A cell that begins so is run as a formula by spreadsheets (OWASP, CSV injection); an apostrophe makes it text.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def harmless(text: str | None) -> str:
    """A text of somebody else's as a cell."""
    return f"'{text}" if text and text.startswith(FORMULA) else text or ""
