"""What about an account the operator should know at once: its evidence stops making sense."""

from __future__ import annotations

from enum import StrEnum

LATEST = 50
"""Texts of a source that are looked at, of the last day; what is ignored does not count."""
FEWEST_UNREAD = 5
UNREAD_SHARE = 4  # One in so many.


class Alarm(StrEnum):
    """Why."""

    BALANCE_BREAK = "balance_break"  # Notices whose balances do not follow from each other: one is missing, or forged.
    DAY_OPEN = "day_open"  # Days that are over and not closed: books and bank differ, or nobody looked.
    UNREAD_NOTICES = "unread_notices"  # The bank writes otherwise than before, or the phone hides the words.


def unread_rising(unread: int, texts: int) -> bool:
    """Whether *unread* of a source's latest *texts* are more than now and then a strange one.

    >>> unread_rising(4, 4), unread_rising(5, 20), unread_rising(5, 21)
    (False, True, False)
    """
    return unread >= FEWEST_UNREAD and unread * UNREAD_SHARE >= texts
