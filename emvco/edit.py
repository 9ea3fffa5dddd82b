"""Change values of a payload and sign it again; all that is not named stays as it is and where it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from emvco import crc, slip, tags, tlv
from emvco.errors import InputError
from emvco.reader import Parts
from emvco.tlv import DataObject


def replace(text: str, parts: Parts, changes: Mapping[str, str | None]) -> str:
    """*text* with other values at these paths, None to drop one, and a new CRC.

    Raises InputError for a path that cannot be ("5", "29/", the CRC itself), for a value without or with more than 99
    characters, and for dropping what is not there.
    """
    if not isinstance(changes, Mapping):
        raise InputError("wrong_type", None, "", 'changes are a mapping from path to value, as in {"54": "10.00"}')
    for path in changes:
        if not isinstance(path, str):
            raise InputError("bad_path", None, "", 'a path is text, as in "54" or "29/01"')
        if not all(step in tlv.IDS for step in path.split("/")):
            raise InputError("bad_path", None, path, 'a path is ids of two digits, as in "54" or "29/01"')
    signature = parts.objects[-1]
    if signature.id in changes:
        raise InputError("bad_path", None, signature.id, "the CRC is computed, never given")
    body = _written(parts.objects[:-1], parts.children, changes, "") + signature.id + "04"
    signed = _signature(body)
    # TrueMoney's slips, and only they, have their CRC in small letters.
    is_small = slip.looks_like(text) and signature.value != signature.value.upper()
    return body + (signed.lower() if is_small else signed)


def _signature(body: str) -> str:
    try:
        return crc.checksum(body)
    except UnicodeEncodeError as error:
        raise InputError("not_unicode", None, "", "a lone surrogate is not a character") from error


def _written(
    objects: Sequence[DataObject],
    children: Mapping[str, Sequence[DataObject]],
    changes: Mapping[str, str | None],
    parent: str,
) -> str:
    """The objects of one level with the changes that concern it or what is below."""
    here = {
        path.removeprefix(f"{parent}/").split("/")[0] for path in changes if not parent or path.startswith(f"{parent}/")
    }
    values: list[tuple[str, str]] = []
    for thing in objects:
        path = tlv.join(parent, thing.id)
        value = _value(path, thing.value, children.get(path), children, changes) if thing.id in here else thing.value
        if value is not None:
            values.append((thing.id, value))
        here.discard(thing.id)
    for tag in sorted(here):
        path = tlv.join(parent, tag)
        value = _value(path, None, (), children, changes)
        if value is None:
            raise InputError("not_there", None, path, "there is no such data object")
        place = next((i for i, (other, _) in enumerate(values) if other > tag), len(values))
        values.insert(place, (tag, value))
    return "".join(_object(tag, value, parent) for tag, value in values)


def _value(
    path: str,
    old: str | None,
    inside: Sequence[DataObject] | None,
    children: Mapping[str, Sequence[DataObject]],
    changes: Mapping[str, str | None],
) -> str | None:
    """The new value at *path*: given itself, or put together from changes below it; None to drop it."""
    below = any(other.startswith(f"{path}/") for other in changes)
    if path in changes:
        if below:
            raise InputError("bad_path", None, path, "change a template as a whole or its parts, not both")
        return changes[path]
    if inside is None or (old is None and not _is_template(path)):
        raise InputError("bad_path", None, path, "this is not a template")
    if old is None and all(value is None for other, value in changes.items() if other.startswith(f"{path}/")):
        return None
    return _written(inside, children, changes, path) or None


def _is_template(path: str) -> bool:
    parent, _, tag = path.rpartition("/")
    return tag in (tags.SYSTEM_TEMPLATES if parent == "62" else () if parent else tags.TEMPLATES)


def _object(tag: str, value: str, parent: str) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= 99:
        raise InputError("bad_length", None, tlv.join(parent, tag), "a value is text of 1 to 99 characters")
    return f"{tag}{len(value):02d}{value}"
