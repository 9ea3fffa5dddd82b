"""Checks that builders share: what may stand in a field of text, digits or amounts. All raise InputError.

A reader takes what is seen in the wild; a builder writes only what every reader takes. Hence these are stricter than
`emvco.rules`: printable ASCII only, 25 characters in tag 62 and not 26, no Thai outside of tag 64.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, TypeVar

from emvco import tlv
from emvco.errors import InputError

_Item = TypeVar("_Item")


# Embeddings, overrides and isolates: with them text is read otherwise than it is written.
DIRECTIONS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class Written:
    """A code that has been read: its `str` is its text to the last character."""

    __slots__ = ()


def code_text(code: object) -> str:
    """The text of a code that was given as text or as it was read. Raises InputError."""
    if isinstance(code, str):
        return code
    if isinstance(code, Written):
        return str(code)
    raise InputError("not_text", None, "", "a payload is text, or what was read of it")


def require_text(value: object, path: str, what: str = "this") -> None:
    """A str, because a number has lost its leading zeros. *what* says which, where no tag does."""
    if not isinstance(value, str):
        raise InputError("not_text", None, path, f"{what} is text: as a number it loses its zeros")


def require_view(value: object, kind: type, path: str, what: str = "this") -> None:
    """What the typed views give, and not something else of as many parts."""
    if not isinstance(value, kind):
        raise InputError("wrong_type", None, path, f"{what} is of the type {kind.__name__}")


def is_unicode(text: str) -> bool:
    """Has the text bytes in UTF-8, which a lone surrogate has not?"""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def iterator(items: Iterable[_Item], what: str) -> Iterator[_Item]:
    """Over *items*, which are many; one text is not, although it could be gone through."""
    if isinstance(items, str | bytes | bytearray):
        raise InputError("not_many", None, "", f"{what} are a list or another iterable, not one text")
    try:
        return iter(items)
    except TypeError:
        raise InputError("not_many", None, "", f"{what} are a list or another iterable") from None


def text_object(tag: str, path: str, length_max: int, length_min: int = 1) -> Callable[[str], str]:
    """What writes such a data object of a value that `ascii_text` lets pass."""
    headers = {length: f"{tag}{length:02d}" for length in range(length_min, length_max + 1)}

    def write(value: str) -> str:
        if type(value) is str and value.isascii() and value.isprintable() and value.strip() == value:
            header = headers.get(len(value))
            if header is not None:
                return header + value
        return tlv.write(tag, ascii_text(value, path, length_max, length_min))

    return write


def ascii_text(value: str, path: str, length_max: int, length_min: int = 1) -> str:
    """*value* itself if it is printable ASCII of such a length, not beginning or ending in a space."""
    require_text(value, path)
    if not (value.isascii() and value.isprintable()):
        wrong = next(position for position, character in enumerate(value) if not " " <= character <= "~")
        no_controls(value, path)
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


def country(value: str, path: str) -> str:
    """*value* itself if it is a country's code."""
    require_text(value, path)
    if len(value) != 2 or not (value.isascii() and value.isalpha() and value.isupper()):
        raise InputError("bad_country", None, path, "a country is two capital letters (ISO 3166-1)")
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
        if is_control(character):
            raise InputError("bad_character", position, path, "control characters do not belong into a code")


def no_turns(value: str, path: str) -> None:
    """Text that people read: no controls, and nothing that shows it in another order than it has."""
    no_controls(value, path)
    for position, character in enumerate(value):
        if character in DIRECTIONS:
            raise InputError("bad_character", position, path, "nothing that turns the direction of text")


def is_control(character: str) -> bool:
    """C0, DEL and C1: what steers a terminal or a printer."""
    return character < " " or "\x7f" <= character <= "\x9f"


def template(values: Mapping[str, str], path: str) -> str:
    """The value of the template at *path*: its fields in ascending order."""
    value = "".join([tlv.write(tag, values[tag]) for tag in sorted(values)])
    check_length(value, path, 99)
    return value
