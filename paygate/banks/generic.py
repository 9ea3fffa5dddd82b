"""The operator's own signed bridge, kind `generic`: one credit as JSON.

    {"amount": 150.00, "occurredAt": "2026-11-20T10:00:00+07:00", "sendingBank": "014", "transRef": "T1aB",
     "ref1": null, "ref2": null, "payerName": null, "payerAccount": null}

Its word is the bank's word (rank A): whoever holds the source's secret says what arrived.
"""

from __future__ import annotations

import hashlib
import re
from uuid import UUID

from paygate.core import canonical, fields
from paygate.core.credits import Observation
from paygate.core.errors import InvalidInput
from paygate.core.events import timestamp
from paygate.core.fields import Fields
from paygate.core.money import satang_from_json

KIND = "generic"
RANK = "A"
LOW_SATANG = 1
HIGH_SATANG = 10**12 - 1
MAX_TRANS_REF = 128
MAX_REFERENCE = 20
MAX_PAYER_NAME = 200
MAX_PAYER_ACCOUNT = 64
_BANK = re.compile(r"[0-9]{3}", re.ASCII)


def read(raw: bytes, *, merchant_id: int, mode: str, receiving_id: UUID, source_id: UUID, trust: str) -> Observation:
    """What the bridge says about a credit on one account. Raises InvalidInput, naming the field."""
    given = fields.json_object(raw)
    amount_satang = satang_from_json(given.get("amount"), low=LOW_SATANG, high=HIGH_SATANG)
    occurred_at = fields.moment(given, "occurredAt")
    if occurred_at is None:
        raise InvalidInput("occurredAt is required: when the money moved.", field="occurredAt")
    bank = fields.pattern(given, "sendingBank", _BANK, "3 digits, the bank's BOT code")
    reference = _printable(given, "transRef", MAX_TRANS_REF)
    payer_name = fields.text(given, "payerName", MAX_PAYER_NAME, shortest=0) or None
    payer_account = fields.text(given, "payerAccount", MAX_PAYER_ACCOUNT, shortest=0) or None
    ref1, ref2 = _echoed(given, "ref1"), _echoed(given, "ref2")
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


def _printable(given: Fields, name: str, longest: int) -> str | None:
    value = fields.text(given, name, longest)
    if value is not None and not (value.isprintable() and value == value.strip()):
        message = f"{name} may hold printable characters only, with no blanks around them."
        raise InvalidInput(message, field=name)
    return value


def _echoed(given: Fields, name: str) -> str | None:
    """A bill-payment reference as the bank echoes it; banks write small letters as capitals, or not."""
    value = fields.text(given, name, MAX_REFERENCE, shortest=0, one_line=True)
    return (value or "").strip().upper() or None
