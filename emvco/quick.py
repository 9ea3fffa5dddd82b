"""The two shapes that nearly every Thai code has, checked whole by one regular expression and one CRC.

Mobile, national ID or e-wallet (tag 29), or a domestic bill payment (tag 30), then currency, amount and country in any
of the orders that generators write, and nothing else. Whatever does not match, be it longer, odd or wrong, goes to
`emvco.reader`, which also finds the words for errors. What matches here is accepted there: a property test says so.

A regular expression knows no "length of what follows", hence the alternatives, one for each length.
"""

from __future__ import annotations

import re
from binascii import crc_hqx
from typing import Final

from emvco import crc, tags
from emvco.billpayment import BillPayment
from emvco.promptpay import PromptPay, Proxy

Match = re.Match[str]
_new: Final = tuple.__new__  # A NamedTuple without the detour over its keyword arguments.


def read(text: str) -> Match | None:
    """The code, if it has one of the two shapes, its lengths are right and its CRC is. Never raises."""
    match = _TRANSFER(text)
    if match is None:
        match = _BILL(text)
        if match is None or int(match["length"]) != len(match["account"]):
            return None
    return match if crc_hqx(text[:-4].encode(), crc.INITIAL) == int(text[-4:], 16) else None


def amount_satang(match: Match) -> int | None:
    """The amount of a code that `read` has taken, if any."""
    written: str | None = match["a"] or match["b"] or match["c"]
    return None if written is None else int(written[2:-3] + written[-2:])


def promptpay(match: Match) -> PromptPay | None:
    """The credit transfer of a code that `read` has taken, if it is one."""
    if match.re is _BILL_CODE:
        return None
    digits: str | None = match["mobile"]
    if digits is not None:
        return _new(PromptPay, (_new(Proxy, ("mobile", digits)), None))
    digits = match["national_id"]
    return PromptPay(Proxy("ewallet", match["ewallet"]) if digits is None else Proxy("national_id", digits))


def bill_payment(match: Match) -> BillPayment | None:
    """The bill payment of a code that `read` has taken, if it is one."""
    if match.re is _TRANSFER_CODE:
        return None
    biller_id, ref1, ref2 = match.group("biller", "ref1", "ref2")
    return BillPayment(biller_id, ref1[2:], None if ref2 is None else ref2[2:])


def _reference(name: str) -> str:
    """A length and so many characters."""
    return f"(?P<{name}>{'|'.join(f'{length:02d}[A-Z0-9]{{{length}}}' for length in range(1, 21))})"


def _amount(name: str) -> str:
    """Tag 54 with two decimals and not zero; the group holds its length and value."""
    lengths = "|".join(f"{whole + 3:02d}[0-9]{{{whole}}}" for whole in range(1, 11))
    return rf"54(?P<{name}>(?!..0+\.00)(?:{lengths})\.[0-9]{{2}})"


_BEGINNING: Final = "000201(?:01021[12])?"
_END: Final = (
    f"(?:5303764(?:{_amount('a')})?5802TH|5303764(?:5802TH{_amount('b')})|5802TH5303764(?:{_amount('c')})?)"
    "6304[0-9A-F]{4}"
)
_AID: Final = f"0016{tags.AID_MERCHANT_PRESENTED}"
_TRANSFER_CODE: Final = re.compile(
    f"{_BEGINNING}29(?:37{_AID}(?:0113(?P<mobile>0066[0-9]{{9}})|0213(?P<national_id>(?!0066)[0-9]{{13}}))"
    f"|39{_AID}0315(?P<ewallet>[0-9]{{15}})){_END}"
)
_BILL_CODE: Final = re.compile(
    f"{_BEGINNING}30(?P<length>[0-9]{{2}})(?P<account>0016{tags.AID_BILL_PAYMENT}0115(?P<biller>[0-9]{{15}})"
    f"02{_reference('ref1')}(?:03{_reference('ref2')})?){_END}"
)
_TRANSFER: Final = _TRANSFER_CODE.fullmatch
_BILL: Final = _BILL_CODE.fullmatch
