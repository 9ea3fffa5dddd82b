"""QR texts without a payment: what the API's `/qr` and the command line are asked to draw."""

from __future__ import annotations

from dataclasses import dataclass

import emvco
from paygate.core.errors import InvalidInput

MAX_AMOUNT_SATANG = 999_999_999_999  # What tag 54 has room for (EMVCo MPM 4.7.5): 13 characters.
_FIELDS = {"30/01": "billerId", "30/02": "ref1", "30/03": "ref2", "54": "amount"}
_NAMES = {"billerId": "biller ID", "promptpay": "PromptPay ID"}


@dataclass(frozen=True, slots=True)
class Code:
    """A PromptPay ID, or a biller ID with its references; without an amount the payer types it."""

    promptpay: str | None = None
    biller_id: str | None = None
    ref1: str | None = None
    ref2: str | None = None
    amount_satang: int | None = None


def payload(code: Code) -> str:
    """The QR's text. Raises InvalidInput; `field` is promptpay, billerId, ref1, ref2 or amount."""
    try:
        if code.biller_id is not None:
            if code.promptpay is not None:
                raise InvalidInput("Give promptpay or billerId, not both.", field="billerId")
            if code.ref1 is None:
                raise InvalidInput("A bill payment needs ref1.", field="ref1")
            return emvco.bill_payment_payload(code.biller_id, code.ref1, code.ref2, code.amount_satang)
        if code.promptpay is None:
            raise InvalidInput("Give promptpay (a PromptPay ID) or billerId.", field="promptpay")
        for name, reference in (("ref1", code.ref1), ("ref2", code.ref2)):
            if reference is not None:
                raise InvalidInput(f"{name} is for bill payments: it needs billerId.", field=name)
        return emvco.promptpay_payload(code.promptpay, code.amount_satang)
    except emvco.EmvcoError as error:
        field = _FIELDS.get(error.path, "promptpay")
        raise InvalidInput(f"The {_NAMES.get(field, field)} is not valid: {error.message}.", field=field) from error
