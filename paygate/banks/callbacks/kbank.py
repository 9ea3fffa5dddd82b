"""KBank's QR callback, and the inquiry that says whether it is true.

Source: https://apiportal.kasikornbank.com, "QR Payment": the callback, and `POST /v1/qrpayment/v4/inquiry`. The
callback is not signed. It tells of a QR that was asked for under `partnerTxnUid`; a QR is paid once, so that is the
reference. No slip shows it, and the bank does not say when the money moved: that is when we first heard.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from paygate.banks import answers
from paygate.banks.answers import Record, Unreadable
from paygate.banks.apis import kbank as api
from paygate.banks.slips.asking import by_status
from paygate.banks.slips.asking import refused as refusal
from paygate.banks.slips.facts import ErrorKind, VerifierError
from paygate.banks.transport import Http
from paygate.core import fields
from paygate.core.canonical import JsonValue
from paygate.core.errors import InvalidInput
from paygate.core.hints import Arrival, Hint

KIND = api.NAME
PATH = "/v1/qrpayment/v4/inquiry"
SUCCESS, ERROR, CANCELLED = "00", "10", "11"
NOT_PAID = frozenset({"REQUESTED", "CANCELLED", "EXPIRED"})
PAID, VOIDED = "PAID", "VOIDED"
UNKNOWN_REQUEST = "invalid_origPartnerTxnUid"
KINDS = {
    "authentication_error": ErrorKind.AUTH,
    "bad_request": ErrorKind.BAD_REQUEST,
    "invalid_request": ErrorKind.BAD_REQUEST,
    "general_error": ErrorKind.UPSTREAM_DOWN,
    "internal_error": ErrorKind.UPSTREAM_DOWN,
    "qr_unknown": ErrorKind.UPSTREAM_DOWN,
}


def read(raw: bytes) -> Hint | None:
    """What a callback claims; None when it tells of no payment. Raises InvalidInput, naming the field."""
    given = fields.json_object(raw)
    try:
        uid = answers.transaction_id(given.get("partnerTxnUid"))
        if answers.code(given.get("statusCode")) != SUCCESS:
            return None
        return Hint(
            transaction_id=uid,
            payee=answers.words(given.get("merchantId"), 64),
            amount_satang=answers.satang(given.get("txnAmount")),
            occurred_at=None,
        )
    except Unreadable as error:
        raise InvalidInput(error.message) from error


def accepted(_: Hint | None) -> dict[str, Any]:
    """The answer that the bank waits for."""
    return {"statusCode": SUCCESS, "errorCode": None, "errorDesc": None}


def refused(message: str) -> dict[str, Any]:
    """The answer to what cannot be read or kept."""
    return {"statusCode": ERROR, "errorCode": "invalid_request", "errorDesc": message}


class KBankInquiry:
    """Asks KBank what became of a QR. `partner_id`, `partner_secret`: those of the QR service."""

    def __init__(self, client: api.KBankApi, options: Mapping[str, str]) -> None:
        self._api = client
        self._partner_id = options["partner_id"]
        self._partner_secret = options["partner_secret"]

    async def arrivals(self, http: Http, hint: Hint, payee: str, heard_at: datetime) -> Sequence[Arrival]:
        """The payment of the hint's QR to the merchant id *payee*, if there is one. Raises VerifierError."""
        content = {
            "partnerTxnUid": api.request_id()[:15],
            "partnerId": self._partner_id,
            "partnerSecret": self._partner_secret,
            "requestDt": api.request_time(),
            "merchantId": payee,
            "qrType": "3",
            "origPartnerTxnUid": hint.transaction_id,
        }
        status, answer, wait_s = await self._api.post(http, PATH, content)
        try:
            return translate(status, answer, uid=hint.transaction_id, payee=payee)
        except Unreadable as error:
            raise VerifierError(ErrorKind.UNKNOWN, error.message, provider=KIND) from error
        except VerifierError as error:
            error.retry_after_s = error.retry_after_s or wait_s
            raise


def translate(status: int, answer: JsonValue, *, uid: str, payee: str) -> list[Arrival]:
    """What an inquiry about the QR *uid* of the merchant *payee* says. Raises VerifierError, Unreadable."""
    body = answers.optional(answer)
    code, said = answers.code(body.get("statusCode")), answers.code(body.get("errorCode"))
    if status != 200 or code not in {SUCCESS, ERROR, CANCELLED}:
        raise by_status(KIND, status, code)
    if code == CANCELLED or (code == ERROR and said == UNKNOWN_REQUEST):
        return []
    if code == ERROR:
        raise refusal(KIND, KINDS.get(said, ErrorKind.UNKNOWN), said or code)
    state = answers.code(body.get("txnStatus"))
    if state in NOT_PAID:
        return []
    if state not in {PAID, VOIDED}:
        raise Unreadable("The state of the payment is none that is known.")
    return [_arrival(body, uid, payee, voided=state == VOIDED)]


def _arrival(body: Record, uid: str, payee: str, *, voided: bool) -> Arrival:
    about, paid_to = answers.words(body.get("origPartnerTxnUid")), answers.words(body.get("merchantId"))
    if about not in {None, uid}:
        raise Unreadable("The answer is about another QR than the one that was asked for.")
    return Arrival(
        transaction_id=uid,
        namespace=f"{KIND}:{payee}",
        payee=paid_to or payee,
        amount_satang=answers.satang(body.get("txnAmount")),
        occurred_at=None,
        currency=answers.currency(body.get("txnCurrencyCode")),
        ref1=answers.reference(body.get("reference1")),
        ref2=answers.reference(body.get("reference2")),
        reversed=voided,
    )
