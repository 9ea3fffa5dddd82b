"""The two shapes that nearly every Thai code has, checked whole in one regular expression and one CRC.

Mobile, national ID or e-wallet (tag 29) or a domestic bill payment (tag 30), then currency, amount and country in any
of the orders that generators write, and nothing else. Whatever does not match, be it longer, odd or wrong, goes to
`emvco.reader`, which also finds the words for errors. What matches here is accepted there: a property test says so.

A regular expression knows no "length of what follows", hence the alternatives, one for each length.
"""

from __future__ import annotations

import re
from binascii import crc_hqx
from typing import Final, NamedTuple

from emvco import crc, tags
from emvco.billpayment import BillPayment
from emvco.promptpay import Kind, PromptPay, Proxy


class Common(NamedTuple):
    """The match of a common code, of which the views are made when they are asked for."""

    match: re.Match[str]

    @property
    def amount_satang(self) -> int | None:
        """The amount, if any."""
        written = self.match["a"] or self.match["b"] or self.match["c"]
        return None if written is None else int(written[2:-3] + written[-2:])

    @property
    def promptpay(self) -> PromptPay | None:
        """The credit transfer, if it is one."""
        match = self.match
        for name in _KINDS:
            digits = match[name]
            if digits is not None:
                return PromptPay(Proxy(name, digits))
        return None

    @property
    def bill_payment(self) -> BillPayment | None:
        """The bill payment, if it is one."""
        biller_id, ref1, ref2 = self.match.group("biller", "ref1", "ref2")
        return None if biller_id is None else BillPayment(biller_id, ref1[2:], None if ref2 is None else ref2[2:])


def read(text: str) -> Common | None:
    """The code, if it has one of the two shapes, its lengths are right and its CRC is. Never raises."""
    match = _CODE(text)
    if match is None:
        return None
    value = crc_hqx(text[:-4].encode(), crc.INITIAL)
    if crc.HEX[value >> 8] + crc.HEX[value & 0xFF] != text[-4:]:
        return None
    account = match["account"]
    if account is not None and int(account[2:4]) != len(account) - 4:
        return None
    return Common(match)


_KINDS: Final[tuple[Kind, ...]] = ("mobile", "national_id", "ewallet")


def _sized(characters: str, longest: int) -> str:
    """A length and so many characters."""
    return "(?:" + "|".join(f"{length:02d}{characters}{{{length}}}" for length in range(1, longest + 1)) + ")"


def _amount(name: str) -> str:
    """Tag 54 with two decimals and not zero; the group holds its length and value."""
    lengths = "|".join(f"{whole + 3:02d}[0-9]{{{whole}}}" for whole in range(1, 11))
    return rf"54(?P<{name}>(?!..0+\.00)(?:{lengths})\.[0-9]{{2}})"


_CREDIT_TRANSFER: Final = (
    f"29370016{tags.AID_MERCHANT_PRESENTED}(?:0113(?P<mobile>0066[0-9]{{9}})|0213(?P<national_id>(?!0066)[0-9]{{13}}))"
    f"|29390016{tags.AID_MERCHANT_PRESENTED}0315(?P<ewallet>[0-9]{{15}})"
)
_BILL_PAYMENT: Final = (
    f"(?P<account>30[0-9]{{2}}0016{tags.AID_BILL_PAYMENT}0115(?P<biller>[0-9]{{15}})"
    f"02(?P<ref1>{_sized('[A-Z0-9]', 20)})(?:03(?P<ref2>{_sized('[A-Z0-9]', 20)}))?)"
)
_CODE: Final = re.compile(
    f"000201(?:01021[12])?(?:{_CREDIT_TRANSFER}|{_BILL_PAYMENT})"
    f"(?:5303764(?:{_amount('a')})?5802TH|5303764(?:5802TH{_amount('b')})|5802TH5303764(?:{_amount('c')})?)"
    "6304[0-9A-F]{4}"
).fullmatch
