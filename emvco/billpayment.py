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

from binascii import crc_hqx
from collections.abc import Sequence
from typing import Final, NamedTuple

from emvco import amount, crc, fields, tags, tlv
from emvco.errors import InputError, SchemeError
from emvco.tlv import DataObject

REFERENCE_LENGTH_MAX: Final = 20
_UPPER_ALPHANUMERIC: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")

_CAPITALS_AND_DIGITS: Final = "".join(sorted(_UPPER_ALPHANUMERIC)).encode()


class BillPayment(NamedTuple):
    """What tag 30 says. `cross_border` is true for the AID of payments from abroad."""

    biller_id: str
    ref1: str
    ref2: str | None = None
    cross_border: bool = False


# What stands before the biller ID, the CRC's state there, and the headers of reference 1 and 2.
_Beginning = tuple[str, int, str, str]


_Beginnings = tuple[tuple[tuple[_Beginning, ...], ...], ...]


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
    return _payload(_DOMESTIC, biller_id, ref1, ref2, amount_satang, "6304")


def cross_border_payload(
    biller_id: str, ref1: str, ref2: str | None = None, amount_satang: int | None = None, purpose: str | None = None
) -> str:
    """The payload of a bill payment from abroad: as `bill_payment_payload`, with the cross-border AID.

    *purpose* is what tag 62/08 carries then: `emvco.additional.cross_border_purpose(...)`. Raises InputError.
    """
    if purpose is None:
        return _payload(_FROM_ABROAD, biller_id, ref1, ref2, amount_satang, "6304")
    extra = tlv.write("62", tlv.write("08", fields.ascii_text(purpose, "62/08", 25)))
    return _payload(_FROM_ABROAD, biller_id, ref1, ref2, amount_satang, f"{extra}6304")


def signed(account: BillPayment, amount_satang: int | None, end: str) -> str:
    """The payload of either, with *end* behind the country: other objects in their order, and the CRC's header."""
    biller_id, ref1, ref2, cross_border = account
    return _payload(_FROM_ABROAD if cross_border else _DOMESTIC, biller_id, ref1, ref2, amount_satang, end)


def _payload(aid: _Beginnings, biller_id: str, ref1: str, ref2: str | None, amount_satang: int | None, end: str) -> str:
    """One of the two, signed."""
    if not (
        type(biller_id) is type(ref1) is str
        and len(biller_id) == 15
        and biller_id.isdecimal()
        and (ref2 is None or (type(ref2) is str and ref2))
    ):
        biller_id = _checked(biller_id, ref1, ref2)
    second = ref2 or ""
    try:
        if amount_satang is None:
            point = b""
            start, state, head1, head2 = aid[0][len(ref1)][len(second)]
            rest = f"{biller_id}{head1}{ref1}{head2}{second}53037645802TH{end}"
        else:
            if type(amount_satang) is not int or not 0 < amount_satang <= 999_999_999_999:
                amount.write(amount_satang)  # which says what is wrong with it
            point = b"."
            start, state, head1, head2 = aid[1][len(ref1)][len(second)]
            whole = str(amount_satang // 100)
            head, cents = _HEADERS[len(whole)], _CENTS[amount_satang % 100]
            rest = f"{biller_id}{head1}{ref1}{head2}{second}5303764{head}{whole}{cents}5802TH{end}"
        encoded = rest.encode()
    except (IndexError, UnicodeEncodeError):
        _checked(biller_id, ref1, ref2)
        raise
    # All characters at once: where nothing but the amount's point is left of them, none needs a closer look.
    own = encoded if end == crc.HEADER else encoded[: -len(end.encode())]
    if own.translate(None, _CAPITALS_AND_DIGITS) != point:
        _checked(biller_id, ref1, ref2)
    value = crc_hqx(encoded, state)
    return f"{start}{rest}{_HEX[value >> 8]}{_HEX[value & 0xFF]}"


def _checked(biller_id: str, ref1: str, ref2: str | None) -> str:
    """The biller ID in the one way to write it. Raises InputError at what is wrong with it or the references."""
    digits = normalise_biller_id(biller_id)
    normalise_reference(ref1)
    if ref2 is not None:
        normalise_reference(ref2, path="30/03")
    return digits


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


def _beginnings(aid: str) -> _Beginnings:
    """Without and with an amount, by the lengths of reference 1 and 2; a length that may not be has no entry."""
    return tuple(
        ((), *(tuple(_beginning(aid, initiation, ref1, ref2) for ref2 in range(21)) for ref1 in range(1, 21)))
        for initiation in (tags.STATIC, tags.DYNAMIC)
    )


def _beginning(aid: str, initiation: str, ref1: int, ref2: int) -> _Beginning:
    """For references so long; 0 for no reference 2."""
    account = tlv.write("00", aid) + "0115"
    head1, head2 = f"02{ref1:02d}", f"03{ref2:02d}" if ref2 else ""
    length = len(account) + 15 + len(head1) + ref1 + len(head2) + ref2
    start = f"0002010102{initiation}30{length:02d}{account}"
    return start, crc.state_of(start), head1, head2


_DOMESTIC: Final = _beginnings(tags.AID_BILL_PAYMENT)
_FROM_ABROAD: Final = _beginnings(tags.AID_BILL_PAYMENT_CROSS_BORDER)
_HEADERS, _CENTS, _HEX = amount.HEADERS, amount.CENTS, crc.HEX
