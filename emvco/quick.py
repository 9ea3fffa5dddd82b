"""The shapes that nearly every Thai code has, checked whole by one regular expression and one CRC.

A credit transfer (tag 29, one-time code included) or a bill payment (tag 30, from abroad included); currency, amount
and country in any of the orders that generators write; then, in ascending order, merchant (59 to 61), additional data
(62), name in another script (64), VAT (80) and message (81). And the two forms of a slip's mini QR. Whatever does not
match, be it longer, odd or wrong, goes to `emvco.reader`, which also finds the words for errors. What matches here is
accepted there and means the same: property tests say so.

A regular expression knows no "length of what follows", hence the alternatives, one for each length; only the lengths
of templates are compared afterwards. `(?:...|)` is `(?:...)?`, but quicker where there is nothing.
"""

from __future__ import annotations

import re
from binascii import crc_hqx
from collections.abc import Callable, Iterable
from datetime import date
from typing import Final

from emvco import slip, tags, tlv
from emvco.billpayment import BillPayment
from emvco.merchant import Merchant
from emvco.promptpay import PromptPay, Proxy
from emvco.slip import Slip, TrueMoneySlip
from emvco.tlv import DataObject

Match = re.Match[str]
_new: Final = tuple.__new__  # A NamedTuple without the detour over its keyword arguments.


def read(text: str) -> Match | None:
    """The code, if it has one of these shapes, its lengths are right and its CRC is.

    Raises nothing but TypeError for what is not a string.
    """
    match = _code(text)
    if match is None or (match.lastindex not in _EXACT and not _lengths_are_right(match)):
        return None
    # The expression has seen to it that these four are hex digits.
    return match if crc_hqx(text[:-4].encode(), 0xFFFF) == int(text[-4:], 16) else None


def _lengths_are_right(match: Match) -> bool:
    """Of tag 30, of the templates behind the country, and of TrueMoney's slip."""
    last = match.lastindex or 0
    if last == _WALLET_SLIP:
        length, value, day = match.group("wallet_slip_length", "wallet_slip", "day")
        return _length_of(length) == len(value) and (day < "29" or slip.read_day(day) is not None)
    length, value = match.group(_BILL_LENGTH, _BILL)
    if value is not None and _length_of(length) != len(value):
        return False
    if last <= _BEFORE_TEMPLATES:
        return True
    length, value = match.group(last - 1, last)
    if _length_of(length) != len(value):
        return False
    return last == _DATA or (_fits(match, _DATA) and _fits(match, _NAMES) and _fits(match, _TAX))


def _fits(match: Match, group: int) -> bool:
    """Is the template absent, or as long as it says?"""
    value = match[group]
    return value is None or _length_of(match[group - 1]) == len(value)


def find(match: Match, tag: str) -> DataObject | None:
    """A data object at the root of a code that `read` has taken."""
    groups = _GROUPS.get(tag)
    if groups is None:
        return tlv.find(match.string, tag)
    for group in groups:
        start, end = match.span(group)
        if start >= 0:
            return DataObject(tag, match.string[start + 2 : end], start - 2)
    return None


def children(match: Match, tag: str) -> tuple[DataObject, ...]:
    """What is inside a template at the root of a code that `read` has taken."""
    group = _TEMPLATES.get(tag)
    if group is not None:
        start, end = match.span(group)
    else:
        found = tlv.find(match.string, tag)
        start, end = (-1, 0) if found is None else (found.value_offset, found.value_offset + len(found.value))
    return tlv.sound(match.string, start, end) if start >= 0 else ()


def merchant(match: Match) -> Merchant | None:
    """Tags 52, 59, 60, 61 of a code that `read` has taken."""
    values = match.group("name", "city", "category", "postal_code")
    if not any(values):
        return None
    return Merchant(*(None if value is None else value[2:] for value in values))


def amount_satang(match: Match) -> int | None:
    """The amount of a code that `read` has taken, if any."""
    plain, anywhere, late, last = match.group(PLAIN_AMOUNT, _ANY_AMOUNT, _LATE_AMOUNT, _LAST_AMOUNT)
    written: str | None = plain or anywhere or late or last
    if written is None:
        return None
    if written[-3] == ".":
        return int(written[2:].replace(".", ""))
    whole, _, fraction = written[2:].partition(".")
    return int(whole) * 100 + int(fraction or "0") * 10


def promptpay(match: Match) -> PromptPay | None:
    """The credit transfer of a code that `read` has taken, if it is one."""
    payee, code = match[PLAIN_PAYEE], None
    if payee is None:
        wallet, anyone, one_time, code = match.group(_WALLET, _ANY_PAYEE, _ONE_TIME_PAYEE, _ONE_TIME_CODE)
        payee = wallet or anyone or one_time
        if payee is None:
            return None
    return _new(PromptPay, (_new(Proxy, (KINDS[payee[1]], payee[4:])), code))


def bill_payment(match: Match) -> BillPayment | None:
    """The bill payment of a code that `read` has taken, if it is one."""
    biller_id, ref1, ref2, abroad = match.group(_BILLER, _REF1, _REF2, _ABROAD)
    if biller_id is None:
        return None
    return _new(BillPayment, (biller_id, ref1[2:], None if ref2 is None else ref2[2:], abroad is not None))


def bank_slip(match: Match) -> Slip | None:
    """The bank's slip that `read` has taken, if it is one."""
    bank, reference = match.group("bank", "reference")
    return None if bank is None else _new(Slip, (bank, reference[2:]))


def truemoney_slip(match: Match) -> TrueMoneySlip | None:
    """TrueMoney's slip that `read` has taken, if it is one."""
    transaction_id, written = match.group(_PLAIN_TRANSACTION, _PLAIN_DAY)
    if written is not None:
        plain_day = date(int(written[4:]), int(written[2:4]), int(written[:2]))
        return _new(TrueMoneySlip, (PERSONS, transaction_id[2:], plain_day))
    event, transaction_id, written = match.group("event", "transaction", "day")
    day: date | None = None if written is None else slip.read_day(written)
    return None if day is None else TrueMoneySlip(event[2:], transaction_id[2:], day)


def _sized(characters: str, longest: int) -> str:
    """A length and so many characters: the first digit, then the second, then they."""
    return _lengths(1, longest, lambda length: f"{characters}{{{length}}}")


def _measured(others: int, longest: int, between: int) -> str:
    """The length of a template: *others* and its last value of 1 to *longest*, whose own length is *between* away."""
    return _lengths(others + 1, others + longest, lambda length: f"(?=.{{{between}}}{length - others:02d})")


def _lengths(shortest: int, longest: int, then: Callable[[int], str]) -> str:
    """One of these lengths, first by its first digit, and what goes with it."""
    tens = {ten: range(max(shortest, 10 * ten), min(longest, 10 * ten + 9) + 1) for ten in range(longest // 10 + 1)}
    return _any_of(
        f"{ten}{_any_of(f'{length % 10}{then(length)}' for length in lengths)}"
        for ten, lengths in tens.items()
        if lengths
    )


def _any_of(alternatives: Iterable[str]) -> str:
    return f"(?:{'|'.join(alternatives)})"


def _amount(name: str, decimals: tuple[int, ...] = (2, 0, 1)) -> str:
    """Tag 54, or nothing: well written, so many decimals, not zero; the group holds its length and value."""

    def of(length: int) -> str:
        # Without decimals there is no point, either.
        shapes = ((length - places - bool(places), places) for places in decimals)
        ways = (
            rf"(?!0+\.{'0' * places})[0-9]{{{whole}}}\.[0-9]{{{places}}}"
            if places
            else f"(?!0{{{whole}}})[0-9]{{{whole}}}"
            for whole, places in shapes
            if whole > 0
        )
        return f"{length % 10}{_any_of(ways)}"

    shortest = min(places + bool(places) for places in decimals) + 1
    few, many = (_any_of(map(of, lengths)) for lengths in (range(shortest, 10), range(10, 14)))
    return f"(?:54(?P<{name}>0{few}|1{many})|)"


def _template(tag: str, name: str, inside: str) -> str:
    """A template that may be missing; its length is compared afterwards."""
    return f"(?:{tag}(?P<{name}_length>[0-9]{{2}})(?P<{name}>{inside})|)"


_PRINTABLE: Final = "[ -~]"
_CHARACTER: Final = "[^\ud800-\udfff]"  # Surrogates are no characters and have no UTF-8.
PERSONS: Final = "P2P"
KINDS: Final = {"1": "mobile", "2": "national_id", "3": "ewallet"}


_SHORT: Final = "01130066[0-9]{9}|0213(?!0066)[0-9]{13}"  # A mobile, or a national or tax ID.
_LONG: Final = "0315[0-9]{15}"  # An e-wallet.
_CRC: Final = "04[0-9A-Fa-f]{4}"
_AID: Final = f"0016{tags.AID_MERCHANT_PRESENTED}"
_ONE_TIME_AID: Final = f"0016{tags.AID_CUSTOMER_PRESENTED}"
_PLAIN: Final = f"29(?:37{_AID}(?P<payee>{_SHORT})|39{_AID}(?P<wallet>{_LONG}))5303764{_amount('amount', (2,))}5802TH"
# The lookahead tells which payee fits which length.
_TRANSFER: Final = (
    f"29(?:(?:37(?=.{{20}}0[12])|39(?=.{{20}}03)){_AID}(?P<any_payee>{_SHORT}|{_LONG})"
    f"|5(?:1(?=.{{20}}0[12])|3(?=.{{20}}03)){_ONE_TIME_AID}(?P<one_time_payee>{_SHORT}|{_LONG})"
    "0510(?P<code>[!-~]{10}))"
)
_BILL_PAYMENT: Final = (
    f"30(?P<bill_length>[0-9]{{2}})(?P<bill>0016{tags.THAI_RID}01(?:0112|(?P<abroad>2006))"
    f"0115(?P<biller>[0-9]{{15}})02(?P<ref1>{_sized(_PRINTABLE, 20)})(?:03(?P<ref2>{_sized(_PRINTABLE, 20)})|))"
)
_ANY_ORDER: Final = (
    f"(?:(?:52(?P<category>04[0-9]{{4}})|)5303764{_amount('any_amount')}5802TH(?(any_amount)|{_amount('late_amount')})"
    f"|5802TH5303764{_amount('last_amount')})"
)
_MERCHANT: Final = "".join(
    f"(?:{tag}(?P<{name}>{_sized(_PRINTABLE, longest)})|)"
    for tag, name, longest in (("59", "name", 25), ("60", "city", 15), ("61", "postal_code", 10))
)
_TAIL: Final = "".join(
    (
        _template("62", "data", "".join(f"(?:{tag:02d}{_sized(_PRINTABLE, 25)}|)" for tag in range(1, 9))),
        _template("64", "names", f"0002[A-Za-z]{{2}}01{_sized(_CHARACTER, 25)}(?:02{_sized(_CHARACTER, 15)}|)"),
        _template("80", "vat", f"0004[0-9]{{4}}(?:01{_sized('[0-9.]', 5)}|)02{_sized('[0-9.]', 13)}"),
        _template("81", "message", "[0-9A-F]{1,99}"),
    )
)
_BANK_SLIP: Final = (
    f"00{_measured(21, 25, 19)}0006{slip.API_BANK}0103(?P<bank>[0-9]{{3}})02(?P<reference>{_sized('[!-~]', 25)})"
    f"5102TH91{_CRC}"
)
# Nearly every slip of TrueMoney is of a payment between persons.
_BETWEEN_PERSONS: Final = f"0002{slip.API_TRUEMONEY}010201{tlv.write('02', PERSONS)}"
_DAY: Final = "(?:0[1-9]|1[0-9]|2[0-8])(?:0[1-9]|1[0-2])(?!0000)[0-9]{4}"
_PLAIN_WALLETS_SLIP: Final = (
    f"00{_measured(35, 40, 21)}{_BETWEEN_PERSONS}03(?P<plain_transaction>{_sized('[!-~]', 40)})"
    f"0408(?P<plain_day>{_DAY})91{_CRC}"
)
_WALLETS_SLIP: Final = (
    "00(?P<wallet_slip_length>[0-9]{2})"
    f"(?P<wallet_slip>0002{slip.API_TRUEMONEY}01020102(?P<event>{_sized('[!-~]', 25)})"
    f"03(?P<transaction>{_sized('[!-~]', 40)})0408(?P<day>(?!00)[0-3][0-9](?:0[1-9]|1[0-2])(?!0000)[0-9]{{4}}))91{_CRC}"
)
_CODE: Final = re.compile(
    f"000201(?:01021[12]|)(?:{_PLAIN}|(?:{_TRANSFER}|{_BILL_PAYMENT}){_ANY_ORDER})"
    f"(?:63{_CRC}|{_MERCHANT}{_TAIL}63{_CRC})|{_BANK_SLIP}|{_PLAIN_WALLETS_SLIP}|{_WALLETS_SLIP}"
)
_code: Final = _CODE.fullmatch
_index: Final = _CODE.groupindex
PLAIN_PAYEE, _WALLET, PLAIN_AMOUNT, _REFERENCE = (_index[name] for name in ("payee", "wallet", "amount", "reference"))
_PLAIN_TRANSACTION, _PLAIN_DAY = _index["plain_transaction"], _index["plain_day"]
# The last group of codes of which the expression has measured everything.
_EXACT: Final = frozenset({PLAIN_PAYEE, _WALLET, PLAIN_AMOUNT, _REFERENCE, _PLAIN_DAY})
_ANY_PAYEE, _ONE_TIME_PAYEE, _ONE_TIME_CODE = _index["any_payee"], _index["one_time_payee"], _index["code"]
_WALLET_SLIP: Final = _index["wallet_slip"]
_BILL_LENGTH, _BILL, _ABROAD, _BILLER = _index["bill_length"], _index["bill"], _index["abroad"], _index["biller"]
_REF1, _REF2 = _index["ref1"], _index["ref2"]
_ANY_AMOUNT, _LATE_AMOUNT, _LAST_AMOUNT = _index["any_amount"], _index["late_amount"], _index["last_amount"]
_BEFORE_TEMPLATES: Final = _index["postal_code"]
_DATA, _NAMES, _TAX = _index["data"], _index["names"], _index["vat"]
_GROUPS: Final = {
    "52": (_index["category"],),
    "54": (PLAIN_AMOUNT, _ANY_AMOUNT, _LATE_AMOUNT, _LAST_AMOUNT),
    "59": (_index["name"],),
    "60": (_index["city"],),
    "61": (_index["postal_code"],),
}
_TEMPLATES: Final = {"30": _BILL, "62": _DATA, "64": _NAMES, "80": _TAX}
_length_of: Final = tlv.LENGTHS.get
