"""The amount of tag 54, as integer satang (one baht is 100 satang); no float ever.

EMVCo MPM v1.0, "Transaction Amount (ID "54")": digits and at most one ".", at most 13 characters, not zero. Its own
examples: "98.73", "98" and "98." are good, "98,73" and "3 705" are not. Builders write exactly two decimals, as the
banks do.

>>> write(15000), write(1), read("98."), read("98.5")
('150.00', '0.01', 9800, 9850)
"""

from __future__ import annotations

from emvco.errors import InputError, SchemeError

SATANG_MAX = 999_999_999_999
"""Largest amount: 9999999999.99 baht, 13 characters."""

HEADERS = ("", *(f"54{digits + 3:02d}" for digits in range(1, 11)))
"""Id and length of tag 54 by the number of digits before the decimal point."""
CENTS = tuple(f".{cents:02d}" for cents in range(100))


def write(amount_satang: int) -> str:
    """Baht with two decimals. Raises InputError unless it is an int from 1 to SATANG_MAX."""
    if type(amount_satang) is not int:
        raise InputError("amount_not_integer", None, "54", "the amount is an integer number of satang")
    if not 1 <= amount_satang <= SATANG_MAX:
        raise InputError("amount_out_of_range", None, "54", f"the amount is 1 to {SATANG_MAX} satang")
    return f"{amount_satang // 100}.{amount_satang % 100:02d}"


def data_object(amount_satang: int) -> str:
    """All of tag 54, as in "5406150.00". Raises as `write` does.

    Tables instead of format specifications, because every payload with an amount passes here.
    """
    if type(amount_satang) is not int or not 0 < amount_satang <= SATANG_MAX:
        return write(amount_satang)
    whole = str(amount_satang // 100)
    return f"{HEADERS[len(whole)]}{whole}{CENTS[amount_satang % 100]}"


def first_wrong(text: str) -> int | None:
    """Index of the first character that an EMVCo amount may not have there, or None if it is written well."""
    if text[:1] != "." and text.isascii() and text.replace(".", "", 1).isdecimal():
        return None
    dots = 0
    for position, character in enumerate(text):
        if character == "." and position and not dots:
            dots = 1
        elif not "0" <= character <= "9":
            return position
    return None


def is_zero(text: str) -> bool:
    """Is this well-written amount nothing at all?"""
    return not text.strip("0.")


def read(text: str, offset: int | None = None, path: str = "54") -> int:
    """Satang of a well-written amount. Raises SchemeError if it is finer than one satang."""
    whole, _, fraction = text.partition(".")
    if len(fraction) > 2:
        where = None if offset is None else offset + len(whole) + 3
        raise SchemeError("amount_too_fine", where, path, "baht have at most two decimals")
    return int(whole) * 100 + int(fraction.ljust(2, "0"))
