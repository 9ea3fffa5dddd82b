"""Data objects: two digits of id, two decimal digits of length, then that many characters.

EMVCo MPM v1.0, 4.4.1.1: the length counts characters, not bytes, and is 01 to 99. An id occurs once at the root and
once in each template; at the root 00 comes first and 63 last, anything else in any order.

>>> write("58", "TH")
'5802TH'
>>> [(thing.id, thing.value, thing.offset) for thing in read("5802TH5303764")]
[('58', 'TH', 0), ('53', '764', 6)]
>>> read("5802TH5304764")
Traceback (most recent call last):
    ...
emvco.errors.StructureError: the text ends before the value does (truncated, tag 53, character 13)
"""

from __future__ import annotations

from typing import NamedTuple

from emvco.errors import InputError, StructureError

# Lookups instead of int(): int() and str.isdigit() also take Thai digits, "+5" and " 5".
IDS = frozenset(f"{number:02d}" for number in range(100))
WRITTEN = tuple(f"{number:02d}" for number in range(100))
LENGTHS = {f"{number:02d}": number for number in range(1, 100)}
DIGITS = frozenset("0123456789")
_object = tuple.__new__  # A NamedTuple without the detour over its keyword arguments.


class DataObject(NamedTuple):
    """One data object as it stands in the text; `offset` is where its id begins."""

    id: str
    value: str
    offset: int

    @property
    def value_offset(self) -> int:
        """Where the value begins in the text."""
        return self.offset + 4

    def __str__(self) -> str:
        return f"{self.id}{len(self.value):02d}{self.value}"


def write(tag: str, value: str) -> str:
    """One data object. Raises InputError if the value has not 1 to 99 characters."""
    length = len(value)
    if not 0 < length <= 99:
        raise InputError("bad_length", None, tag, "a value has 1 to 99 characters")
    return f"{tag}{WRITTEN[length]}{value}"


def read(text: str, start: int = 0, stop: int | None = None, parent: str = "") -> tuple[DataObject, ...]:
    """All data objects of `text[start:stop]`, which must be filled exactly.

    `parent` is the path of the template whose value this is. Raises StructureError at the first wrong character.
    """
    end = len(text) if stop is None else stop
    found: list[DataObject] = []
    seen: dict[str, int] = {}
    at = start
    while at < end:
        value_at = at + 4
        tag = text[at : at + 2]
        length = LENGTHS.get(text[at + 2 : value_at])
        if length is None or tag not in IDS or value_at + length > end:
            raise wrong_header(text, at, end, parent)
        if tag in seen:
            raise duplicate(tag, at, seen[tag], parent)
        seen[tag] = at
        found.append(_object(DataObject, (tag, text[value_at : value_at + length], at)))
        at = value_at + length
    return tuple(found)


def sound(text: str, start: int, stop: int) -> tuple[DataObject, ...]:
    """All data objects of `text[start:stop]`, which is known to consist of them."""
    found: list[DataObject] = []
    at = start
    while at < stop:
        value_at = at + 4
        end = value_at + LENGTHS[text[at + 2 : value_at]]
        found.append(_object(DataObject, (text[at : at + 2], text[value_at:end], at)))
        at = end
    return tuple(found)


def find(text: str, tag: str) -> DataObject | None:
    """The data object *tag* at the root of a text that is known to be sound."""
    return next((thing for thing in sound(text, 0, len(text)) if thing.id == tag), None)


def join(parent: str, tag: str) -> str:
    """Path of *tag* inside *parent*: "29" and "01" make "29/01"."""
    return f"{parent}/{tag}" if parent else tag


def duplicate(tag: str, at: int, first: int, parent: str = "") -> StructureError:
    """The error of a tag that stands at *at* and stood at *first* already."""
    return StructureError("duplicate_tag", at, join(parent, tag), "this tag was already there", first)


def wrong_header(text: str, at: int, end: int, parent: str) -> StructureError:
    """Say which character of the data object at *at* is the first wrong one."""
    header = text[at : min(at + 4, end)]
    for position, character in enumerate(header):
        if character not in DIGITS:
            if position < 2:
                return StructureError("bad_id", at + position, parent, "an id is two digits")
            path = join(parent, header[:2])
            return StructureError("bad_length", at + position, path, "a length is two decimal digits")
    if len(header) < 4:
        if parent:
            return StructureError("stray_characters", at, parent, "the template has characters left over")
        return StructureError("truncated", end, "", "the text ends inside a data object")
    path = join(parent, header[:2])
    if header[2:] == "00":
        return StructureError("zero_length", at + 2, path, "a length is 01 to 99")
    if parent:
        return StructureError(
            "too_long_for_template", at + 2, path, "the length reaches beyond the end of its template"
        )
    return StructureError("truncated", end, path, "the text ends before the value does")
