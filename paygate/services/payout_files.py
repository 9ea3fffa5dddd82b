"""Claimed payouts as a file for the bank's bulk transfer."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from paygate.core import ids
from paygate.core.cells import harmless
from paygate.core.payouts import Kind
from paygate.services.payouts import Desk, Instruction

BYTE_ORDER_MARK = "\ufeff"
"""Spreadsheets need it to read Thai."""


def bulk_csv(desk: Desk[Kind], found: Sequence[Instruction[Kind]]) -> str:
    """One line for each, with where it goes and how much."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow((desk.noun, "bank", "account", "promptpay", "name", "amount", "merchant"))
    for one in found:
        place, satang = one.place, one.payout.amount_satang
        numbers = (place.bank_code or "", place.number or "", place.proxy or "")
        amount, merchant = f"{satang // 100}.{satang % 100:02d}", ids.show_merchant(one.payout.merchant_id)
        writer.writerow((ids.show(desk.prefix, one.payout.id), *numbers, harmless(place.name), amount, merchant))
    return out.getvalue()
