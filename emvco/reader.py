"""From a text to its data objects: structure, CRC, and the rules of what it claims to be, in this order.

Two shapes share everything: an EMVCo payload (closed by tag 63) and a slip's mini QR (closed by tag 91). `read` is the
strict reader that collects broken rules; `read_leniently` also strips what stands around and mends a damaged CRC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from emvco import crc, rules, slip, tags, tlv
from emvco.errors import ChecksumError, EmvcoError, FieldError, SlipError, StructureError
from emvco.tlv import DataObject

# What stands around a code that was copied: all white space of Unicode, then marks that editors and chat programs
# leave: BOM, zero width space, word joiner, NUL.
AROUND = (
    " \t\n\v\f\r\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff\u200b\u2060\x00"
)
_SLIP_TEMPLATES: Final = frozenset({"00"})

Children = Mapping[str, tuple[DataObject, ...]]


class Repair(NamedTuple):
    """Something that lenient reading put right; `offset` counts in the text that was given."""

    code: str
    offset: int
    message: str


class Parts(NamedTuple):
    """What a text consists of: objects at the root, those inside templates by path, and the rules it breaks."""

    objects: tuple[DataObject, ...]
    children: Children
    problems: tuple[FieldError | SlipError, ...]


def read(text: str) -> Parts:
    """Structure and CRC must be right (StructureError, ChecksumError); broken rules are collected."""
    objects, children = structure(text)
    check_crc(text, objects[-1])
    return Parts(objects, children, broken_rules(text, objects, children))


def take_apart(text: str) -> Parts:
    """The parts of a text that is known to be sound, and in tag 62 of which there is no template."""
    objects = tlv.sound(text, 0, len(text))
    templates = _SLIP_TEMPLATES if slip.looks_like(text) else tags.TEMPLATES
    children = {
        thing.id: tlv.sound(text, thing.value_offset, thing.value_offset + len(thing.value))
        for thing in objects
        if thing.id in templates
    }
    return Parts(objects, children, ())


def is_template(tag: str, of_slip: bool) -> bool:
    """Does the value of this object at the root consist of data objects?"""
    return tag in (_SLIP_TEMPLATES if of_slip else tags.TEMPLATES)


def broken_rules(text: str, objects: Sequence[DataObject], children: Children) -> tuple[FieldError | SlipError, ...]:
    """What a sound structure breaks of the rules for payloads or for slips."""
    if slip.looks_like(text):
        return tuple(slip.problems(objects, children))
    return tuple(rules.problems(objects, children))


def read_leniently(text: str) -> tuple[str, Parts, tuple[Repair, ...]]:
    """The text after repairs, its parts, and what was repaired. A wrong structure or CRC is refused all the same."""
    bare = text.lstrip(AROUND)
    lead = len(text) - len(bare)
    bare = bare.rstrip(AROUND)
    repairs: list[Repair] = []
    if lead:
        repairs.append(Repair("stripped_before", 0, f"{lead} invisible characters before the code"))
    if lead + len(bare) < len(text):
        after = len(text) - lead - len(bare)
        repairs.append(Repair("stripped_after", lead + len(bare), f"{after} invisible characters after the code"))
    try:
        try:
            parts = read(bare)
        except StructureError as error:
            bare, parts, repair = _with_whole_crc(bare, error)
            repairs.append(repair._replace(offset=repair.offset + lead))
    except EmvcoError as error:
        raise error.moved(lead) from None
    return bare, parts, tuple(repairs)


def structure(text: str) -> tuple[tuple[DataObject, ...], Children]:
    """All data objects, and those inside templates by path. Goes from left to right, so the first error is raised."""
    objects: list[DataObject] = []
    children: dict[str, tuple[DataObject, ...]] = {}
    try:
        walk(text, objects, children)
    except StructureError as error:
        raise byte_counted(text) or error from None
    return tuple(objects), children


def walk(text: str, objects: list[DataObject], children: dict[str, tuple[DataObject, ...]]) -> None:
    """Fill *objects* and *children*; after a StructureError they hold what stands before it."""
    templates, last = (_SLIP_TEMPLATES, slip.TAG) if slip.looks_like(text) else (tags.TEMPLATES, crc.TAG)
    seen: dict[str, int] = {}
    length_of, ids, new = tlv.LENGTHS, tlv.IDS, tuple.__new__
    at, stop = 0, len(text)
    if not text:
        raise StructureError("empty", 0, "", "there is no text")
    while at < stop:
        value_at = at + 4
        tag = text[at : at + 2]
        length = length_of.get(text[at + 2 : value_at])
        if length is None or tag not in ids or value_at + length > stop:
            raise tlv.wrong_header(text, at, stop, "")
        end = value_at + length
        if tag in seen:
            raise tlv.duplicate(tag, at, seen[tag])
        if not seen and tag != "00":
            raise StructureError("no_format", 0, tag, "a payload begins with tag 00")
        seen[tag] = at
        if tag in templates:
            children[tag] = inside = tlv.read(text, value_at, end, tag)
            if tag == "62":
                _open_systems(text, inside, children)
        elif tag == last:
            if length != 4:
                raise StructureError("bad_crc_length", at + 2, last, "the length of the CRC is 04")
            if end != stop:
                raise StructureError("after_crc", end, "", "something follows the CRC, which must be last")
        objects.append(new(DataObject, (tag, text[value_at:end], at)))
        at = end
    if last not in seen:
        raise StructureError("no_crc", stop, last, "the CRC is missing")


def check_crc(text: str, signature: DataObject) -> None:
    """Raises ChecksumError unless *signature*, the last object, holds the CRC of all before; either case of letters."""
    try:
        expected = crc.checksum(text[: signature.value_offset])
    except UnicodeEncodeError as error:
        raise StructureError("not_unicode", error.start, "", "a lone surrogate is not a character") from None
    if signature.value != expected and not (signature.value.isascii() and signature.value.upper() == expected):
        raise ChecksumError("wrong_crc", signature.value_offset, signature.id, "the CRC is not that of the text")


def _open_systems(text: str, additional: Sequence[DataObject], children: dict[str, tuple[DataObject, ...]]) -> None:
    """The payment systems' own templates inside tag 62."""
    for thing in additional:
        if thing.id >= "50":
            path = tlv.join("62", thing.id)
            children[path] = tlv.read(text, thing.value_offset, thing.value_offset + len(thing.value), path)


def byte_counted(text: str) -> StructureError | None:
    """Some generators count the bytes of Thai text. Say so, if the text is sound when read that way."""
    if text.isascii():
        return None
    try:
        encoded = text.encode().decode("latin-1")
    except UnicodeEncodeError:
        return None
    objects: list[DataObject] = []
    try:
        walk(encoded, objects, {})
    except StructureError:
        return None
    wrong = next(thing for thing in objects if not thing.value.isascii())
    where = len(encoded[: wrong.offset].encode("latin-1").decode()) + 2
    message = "lengths were counted in bytes of UTF-8; EMVCo counts characters"
    return StructureError("byte_counted_length", where, wrong.id, message)


def _with_whole_crc(text: str, error: StructureError) -> tuple[str, Parts, Repair]:
    """Mend a CRC that was written as a number and lost its zeros: "0376" became "376".

    Some bank apps also write the shorter length ("9103" + 3). Raises *error* if the CRC so mended is not that of the
    text.
    """
    tag = slip.TAG if slip.looks_like(text) else crc.TAG
    for digits in (3, 2, 1):
        header, tail = text[-digits - 4 : -digits], text[-digits:]
        if header not in {f"{tag}04", f"{tag}0{digits}"}:
            continue
        whole = f"{text[: -digits - 4]}{tag}04{tail.zfill(4)}"
        try:
            parts = read(whole)
        except EmvcoError:
            continue
        if header == f"{tag}04":
            return whole, parts, Repair("crc_padded", len(text) - 1, "the CRC had lost its leading zeros")
        message = "the CRC had lost its leading zeros, and its length said so"
        return whole, parts, Repair("crc_length_mended", len(text) - digits - 2, message)
    raise error
