"""What the native face does about payments and pictures, for the API's document."""

from __future__ import annotations

from collections.abc import Mapping

from paygate.banks.slips.picture import MAX_SLIP_BYTES
from paygate.core import errors
from paygate.core.answers import TRANSACTION
from paygate.core.scopes import Scope
from paygate.core.shapes import Schema
from paygate.core.slips import Refusal
from paygate.faces.v1 import (
    answers,
    batches,
    codes,
    link_operations,
    logs,
    payments,
    pictures,
    refund_operations,
    settlement_operations,
    shapes,
    simulator,
    slips,
    streams,
    transactions,
    webhook_operations,
)
from paygate.services.simulator import LIVE
from paygate.wire.operations import (
    ANYBODY,
    BINARY,
    JSON,
    MERCHANT,
    MERCHANT_OR_PAGE,
    MERCHANT_OR_PAYER,
    Body,
    Handler,
    Operation,
    Part,
    Reply,
    Who,
    json_body,
    reply,
)

PAYMENT = Part("paymentId", "The payment's id.", {"type": "string", "format": "uuid"}, TRANSACTION)
ORDER = Part("orderId", "Your number of the order.", {"type": "string"}, "A-1001")
PICTURE = Part(
    "name",
    "The payment's other id (`pi_...`, in its clientSecret before `_secret_`) and the kind: .png or .svg.",
    {"type": "string", "pattern": r"\.(png|svg)$"},
    "pi_06nz0nc5vj7r4gjx7c79l6za.png",
)
NO_PAYMENT = errors.NotFound("No such payment.")
BAD_AMOUNT = errors.InvalidInput("amount is required: a number of baht.", field="amount")
CODES: Schema = {
    "type": "array",
    "minItems": 1,
    "maxItems": codes.MAX_CODES,
    "items": {"$ref": f"#/components/schemas/{codes.NEW_CODE.name}"},
}
TEXT: Schema = {"type": "string"}

OPERATIONS: Mapping[Handler, Operation] = {
    payments.create: Operation(
        id="createPayment",
        tag="payments",
        summary="Make a payment",
        about="The answer holds the QR to show. The same `orderId` twice makes two payments: send an Idempotency-Key."
        " A pk_ key may, from a page of an allowed origin; the answer then leaves out what the payment costs you.",
        who=MERCHANT_OR_PAGE,
        scope=Scope.PAYMENTS_WRITE,
        body=json_body(shapes.NEW_PAYMENT),
        replies=(reply(201, "It was made.", answers.Made),),
        refusals=(
            BAD_AMOUNT,
            errors.SlotsExhausted(retry_after_s=600),
            errors.NoAccount(),
            errors.Conflict("These bill-payment references are in use by another payment.", field="promptpayRef1"),
            errors.TooManyOpen(600),
        ),
        idempotent=True,
    ),
    batches.create: Operation(
        id="createPayments",
        tag="payments",
        summary="Make up to 1,000 payments, all or none",
        about="A refusal names the entry: `payments[3].amount`.",
        who=MERCHANT,
        scope=Scope.PAYMENTS_WRITE,
        body=json_body(batches.NEW_PAYMENTS),
        replies=(reply(201, "They were made, in the order of the request.", answers.ManyMade),),
        refusals=(
            errors.InvalidInput("amount must be at least 1.00 THB.", field="payments[3].amount"),
            errors.SlotsExhausted(retry_after_s=600, field="payments[3]"),
            errors.NoAccount(),
        ),
        idempotent=True,
    ),
    payments.get: Operation(
        id="getPayment",
        tag="payments",
        summary="Where a payment stands",
        about="The merchant sees all of it; the payer, who has the client secret, what is theirs.",
        who=MERCHANT_OR_PAYER,
        scope=Scope.PAYMENTS_READ,
        path=(PAYMENT,),
        replies=(reply(200, "The payment.", answers.Found, answers.FoundByPayer),),
        refusals=(NO_PAYMENT,),
    ),
    payments.get_by_order: Operation(
        id="getPaymentOfOrder",
        tag="payments",
        summary="The payment that stands for an order",
        about="Of several the PAID one if there is one, else the latest. The number may contain slashes.",
        who=MERCHANT,
        scope=Scope.PAYMENTS_READ,
        path=(ORDER,),
        replies=(reply(200, "The payment.", answers.Found),),
        refusals=(NO_PAYMENT,),
    ),
    payments.cancel: Operation(
        id="cancelPayment",
        tag="payments",
        summary="Cancel a payment that nobody paid",
        about="While it is PENDING and no slip is being checked. Cancelling again is no error.",
        who=MERCHANT,
        scope=Scope.PAYMENTS_WRITE,
        path=(PAYMENT,),
        replies=(reply(200, "It is cancelled.", answers.Made),),
        refusals=(NO_PAYMENT, errors.WrongState("PAID", "cancelled")),
        idempotent=True,
    ),
    slips.hand_in: Operation(
        id="handInSlip",
        tag="payments",
        summary="Hand in the payer's slip",
        about="Its picture, or the text of its mini QR. It is checked with the bank; nothing is PAID by a picture.",
        who=MERCHANT_OR_PAYER,
        scope=Scope.PAYMENTS_WRITE,
        path=(PAYMENT,),
        body=Body({JSON: (slips.SLIP_TEXT,), "multipart/form-data": (slips.SLIP_FORM,)}, most_bytes=MAX_SLIP_BYTES),
        replies=(
            reply(200, "The outcome.", answers.Slip, answers.SlipOfPayer),
            reply(202, "It is being checked; read the payment again.", answers.Slip, answers.SlipOfPayer),
        ),
        refusals=(
            errors.InvalidInput("file is required: the picture of the slip, JPEG, PNG or WebP.", field="file"),
            NO_PAYMENT,
            errors.SlipRefused(Refusal.PAID_ALREADY, th="รายการนี้ชำระเงินแล้ว", en="This payment has been paid already."),
        ),
        idempotent=True,
    ),
    simulator.pay: Operation(
        id="simulatePayment",
        tag="test mode",
        summary="Play the bank for a test payment",
        about="With a test key. The money is told of by the very doors that real news comes in by, so matching, ledger"
        " and webhooks are those of live payments. `/simulator/{id}` does the same on a page.",
        who=MERCHANT,
        scope=Scope.PAYMENTS_WRITE,
        path=(PAYMENT,),
        body=json_body(simulator.NEW_SIMULATION, required=False),
        replies=(
            reply(200, "The bank told of it.", simulator.Simulated),
            reply(202, "It will be told of.", simulator.Simulated),
        ),
        refusals=(
            errors.InvalidInput("amount must be a plain number with at most two decimals.", field="amount"),
            errors.Forbidden(LIVE),
            NO_PAYMENT,
            errors.Conflict("A slip of this payment is being checked; it cannot run out now."),
        ),
        idempotent=True,
    ),
    streams.events: Operation(
        id="watchPayment",
        tag="payments",
        summary="Wait for a payment's status",
        about="Server-sent events: `status` at once and at each change, its data being what a read answers.",
        who=(*MERCHANT_OR_PAYER, Who.CLIENT_SECRET_IN_QUERY),
        scope=Scope.PAYMENTS_READ,
        path=(PAYMENT,),
        replies=(Reply(200, "Events, until there is nothing more to tell.", {"text/event-stream": (TEXT,)}),),
        refusals=(NO_PAYMENT,),
    ),
    transactions.listed: Operation(
        id="listPayments",
        tag="payments",
        summary="Payments, newest first",
        about="A page as JSON; with `Accept: text/csv` all that fit, as a stream.",
        who=MERCHANT,
        scope=Scope.PAYMENTS_READ,
        query=shapes.LISTED,
        replies=(
            Reply(200, "Payments.", {JSON: (answers.Transactions,), "text/csv": (TEXT,)}, ("Content-Disposition",)),
        ),
    ),
    codes.draw: Operation(
        id="drawCodes",
        tag="QR codes",
        summary="QR codes without a payment",
        about="One object, or an array of up to 10,000. `Accept` chooses JSON, lines of JSON, a ZIP, or for one code"
        " its picture. Nobody watches for the money.",
        who=MERCHANT,
        scope=Scope.PAYMENTS_WRITE,
        body=Body({JSON: (codes.NEW_CODE, CODES)}, most_bytes=codes.MAX_BODY_BYTES),
        replies=(
            Reply(
                200,
                "The codes, in the order of the request.",
                {
                    JSON: (answers.OneCode, answers.Codes),
                    codes.NDJSON: (TEXT,),
                    codes.ZIP: (BINARY,),
                    codes.PNG: (BINARY,),
                    codes.SVG: (TEXT,),
                },
                ("Content-Disposition",),
            ),
        ),
        refusals=(errors.InvalidInput("Give promptpay (a PromptPay ID) or billerId.", field="promptpay"),),
    ),
    pictures.picture: Operation(
        id="drawPayment",
        tag="QR codes",
        summary="The QR of a payment as a picture",
        about="While it is PENDING: nobody shall pay what is over.",
        who=ANYBODY,
        path=(PICTURE,),
        query=pictures.PICTURE,
        replies=(Reply(200, "The picture.", {codes.PNG: (BINARY,), codes.SVG: (TEXT,)}),),
        refusals=(NO_PAYMENT,),
    ),
    **link_operations.OPERATIONS,
    logs.listed: Operation(
        id="listLogs",
        tag="logs",
        summary="What happened, newest first",
        about="Requests that changed something, were refused or failed; what became of payments and webhooks; acts of"
        " keys and people. Of the last 30 days.",
        who=MERCHANT,
        scope=Scope.LOGS_READ,
        query=logs.LISTED,
        replies=(reply(200, "A page.", logs.Logs),),
        refusals=(errors.InvalidInput("level must be one of info, warn, error.", field="level"),),
    ),
    **refund_operations.OPERATIONS,
    **settlement_operations.OPERATIONS,
    **webhook_operations.OPERATIONS,
}
