"""TrueMoney Wallet: a PromptPay e-wallet whose ID holds the mobile number, with a message in tag 81.

The wallet of 080-111-1111 is the e-wallet ID "14000" + "0801111111" in 29/03; every bank app can pay to it. Tag 81
holds the message as UTF-16BE in upper-case hexadecimal, four digits a code unit, so at most 24 of them, and is not made
of data objects. Only TrueMoney's own app shows it. No official document of this is public; three libraries agree.

>>> truemoney_payload("080-111-1111", 1005, "Hi")
'00020101021229390016A00000067701011103151400008011111115303764540510.055802TH810800480069630480E0'
>>> read_message("0E2A0E270E310E2A0E140E35")
'สวัสดี'
"""

from __future__ import annotations

from typing import Final, NamedTuple

from emvco import amount, crc, promptpay, tags, tlv
from emvco.errors import InputError, SchemeError, StructureError
from emvco.fields import no_turns, require_text
from emvco.promptpay import Proxy

MESSAGE_UNITS_MAX: Final = 24
"""Longest message in UTF-16 code units: a Thai character is one, most emoji are two."""
_WALLET: Final = "14000"


class TrueMoney(NamedTuple):
    """Whom a TrueMoney code pays (mobile, 10 digits) and the message to be shown."""

    mobile: str
    message: str | None = None


def wallet(mobile: str) -> Proxy:
    """The e-wallet ID of a mobile number, written in any way `normalise_proxy` takes. Raises InputError."""
    return Proxy("ewallet", f"{_WALLET}0{promptpay.normalise_proxy(mobile, 'mobile').digits[4:]}")


def truemoney_payload(mobile: str, amount_satang: int | None = None, message: str | None = None) -> str:
    """The payload of a transfer to a TrueMoney wallet. Raises InputError."""
    is_plain = type(mobile) is str and len(mobile) == 10 and mobile[0] == "0" and mobile[1] in "689"
    digits = f"{_WALLET}{mobile}" if is_plain and mobile.isdecimal() and mobile.isascii() else wallet(mobile).digits
    start, state = promptpay.EWALLET.static if amount_satang is None else promptpay.EWALLET.dynamic
    baht = "" if amount_satang is None else amount.data_object(amount_satang)
    note = "" if message is None else tlv.write(tags.MESSAGE, write_message(message))
    rest = f"{digits}5303764{baht}5802TH{note}6304"
    return f"{start}{rest}{crc.resume(state, rest)}"


def mobile_of(proxy: Proxy) -> str | None:
    """The mobile number in a TrueMoney wallet's ID; None for other wallets, many of which begin with 14, too."""
    digits = proxy.digits
    is_wallet = proxy.kind == "ewallet" and digits.startswith(_WALLET) and digits[5] == "0" and digits[6] in "689"
    return digits[5:] if is_wallet else None


def write_message(message: str) -> str:
    """The value of tag 81. Raises InputError."""
    require_text(message, tags.MESSAGE)
    if not message.isprintable():
        no_turns(message, tags.MESSAGE)
    try:
        units = message.encode("utf-16-be")
    except UnicodeEncodeError as error:
        raise InputError("bad_character", error.start, tags.MESSAGE, "a lone surrogate is not a character") from None
    if not 2 <= len(units) <= 2 * MESSAGE_UNITS_MAX:
        reason = f"a message has 1 to {MESSAGE_UNITS_MAX} UTF-16 code units"
        raise InputError("bad_length", None, tags.MESSAGE, reason)
    return units.hex().upper()


def is_foreign(value: str) -> bool:
    """Is this tag 81 a template of another scheme, with its identifier in 00, and no message?

    Some messages happen to be data objects as well; text that people would write is one.
    """
    if _reads_as_text(value):
        return False
    try:
        return tlv.read(value)[0].id == "00"
    except StructureError:
        return False


def _reads_as_text(value: str) -> bool:
    try:
        return read_message(value).isprintable()
    except SchemeError:
        return False


def read_message(value: str, offset: int = 0) -> str:
    """The text of tag 81, whose value begins at *offset*. Raises SchemeError at the first wrong character."""
    for position, character in enumerate(value):
        if character not in "0123456789ABCDEFabcdef":
            message = "a message is hexadecimal digits"
            raise SchemeError("bad_message", offset + position, tags.MESSAGE, message)
    if len(value) % 4:
        where = offset + len(value) - len(value) % 4
        raise SchemeError("bad_message", where, tags.MESSAGE, "a message is four hexadecimal digits a code unit")
    try:
        return bytes.fromhex(value).decode("utf-16-be")
    except UnicodeDecodeError as error:
        where = offset + 2 * error.start
        raise SchemeError("bad_message", where, tags.MESSAGE, "a lone surrogate is not a character") from None
