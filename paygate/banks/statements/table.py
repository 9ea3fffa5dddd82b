"""A file of characters as rows of cells, each with its line number."""

from __future__ import annotations

import codecs
import csv
import io

from paygate.banks.statements import columns
from paygate.banks.statements.columns import Layout, Profile
from paygate.core.errors import InvalidInput, TooLarge

MAX_ROWS = 1_000_000
MAX_CELL = 8_192
DELIMITERS = (",", ";", "\t", "|")
SAMPLE_CHARS = 200_000

Rows = list[tuple[int, list[str]]]
"""(number of the line in which the row starts, its cells)"""


def decode(raw: bytes, encoding: str | None = None) -> str:
    """The text of a file: UTF-8 or UTF-16 with its mark, else UTF-8 if it is, else the Thai code page.

    A byte that the code page does not have becomes U+FFFD: a name suffers, an amount becomes unreadable and is told.
    """
    if encoding is not None:
        try:
            return raw.decode(encoding, "replace")
        except (LookupError, UnicodeError) as error:
            raise InvalidInput(f"The file is not {encoding}: {error}") from error
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return raw.decode("utf-16", "replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp874", "replace")


def rows_of(text: str, delimiter: str, *, most: int = MAX_ROWS) -> Rows:
    """The rows that say anything. Raises TooLarge beyond *most* of them, InvalidInput for a cell without an end."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: Rows = []
    before = 0
    try:
        for row in reader:
            if any(cell and not cell.isspace() for cell in row):
                if len(rows) >= most:
                    raise TooLarge(f"A statement may have {most:,} lines.")
                rows.append((before + 1, row))
            before = reader.line_num
    except csv.Error as error:
        raise InvalidInput(f"Line {before + 1} is not CSV: {error}.") from error
    return rows


def find_layout(text: str, profile: Profile) -> tuple[str, Layout]:
    """The delimiter and the columns. Raises InvalidInput when no row could be the header."""
    sample = text[:SAMPLE_CHARS]
    best: tuple[int, str, Layout] | None = None
    for delimiter in (profile.delimiter,) if profile.delimiter else DELIMITERS:
        try:
            rows = rows_of(sample, delimiter)
        except InvalidInput:
            continue
        layout = columns.find([cells for _, cells in rows], profile)
        width = len(rows[layout.first_row][1]) if layout and layout.first_row < len(rows) else 0
        score = (layout.score if layout else 0) * 100 + min(width, 99)
        if layout is not None and (best is None or score > best[0]):
            best = score, delimiter, layout
    if best is None:
        raise InvalidInput(
            "This is no statement that can be read: no row names the columns of a date and of an amount. Say which"
            " column is what: --columns date=0,time=1,out=3,in=4,balance=5"
        )
    return best[1], best[2]
