"""Who sells, and the tip: tags 52, 55 to 57 and 59 to 61 of EMVCo MPM v1.0.

A PromptPay code may leave all of them out, and apps look the payee's name up instead of showing tag 59; a code under
the EMVCo profile must have 52, 59 and 60. Tips are EMVCo's and by the BOT guideline not for PromptPay.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from emvco import amount, fields
from emvco.errors import FieldError, InputError, SchemeError

TipKind = Literal["prompt", "fixed", "percent"]
_TIPS: Final[dict[str, TipKind]] = {"01": "prompt", "02": "fixed", "03": "percent"}


class Merchant(NamedTuple):
    """Name (25 characters), city (15), category code (4 digits, ISO 18245), postal code (10); all printable ASCII."""

    name: str | None = None
    city: str | None = None
    category: str | None = None
    postal_code: str | None = None


class Tip(NamedTuple):
    """Tags 55 to 57: the app asks for a tip ("prompt"), or adds `amount_satang` ("fixed") or `percent` ("5.00")."""

    kind: TipKind
    amount_satang: int | None = None
    percent: str | None = None


def write_merchant(merchant: Merchant) -> str:
    """Tags 59, 60 and 61, as far as they are given; the category stands elsewhere. Raises InputError."""
    if type(merchant) is not Merchant:
        fields.require_view(merchant, Merchant, "59")
    name, city, _, postal_code = merchant
    text = "" if name is None else _write_name(name)
    if city is not None:
        text += _write_city(city)
    return text if postal_code is None else text + _write_postal_code(postal_code)


def read_merchant(values: Mapping[str, str]) -> Merchant | None:
    """Of the values at the root; None if there is nothing about the merchant."""
    merchant = Merchant(values.get("59"), values.get("60"), values.get("52"), values.get("61"))
    return None if merchant == Merchant() else merchant


def write_tip(tip: Tip) -> dict[str, str]:
    """The values of tag 55 and of 56 or 57. Raises InputError."""
    fields.require_view(tip, Tip, "55")
    indicator = next((tag for tag, kind in _TIPS.items() if kind == tip.kind), None)
    if indicator is None:
        raise InputError("unknown_tip", None, "55", "a tip is prompt, fixed or percent")
    if (tip.kind == "fixed") != (tip.amount_satang is not None) or (tip.kind == "percent") != (tip.percent is not None):
        raise InputError("unknown_tip", None, "55", "a fixed tip has an amount, a tip in percent has a percentage")
    values = {"55": indicator}
    if tip.amount_satang is not None:
        if type(tip.amount_satang) is not int or not 1 <= tip.amount_satang <= amount.SATANG_MAX:
            raise InputError("bad_amount", None, "56", f"a fixed tip is 1 to {amount.SATANG_MAX} satang")
        values["56"] = amount.data_object(tip.amount_satang)[4:]
    if tip.percent is not None:
        fields.ascii_text(tip.percent, "57", 5)
        whole, _, fraction = tip.percent.partition(".")
        wrong = amount.first_wrong(tip.percent)
        if wrong is not None or len(whole) > 2 or len(fraction) > 2 or amount.is_zero(tip.percent):
            raise InputError("bad_percentage", wrong, "57", "a percentage is 00.01 to 99.99")
        values["57"] = tip.percent
    return values


def read_tip(values: Mapping[str, str]) -> Tip | None:
    """Of the values at the root, which have passed EMVCo's rules; None if there is no tip.

    Raises EmvcoError if a code that was read leniently has a broken one.
    """
    if "55" not in values:
        return None
    kind = _TIPS.get(values["55"])
    if kind is None:
        raise FieldError("unknown_tip", None, "55", "the tip indicator is 01, 02 or 03")
    if kind == "fixed":
        fixed = values.get("56", "")
        if not fixed or amount.first_wrong(fixed) is not None:
            raise SchemeError("bad_amount", None, "56", "the fixed tip is no amount")
        return Tip(kind, amount.read(fixed, None, "56"))
    return Tip(kind, None, values.get("57")) if kind == "percent" else Tip(kind)


_write_name, _write_city, _write_postal_code = (
    fields.text_object(tag, tag, longest) for tag, longest in (("59", 25), ("60", 15), ("61", 10))
)
