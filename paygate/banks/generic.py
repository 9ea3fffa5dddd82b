"""The operator's own signed bridge, kind `generic`: one credit as JSON.

    {"amount": 150.00, "occurredAt": "2026-11-20T10:00:00+07:00", "sendingBank": "014", "transRef": "T1aB",
     "ref1": null, "ref2": null, "payerName": null, "payerAccount": null}

Its word is the bank's word (rank A): whoever holds the source's secret says what arrived.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from uuid import UUID

from paygate.core import canonical, fields, shapes
from paygate.core.credits import Observation
from paygate.core.errors import InvalidInput
from paygate.core.events import timestamp
from paygate.core.fields import Fields
from paygate.core.shapes import Field, Shape

KIND = "generic"
RANK = "A"
LOW_SATANG = 1
HIGH_SATANG = 10**12 - 1
MAX_TRANS_REF = 128
MAX_REFERENCE = 20
MAX_PAYER_NAME = 200
MAX_PAYER_ACCOUNT = 64
_BANK = re.compile(r"[0-9]{3}", re.ASCII)


def _printable(given: Fields, name: str, longest: int) -> str | None:
    value = fields.text(given, name, longest)
    if value is not None and not (value.isprintable() and value == value.strip()):
        message = f"{name} may hold printable characters only, with no blanks around them."
        raise InvalidInput(message, field=name)
    return value


def _echoed(name: str, about: str) -> Field[str | None]:
    """A bill-payment reference as the bank echoes it; banks write small letters as capitals, or not."""
    plain = shapes.text(name, MAX_REFERENCE, about, shortest=0, one_line=True)
    return replace(plain, read=lambda given: (plain.read(given) or "").strip().upper() or None)


AMOUNT = shapes.baht("amount", LOW_SATANG, HIGH_SATANG, "What arrived, in baht.", example=150.00)
OCCURRED_AT = shapes.needed(
    shapes.moment("occurredAt", "When the money moved.", example="2026-11-20T10:00:00+07:00"),
    "occurredAt is required: when the money moved.",
)
SENDING_BANK = shapes.pattern(
    "sendingBank", _BANK, "3 digits, the bank's BOT code", "The payer's bank, by its BOT code.", example="014"
)
TRANS_REF = shapes.custom(
    "transRef",
    lambda given: _printable(given, "transRef", MAX_TRANS_REF),
    {"type": "string", "minLength": 1, "maxLength": MAX_TRANS_REF},
    "The bank's reference of the transfer: the same transfer must always have the same one.",
    example="T1aB20261120",
)
REF1 = _echoed("ref1", "Reference 1 of a bill payment.")
REF2 = _echoed("ref2", "Reference 2 of a bill payment.")
PAYER_NAME = shapes.text("payerName", MAX_PAYER_NAME, "As the bank shows it.", shortest=0)
PAYER_ACCOUNT = shapes.text("payerAccount", MAX_PAYER_ACCOUNT, "As the bank shows it, masked or not.", shortest=0)
SHAPE = Shape(
    "BankCredit",
    "Money that arrived, as the operator's own bridge tells it (source of kind `generic`).",
    (AMOUNT, OCCURRED_AT, SENDING_BANK, TRANS_REF, REF1, REF2, PAYER_NAME, PAYER_ACCOUNT),
)


def read(raw: bytes, *, merchant_id: int, mode: str, receiving_id: UUID, source_id: UUID, trust: str) -> Observation:
    """What the bridge says about a credit on one account. Raises InvalidInput, naming the field."""
    given = fields.json_object(raw)
    amount_satang, occurred_at = AMOUNT.read(given), OCCURRED_AT.read(given)
    bank, reference = SENDING_BANK.read(given), TRANS_REF.read(given)
    payer_name, payer_account = PAYER_NAME.read(given) or None, PAYER_ACCOUNT.read(given) or None
    ref1, ref2 = REF1.read(given), REF2.read(given)
    facts = [amount_satang, timestamp(occurred_at), bank, reference, ref1, ref2, payer_name, payer_account]
    return Observation(
        merchant_id=merchant_id,
        mode=mode,
        receiving_id=receiving_id,
        source_id=source_id,
        rank=RANK,
        amount_satang=amount_satang,
        occurred_at=occurred_at,
        trust=trust,
        namespace=f"bank:{bank}" if bank else f"source:{source_id}",
        reference=reference,
        digest=hashlib.sha256(canonical.dumps(facts).encode()).digest(),
        sending_bank=bank,
        payer_name=payer_name,
        payer_account=payer_account,
        ref1=ref1,
        ref2=ref2,
    )
