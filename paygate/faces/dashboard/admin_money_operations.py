"""What the operator does with payouts and invoices, for the API's document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paygate.core import errors
from paygate.core.people import May
from paygate.faces.dashboard import admin_money as money
from paygate.faces.dashboard import admin_money_answers as answers
from paygate.faces.dashboard import invoice_answers, invoices
from paygate.faces.dashboard.people_operations import INVOICE, NO_INVOICE
from paygate.wire.operations import PERSON, Handler, Operation, Part, Reply, json_body, reply

TAG = "operator"
CSV = {"type": "string", "description": "CSV with a head: where each goes, and how much."}
NOW = (reply(200, "It stands so now.", answers.OnePayout),)
WHY = errors.InvalidInput("reason is required.", field="reason")
STILL = errors.Conflict("The merchant is suspended; its payouts wait.")
TAKEN = errors.Conflict("user:usr_06nz claimed this payout; nobody else may pay it.")


def _unknown(window: money.Window[Any], part: Part) -> errors.NotFound:
    return errors.NotFound(f"There is no {window.desk.noun} {part.example}.")


def _read(window: money.Window[Any], part: Part) -> Mapping[Handler, Operation]:
    noun = window.desk.noun
    name, unknown = noun.capitalize(), _unknown(window, part)
    return {
        window.listed: Operation(
            id=f"listAll{name}s",
            tag=TAG,
            summary=f"{name}s of all merchants",
            about="Open ones by their day, or those that stand as you say, the newest first.",
            who=PERSON,
            may=May.OPERATE,
            query=money.QUERY,
            replies=(reply(200, "They.", answers.Payouts),),
        ),
        window.get: Operation(
            id=f"getAny{name}",
            tag=TAG,
            summary=f"One {noun}",
            who=PERSON,
            may=May.OPERATE,
            path=(part,),
            replies=NOW,
            refusals=(unknown,),
        ),
        window.payout_qr: Operation(
            id=f"get{name}Qr",
            tag=TAG,
            summary=f"The QR that pays a {noun}",
            about="For whoever claimed it, while it is claimed.",
            who=PERSON,
            may=May.OPERATE,
            path=(part,),
            replies=(reply(200, "What to scan.", answers.PayoutQr),),
            refusals=(unknown, errors.WrongState("APPROVED", "shown to be paid", what=noun), TAKEN),
        ),
        window.export: Operation(
            id=f"export{name}s",
            tag=TAG,
            summary=f"The {noun}s that you claimed, for the bank's bulk transfer",
            who=PERSON,
            may=May.OPERATE,
            replies=(Reply(200, "The file.", {"text/csv": (CSV,)}, headers=("Content-Disposition",)),),
        ),
    }


def _act(window: money.Window[Any], part: Part) -> Mapping[Handler, Operation]:
    noun = window.desk.noun

    def step(
        verb: str,
        summary: str,
        about: str,
        state: tuple[str, str],
        *refusals: errors.PayGateError,
        body: Any = None,
    ) -> Operation:
        return Operation(
            id=f"{verb}{noun.capitalize()}",
            tag=TAG,
            summary=summary,
            about=about,
            who=PERSON,
            may=May.OPERATE,
            path=(part,),
            body=None if body is None else json_body(body),
            replies=NOW,
            refusals=(_unknown(window, part), errors.WrongState(*state, what=noun), *refusals),
        )

    frozen, once, only = (
        "Where it goes is frozen. Above the operator's limit it waits for a second person.",
        "One person gets it, and nobody else may pay it until it is completed or released.",
        "Only when you know that nothing was sent.",
    )
    early, again = "Before anybody claimed it. The money is the merchant's again.", "The money is the merchant's again."
    return {
        window.approve: step("approve", f"Approve a {noun}", frozen, ("PAYING", "approved"), STILL),
        window.claim: step("claim", f"Claim a {noun}, to pay it now", once, ("REQUESTED", "claimed"), TAKEN),
        window.release: step(
            "release", "Give a claim back", only, ("APPROVED", "released"), TAKEN, WHY, body=money.WHY
        ),
        window.reject: step("reject", f"Reject a {noun}", early, ("PAYING", "rejected"), WHY, body=money.WHY),
        window.bounce: step(
            "return", f"Say that the bank brought a {noun} back", again, ("APPROVED", "returned"), WHY, body=money.WHY
        ),
        window.complete: step(
            "completeAny",
            f"Say that a {noun} was paid",
            "The same again changes nothing.",
            ("APPROVED", "completed"),
            errors.InvalidInput("bankReference is required.", field="bankReference"),
            errors.InvalidInput("accountId must be the id of an account, acc_...", field="accountId"),
            errors.Conflict("The bank's reference 2026112012345678 has completed another payout."),
            body=money.PAID,
        ),
    }


SETTLEMENT = Part("settlementId", "The settlement's id.", {"type": "string"}, "stl_06nz0nc5vj7r4gjx7c79l6za00")
REFUND = Part("refundId", "The refund's id.", {"type": "string"}, "rfd_06nz0nc5vj7r4gjx7c79l6za00")

OPERATIONS: Mapping[Handler, Operation] = {
    **_read(money.SETTLEMENT_WINDOW, SETTLEMENT),
    **_act(money.SETTLEMENT_WINDOW, SETTLEMENT),
    **_read(money.REFUND_WINDOW, REFUND),
    **_act(money.REFUND_WINDOW, REFUND),
    invoices.listed: Operation(
        id="listInvoices",
        tag=TAG,
        summary="Fee invoices, the newest first",
        who=PERSON,
        may=May.OPERATE,
        query=invoices.ANY,
        replies=(reply(200, "They.", invoice_answers.Invoices),),
    ),
    invoices.get: Operation(
        id="getInvoice",
        tag=TAG,
        summary="One fee invoice",
        who=PERSON,
        may=May.OPERATE,
        path=(INVOICE,),
        replies=(reply(200, "The invoice.", invoice_answers.OneInvoice),),
        refusals=(NO_INVOICE,),
    ),
}
