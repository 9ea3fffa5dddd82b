"""The bank behind the slips of the test mode: it knows the transfers that the simulator ordered, and nothing live."""

from __future__ import annotations

from paygate.banks.slips import ErrorKind, SlipFacts, VerifierError
from paygate.banks.slips.facts import Party
from paygate.core.errors import Bug
from paygate.core.payments import Payment
from paygate.db import simulated
from paygate.db.pool import Conn
from paygate.db.slips import Slip
from paygate.services.context import Context

NAME = "simulator"
PAYER = "TEST PAYER"
PAYER_ACCOUNT = "xxx-x-x0042-x"
BANK = "004"  # Every slip names a bank; this one is known to all readers.


async def knows(conn: Conn, payment: Payment, sending_bank: str, reference: str) -> bool:
    """Whether the slip of a test payment is of a transfer that its own merchant's simulator made."""
    if payment.mode != "test":
        raise Bug("The simulated bank was asked about a live payment.")
    return await simulated.named(conn, payment.merchant_id, sending_bank, reference) is not None


async def verify(ctx: Context, slip: Slip) -> SlipFacts:
    """What the bank says of a test slip, as a verifier would. Raises VerifierError."""
    if slip.mode != "test":
        raise Bug("The simulated bank was asked about a live slip.")
    async with ctx.db.connection() as conn:
        found = await simulated.named(conn, slip.merchant_id, slip.sending_bank or "", slip.trans_ref or "")
    if found is None:
        raise VerifierError(ErrorKind.NOT_FOUND, "No such transfer.", provider=NAME)
    transfer, to = found.transfer, found.holder
    return SlipFacts(
        provider=NAME,
        provider_tx_id=None,
        sending_bank=transfer.sending_bank,
        receiving_bank=to.bank_code,
        trans_ref=transfer.reference,
        occurred_at=transfer.occurred_at,
        amount_satang=transfer.amount_satang,
        currency="THB",
        sender=Party(name=PAYER, bank=transfer.sending_bank, account_mask=PAYER_ACCOUNT),
        receiver=Party(name=to.name, bank=to.bank_code, account_mask=to.number, proxy=to.proxy),
        ref1=found.ref1,
        ref2=found.ref2,
        to_merchant_id=to.biller_id if found.ref1 else None,
    )
