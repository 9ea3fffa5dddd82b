"""The mini QR of a transfer slip: which bank sent the money, and that bank's reference for it.

It carries no amount, no payee and no time, so by itself it proves nothing: it is the key with which a bank is asked.
Two forms, both closed by tag 91 with the CRC of EMVCo over all that stands before, "9104" included:

banks      00 {00 "000001", 01 sending bank (3 digits), 02 reference (up to 25, case matters)}, 51 "TH", 91 CRC
TrueMoney  00 {00 "01", 01 "01", 02 event ("P2P"), 03 transaction ID, 04 date DDMMYYYY}, 91 CRC in small letters

The first is documented by SCB (2019), the second is known from libraries only.

>>> slip_payload("014", "00111222233344ABCD12")
'004100060000010103014022000111222233344ABCD125102TH910417DF'
>>> truemoney_slip_payload("P2P", "TXID1234567890", date(2026, 5, 31))
'00490002010102010203P2P0314TXID12345678900408310520269104f05e'
"""

from __future__ import annotations

import re
from binascii import crc_hqx
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Final, NamedTuple

from emvco import crc, fields, tags, tlv
from emvco.errors import InputError, SlipError
from emvco.tlv import DataObject

TAG: Final = "91"
ROOT: Final = frozenset({"00", "51", TAG})  # What stands at the root of a slip.
HEADER: Final = "9104"
REFERENCE_LENGTH_MAX: Final = 25
TRANSACTION_LENGTH_MAX: Final = 40
API_BANK: Final = "000001"
API_TRUEMONEY: Final = "01"

_is_reference: Final = re.compile("[!-~]{1,25}").fullmatch


class Slip(NamedTuple):
    """A bank's slip. `bank_code` is None only in an abbreviated code that was read leniently."""

    bank_code: str | None
    reference: str


class TrueMoneySlip(NamedTuple):
    """A slip of TrueMoney: kind of event, its transaction ID, the day in Thailand."""

    event: str
    transaction_id: str
    date: date


def slip_payload(bank_code: str, reference: str) -> str:
    """The mini QR of a bank's slip. The reference stays as it is: capitals and small letters differ. InputError."""
    if not (
        type(bank_code) is type(reference) is str
        and len(bank_code) == 3
        and bank_code.isascii()
        and bank_code.isdecimal()
        and _is_reference(reference)
    ):
        fields.digits(bank_code, "00/01", 3)
        _printable_text(reference, "00/02", REFERENCE_LENGTH_MAX)
    start, state, head = _BEGINNINGS[len(reference)]
    rest = f"{bank_code}{head}{reference}5102TH9104"
    value = crc_hqx(rest.encode(), state)
    return f"{start}{rest}{crc.HEX[value >> 8]}{crc.HEX[value & 0xFF]}"


def truemoney_slip_payload(event: str, transaction_id: str, day: date) -> str:
    """The mini QR of a TrueMoney slip. Raises InputError."""
    if type(day) is not date and not isinstance(day, date):
        raise InputError("not_a_date", None, "00/04", "the day of a slip is a date")
    if not (type(event) is type(transaction_id) is str and event and transaction_id):
        _check_wallets(event, transaction_id)
    try:
        start, state, second = _WALLET_BEGINNINGS[len(event)][len(transaction_id)]
        encoded = (rest := f"{event}{second}{transaction_id}{_wallet_end(day)}").encode()
    except (IndexError, UnicodeEncodeError):
        _check_wallets(event, transaction_id)
        raise
    # All characters at once: what is left of them needs a closer look.
    if encoded.translate(None, _PRINTABLE):
        _check_wallets(event, transaction_id)
    value = crc_hqx(encoded, state)
    return f"{start}{rest}{_SMALL_HEX[value >> 8]}{_SMALL_HEX[value & 0xFF]}"


def _check_wallets(event: str, transaction_id: str) -> None:
    """Raises InputError at what is wrong with them."""
    _printable_text(event, "00/02", REFERENCE_LENGTH_MAX)
    _printable_text(transaction_id, "00/03", TRANSACTION_LENGTH_MAX)


def _printable_text(value: str, path: str, length_max: int) -> None:
    """Raises InputError: a reader takes no space in a slip."""
    fields.ascii_text(value, path, length_max)
    if " " in value:
        raise InputError("bad_character", value.index(" "), path, "printable ASCII without spaces")


def looks_like(text: str) -> bool:
    """Does *text* begin as a slip and not as an EMVCo payload, whose tag 00 holds no data objects?

    The shortest slip begins "00LL00" or, abbreviated, "00LL02"; a payload begins "000201".
    """
    return text[:2] == "00" and text[2:4] != "02" and text[4:6] in {"00", "02"}


def problems(objects: Sequence[DataObject], children: Mapping[str, Sequence[DataObject]]) -> Iterator[SlipError]:
    """Everything that breaks the form, in the order of the text."""
    by_tag = {child.id: child for child in children["00"]}
    start = objects[0].value_offset
    match by_tag.get("00"):
        case None:
            yield SlipError("missing", start, "00/00", "the API ID of slip verification is mandatory")
            yield from _bank(by_tag, objects, start)
        case DataObject(value="000001"):
            yield from _bank(by_tag, objects, start)
        case DataObject(value="01"):
            yield from _truemoney(by_tag, start)
        case api:
            message = "neither a bank's slip (000001) nor one of TrueMoney (01)"
            yield SlipError("unknown_api", api.value_offset, "00/00", message)
    yield from of_payments(objects)


def is_of_payments(tag: str) -> bool:
    """Has the tag a meaning in payment codes, and none here?"""
    return tag not in ROOT and (tag < "65" or tag in {tags.VAT, tags.MESSAGE})


def of_payments(objects: Sequence[DataObject]) -> Iterator[SlipError]:
    """Amounts, payees and the like that somebody put into a slip, and signed. What nobody knows is none of them."""
    for thing in objects:
        if is_of_payments(thing.id):
            message = "a slip has no such tag: it carries no amount and no payee, whoever signed it"
            yield SlipError("not_of_a_slip", thing.offset, thing.id, message)


def read(children: Sequence[DataObject]) -> Slip | None:
    """The typed view of a bank's slip; None if it is TrueMoney's or lacks its reference."""
    values = {child.id: child.value for child in children}
    if values.get("00", API_BANK) != API_BANK or "02" not in values:
        return None
    return Slip(values.get("01"), values["02"])


def read_truemoney(children: Sequence[DataObject]) -> TrueMoneySlip | None:
    """The typed view of a TrueMoney slip; None if it is a bank's or broken."""
    values = {child.id: child.value for child in children}
    day = read_day(values.get("04", ""))
    if values.get("00") != API_TRUEMONEY or not {"02", "03"} <= values.keys() or day is None:
        return None
    return TrueMoneySlip(values["02"], values["03"], day)


def _bank(by_tag: Mapping[str, DataObject], objects: Sequence[DataObject], start: int) -> Iterator[SlipError]:
    bank, reference = by_tag.get("01"), by_tag.get("02")
    if bank is None:
        yield SlipError("missing", start, "00/01", "the sending bank is mandatory")
    elif len(bank.value) != 3 or not (bank.value.isascii() and bank.value.isdecimal()):
        yield SlipError("bad_bank", bank.value_offset, "00/01", "the sending bank is 3 digits")
    if reference is None:
        yield SlipError("missing", start, "00/02", "the reference is mandatory")
    elif len(reference.value) > REFERENCE_LENGTH_MAX:
        where = reference.value_offset + REFERENCE_LENGTH_MAX
        yield SlipError("too_long", where, "00/02", f"a reference has at most {REFERENCE_LENGTH_MAX} characters")
    else:
        yield from _printable(reference, "00/02")
    country = next((thing for thing in objects if thing.id == "51"), None)
    if country is None:
        yield SlipError("missing", objects[-1].offset, "51", "the country is mandatory")
    elif country.value != "TH":
        yield SlipError("not_thai", country.value_offset, "51", "the country of a slip is TH")


def _truemoney(by_tag: Mapping[str, DataObject], start: int) -> Iterator[SlipError]:
    for tag, what in (("02", "the event"), ("03", "the transaction ID"), ("04", "the date")):
        if tag not in by_tag:
            yield SlipError("missing", start, f"00/{tag}", f"{what} is mandatory")
        elif tag != "04":
            yield from _printable(by_tag[tag], f"00/{tag}")
        elif read_day(by_tag[tag].value) is None:
            yield SlipError("bad_date", by_tag[tag].value_offset, "00/04", "a date is DDMMYYYY")


def _printable(child: DataObject, path: str) -> Iterator[SlipError]:
    for position, character in enumerate(child.value):
        if not " " < character <= "~":
            yield SlipError("bad_character", child.value_offset + position, path, "printable ASCII without spaces")
            return


def read_day(text: str) -> date | None:
    """A day as TrueMoney writes it, DDMMYYYY; None if there is no such day."""
    if len(text) != 8 or not (text.isascii() and text.isdecimal()):
        return None
    try:
        return date(int(text[4:]), int(text[2:4]), int(text[:2]))
    except ValueError:
        return None


def _beginning(length: int) -> tuple[str, int, str]:
    """For a reference so long: all that stands before the bank, the CRC's state there, the reference's header."""
    inner = f"{tlv.write('00', API_BANK)}0103"
    start = f"00{len(inner) + 3 + 4 + length:02d}{inner}"
    return start, crc.state_of(start), f"02{length:02d}"


def _wallet_beginning(event: int, transaction: int) -> tuple[str, int, str]:
    """The same of TrueMoney's, for an event and a transaction ID so long; then the header of the latter."""
    inner = f"{tlv.write('00', API_TRUEMONEY)}010201"
    start = f"00{len(inner) + 4 + event + 4 + transaction + 12}{inner}02{event:02d}"
    return start, crc.state_of(start), f"03{transaction:02d}"


@lru_cache(maxsize=512)
def _wallet_end(day: date) -> str:
    """What stands behind a transaction ID of TrueMoney's: the day, and the header of the CRC."""
    return f"0408{day.day:02d}{day.month:02d}{day.year:04d}9104"


_BEGINNINGS: Final = tuple(_beginning(length) for length in range(REFERENCE_LENGTH_MAX + 1))
# By the lengths of event and transaction ID.
_WALLET_BEGINNINGS: Final = tuple(
    tuple(_wallet_beginning(event, transaction) for transaction in range(TRANSACTION_LENGTH_MAX + 1))
    for event in range(REFERENCE_LENGTH_MAX + 1)
)
_PRINTABLE: Final = bytes(range(33, 127))
_SMALL_HEX: Final = tuple(digits.lower() for digits in crc.HEX)
