"""SCB's payment confirmation, and the bill-payment inquiry that says whether it is true.

Source: https://developer.scb, "Payment Confirmation" and "Payment Transaction Inquiry". The confirmation is not signed.
It is sent again up to 3 times, 12 s apart, until it is answered `{"resCode": "00", ...}`.

Its transactionId is the reference that the slip shows when the payer's bank is SCB itself (yyyyMMdd and random
letters). Of a payer at another bank it is the number of the switch, of up to 34 characters, which no slip has.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from paygate.banks import answers
from paygate.banks.answers import Record, Unreadable
from paygate.banks.apis import scb as api
from paygate.banks.slips.facts import ErrorKind, VerifierError
from paygate.banks.transport import Http
from paygate.core import fields
from paygate.core.canonical import JsonValue
from paygate.core.credits import BANGKOK, BANK_NAMESPACE
from paygate.core.errors import InvalidInput
from paygate.core.fields import Fields
from paygate.core.hints import Arrival, Hint

KIND = api.NAME
THAI_QR = "00300100"  # eventCode of tag 30.
SWITCH_NAMESPACE = "scb"  # Of transaction ids that no slip shows.
NEAR_MIDNIGHT = timedelta(minutes=30)
MOST_ROWS = 200
SLIP_REFERENCE_CHARS = 25
_REVERSED = "R"


def read(raw: bytes) -> Hint:
    """What a confirmation claims. Raises InvalidInput, naming the field."""
    given = fields.json_object(raw)
    try:
        return Hint(
            transaction_id=answers.transaction_id(given.get("transactionId")),
            payee=answers.words(given.get("payeeProxyId"), 20),
            amount_satang=answers.satang(given.get("amount")),
            occurred_at=_claimed_time(given),
            ref1=_asked_for(given),
            ref2=answers.reference(given.get("billPaymentRef2")),
        )
    except Unreadable as error:
        raise InvalidInput(error.message) from error


def _claimed_time(given: Fields) -> datetime | None:
    return None if given.get("transactionDateandTime") is None else answers.moment(given["transactionDateandTime"])


def _asked_for(given: Fields) -> str:
    ref1 = answers.reference(given.get("billPaymentRef1"))
    if ref1 is None:
        raise Unreadable("billPaymentRef1 is required: the bank is asked about it.")
    return ref1


def accepted(hint: Hint | None) -> dict[str, Any]:
    """The answer that the bank waits for."""
    return {"resCode": "00", "resDesc": "success", "transactionId": hint.transaction_id if hint else None}


def refused(message: str) -> dict[str, Any]:
    """The answer to what cannot be read or kept; the bank sends it again."""
    return {"resCode": "99", "resDesc": message}


class ScbInquiry:
    """Asks SCB which payments of a reference it knows."""

    def __init__(self, client: api.ScbApi) -> None:
        self._api = client

    async def arrivals(self, http: Http, hint: Hint, payee: str, heard_at: datetime) -> Sequence[Arrival]:
        """Every payment of the hint's reference to the biller *payee* on the day it claims, and on the next or last
        one when that is near. Raises VerifierError."""
        at = (hint.occurred_at or heard_at).astimezone(BANGKOK)
        found: list[Arrival] = []
        for day in sorted({(at - NEAR_MIDNIGHT).date(), (at + NEAR_MIDNIGHT).date()}):
            asked = {"eventCode": THAI_QR, "transactionDate": day.isoformat(), "billerId": payee}
            asked["reference1"] = hint.ref1 or ""
            if hint.ref2 is not None:
                asked["reference2"] = hint.ref2
            status, answer, wait_s = await self._api.get(http, f"/v1/payment/billpayment/inquiry?{urlencode(asked)}")
            try:
                found += translate(status, answer)
            except Unreadable as error:
                raise VerifierError(ErrorKind.UNKNOWN, error.message, provider=KIND) from error
            except VerifierError as error:
                error.retry_after_s = error.retry_after_s or wait_s
                raise
        return found


def translate(status: int, answer: JsonValue) -> list[Arrival]:
    """What an inquiry says; nothing for a reference that was not paid. Raises VerifierError, Unreadable."""
    try:
        rows = api.successful(status, answer)
    except VerifierError as error:
        if error.kind is ErrorKind.NOT_FOUND:
            return []
        raise
    if rows is None:
        return []
    if not isinstance(rows, list) or len(rows) > MOST_ROWS:
        raise Unreadable("There is no list of payments.")
    return [_arrival(answers.record(row, "a payment")) for row in rows]


def _arrival(row: Record) -> Arrival:
    transaction_id = answers.transaction_id(row.get("transactionId"))
    sending_bank = answers.bank(row.get("sendingBankCode"))
    own = sending_bank == api.BANK and len(transaction_id) <= SLIP_REFERENCE_CHARS
    return Arrival(
        transaction_id=transaction_id,
        namespace=f"{BANK_NAMESPACE}{api.BANK}" if own else SWITCH_NAMESPACE,
        payee=answers.words(row.get("payeeProxyId")),
        amount_satang=answers.satang(row.get("amount")),
        occurred_at=answers.moment(row.get("transactionDateandTime")),
        currency=answers.currency(row.get("currencyCode")),
        ref1=answers.reference(row.get("billPaymentRef1")),
        ref2=answers.reference(row.get("billPaymentRef2")),
        sending_bank=sending_bank,
        payer_name=answers.words(row.get("payerName")),
        payer_account=answers.words(row.get("payerAccountNumber"), 64),
        reversed=row.get("reverseFlag") == _REVERSED,
    )
