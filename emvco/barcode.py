"""The text of a Thai bill payment barcode, and the way between it and a bill payment QR (tag 30).

BOT standard: "|", biller ID (13 digits and a 2-digit suffix), CR, reference 1, CR, reference 2 or nothing, CR, amount
in satang ("0": none given). Always three carriage returns; some generators write LF or CRLF, which is read. Both forms
hold the same facts, but a bank takes the QR only for billers that it has registered for it.

>>> barcode_text("099400016550100", "020020411530", "661229", 111109)
'|099400016550100\\r020020411530\\r661229\\r111109'
>>> read_barcode("|099400016550100\\r020020411530\\r\\r0")
Barcode(biller_id='099400016550100', ref1='020020411530', ref2=None, amount_satang=None)
"""

from __future__ import annotations

from typing import NamedTuple

from emvco import amount, billpayment, fields
from emvco.billpayment import BillPayment
from emvco.errors import BarcodeError, InputError


class Barcode(NamedTuple):
    """What the barcode says; no amount means that the payer gives it."""

    biller_id: str
    ref1: str
    ref2: str | None = None
    amount_satang: int | None = None

    @property
    def bill_payment(self) -> BillPayment:
        """The same facts as tag 30 holds them."""
        return BillPayment(self.biller_id, self.ref1, self.ref2)

    def payload(self) -> str:
        """The bill payment QR of the same facts. Raises InputError."""
        return billpayment.bill_payment_payload(self.biller_id, self.ref1, self.ref2, self.amount_satang)

    def __str__(self) -> str:
        """The text, with CR. References stand as they are: what was read of a bill can be written again."""
        return f"|{self.biller_id}\r{self.ref1}\r{self.ref2 or ''}\r{self.amount_satang or 0}"


def barcode_text(
    biller_id: str,
    ref1: str,
    ref2: str | None = None,
    amount_satang: int | None = None,
    *,
    reference_length_max: int = billpayment.REFERENCE_LENGTH_MAX,
) -> str:
    """The text of the barcode, with CR. Raises InputError.

    References have up to 20 characters as in tag 30; some billers' one-dimensional barcodes allow 18 only.
    """
    if type(reference_length_max) is not int or not 1 <= reference_length_max <= billpayment.REFERENCE_LENGTH_MAX:
        message = f"reference_length_max is a whole number from 1 to {billpayment.REFERENCE_LENGTH_MAX}"
        raise InputError("wrong_type", None, "", message)
    biller_id = billpayment.normalise_biller_id(biller_id)
    billpayment.normalise_reference(ref1)
    if ref2 is not None:
        billpayment.normalise_reference(ref2, path="30/03")
    for path, reference in (("30/02", ref1), ("30/03", ref2 or "")):
        if len(reference) > reference_length_max:
            message = f"a reference has at most {reference_length_max} characters here"
            raise InputError("bad_length", reference_length_max, path, message)
    if amount_satang is not None:
        amount.write(amount_satang)
    return f"|{biller_id}\r{ref1}\r{ref2 or ''}\r{amount_satang or 0}"


def looks_like(text: str) -> bool:
    """Does *text* begin as a barcode's text?"""
    return text[:1] == "|"


def read_barcode(text: str) -> Barcode:
    """Read the text of a barcode. Raises BarcodeError at the first wrong character, InputError for what is no text."""
    fields.require_text(text, "", "the text")
    if not looks_like(text):
        raise BarcodeError("no_bar", 0, "", 'the text begins with "|"')
    parts = _split(text)
    if len(parts) != 4:
        message = "there are four parts: biller ID, reference 1, reference 2, amount"
        raise BarcodeError("wrong_parts", len(text), "", message)
    (biller, at), (ref1, ref1_at), (ref2, ref2_at), (satang, satang_at) = parts
    if len(biller) != 15 or not (biller.isascii() and biller.isdecimal()):
        raise BarcodeError("bad_biller_id", at, "biller_id", "a biller ID is 15 digits")
    for reference, where, name in ((ref1, ref1_at, "ref1"), (ref2, ref2_at, "ref2")):
        _check_reference(reference, where, name)
    if not satang or len(satang) > 12 or not (satang.isascii() and satang.isdecimal()):
        raise BarcodeError("bad_amount", satang_at, "amount", "the amount is digits: satang, or 0 for none")
    return Barcode(biller, ref1, ref2 or None, int(satang) or None)


def _check_reference(reference: str, offset: int, name: str) -> None:
    if not reference.strip() and (reference or name == "ref1"):
        raise BarcodeError("missing", offset, name, "a reference is not blank, and reference 1 is mandatory")
    if len(reference) > billpayment.REFERENCE_LENGTH_MAX:
        message = f"a reference has at most {billpayment.REFERENCE_LENGTH_MAX} characters"
        raise BarcodeError("too_long", offset + billpayment.REFERENCE_LENGTH_MAX, name, message)
    for position, character in enumerate(reference):
        if not " " <= character <= "~":
            raise BarcodeError("bad_character", offset + position, name, "a reference is printable ASCII")


def _split(text: str) -> list[tuple[str, int]]:
    """The parts after the bar, each with its offset; CR, LF and CRLF all separate."""
    parts: list[tuple[str, int]] = []
    start = at = 1
    while at < len(text):
        if text[at] in "\r\n":
            parts.append((text[start:at], start))
            at += 2 if text[at : at + 2] == "\r\n" else 1
            start = at
        else:
            at += 1
    parts.append((text[start:], start))
    return parts
