"""What a merchant's people see of their numbers, invoices, reviews and audit log, for the API's document."""

from __future__ import annotations

from collections.abc import Mapping

from paygate.core import errors
from paygate.core.people import May
from paygate.faces.dashboard import (
    audit,
    audit_answers,
    invoice_answers,
    invoices,
    review_answers,
    review_shapes,
    reviews,
    stats,
    stats_answers,
)
from paygate.wire.operations import BINARY, PERSON, Handler, Operation, Part, Reply, json_body, reply

TAG = "dashboard"
REVIEW = Part("reviewId", "The review's id.", {"type": "string"}, "rev_06nz0nc5vj7r4gjx7c79l6za00")
INVOICE = Part("invoiceId", "The invoice's id.", {"type": "string"}, "inv_06nz0nc5vj7r4gjx7c79l6za00")
NO_REVIEW = errors.NotFound("No such review.")
NO_INVOICE = errors.NotFound("There is no invoice inv_06nz0nc5vj7r4gjx7c79l6za00.")
PICTURE = Reply(200, "The picture.", {"image/png": (BINARY,), "image/jpeg": (BINARY,)})
UNFIT = (
    NO_REVIEW,
    errors.InvalidInput("action is required.", field="action"),
    errors.Conflict("This review is closed already: match, by user:usr_06nz."),
)

OPERATIONS: Mapping[Handler, Operation] = {
    stats.look: Operation(
        id="getStats",
        tag=TAG,
        summary="Numbers about one's payments",
        about="Of the payments that were made in these days (in Bangkok), as they stand now. At most 92 days, by hour"
        " at most 7.",
        who=PERSON,
        may=May.SEE_PAYMENTS,
        query=stats.QUERY,
        replies=(reply(200, "The numbers.", stats_answers.Stats),),
        refusals=(errors.InvalidInput("from must be before to.", field="from"),),
    ),
    invoices.own_list: Operation(
        id="listOwnInvoices",
        tag=TAG,
        summary="One's fee invoices, the newest first",
        who=PERSON,
        may=May.SEE_MONEY,
        query=invoices.OWN,
        replies=(reply(200, "They.", invoice_answers.Invoices),),
    ),
    invoices.own_get: Operation(
        id="getOwnInvoice",
        tag=TAG,
        summary="One fee invoice",
        who=PERSON,
        may=May.SEE_MONEY,
        path=(INVOICE,),
        replies=(reply(200, "The invoice.", invoice_answers.OneInvoice),),
        refusals=(NO_INVOICE,),
    ),
    invoices.own_pay: Operation(
        id="payOwnInvoice",
        tag=TAG,
        summary="A payment that pays an invoice",
        about="Open for a day, without a fee; while one is open it is the answer again.",
        who=PERSON,
        may=May.MAKE_PAYMENTS,
        path=(INVOICE,),
        replies=(reply(200, "The payment.", invoice_answers.InvoicePayment),),
        refusals=(
            NO_INVOICE,
            errors.Conflict("Invoice INV-0001 is paid already."),
            errors.SlotsExhausted(retry_after_s=600),
            errors.NoAccount(),
        ),
    ),
    reviews.own_list: Operation(
        id="listOwnReviews",
        tag=TAG,
        summary="What waits for a person, about money on one's own accounts",
        who=PERSON,
        may=May.SEE_REVIEWS,
        query=review_shapes.OWN,
        replies=(reply(200, "A page of the queue.", review_answers.Reviews),),
        refusals=(NO_REVIEW,),
    ),
    reviews.own_get: Operation(
        id="getOwnReview",
        tag=TAG,
        summary="One review, with all that is known",
        who=PERSON,
        may=May.SEE_REVIEWS,
        path=(REVIEW,),
        replies=(reply(200, "The review.", review_answers.OneReview),),
        refusals=(NO_REVIEW,),
    ),
    reviews.own_picture: Operation(
        id="getOwnReviewPicture",
        tag=TAG,
        summary="The picture of a review's slip",
        who=PERSON,
        may=May.SEE_REVIEWS,
        path=(REVIEW,),
        replies=(PICTURE,),
        refusals=(NO_REVIEW,),
    ),
    reviews.own_resolve: Operation(
        id="resolveOwnReview",
        tag=TAG,
        summary="Decide a review",
        about="Money, payment, books and audit log change at once, or nothing does.",
        who=PERSON,
        may=May.DECIDE_REVIEWS,
        path=(REVIEW,),
        body=json_body(review_shapes.DECISION),
        replies=(reply(200, "It is decided.", review_answers.ReviewResolved),),
        refusals=UNFIT,
    ),
    audit.own: Operation(
        id="listOwnAudit",
        tag=TAG,
        summary="Who did what to one's merchant",
        who=PERSON,
        may=May.SEE_AUDIT,
        query=audit.OWN,
        replies=(reply(200, "A page, the latest first.", audit_answers.Records),),
    ),
}
