"""The merchant's name in another script, tag 64: the one place where EMVCo allows Thai text.

EMVCo MPM v1.0, "Merchant Information - Language Template (ID "64")": 00 language (ISO 639, two letters), 01 name up to
25 characters, 02 city up to 15; a character is a code point, precomposed (NFC). 25 Thai characters are 75 bytes.

>>> write(LanguageTemplate("TH", "ร้านกาแฟ", "กรุงเทพ"))
'0002TH0108ร้านกาแฟ0207กรุงเทพ'
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from unicodedata import category, normalize

from emvco import fields, tlv
from emvco.errors import InputError
from emvco.tlv import DataObject


class LanguageTemplate(NamedTuple):
    """What tag 64 says: the language's two letters, the merchant's name and city in it."""

    language: str
    name: str
    city: str | None = None


def write(template: LanguageTemplate) -> str:
    """The value of tag 64; text is brought to NFC. Raises InputError.

    Never NFKC: that would take Thai SARA AM apart and make the name longer.
    """
    if type(template) is not LanguageTemplate:
        fields.require_view(template, LanguageTemplate, "64")
    language, name, city = template
    if type(language) is not str or len(language) != 2 or not (language.isascii() and language.isalpha()):
        raise InputError("bad_language", None, "64/00", "a language is two letters (ISO 639)")
    text = f"0002{language}{_object('01', name, 25)}"
    return text if city is None else text + _object("02", city, 15)


def read(children: Sequence[DataObject]) -> LanguageTemplate | None:
    """The typed view of the data objects in tag 64; None if language or name is missing, as lenient reading lets be."""
    values = {child.id: child.value for child in children}
    if "00" not in values or "01" not in values:
        return None
    return LanguageTemplate(values["00"], values["01"], values.get("02"))


def _object(tag: str, value: str, length_max: int) -> str:
    path = f"64/{tag}"
    fields.require_text(value, path)
    value = normalize("NFC", value)
    if value.isprintable() and 0 < len(value) <= length_max:
        return f"{tag}{tlv.WRITTEN[len(value)]}{value}"
    if not value.isprintable():
        fields.no_turns(value, path)
        for position, character in enumerate(value):
            if category(character) in {"Cc", "Cs", "Cn", "Co"}:
                raise InputError("bad_character", position, path, "no control characters or lone surrogates")
    fields.check_length(value, path, length_max)
    return tlv.write(tag, value)
