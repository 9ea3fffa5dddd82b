"""PromptPay credit transfer, tag 29: money to a mobile number, a national or tax ID, or an e-wallet.

Sub-tags by the BOT guideline: 00 AID, then exactly one of 01 mobile ("0066" + 9 digits), 02 national or tax ID
(13 digits), 03 e-wallet ID (15 digits), 04 bank account (bank code + number; two large banks refuse it, so it is only
written for a `bank_account(...)` that was asked for by name), and 05 a one-time code when the customer presents the
code.

The tag has no room for a reference: two bills of the same amount to the same account look alike.

>>> normalise_proxy("+66 (0)81-234-5678")
Proxy(kind='mobile', digits='0066812345678')
>>> normalise_proxy("1-2345-67890-12-1").display
'1-2345-67890-12-1'
>>> promptpay_payload("081-234-5678", 5000)
'00020101021229370016A000000677010111011300668123456785303764540550.005802TH63045197'
"""

from __future__ import annotations

from binascii import crc_hqx
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from emvco import amount, crc, fields, tags, tlv
from emvco.errors import InputError, SchemeError
from emvco.tlv import DataObject

Kind = Literal["mobile", "national_id", "ewallet", "bank_account"]

_SUB_TAGS: Final[dict[str, Kind]] = {"01": "mobile", "02": "national_id", "03": "ewallet", "04": "bank_account"}
_SUB_TAG_OF: Final = {kind: tag for tag, kind in _SUB_TAGS.items()}
_LENGTHS: Final[dict[str, int]] = {"mobile": 13, "national_id": 13, "ewallet": 15}
_NAMES: Final = {
    "mobile": "a mobile number",
    "national_id": "a national or tax ID",
    "ewallet": "an e-wallet ID",
    "bank_account": "a bank account",
}
# What people and address books put between digits; dots, dashes and spaces of every width, and invisible marks.
_SEPARATORS: Final = frozenset(
    " \t\r\n.()-/\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u3000"
    "\u2010\u2011\u2012\u2013\u2014\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff"
)

MOBILES: Final = "689"  # First digits, after the zero that one does not dial.
LANDLINES: Final = "23457"
_DROPPED: Final = dict.fromkeys(map(ord, _SEPARATORS))


class Proxy(NamedTuple):
    """Whom PromptPay pays: `digits` exactly as they stand in the payload ("0066812345678" for a mobile)."""

    kind: Kind
    digits: str

    @property
    def display(self) -> str:
        """As people write it: 081-234-5678, 1-2345-67890-12-1; other kinds, and what is none of them, as they are."""
        d = self.digits
        if self.kind == "mobile" and _is_13_digits(d):
            return f"0{d[4:6]}-{d[6:9]}-{d[9:]}"
        if self.kind == "national_id" and _is_13_digits(d):
            return f"{d[0]}-{d[1:5]}-{d[5:10]}-{d[10:12]}-{d[12]}"
        return d

    @property
    def check_digit_ok(self) -> bool | None:
        """Is the 13th digit of a national or tax ID right? None for other kinds.

        A wrong one is worth a warning only: IDs in published tests have wrong ones, and so do many demo accounts.
        """
        if self.kind != "national_id":
            return None
        if not _is_13_digits(self.digits):
            return False
        total = sum(int(digit) * (13 - place) for place, digit in enumerate(self.digits[:12]))
        return (11 - total % 11) % 10 == int(self.digits[12])


def _is_13_digits(text: object) -> bool:
    return isinstance(text, str) and len(text) == 13 and text.isascii() and text.isdecimal()


class PromptPay(NamedTuple):
    """What tag 29 says: whom to pay, and the one-time code (OTA) of a customer-presented code."""

    proxy: Proxy
    one_time_code: str | None = None


def normalise_proxy(proxy: str | Proxy, kind: Kind | None = None) -> Proxy:
    """The one way to write a PromptPay ID, from any of the ways that people write it.

    Without *kind* the number of digits decides: 9 to 11 are a mobile, 13 a national or tax ID (a mobile if they begin
    with 0066), 15 an e-wallet. With it, anything else is refused. Raises InputError; ASCII digits only.
    """
    if isinstance(proxy, Proxy):
        known = proxy.kind
        if known == "bank_account" and (kind is None or kind == known):
            _require_text(proxy.digits)
            return bank_account(proxy.digits[:3], proxy.digits[3:])
        if kind is not None and kind != known:
            raise InputError("wrong_kind", None, "29", f"this is {_named(known)}, not {_named(kind)}")
        proxy, kind = proxy.digits, known
    if kind is not None and not (isinstance(kind, str) and kind in _LENGTHS):
        raise InputError("unknown_kind", None, "29", "the kind is mobile, national_id or ewallet")
    _require_text(proxy)
    digits = proxy if proxy.isascii() and proxy.isdecimal() else _digits_of(proxy)
    found = _recognise(digits)
    if kind is not None and kind != found.kind:
        raise InputError("wrong_kind", None, "29", f"these digits are {_named(found.kind)}, not {_named(kind)}")
    return found


def _named(kind: object) -> str:
    """A kind as people call it, whatever was asked for."""
    return _NAMES[kind] if isinstance(kind, str) and kind in _NAMES else repr(kind)


def bank_account(bank_code: str, account: str) -> Proxy:
    """A bank account as payee: the bank's code (3 digits) and the account's number; dashes and spaces are dropped.

    The guideline keeps it for the future, and K PLUS and Krungthai NEXT refuse it. Raises InputError.

    >>> bank_account("004", "012-3-45678-9")
    Proxy(kind='bank_account', digits='0040123456789')
    """
    fields.digits(bank_code, "29/04", 3)
    fields.require_text(account, "29/04")
    number = account.replace("-", "").replace(" ", "")
    fields.check_length(number, "29/04", 40)
    if not (number.isascii() and number.isalnum()):
        raise InputError("bad_character", None, "29/04", "an account number has ASCII letters and digits")
    return Proxy("bank_account", bank_code + number)


def promptpay_payload(proxy: str | Proxy, amount_satang: int | None = None, kind: Kind | None = None) -> str:
    """The payload of a credit transfer QR.

    *proxy* and *kind* as in `normalise_proxy`. *amount_satang* 1 to 999,999,999,999; None leaves the amount to the
    payer (static code, 01=11). Raises InputError. Objects stand in ascending order, as the banks write them.
    """
    return signed(proxy, amount_satang, kind, "6304")


def signed(proxy: str | Proxy, amount_satang: int | None, kind: Kind | None, end: str) -> str:
    """The same, with *end* behind the country: other objects in their order, and the header of the CRC."""
    # Plain digits are put together here; every other writing comes to the same more slowly.
    beginnings = None
    if kind is None and type(proxy) is str and proxy.isascii() and proxy.isdecimal():
        digits, length = proxy, len(proxy)
        if length == 10 and proxy[0] == "0" and proxy[1] in MOBILES:
            digits, beginnings = proxy[1:], _MOBILE
        elif length == 15:
            beginnings = EWALLET
        elif length == 13 and proxy[:4] != "0066":
            beginnings = _NATIONAL_ID
    elif kind is None and type(proxy) is Proxy:
        beginnings, digits = _of_proxy(proxy)
    if beginnings is None:
        kind, digits = normalise_proxy(proxy, kind)
        if kind == "bank_account":
            return _to_bank_account(PromptPay(Proxy(kind, digits)), amount_satang, end)
        beginnings = _BEGINNINGS[kind]
    if amount_satang is None:
        start, state = beginnings.static
        rest = f"{digits}53037645802TH{end}"
    else:
        if type(amount_satang) is not int or not 0 < amount_satang <= 999_999_999_999:
            amount.write(amount_satang)  # which says what is wrong with it
        start, state = beginnings.dynamic
        whole = str(amount_satang // 100)
        rest = f"{digits}5303764{_HEADERS[len(whole)]}{whole}{_CENTS[amount_satang % 100]}5802TH{end}"
    value = crc_hqx(rest.encode(), state)
    return f"{start}{rest}{_HEX[value >> 8]}{_HEX[value & 0xFF]}"


def one_time_payload(proxy: str | Proxy, one_time_code: str, amount_satang: int | None = None) -> str:
    """The payload of a credit transfer QR that the payer shows, with a one-time code (OTA) of the payer's bank.

    The code has 10 characters; the rest as in `promptpay_payload`. Raises InputError.

    >>> one_time_payload("0812345678", "1234567890", 5000)
    '00020101021229510016A00000067701011401130066812345678051012345678905303764540550.005802TH63048856'
    """
    return signed_with_code(proxy, one_time_code, amount_satang, "6304")


def signed_with_code(proxy: str | Proxy, one_time_code: str, amount_satang: int | None, end: str) -> str:
    """The same, with *end* behind the country as in `signed`."""
    if (
        type(proxy) is str
        and len(proxy) == 10
        and proxy[0] == "0"
        and proxy[1] in MOBILES
        and proxy.isdecimal()
        and proxy.isascii()
    ):
        beginnings, digits = _MOBILE, proxy[1:]
    else:
        found = normalise_proxy(proxy)
        if found.kind == "bank_account":
            return _to_bank_account(PromptPay(found, one_time_code), amount_satang, end)
        beginnings, digits = _BEGINNINGS[found.kind], found.digits
    if not (
        type(one_time_code) is str
        and len(one_time_code) == 10
        and one_time_code.isascii()
        and one_time_code.isprintable()
        and one_time_code[0] != " " != one_time_code[9]
    ):
        fields.ascii_text(one_time_code, "29/05", 10, 10)  # which says what is wrong with it
    if amount_satang is None:
        start, state = beginnings.static_of_payer
        rest = f"{digits}0510{one_time_code}53037645802TH{end}"
    else:
        if type(amount_satang) is not int or not 0 < amount_satang <= 999_999_999_999:
            amount.write(amount_satang)
        start, state = beginnings.dynamic_of_payer
        whole = str(amount_satang // 100)
        baht = f"{_HEADERS[len(whole)]}{whole}{_CENTS[amount_satang % 100]}"
        rest = f"{digits}0510{one_time_code}5303764{baht}5802TH{end}"
    value = crc_hqx(rest.encode(), state)
    return f"{start}{rest}{_HEX[value >> 8]}{_HEX[value & 0xFF]}"


def _of_proxy(proxy: Proxy) -> tuple[Beginnings | None, str]:
    """What goes before digits that are plain or written already, and they; None if they want a closer look."""
    kind, digits = proxy
    if type(digits) is str and digits.isascii() and digits.isdecimal():
        length = len(digits)
        if kind == "mobile":
            if length == 13 and digits[:4] == "0066" and digits[4] in MOBILES:
                return _WHOLE_MOBILE, digits
            if length == 10 and digits[0] == "0" and digits[1] in MOBILES:
                return _MOBILE, digits[1:]
        elif kind == "ewallet":
            if length == 15:
                return EWALLET, digits
        elif kind == "national_id" and length == 13 and digits[:4] != "0066":
            return _NATIONAL_ID, digits
    return None, ""


def _to_bank_account(account: PromptPay, amount_satang: int | None, end: str) -> str:
    """The length of its tag 29 varies, so nothing of it is prepared."""
    initiation, baht = (tags.STATIC, "") if amount_satang is None else (tags.DYNAMIC, amount.data_object(amount_satang))
    start = f"0002010102{initiation}{tlv.write(tags.CREDIT_TRANSFER, write(account))}"
    text = f"{start}5303764{baht}5802TH{end}"
    return text + crc.checksum(text)


def write(account: PromptPay) -> str:
    """The value of tag 29. A one-time code (10 letters and digits) makes it customer-presented. Raises InputError."""
    kind, digits = normalise_proxy(account.proxy)
    code = account.one_time_code
    values = {"00": tags.AID_MERCHANT_PRESENTED if code is None else tags.AID_CUSTOMER_PRESENTED}
    values[_SUB_TAG_OF[kind]] = digits
    if code is not None:
        values["05"] = fields.ascii_text(code, "29/05", 10, 10)
    return fields.template(values, tags.CREDIT_TRANSFER)


def read_account(children: Sequence[DataObject], offset: int) -> PromptPay:
    """The typed view of tag 29, whose value begins at *offset*. Raises SchemeError at what is wrong."""
    by_tag = {child.id: child for child in children}
    aid = by_tag["00"]
    name = aid.value.upper()  # One generator writes it in lower case; banks read that.
    if name not in {tags.AID_MERCHANT_PRESENTED, tags.AID_CUSTOMER_PRESENTED}:
        raise SchemeError("unknown_aid", aid.value_offset, "29/00", "this is not an AID of PromptPay credit transfer")
    payees = [child for child in children if child.id in _SUB_TAGS]
    if not payees:
        raise SchemeError("no_payee", offset, "29", "there is no payee: one of the sub-tags 01 to 04")
    if len(payees) > 1:
        message = "there is more than one payee"
        raise SchemeError("two_payees", payees[1].offset, f"29/{payees[1].id}", message, payees[0].offset)
    code = by_tag.get("05")
    if code is not None:
        _check_code(code)
    if code is None and name == tags.AID_CUSTOMER_PRESENTED:
        message = "a customer-presented code needs its one-time code"
        raise SchemeError("no_one_time_code", offset, "29/05", message)
    return PromptPay(_read_payee(payees[0]), code.value if code else None)


def _check_code(field: DataObject) -> None:
    if len(field.value) != 10:
        raise SchemeError("bad_one_time_code", field.value_offset, "29/05", "a one-time code has 10 characters")
    for position, character in enumerate(field.value):
        if not " " <= character <= "~":
            message = "a one-time code is printable ASCII"
            raise SchemeError("bad_one_time_code", field.value_offset + position, "29/05", message)


def _read_payee(field: DataObject) -> Proxy:
    """One of the sub-tags 01 to 04 of tag 29."""
    kind, value = _SUB_TAGS[field.id], field.value
    digits_only = value.isascii() and value.isdecimal()
    begins_as_mobile = value.startswith("0066")
    match kind:
        case "mobile":
            good, message = digits_only and len(value) == 13 and begins_as_mobile, "a mobile is 0066 and 9 digits"
        case "national_id":
            good = digits_only and len(value) == 13 and not begins_as_mobile
            message = "a national or tax ID is 13 digits, not those of a mobile"
        case "ewallet":
            good, message = digits_only and len(value) == 15, "an e-wallet ID is 15 digits"
        case "bank_account":
            code = value[:3]
            good = 4 <= len(value) <= 43 and code.isascii() and code.isdecimal()
            message = "a bank account is a bank code of 3 digits and the account"
    if not good:
        raise SchemeError(f"bad_{kind}", field.value_offset, f"29/{field.id}", message)
    return Proxy(kind, value)


def _require_text(value: object) -> None:
    if not isinstance(value, str):
        raise InputError("not_text", None, "29", "a PromptPay ID is text: as a number it loses its zeros")


def _digits_of(text: str) -> str:
    """The digits among separators; a "+" may stand before 66 only, and "(0)" is the zero one does not dial."""
    bare = text.translate(_DROPPED)
    if bare.isascii() and bare.isdecimal() and not _has_trunk_zero(text):
        return bare
    digits: list[str] = []
    plus = False
    for position, character in enumerate(text.replace("(0)", "   ", 1) if _has_trunk_zero(text) else text):
        if "0" <= character <= "9":
            digits.append(character)
        elif character == "+" and not digits and not plus:
            plus = True
        elif character not in _SEPARATORS:
            raise InputError("bad_character", position, "29", "a PromptPay ID has ASCII digits and separators only")
    found = "".join(digits)
    if plus and len(found) == 12 and found.startswith("660") and found[3] not in "01":
        return f"66{found[3:]}"  # The zero that one does not dial, kept; without a plus a digit may be missing.
    if plus and not (found.startswith("66") and len(found) == 11):
        raise InputError("not_a_thai_number", 0, "29", "after + comes 66 and nine digits")
    return found


def _has_trunk_zero(text: str) -> bool:
    """Is there a "(0)" right behind the country's 66? Anywhere else it is a digit like others."""
    before, found, _ = text.partition("(0)")
    return bool(found) and before.translate(_DROPPED) in {"66", "+66", "0066"}


def _recognise(digits: str) -> Proxy:
    """Tell mobile, national ID and e-wallet apart by length and first digits."""
    local = None
    match len(digits):
        case 15:
            return Proxy("ewallet", digits)
        case 13 if not digits.startswith("0066"):
            return Proxy("national_id", digits)
        case 13:
            # Never a national ID, whatever other generators make of it: paid to one, the money would go astray.
            local = digits[4:]
        case 11 if digits.startswith("66"):
            local = digits[2:]
        case 10 if digits.startswith("0"):
            local = digits[1:]
        case 9 if digits[0] in MOBILES:
            local = digits
    if local is None:
        message = "neither a mobile (10 digits), a national or tax ID (13) nor an e-wallet ID (15)"
        raise InputError("unknown_proxy", None, "29", message)
    if local[0] in LANDLINES:
        raise InputError("landline", None, "29", "a landline cannot receive PromptPay; mobiles begin 06, 08 or 09")
    return Proxy("mobile", "0066" + local)


_Beginning = tuple[str, int]


class Beginnings(NamedTuple):
    """What stands before the digits without and with an amount, each with the CRC's state after it.

    And the same of a code that the payer shows.
    """

    static: _Beginning
    dynamic: _Beginning
    static_of_payer: _Beginning
    dynamic_of_payer: _Beginning


def _beginnings(sub_tag: str, length: int, known: str = "") -> Beginnings:
    return Beginnings(
        *(
            _beginning(initiation, aid, sub_tag, length, more, known)
            for aid, more in ((tags.AID_MERCHANT_PRESENTED, 0), (tags.AID_CUSTOMER_PRESENTED, len("0510") + 10))
            for initiation in (tags.STATIC, tags.DYNAMIC)
        )
    )


def _beginning(initiation: str, aid: str, sub_tag: str, length: int, more: int, known: str) -> _Beginning:
    """Up to where the digits begin, or those that are not known; *more* characters follow them in tag 29."""
    account = tlv.write("00", aid) + f"{sub_tag}{length:02d}"
    start = f"0002010102{initiation}{tags.CREDIT_TRANSFER}{len(account) + length + more}{account}{known}"
    return start, crc.state_of(start)


_BEGINNINGS: Final = {kind: _beginnings(tag, _LENGTHS[kind]) for tag, kind in _SUB_TAGS.items() if kind in _LENGTHS}
_MOBILE: Final = _beginnings("01", 13, "0066")
_WHOLE_MOBILE, _NATIONAL_ID, EWALLET = (_BEGINNINGS[kind] for kind in ("mobile", "national_id", "ewallet"))
_HEADERS, _CENTS, _HEX = amount.HEADERS, amount.CENTS, crc.HEX
