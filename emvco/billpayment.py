"""PromptPay bill payment, tag 30: money to a biller that a bank has registered, with one or two references.

Sub-tags by the BOT guideline: 00 AID, 01 biller ID (13-digit tax ID and a 2-digit suffix), 02 reference 1 (mandatory),
03 reference 2; references have up to 20 characters. Banks accept only A-Z and 0-9 in them, so nothing else is written.
The references come back with the bank's notice: a bill payment is matched by them and not by its amount.

>>> bill_payment_payload("0994000165501-00", "INV1", amount_satang=2000)
'00020101021230470016A00000067701011201150994000165501000204INV15303764540520.005802TH6304196D'
>>> normalise_reference("inv-1")
Traceback (most recent call last):
    ...
emvco.errors.InputError: a reference has A-Z and 0-9 only (bad_character, tag 30/02, character 0)
"""

from __future__ import annotations

import re
from binascii import crc_hqx
from collections.abc import Sequence
from typing import Final, NamedTuple

from emvco import amount, crc, fields, tags, tlv
from emvco.errors import InputError, SchemeError
from emvco.tlv import DataObject

REFERENCE_LENGTH_MAX: Final = 20
_UPPER_ALPHANUMERIC: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")

_is_reference: Final = re.compile("[A-Z0-9]{1,20}").fullmatch


class BillPayment(NamedTuple):
    """What tag 30 says. `cross_border` is true for the AID of payments from abroad."""

    biller_id: str
    ref1: str
    ref2: str | None = None
    cross_border: bool = False


def normalise_biller_id(text: str) -> str:
    """The 15 digits of a biller ID; spaces and dashes between them are dropped. Raises InputError."""
    fields.require_text(text, "30/01")
    digits = text.replace("-", "").replace(" ", "")
    if not (digits.isascii() and digits.isdecimal()):
        wrong = next((i for i, character in enumerate(text) if character not in "0123456789- "), 0)
        raise InputError("bad_character", wrong, "30/01", "a biller ID has ASCII digits only")
    if len(digits) != 15:
        message = "a biller ID is 15 digits: the tax ID (13) and the suffix (2)"
        raise InputError("bad_biller_id", None, "30/01", message)
    return digits


def normalise_reference(text: str, *, path: str = "30/02", upper: bool = False) -> str:
    """A reference as every bank accepts it: A-Z and 0-9, 1 to 20 characters.

    With *upper* small letters become capitals; nothing else is ever changed. *path* names the reference in errors:
    "30/02" for reference 1, "30/03" for reference 2. Raises InputError.
    """
    fields.require_text(text, path)
    if upper and text.isascii():
        text = text.upper()
    if not 1 <= len(text) <= REFERENCE_LENGTH_MAX:
        message = f"a reference has 1 to {REFERENCE_LENGTH_MAX} characters"
        raise InputError("bad_length", min(len(text), REFERENCE_LENGTH_MAX), path, message)
    if not _UPPER_ALPHANUMERIC.issuperset(text):
        wrong = next(i for i, character in enumerate(text) if character not in _UPPER_ALPHANUMERIC)
        raise InputError("bad_character", wrong, path, "a reference has A-Z and 0-9 only")
    return text


def bill_payment_payload(biller_id: str, ref1: str, ref2: str | None = None, amount_satang: int | None = None) -> str:
    """The payload of a domestic bill payment QR.

    *amount_satang* 1 to 999,999,999,999; None leaves the amount to the payer (static code, 01=11). Raises InputError.
    """
    if not (type(biller_id) is str and len(biller_id) == 15 and biller_id.isascii() and biller_id.isdecimal()):
        biller_id = normalise_biller_id(biller_id)
    if type(ref1) is not str or not _is_reference(ref1):
        normalise_reference(ref1)
    if ref2 is None:
        references = f"{biller_id}02{_LENGTHS[len(ref1)]}{ref1}"
    else:
        if type(ref2) is not str or not _is_reference(ref2):
            normalise_reference(ref2, path="30/03")
        references = f"{biller_id}02{_LENGTHS[len(ref1)]}{ref1}03{_LENGTHS[len(ref2)]}{ref2}"
    if amount_satang is None:
        start, state = _STATIC[len(references)]
        rest = f"{references}53037645802TH6304"
    else:
        start, state = _DYNAMIC[len(references)]
        if type(amount_satang) is not int or not 0 < amount_satang <= 999_999_999_999:
            amount.write(amount_satang)  # which says what is wrong with it
        whole = str(amount_satang // 100)
        rest = f"{references}5303764{_HEADERS[len(whole)]}{whole}{_CENTS[amount_satang % 100]}5802TH6304"
    value = crc_hqx(rest.encode(), state)
    return f"{start}{rest}{_HEX[value >> 8]}{_HEX[value & 0xFF]}"


def cross_border_payload(
    biller_id: str, ref1: str, ref2: str | None = None, amount_satang: int | None = None, purpose: str | None = None
) -> str:
    """The payload of a bill payment from abroad: as `bill_payment_payload`, with the cross-border AID.

    *purpose* is what tag 62/08 carries then: `emvco.additional.cross_border_purpose(...)`. Raises InputError.
    """
    account = write(BillPayment(biller_id, ref1, ref2, cross_border=True))
    extra = "" if purpose is None else tlv.write("62", tlv.write("08", fields.ascii_text(purpose, "62/08", 25)))
    return _signed(account, amount_satang, extra)


def write(account: BillPayment) -> str:
    """The value of tag 30. Raises InputError."""
    values = {
        "00": tags.AID_BILL_PAYMENT_CROSS_BORDER if account.cross_border else tags.AID_BILL_PAYMENT,
        "01": normalise_biller_id(account.biller_id),
        "02": normalise_reference(account.ref1),
    }
    if account.ref2 is not None:
        values["03"] = normalise_reference(account.ref2, path="30/03")
    return fields.template(values, tags.BILL_PAYMENT)


def _signed(account: str, amount_satang: int | None, extra: str = "") -> str:
    initiation, baht = tags.STATIC, ""
    if amount_satang is not None:
        initiation, baht = tags.DYNAMIC, amount.data_object(amount_satang)
    head = f"0002010102{initiation}{tags.BILL_PAYMENT}{len(account):02d}{account}"
    return crc.sign(f"{head}5303{tags.BAHT}{baht}5802{tags.THAILAND}{extra}")


def read_account(children: Sequence[DataObject], offset: int) -> BillPayment:
    """The typed view of tag 30, whose value begins at *offset*. Raises SchemeError at what is wrong.

    A biller ID of 13 digits is read, because a bank prints them; references may hold any printable ASCII.
    """
    by_tag = {child.id: child for child in children}
    aid = by_tag["00"]
    name = aid.value.upper()
    if name not in {tags.AID_BILL_PAYMENT, tags.AID_BILL_PAYMENT_CROSS_BORDER}:
        raise SchemeError("unknown_aid", aid.value_offset, "30/00", "this is not an AID of bill payment")
    for tag, what in (("01", "biller ID"), ("02", "reference 1")):
        if tag not in by_tag:
            raise SchemeError("missing", offset, f"30/{tag}", f"{what} is mandatory")
    biller = by_tag["01"]
    if not (biller.value.isascii() and biller.value.isdecimal() and len(biller.value) in {13, 15}):
        raise SchemeError("bad_biller_id", biller.value_offset, "30/01", "a biller ID is 15 digits")
    ref2 = by_tag.get("03")
    for reference in (by_tag["02"], ref2):
        if reference is not None:
            _check_reference(reference)
    cross_border = name == tags.AID_BILL_PAYMENT_CROSS_BORDER
    return BillPayment(biller.value, by_tag["02"].value, ref2.value if ref2 else None, cross_border)


def _check_reference(field: DataObject) -> None:
    path = f"30/{field.id}"
    if len(field.value) > REFERENCE_LENGTH_MAX:
        where = field.value_offset + REFERENCE_LENGTH_MAX
        raise SchemeError("too_long", where, path, f"a reference has at most {REFERENCE_LENGTH_MAX} characters")
    for position, character in enumerate(field.value):
        if not " " <= character <= "~":
            raise SchemeError("bad_character", field.value_offset + position, path, "a reference is printable ASCII")


def _beginnings(initiation: str) -> tuple[tuple[str, int], ...]:
    """By the length of biller ID and references: all that stands before them, and the CRC's state after it."""
    account = tlv.write("00", tags.AID_BILL_PAYMENT) + "0115"
    starts = [f"0002010102{initiation}30{len(account) + length:02d}{account}" for length in range(64)]
    return tuple((start, crc.state_of(start)) for start in starts)


_STATIC: Final = _beginnings(tags.STATIC)
_DYNAMIC: Final = _beginnings(tags.DYNAMIC)
_LENGTHS: Final = tuple(f"{length:02d}" for length in range(REFERENCE_LENGTH_MAX + 1))
_HEADERS, _CENTS, _HEX = amount.HEADERS, amount.CENTS, crc.HEX
