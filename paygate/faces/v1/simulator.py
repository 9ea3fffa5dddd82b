"""POST /api/v1/test/payment/{id}/pay: plays the bank for a test payment."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from paygate import wire
from paygate.core import fields, ids, money
from paygate.core import shapes as declare
from paygate.core.answers import Baht, Done, Moment
from paygate.core.events import timestamp
from paygate.core.fields import Fields
from paygate.core.payments import Payment
from paygate.core.scopes import Scope
from paygate.core.shapes import Shape
from paygate.db.simulated import Transfer
from paygate.faces.v1 import shapes
from paygate.faces.v1.answers import Transaction
from paygate.faces.v1.payments import merchant, replayed
from paygate.services import simulator
from paygate.services.context import Context
from paygate.services.simulator import HIGH_SATANG, MOST_DELAY_S, VIAS, Play
from paygate.wire.access import actor


class SimulatedTransfer(msgspec.Struct, frozen=True, kw_only=True):
    """What the simulated bank did, or will do."""

    id: Annotated[str, Meta(description="The transfer's id.", examples=["sim_06nz0nc5vj7r4gjx7c79l6za00"])]
    status: Annotated[
        str,
        Meta(
            description="TOLD: the bank has told of it. SCHEDULED: it will, at `movesAt`.",
            extra_json_schema={"enum": ["TOLD", "SCHEDULED"]},
        ),
    ]
    via: Annotated[str, Meta(description="How it is told.", extra_json_schema={"enum": list(VIAS)})]
    amount: Annotated[Baht, Meta(description="What was transferred, in baht.")]
    movesAt: Annotated[Moment, Meta(description="When the money moves.")]
    reference: Annotated[str, Meta(description="The bank's reference.", examples=["TESTX7C79L6ZA000000A"])]
    outcomes: Annotated[
        list[str],
        Meta(
            description="What became of it, each time it was told: PAID, DUPLICATE, ORPHAN (nobody asks for this"
            " amount), REVIEW, REJECTED or VERIFYING (a slip), IGNORED, PAID_OTHER (another payment of this amount)"
            " or REFUSED.",
            examples=[["PAID"]],
        ),
    ]
    detail: Annotated[str | None, Meta(description="Why it was refused, when it was.", examples=[None])]
    text: Annotated[str | None, Meta(description="The bank's text, of a notice.", examples=[None])]


class Simulated(msgspec.Struct, frozen=True):
    """What the simulated bank did, and how the payment stands."""

    success: Done
    transfer: SimulatedTransfer
    transaction: Transaction


def _amount(given: Fields) -> int | None:
    if given.get("amount") is None:
        return None
    return money.satang_from_json(given["amount"], low=1, high=HIGH_SATANG)


AMOUNT = declare.custom(
    "amount",
    _amount,
    {"type": "number", **declare.between(1, HIGH_SATANG), "multipleOf": 0.01},
    "What is transferred, in baht; without it, just what the QR asks for.",
    example=150.00,
)
DELAY = declare.whole("delaySeconds", 0, MOST_DELAY_S, "So long until the money moves.", example=0)
DUPLICATE = declare.flag("duplicate", "true: the same evidence is told twice. For a payer who pays twice, call twice.")
LATE = declare.flag("late", "true: the QR runs out first (`payment.expired`), and the money moves a second after.")
VIA = declare.choice(
    "via",
    VIAS,
    "How the bank tells of it: a signed callback unless you say otherwise, a notice (a bank's text to a phone), or the"
    " picture of a slip that is handed in.",
    example="notice",
)
NEW_SIMULATION = Shape("Simulation", "What the bank shall do.", (AMOUNT, DELAY, DUPLICATE, LATE, VIA))


async def pay(request: Request) -> Response:
    """200 when the bank told of it, 202 while it will; a live payment is refused, and untouched."""
    principal, ctx = await merchant(request, Scope.PAYMENTS_WRITE), wire.context(request)
    payment_id = ids.read_uuid(request.path_params["payment_id"])
    raw = await wire.body(request)
    given = fields.json_object(raw) if raw.strip() else {}
    wish = Play(
        via=next(via for via in VIAS if via == (VIA.read(given) or "callback")),
        amount_satang=AMOUNT.read(given),
        delay_s=DELAY.read(given) or 0,
        duplicate=DUPLICATE.read(given) or False,
        late=LATE.read(given) or False,
    )

    def answer(payment: Payment, transfer: Transfer) -> tuple[int, bytes]:
        return 202 if transfer.told_at is None else 200, _shown(ctx, payment, transfer)

    claim, who = wire.claim(request, principal, raw), actor(request, principal)
    done = await simulator.play(ctx, principal, payment_id, wish, claim, answer, who)
    return wire.raw_json(done.body, done.status, replayed(done))


def _shown(ctx: Context, payment: Payment, transfer: Transfer) -> bytes:
    told = SimulatedTransfer(
        id=ids.show("sim", transfer.id),
        status="TOLD" if transfer.told_at is not None else "SCHEDULED",
        via=transfer.via,
        amount=money.baht(transfer.amount_satang),
        movesAt=timestamp(transfer.occurred_at),
        reference=transfer.reference,
        outcomes=list(transfer.outcomes),
        detail=transfer.detail or None,
        text=transfer.text,
    )
    return wire.encode(Simulated(True, told, shapes.transaction(ctx, payment)))
