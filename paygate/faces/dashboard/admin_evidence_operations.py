"""What the operator does with reviews, credits, accounts, sources, statements and the log, for the API's document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paygate.core import errors
from paygate.core.people import May
from paygate.core.shapes import Shape
from paygate.faces.dashboard import (
    admin_evidence as evidence,
)
from paygate.faces.dashboard import (
    admin_evidence_answers as answers,
)
from paygate.faces.dashboard import (
    admin_evidence_shapes as shapes,
)
from paygate.faces.dashboard import (
    audit,
    audit_answers,
    review_answers,
    review_shapes,
    reviews,
)
from paygate.faces.dashboard.people_operations import NO_REVIEW, PICTURE, REVIEW, UNFIT
from paygate.services.statement_files import MAX_POST_BYTES
from paygate.wire.operations import BINARY, PERSON, Body, Content, Handler, Operation, Part, Reply, json_body, reply

TAG = "operator"
CREDIT = Part("creditId", "The money's id.", {"type": "string"}, "crd_06nz0nc5vj7r4gjx7c79l6za00")
ACCOUNT = Part("accountId", "The account's id.", {"type": "string"}, "acc_06nz0nc5vj7r4gjx7c79l6za00")
SOURCE = Part("sourceId", "The source's id.", {"type": "string"}, "src_06nz0nc5vj7r4gjx7c79l6za00")
STATEMENT = Part("statementId", "The statement's id.", {"type": "string"}, "stm_06nz0nc5vj7r4gjx7c79l6za00")
NO_ACCOUNT = errors.NotFound("There is no account acc_06nz0nc5vj7r4gjx7c79l6za00.")
NO_SOURCE = errors.NotFound("There is no source src_06nz0nc5vj7r4gjx7c79l6za00.")
BAD_OWNER = errors.InvalidInput("owner must be central, or a merchant's id.", field="owner")
FILE = Body({"application/octet-stream": (BINARY,)}, most_bytes=MAX_POST_BYTES)


def _told(
    id: str,
    summary: str,
    *answer: Content,
    about: str = "",
    status: int = 200,
    path: tuple[Part, ...] = (),
    query: Shape | None = None,
    body: Any = None,
    refusals: tuple[errors.PayGateError, ...] = (),
    replies: tuple[Reply, ...] = (),
    idempotent: bool = False,
) -> Operation:
    return Operation(
        id=id,
        tag=TAG,
        summary=summary,
        about=about,
        who=PERSON,
        may=May.OPERATE,
        path=path,
        query=query,
        body=json_body(body) if isinstance(body, Shape) else body,
        replies=replies or (reply(status, "Here.", *answer),),
        refusals=refusals,
        idempotent=idempotent,
    )


OPERATIONS: Mapping[Handler, Operation] = {
    evidence.health: _told(
        "getOverview", "Whether all works, what waits, which alarms there are", answers.Installation
    ),
    evidence.credit_list: _told(
        "listCredits",
        "Money that arrived, the latest first",
        answers.Credits,
        query=shapes.CREDITS,
        refusals=(BAD_OWNER, NO_ACCOUNT),
    ),
    evidence.credit_get: _told(
        "getCredit",
        "One arrival of money, with who told of it",
        answers.OneCredit,
        path=(CREDIT,),
        query=shapes.WHOSE,
        refusals=(BAD_OWNER, errors.NotFound("There is no credit crd_06nz0nc5vj7r4gjx7c79l6za00.")),
    ),
    evidence.account_list: _told(
        "listAccounts", "Accounts in force", answers.Accounts, query=shapes.ANYBODYS, refusals=(BAD_OWNER,)
    ),
    evidence.account_get: _told(
        "getAccount",
        "One account: how full it is, and who speaks for it",
        answers.OneAccount,
        path=(ACCOUNT,),
        refusals=(NO_ACCOUNT,),
    ),
    evidence.account_add: _told(
        "addAccount",
        "Add an account",
        answers.AccountMade,
        about="Of an account that the owner has already, a new version. No payment is made on it before a source speaks"
        " for it, while another account has one.",
        status=201,
        body=shapes.NEW_ACCOUNT,
        refusals=(
            errors.InvalidInput("An account needs a PromptPay ID or a biller ID.", field="promptpay"),
            errors.Conflict("This account is already registered by another owner.", field="number"),
            errors.NotFound("There is no merchant mer_0cqh3kz9t2w4e."),
        ),
    ),
    evidence.account_retire: _told(
        "retireAccount",
        "Make no new payments on an account",
        answers.OneAccount,
        about="Those that are open still match; adding it again brings it back.",
        path=(ACCOUNT,),
        refusals=(NO_ACCOUNT,),
    ),
    evidence.account_pause: _told(
        "pauseAccount",
        "Make no new payments on an account for a while",
        answers.OneAccount,
        about="Those that are open stay payable, and match. With none left, new payments are 409.",
        path=(ACCOUNT,),
        refusals=(NO_ACCOUNT,),
    ),
    evidence.account_resume: _told(
        "resumeAccount",
        "Make payments on a paused account again",
        answers.OneAccount,
        path=(ACCOUNT,),
        refusals=(NO_ACCOUNT,),
    ),
    evidence.account_weigh: _told(
        "weighAccount",
        "Say how much of new payments an account gets",
        answers.OneAccount,
        about="3 beside an account of weight 1 is three of four. Equal weights: evenly.",
        path=(ACCOUNT,),
        body=shapes.SHARE,
        refusals=(errors.InvalidInput("weight must be a whole number from 1 to 100.", field="weight"), NO_ACCOUNT),
    ),
    evidence.source_list: _told(
        "listSources", "Who may say that money arrived", answers.Sources, query=shapes.ANYBODYS, refusals=(BAD_OWNER,)
    ),
    evidence.source_add: _told(
        "addSource",
        "Add a source to an account",
        answers.SourceMade,
        about="Its secret is shown in this answer alone.",
        status=201,
        body=shapes.NEW_SOURCE,
        refusals=(errors.InvalidInput("kind is required.", field="kind"), NO_ACCOUNT),
        idempotent=True,
    ),
    evidence.source_rotate: _told(
        "rotateSource",
        "Give a source another secret",
        answers.SourceMade,
        about="What is signed with the old one is not believed any more.",
        path=(SOURCE,),
        refusals=(NO_SOURCE,),
    ),
    evidence.source_disable: _told(
        "disableSource",
        "Believe nothing of a source",
        answers.SourceChanged,
        path=(SOURCE,),
        refusals=(NO_SOURCE,),
    ),
    evidence.source_enable: _told(
        "enableSource", "Believe a source again", answers.SourceChanged, path=(SOURCE,), refusals=(NO_SOURCE,)
    ),
    evidence.statement_upload: _told(
        "uploadStatement",
        "Hand over a bank's statement",
        answers.OneStatement,
        about="The file itself is the body (CSV, MT940, CAMT.053). A worker compares it; the same file again is the one"
        " that is there.",
        status=202,
        query=shapes.STATEMENT_QUERY,
        body=FILE,
        refusals=(errors.InvalidInput("accountId is required.", field="accountId"), NO_ACCOUNT),
    ),
    evidence.statement_get: _told(
        "getStatement",
        "What a statement's comparison found",
        answers.OneStatement,
        path=(STATEMENT,),
        refusals=(errors.NotFound("There is no statement stm_06nz0nc5vj7r4gjx7c79l6za00."),),
    ),
    reviews.listed: _told(
        "listReviews",
        "What waits for a person",
        review_answers.Reviews,
        about="About money on the central accounts, or on those of `owner`.",
        query=review_shapes.ANY,
        refusals=(BAD_OWNER, NO_REVIEW),
    ),
    reviews.get: _told(
        "getReview",
        "One review, with all that is known",
        review_answers.OneReview,
        path=(REVIEW,),
        query=review_shapes.WHOSE,
        refusals=(BAD_OWNER, NO_REVIEW),
    ),
    reviews.picture: _told(
        "getReviewPicture",
        "The picture of a review's slip",
        path=(REVIEW,),
        query=review_shapes.WHOSE,
        replies=(PICTURE,),
        refusals=(BAD_OWNER, NO_REVIEW),
    ),
    reviews.resolve: _told(
        "resolveReview",
        "Decide a review",
        review_answers.ReviewResolved,
        about="Money, payment, books and audit log change at once, or nothing does.",
        path=(REVIEW,),
        query=review_shapes.WHOSE,
        body=review_shapes.DECISION,
        refusals=UNFIT,
    ),
    audit.listed: _told("listAudit", "Who did what", audit_answers.Records, query=audit.ANY, refusals=(BAD_OWNER,)),
    audit.verify: _told(
        "verifyAudit",
        "Whether the whole audit log is as it was written",
        audit_answers.Verified,
        about="It reads all of it. Keep the heads elsewhere: a log that ends before one of them was rolled back.",
    ),
}
