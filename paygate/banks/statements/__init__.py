"""Bank statements: CSV of any layout, MT940, CAMT.053. Pure: bytes in, a Statement out."""

from __future__ import annotations

from paygate.banks.statements import camt053, csv_, mt940
from paygate.banks.statements.columns import Profile
from paygate.core.errors import InvalidInput, TooLarge
from paygate.core.statements import Statement

__all__ = ["MAX_BYTES", "Profile", "read"]

KIND = "statement"
RANK = "D"
MAX_BYTES = 64 << 20

# What people send by mistake, and what to send instead.
STRANGERS = {
    b"PK\x03\x04": "This is a workbook or an archive: save the sheet as CSV and send that.",
    b"\xd0\xcf\x11\xe0": "This is an old Excel workbook: save the sheet as CSV and send that.",
    b"%PDF": "This is a PDF: ask the bank for CSV, MT940 or CAMT.053.",
}


def read(raw: bytes, name: str | None = None, profile: Profile | None = None) -> Statement:
    """The statement in *raw*; what it is, its content tells, not its *name*, which only makes messages clearer.

    *profile* says which column of a CSV is what, where the header does not. Raises TooLarge (64 MiB, 1,000,000 lines)
    and InvalidInput, saying why, for what is no statement; a row that cannot be read is a problem of the Statement.
    """
    called = f"{name}: " if name else ""
    if len(raw) > MAX_BYTES:
        raise TooLarge(f"{called}A statement may have {MAX_BYTES >> 20} MiB.")
    for magic, advice in STRANGERS.items():
        if raw.startswith(magic):
            raise InvalidInput(called + advice)
    try:
        if camt053.looks_like(raw):
            return camt053.read(raw)
        if mt940.looks_like(raw):
            return mt940.read(raw)
        return csv_.read(raw, profile or Profile())
    except InvalidInput as error:
        raise InvalidInput(called + error.message, field=error.field) from error
