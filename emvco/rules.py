"""EMVCo's rules for single data objects: the layer above structure and CRC, below any scheme.

Presence follows the Thai practice that every PromptPay code shows: 52, 59 and 60 may be missing although EMVCo calls
them mandatory; 53 and 58 and one account may not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from emvco import amount, tags
from emvco.errors import FieldError
from emvco.tlv import DataObject, join

Children = Mapping[str, Sequence[DataObject]]


def problems(objects: Sequence[DataObject], children: Children) -> Iterator[FieldError]:
    """Everything that breaks EMVCo in a structurally sound payload, in the order of the text, missing things last."""
    values = {thing.id: thing.value for thing in objects}
    for thing in objects:
        sound = _SOUND.get(thing.id)
        if sound is None or not sound(thing.value):
            yield from _root(thing, values, children)
        elif thing.id in tags.IDENTIFIED:
            yield from _identifier(children[thing.id], thing.id)
    # A missing object has no place of its own; it could still be written where the CRC begins.
    end = objects[-1].offset
    for tag in ("53", "58"):
        if tag not in values:
            yield FieldError("missing", end, tag, f"{tags.ROOT[tag].name} is mandatory")
    if tags.ACCOUNTS.isdisjoint(values):
        yield FieldError("no_account", end, "", "there is no merchant account (one of the tags 02 to 51)")


def _root(thing: DataObject, values: Mapping[str, str], children: Children) -> Iterator[FieldError]:
    tag = tags.ROOT.get(thing.id)
    if tag is None:
        if thing.id == "62":
            yield from _additional(children)
        elif thing.id == "64":
            yield from _language(thing, children["64"])
        elif thing.id in tags.IDENTIFIED:
            yield from _identifier(children[thing.id], thing.id)
        return
    wrong = _shape(thing, thing.id, tag)
    if wrong is not None:
        yield wrong
        return
    match thing.id:
        case "00" if thing.value != "01":
            yield FieldError("unknown_format", thing.value_offset, "00", "the only payload format is 01")
        case "01" if thing.value not in {tags.STATIC, tags.DYNAMIC}:
            yield FieldError("unknown_initiation", thing.value_offset, "01", "static is 11, dynamic is 12")
        case "54":
            yield from _amount(thing)
        case "55" | "56" | "57":
            yield from _tip(thing, values)


def _shape(thing: DataObject, path: str, tag: tags.Tag) -> FieldError | None:
    """Format and length by the table."""
    if len(thing.value) > tag.length_max:
        where = thing.value_offset + tag.length_max
        return FieldError("too_long", where, path, f"{tag.name} has at most {tag.length_max} characters")
    if len(thing.value) < tag.length_min:
        return FieldError("too_short", thing.value_offset, path, f"{tag.name} has {tag.length_min} characters")
    if tag.format == "N" and not (thing.value.isascii() and thing.value.isdecimal()):
        wrong = next(i for i, character in enumerate(thing.value) if not "0" <= character <= "9")
        return FieldError("not_digits", thing.value_offset + wrong, path, f"{tag.name} has digits only")
    return None


def _amount(thing: DataObject) -> Iterator[FieldError]:
    """Tags 54 and 56: both are amounts that must not be zero."""
    wrong = amount.first_wrong(thing.value)
    if wrong is not None:
        message = "an amount has digits and at most one decimal point"
        yield FieldError("bad_amount", thing.value_offset + wrong, thing.id, message)
    elif amount.is_zero(thing.value):
        yield FieldError("zero_amount", thing.value_offset, thing.id, "an amount is not zero: leave it out instead")


def _tip(thing: DataObject, values: Mapping[str, str]) -> Iterator[FieldError]:
    """Tags 55 to 57: 56 goes with 55=02 and 57 with 55=03, never alone and never together."""
    kind = values.get("55", "")
    if thing.id == "55":
        needed = {"01": None, "02": "56", "03": "57"}
        if kind not in needed:
            yield FieldError("unknown_tip", thing.value_offset, "55", "the tip indicator is 01, 02 or 03")
        elif needed[kind] is not None and needed[kind] not in values:
            yield FieldError("missing", thing.offset, str(needed[kind]), f"tip indicator {kind} needs its value")
    elif kind != {"56": "02", "57": "03"}[thing.id]:
        yield FieldError("unexpected_fee", thing.offset, thing.id, "the tip indicator in tag 55 does not ask for it")
    elif thing.id == "56":
        yield from _amount(thing)
    else:
        wrong = amount.first_wrong(thing.value)
        whole, _, fraction = thing.value.partition(".")
        if wrong is not None:
            yield FieldError("bad_percentage", thing.value_offset + wrong, "57", "a percentage is 00.01 to 99.99")
        elif len(whole) > 2 or len(fraction) > 2 or amount.is_zero(thing.value):
            yield FieldError("bad_percentage", thing.value_offset, "57", "a percentage is 00.01 to 99.99")


def _identifier(fields: Sequence[DataObject], path: str) -> Iterator[FieldError]:
    """The globally unique identifier of a scheme's template. Who has none is not asked for one here."""
    for field in fields:
        if field.id == "00" and len(field.value) > tags.IDENTIFIER_LENGTH_MAX:
            where = field.value_offset + tags.IDENTIFIER_LENGTH_MAX
            message = f"an identifier has at most {tags.IDENTIFIER_LENGTH_MAX} characters"
            yield FieldError("too_long", where, join(path, "00"), message)


def _additional(children: Children) -> Iterator[FieldError]:
    """Tag 62. An unknown id, such as the 00 of LankaQR, is kept and passes."""
    for field in children["62"]:
        path = join("62", field.id)
        tag = tags.ADDITIONAL.get(field.id)
        if tag is None:
            yield from _identifier(children.get(path, ()), path)
            continue
        wrong = _shape(field, path, tag)
        if wrong is not None:
            yield wrong
        elif field.id == "09" and (set(field.value) - set("AME") or len(set(field.value)) < len(field.value)):
            message = "the request names A, M and E, each at most once"
            yield FieldError("bad_data_request", field.value_offset, path, message)


def _language(template: DataObject, fields: Sequence[DataObject]) -> Iterator[FieldError]:
    """Tag 64: language and name are mandatory in it."""
    for field in fields:
        tag = tags.LANGUAGE.get(field.id)
        wrong = _shape(field, join("64", field.id), tag) if tag else None
        if wrong is not None:
            yield wrong
    present = {field.id for field in fields}
    for needed in ("00", "01"):
        if needed not in present:
            message = f"{tags.LANGUAGE[needed].name} is mandatory"
            yield FieldError("missing", template.value_offset, join("64", needed), message)


# What needs no second look, by one regular expression each: all of `_root` but the parts that find words for errors.
# The tags of tips and templates (55 to 57, 62, 64) are always looked at.
_SOUND: Final[dict[str, Callable[[str], object]]] = {
    tag: re.compile(pattern, re.DOTALL).fullmatch
    for tag, pattern in {
        "00": "01",
        "01": "1[12]",
        "52": "[0-9]{4}",
        "53": "[0-9]{3}",
        "54": r"(?=.{1,13}$)(?=.*[1-9])[0-9]+\.?[0-9]*",
        "58": ".{2}",
        "59": ".{1,25}",
        "60": ".{1,15}",
        "61": ".{1,10}",
        "63": ".{4}",
    }.items()
} | dict.fromkeys(tags.ACCOUNTS, bool)
