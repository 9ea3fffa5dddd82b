"""Tag 31: what stands beside a bill payment for the bank that acquires it.

Two forms are known. `PaymentInnovation` (AID A000000677012004, BOT guideline): an API of the industry, as in
transaction verification ("001"), with the service provider and a reference. `AcquirerReference` (AID A000000677010113,
not in the guideline, seen on KBank's KShop codes): the acquirer's bank code and the references of its tag 30.

>>> write(AcquirerReference("004", "KB000000000000", "REF1"))
'0016A00000067701011301030040214KB0000000000000404REF1'
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from emvco import fields, tags
from emvco.errors import SchemeError
from emvco.tlv import DataObject

REFERENCE_LENGTH_MAX: Final = 25


class PaymentInnovation(NamedTuple):
    """Tag 31 of the BOT guideline: API ID (3 characters), service provider, transaction reference (up to 25)."""

    api_id: str
    provider_id: str
    reference: str | None = None


class AcquirerReference(NamedTuple):
    """Tag 31 as KBank writes it: the acquirer's bank code, the merchant's and the order's reference."""

    acquirer: str
    merchant_reference: str | None = None
    order_reference: str | None = None


def write(account: PaymentInnovation | AcquirerReference) -> str:
    """The value of tag 31. Raises InputError."""
    if isinstance(account, PaymentInnovation):
        values = {
            "00": tags.AID_PAYMENT_INNOVATION,
            "01": fields.ascii_text(account.api_id, "31/01", 3, 3),
            "02": fields.ascii_text(account.provider_id, "31/02", REFERENCE_LENGTH_MAX),
        }
        if account.reference is not None:
            values["03"] = fields.ascii_text(account.reference, "31/03", REFERENCE_LENGTH_MAX)
        return fields.template(values, tags.ACQUIRER)
    values = {"00": tags.AID_ACQUIRER, "01": fields.digits(account.acquirer, "31/01", 3)}
    for tag, reference in (("02", account.merchant_reference), ("04", account.order_reference)):
        if reference is not None:
            values[tag] = fields.ascii_text(reference, f"31/{tag}", REFERENCE_LENGTH_MAX)
    return fields.template(values, tags.ACQUIRER)


def read(children: Sequence[DataObject], offset: int) -> PaymentInnovation | AcquirerReference | None:
    """The typed view of tag 31, whose value begins at *offset*; None for an AID that is not known here.

    Raises SchemeError at what is wrong.
    """
    by_tag = {child.id: child for child in children}
    name = by_tag["00"].value.upper()
    if name not in {tags.AID_PAYMENT_INNOVATION, tags.AID_ACQUIRER}:
        return None
    if "01" not in by_tag:
        what = "the API ID" if name == tags.AID_PAYMENT_INNOVATION else "the acquirer"
        raise SchemeError("missing", offset, "31/01", f"{what} is mandatory")
    values = {tag: child.value for tag, child in by_tag.items()}
    if name == tags.AID_ACQUIRER:
        return AcquirerReference(values["01"], values.get("02"), values.get("04"))
    if len(values["01"]) != 3:
        raise SchemeError("bad_api_id", by_tag["01"].value_offset, "31/01", "an API ID has 3 characters")
    if "02" not in values:
        raise SchemeError("missing", offset, "31/02", "the service provider is mandatory")
    reference = by_tag.get("03")
    if reference is not None and len(reference.value) > REFERENCE_LENGTH_MAX:
        where = reference.value_offset + REFERENCE_LENGTH_MAX
        message = f"a transaction reference has at most {REFERENCE_LENGTH_MAX} characters"
        raise SchemeError("too_long", where, "31/03", message)
    return PaymentInnovation(values["01"], values["02"], values.get("03"))
