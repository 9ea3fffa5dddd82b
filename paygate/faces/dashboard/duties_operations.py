"""What the dashboard face does for an operator's duties, for the API's document."""

from __future__ import annotations

from collections.abc import Mapping

from paygate.core import errors
from paygate.core.people import May
from paygate.core.shapes import Shape
from paygate.faces.dashboard import admin_alerts as alerts
from paygate.faces.dashboard import admin_closes as closes
from paygate.faces.dashboard import admin_dossiers as dossiers
from paygate.faces.dashboard import admin_duties as duties
from paygate.faces.dashboard import admin_exports as exports
from paygate.faces.dashboard import alert_answers, close_answers, dossier_answers
from paygate.faces.dashboard import answers as dashboard_answers
from paygate.faces.dashboard import duties_answers as answers
from paygate.wire.operations import BINARY, PERSON, Body, Handler, Operation, Part, Reply, json_body, reply

DUTIES = "duties"
MERCHANT = Part("merchantId", "The merchant's id.", {"type": "string"}, "mer_0cqh3kz9t2w4e")
NO_MERCHANT = errors.NotFound("There is no merchant mer_0cqh3kz9t2w4e.")
NO_REASON = errors.InvalidInput("reason is required.", field="reason")
WHY = Shape("Reason", "Why.", (duties.REASON,))

NO_ACCOUNT = errors.NotFound("There is no central account acc_06nz0nc5vj7r4gjx7c79l6za00.")
DOCUMENT = Part("documentId", "The document's id.", {"type": "string"}, "doc_06nz0nc5vj7r4gjx7c79l6za00")
NO_DOCUMENT = errors.NotFound("There is no document doc_06nz0nc5vj7r4gjx7c79l6za00 of this merchant.")
NO_DAY = errors.InvalidInput("day must be a day of Bangkok, like 2026-11-28.", field="day")

OPERATIONS: Mapping[Handler, Operation] = {
    alerts.listed: Operation(
        id="listAlerts",
        tag=DUTIES,
        summary="What the operator was told of by LINE, mail or webhook",
        who=PERSON,
        may=May.OPERATE,
        query=alerts.WHICH,
        replies=(reply(200, "The newest first.", alert_answers.Alerts),),
    ),
    alerts.test: Operation(
        id="testAlerts",
        tag=DUTIES,
        summary="Send a test message by each channel that is set up",
        about="A worker sends it within seconds; `listAlerts` says whether it was taken.",
        who=PERSON,
        may=May.OPERATE,
        replies=(reply(202, "They are on their way.", alert_answers.Alerts),),
        refusals=(errors.Conflict("No way of telling is set up: see PAYGATE_ALERT_... in docs/operator.md."),),
    ),
    exports.make: Operation(
        id="exportEvidence",
        tag=DUTIES,
        summary="All that is known about a payment, a credit, or a merchant's time, as one ZIP",
        about="For a bank or the police. Each file's SHA-256 stands in `manifest.json`; who asked, and why, there and"
        " in the audit log.",
        who=PERSON,
        may=May.OPERATE,
        body=json_body(exports.WANTED),
        replies=(Reply(200, "The file.", {exports.ZIP: (BINARY,)}, ("Content-Disposition",)),),
        refusals=(
            NO_REASON,
            NO_MERCHANT,
            errors.InvalidInput("Ask for one thing: a merchant, a payment or a credit.", field="merchantId"),
            errors.Conflict("These are more than 50000 payments: ask for less time.", field="until"),
        ),
    ),
    closes.listed: Operation(
        id="showCloses",
        tag=DUTIES,
        summary="The daily close: books and bank",
        about="Of each central account the next day to be closed, or the one that is asked for.",
        who=PERSON,
        may=May.OPERATE,
        query=closes.WHICH,
        replies=(reply(200, "A day of each.", close_answers.Closes),),
        refusals=(NO_ACCOUNT, NO_DAY),
    ),
    closes.run: Operation(
        id="runCloses",
        tag=DUTIES,
        summary="Close the days in which books and bank agree",
        about="Every day that is over, up to `day`; it stops at the first one that differs, which stays OPEN. A day is"
        " closed after the day before it.",
        who=PERSON,
        may=May.OPERATE,
        body=json_body(closes.RUN),
        replies=(reply(200, "The last day that was looked at, of each.", close_answers.Closes),),
        refusals=(
            NO_ACCOUNT,
            NO_DAY,
            errors.Conflict("2026-11-29 is not over yet in Bangkok.", field="day"),
        ),
    ),
    closes.explain: Operation(
        id="explainMovement",
        tag=DUTIES,
        summary="Say what moved and is nobody's payment or payout",
        about="The bank's fee, or the operator's own money.",
        who=PERSON,
        may=May.OPERATE,
        body=json_body(closes.MOVEMENT),
        replies=(reply(200, "The day as it stands now.", close_answers.Closes),),
        refusals=(NO_ACCOUNT, NO_DAY, NO_REASON, errors.Conflict("2026-11-28 is closed.", field="day")),
    ),
    dossiers.show: Operation(
        id="getDossier",
        tag=DUTIES,
        summary="Who a merchant is, and what is missing for its approval",
        who=PERSON,
        may=May.OPERATE,
        path=(MERCHANT,),
        replies=(reply(200, "What is known.", dossier_answers.Known),),
        refusals=(NO_MERCHANT,),
    ),
    dossiers.change: Operation(
        id="changeDossier",
        tag=DUTIES,
        summary="Say who a merchant is",
        about="Fields that are absent stay as they are. A change undoes an earlier check.",
        who=PERSON,
        may=May.OPERATE,
        path=(MERCHANT,),
        body=json_body(dossiers.FACTS),
        replies=(reply(200, "What is known now.", dossier_answers.Known),),
        refusals=(NO_MERCHANT, errors.InvalidInput("taxId must be a national or tax ID.", field="taxId")),
    ),
    dossiers.forget: Operation(
        id="forgetDossier",
        tag=DUTIES,
        summary="Forget who a merchant is, documents and all",
        about="Not of one that takes payments; its books stay.",
        who=PERSON,
        may=May.OPERATE,
        path=(MERCHANT,),
        query=WHY,
        replies=(reply(200, "It is forgotten.", dashboard_answers.Success),),
        refusals=(
            NO_MERCHANT,
            NO_REASON,
            errors.Conflict("The merchant takes payments: what is known of it is needed."),
        ),
    ),
    dossiers.check: Operation(
        id="checkDossier",
        tag=DUTIES,
        summary="Say that somebody compared what a merchant told with its documents",
        who=PERSON,
        may=May.OPERATE,
        path=(MERCHANT,),
        body=json_body(dossiers.CHECKED),
        replies=(reply(200, "Who and when is kept.", dossier_answers.Known),),
        refusals=(
            NO_MERCHANT,
            errors.InvalidInput("note is required.", field="note"),
            errors.Conflict("This is missing yet: taxId."),
        ),
    ),
    dossiers.add: Operation(
        id="addDocument",
        tag=DUTIES,
        summary="Keep a document of a merchant",
        about="A PDF, or a JPEG, PNG or WebP picture, of at most 5 MiB; it is kept encrypted.",
        who=PERSON,
        may=May.OPERATE,
        path=(MERCHANT,),
        body=Body({"multipart/form-data": (dossiers.FORM,)}, most_bytes=dossiers.MOST_BYTES),
        replies=(reply(201, "It is kept.", dossier_answers.Kept),),
        refusals=(
            NO_MERCHANT,
            errors.InvalidInput("file is required.", field="file"),
            errors.Conflict("There are 20 documents already; remove one first."),
        ),
    ),
    dossiers.open_document: Operation(
        id="openDocument",
        tag=DUTIES,
        summary="A document as it was handed in",
        about="That it was opened, and by whom, is in the audit log.",
        who=PERSON,
        may=May.OPERATE,
        path=(MERCHANT, DOCUMENT),
        replies=(Reply(200, "The file.", dict.fromkeys(dossiers.MEDIA_TYPES, (BINARY,)), ("Content-Disposition",)),),
        refusals=(NO_DOCUMENT,),
    ),
    dossiers.remove: Operation(
        id="removeDocument",
        tag=DUTIES,
        summary="Forget a document",
        who=PERSON,
        may=May.OPERATE,
        path=(MERCHANT, DOCUMENT),
        query=WHY,
        replies=(reply(200, "It is forgotten.", dashboard_answers.Success),),
        refusals=(NO_MERCHANT, NO_DOCUMENT, NO_REASON),
    ),
    duties.freeze_shown: Operation(
        id="getFreeze",
        tag=DUTIES,
        summary="Whether a merchant's payouts stand still",
        who=PERSON,
        may=May.OPERATE,
        path=(MERCHANT,),
        replies=(reply(200, "Whether, and why.", answers.Frozen),),
        refusals=(NO_MERCHANT,),
    ),
    duties.freeze: Operation(
        id="freezePayouts",
        tag=DUTIES,
        summary="Let a merchant's payouts stand still",
        about="Settlements and refunds are neither asked for, approved, claimed nor completed from now on; payments"
        " go on.",
        who=PERSON,
        may=May.OPERATE,
        path=(MERCHANT,),
        body=json_body(WHY),
        replies=(reply(200, "They stand still.", answers.Frozen),),
        refusals=(NO_MERCHANT, NO_REASON),
    ),
    duties.unfreeze: Operation(
        id="unfreezePayouts",
        tag=DUTIES,
        summary="Let a merchant's payouts go on",
        who=PERSON,
        may=May.OPERATE,
        path=(MERCHANT,),
        body=json_body(WHY),
        replies=(reply(200, "They go on.", answers.Frozen),),
        refusals=(NO_MERCHANT, NO_REASON),
    ),
}
