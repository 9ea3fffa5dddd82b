"""VAT of a purchase, tag 80 (Thai "VAT TQRC"): the seller's tax branch, the rate, the tax.

Sub-tags: 00 branch (4), 01 rate (1 to 5, optional), 02 amount of VAT (1 to 13). Unlike EMVCo's unreserved templates it
has no identifier of its own in 00; a tag 80 whose 00 is longer than four characters is another scheme's.

>>> write(Vat("0000", 700, "7.00"))
'0004000001047.0002047.00'
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from emvco import amount, fields, tlv
from emvco.errors import InputError, SchemeError
from emvco.tlv import DataObject


class Vat(NamedTuple):
    """What tag 80 says; `rate` in percent, as it is written ("7.00")."""

    branch: str
    amount_satang: int
    rate: str | None = None


def write(vat: Vat) -> str:
    """The value of tag 80. A tax of nothing is allowed (a rate of zero). Raises InputError."""
    if type(vat) is not Vat:
        fields.require_view(vat, Vat, "80")
    branch, satang, rate = vat
    percent = ""
    if rate is not None:
        percent = _write_rate(rate)
        wrong = amount.first_wrong(rate)
        if wrong is not None:
            raise InputError("bad_rate", wrong, "80/01", "a rate is digits and a decimal point")
    if type(satang) is not int:
        raise InputError("amount_not_integer", None, "80/02", "the amount is an integer number of satang")
    if not 0 <= satang <= amount.SATANG_MAX:
        raise InputError("amount_out_of_range", None, "80/02", f"the amount is 0 to {amount.SATANG_MAX} satang")
    tax = f"{satang // 100}{amount.CENTS[satang % 100]}"
    return f"0004{fields.digits(branch, '80/00', 4)}{percent}02{tlv.WRITTEN[len(tax)]}{tax}"


_write_rate = fields.text_object("01", "80/01", 5)


def is_foreign(children: Sequence[DataObject]) -> bool:
    """Is this tag 80 a template of another scheme, with its identifier in 00?"""
    return any(child.id == "00" and len(child.value) > 5 for child in children)


def read(children: Sequence[DataObject], offset: int) -> Vat:
    """The typed view of tag 80, whose value begins at *offset*. Raises SchemeError at what is wrong."""
    by_tag = {child.id: child for child in children}
    for tag, what in (("00", "the tax branch"), ("02", "the amount of VAT")):
        if tag not in by_tag:
            raise SchemeError("missing", offset, f"80/{tag}", f"{what} is mandatory")
    branch, tax, rate = by_tag["00"], by_tag["02"], by_tag.get("01")
    if len(branch.value) != 4:
        raise SchemeError("bad_branch", branch.value_offset, "80/00", "a tax branch has 4 characters")
    for number, path, length_max in ((rate, "80/01", 5), (tax, "80/02", 13)):
        if number is None:
            continue
        wrong = length_max if len(number.value) > length_max else amount.first_wrong(number.value)
        if wrong is not None:
            raise SchemeError("bad_amount", number.value_offset + wrong, path, "digits and at most one decimal point")
    satang = amount.read(tax.value, tax.value_offset, "80/02")
    return Vat(branch.value, satang, rate.value if rate else None)
