"""The shapes that nearly every Thai code has, checked whole by one regular expression and one CRC.

Mobile, national ID or e-wallet (tag 29), or a domestic bill payment (tag 30), then currency, amount and country in any
of the orders that generators write; and, where all stands in ascending order, merchant and additional data (52, 59 to
62). Whatever does not match, be it longer, odd or wrong, goes to `emvco.reader`, which also finds the words for errors.
What matches here is accepted there and means the same: property tests say so.

A regular expression knows no "length of what follows", hence the alternatives, one for each length.
"""

from __future__ import annotations

import re
from binascii import crc_hqx
from functools import cache
from typing import Final

from emvco import tags
from emvco.billpayment import BillPayment
from emvco.promptpay import PromptPay, Proxy

Match = re.Match[str]
_new: Final = tuple.__new__  # A NamedTuple without the detour over its keyword arguments.


def read(text: str) -> Match | None:
    """The code, if it has one of these shapes, its lengths are right and its CRC is. Never raises."""
    match = _TRANSFER(text) or _BILL(text) if text[-14:-8] == "5802TH" else _other_order(text)
    if match is None:
        match = _rich().fullmatch(text) if text.startswith("000201") else None
        if match is None:
            return None
    if match.re is not _TRANSFER_CODE and not _lengths_are_right(match):
        return None
    return match if crc_hqx(text[:-4].encode(), 0xFFFF) == int(text[-4:], 16) else None


def _other_order(text: str) -> Match | None:
    """Not closed by the country: without merchant and additional data it is in another order than ascending."""
    after_country = text.rfind("5802TH") + 6
    if text[after_country : after_country + 2] in {"59", "60", "61", "62"}:
        return None
    return _TRANSFER(text) or _BILL(text)


def _lengths_are_right(match: Match) -> bool:
    """Of tags 30 and 62, whose values a regular expression cannot measure."""
    account = match["account"]
    if account is not None and int(match["length"]) != len(account):
        return False
    data = None if match.re is _BILL_CODE else match["data"]
    return data is None or int(match["data_length"]) == len(data)


def amount_satang(match: Match) -> int | None:
    """The amount of a code that `read` has taken, if any."""
    written: str | None = match["a"]
    if written is None:
        if match.re is _rich():
            return None
        written = match["b"] or match["c"]
        if written is None:
            return None
    return int(written[2:-3] + written[-2:])


def promptpay(match: Match) -> PromptPay | None:
    """The credit transfer of a code that `read` has taken, if it is one."""
    if match.re is _BILL_CODE:
        return None
    digits: str | None = match["mobile"]
    if digits is not None:
        return _new(PromptPay, (_new(Proxy, ("mobile", digits)), None))
    for kind in ("national_id", "ewallet"):
        digits = match[kind]
        if digits is not None:
            return _new(PromptPay, (_new(Proxy, (kind, digits)), None))
    return None


def bill_payment(match: Match) -> BillPayment | None:
    """The bill payment of a code that `read` has taken, if it is one."""
    if match.re is _TRANSFER_CODE:
        return None
    biller_id, ref1, ref2 = match.group("biller", "ref1", "ref2")
    return None if biller_id is None else BillPayment(biller_id, ref1[2:], None if ref2 is None else ref2[2:])


def _sized(characters: str, longest: int) -> str:
    """A length and so many characters."""
    return f"(?:{'|'.join(f'{length:02d}{characters}{{{length}}}' for length in range(1, longest + 1))})"


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
_PAYEE: Final = (
    f"29(?:37{_AID}(?:0113(?P<mobile>0066[0-9]{{9}})|0213(?P<national_id>(?!0066)[0-9]{{13}}))"
    f"|39{_AID}0315(?P<ewallet>[0-9]{{15}}))"
)
_BILLER: Final = (
    f"30(?P<length>[0-9]{{2}})(?P<account>0016{tags.AID_BILL_PAYMENT}0115(?P<biller>[0-9]{{15}})"
    f"02(?P<ref1>{_sized('[A-Z0-9]', 20)})(?:03(?P<ref2>{_sized('[A-Z0-9]', 20)}))?)"
)
_TRANSFER_CODE: Final = re.compile(f"{_BEGINNING}{_PAYEE}{_END}")
_BILL_CODE: Final = re.compile(f"{_BEGINNING}{_BILLER}{_END}")
_TRANSFER: Final = _TRANSFER_CODE.fullmatch
_BILL: Final = _BILL_CODE.fullmatch


@cache
def _rich() -> re.Pattern[str]:
    """With merchant and additional data. Large, so it is compiled when the first such code is seen."""
    data = "".join(f"(?:{number:02d}{_sized('[ -~]', 25)})?" for number in range(1, 9))
    return re.compile(
        f"{_BEGINNING}(?:{_PAYEE}|{_BILLER})(?:5204[0-9]{{4}})?5303764(?:{_amount('a')})?5802TH"
        f"(?:59{_sized('[ -~]', 25)})?(?:60{_sized('[ -~]', 15)})?(?:61{_sized('[ -~]', 10)})?"
        f"(?:62(?!00)(?P<data_length>[0-9]{{2}})(?P<data>{data}))?6304[0-9A-F]{{4}}"
    )
