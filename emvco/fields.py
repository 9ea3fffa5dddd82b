"""Checks that builders share: what may stand in a field of text, digits or amounts. All raise InputError.

A reader takes what is seen in the wild; a builder writes only what every reader takes. Hence these are stricter than
`emvco.rules`: printable ASCII only, 25 characters in tag 62 and not 26, no Thai outside of tag 64.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from emvco import tlv
from emvco.errors import InputError

_is_plain = re.compile("[!-~](?:[ -~]*[!-~])?").fullmatch


def require_text(value: object, path: str) -> None:
    """A str, because a number has lost its leading zeros."""
    if not isinstance(value, str):
        raise InputError("not_text", None, path, "this is text: as a number it loses its zeros")


def ascii_text(value: str, path: str, length_max: int, length_min: int = 1) -> str:
    """*value* itself if it is printable ASCII of such a length, not beginning or ending in a space."""
    if type(value) is str and length_min <= len(value) <= length_max and _is_plain(value):
        return value
    require_text(value, path)
    if not (value.isascii() and value.isprintable()):
        wrong = next(position for position, character in enumerate(value) if not " " <= character <= "~")
        raise InputError("bad_character", wrong, path, "printable ASCII only: Thai text goes to tag 64")
    check_length(value, path, length_max, length_min)
    if value != value.strip():
        raise InputError("space_around", 0, path, "a space at the beginning or the end is lost on the way")
    return value


def digits(value: str, path: str, length: int) -> str:
    """*value* itself if it is so many ASCII digits."""
    require_text(value, path)
    if len(value) != length or not (value.isascii() and value.isdecimal()):
        raise InputError("not_digits", None, path, f"this is {length} digits")
    return value


def check_length(value: str, path: str, length_max: int, length_min: int = 1) -> None:
    """Characters are code points, as EMVCo counts them."""
    if len(value) > length_max:
        raise InputError("too_long", length_max, path, f"at most {length_max} characters")
    if len(value) < length_min:
        raise InputError("too_short", len(value), path, f"at least {length_min} characters")


def no_controls(value: str, path: str) -> None:
    """Text of any script, but nothing that steers a terminal or a printer."""
    for position, character in enumerate(value):
        if character < " " or "\x7f" <= character <= "\x9f":
            raise InputError("bad_character", position, path, "control characters do not belong into a code")


def template(values: Mapping[str, str], path: str) -> str:
    """The value of the template at *path*: its fields in ascending order."""
    value = "".join([tlv.write(tag, values[tag]) for tag in sorted(values)])
    check_length(value, path, 99)
    return value
