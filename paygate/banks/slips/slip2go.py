"""Slip2Go: `POST /verify-slip/qr-code/info` with the slip's text. Source: its API document 1.2 (2025-05-07).

checkCondition is never sent. The code is six digits: the HTTP status that is meant, and a number. The document names
200000 only; the others are as clients in the field read them, and whatever else comes is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping

from paygate.banks import answers
from paygate.banks.answers import Record
from paygate.banks.slips import shapes
from paygate.banks.slips.asking import ask, by_status, refused
from paygate.banks.slips.facts import ErrorKind, SlipFacts, SlipRef, Vendor
from paygate.banks.transport import Http
from paygate.core.canonical import JsonValue

NAME = "slip2go"
URL = "https://connect.slip2go.com/api"
FOUND = frozenset({"200000", "200200"})
DUPLICATE = "200501"
DIFFERS = frozenset({"200401", "200402", "200403"})  # Receiver, amount, date.
KINDS = {
    "200404": ErrorKind.NOT_FOUND,
    "200500": ErrorKind.NOT_FOUND,  # Broken or forged, in its words: no bank knows it.
    DUPLICATE: ErrorKind.DUPLICATE_HINT,
    "200502": ErrorKind.UPSTREAM_DOWN,
}


class Slip2Go:
    """`key`: the API secret of a shop at Slip2Go."""

    name = NAME

    def __init__(self, options: Mapping[str, str]) -> None:
        self._url = options["url"]
        self._headers = {"Authorization": f"Bearer {options['key']}"}

    async def check(self, http: Http, slip: SlipRef) -> SlipFacts:
        """Ask for the slip's text, never its picture. Raises VerifierError."""
        content = {"payload": {"qrCode": slip.payload}}
        url = f"{self._url}/verify-slip/qr-code/info"
        return await ask(NAME, http, slip, translate, "POST", url, headers=self._headers, content=content)


def translate(status: int, answer: JsonValue) -> SlipFacts:
    """What an answer says. Raises VerifierError, Unreadable."""
    body = answers.optional(answer)
    said, data = answers.code(body.get("code")), body.get("data")
    if status in {200, 201} and said in FOUND:
        return _facts(answers.record(data, "the slip"), None)
    if said in DIFFERS | {DUPLICATE} and isinstance(data, dict) and "transRef" in data:
        return _facts(data, said == DUPLICATE or None)
    if (kind := KINDS.get(said)) is not None:
        raise refused(NAME, kind, said)
    meant = int(said[:3]) if len(said) == 6 and said.isdigit() else status
    raise by_status(NAME, meant if status < 400 and meant >= 400 else status, said)


def _facts(data: Record, duplicate: bool | None) -> SlipFacts:
    sender, receiver = shapes.party(data.get("sender")), shapes.party(data.get("receiver"))
    return SlipFacts(
        provider=NAME,
        provider_tx_id=answers.words(data.get("referenceId")),
        sending_bank=sender.bank or shapes.sending_bank(data.get("decode")),
        receiving_bank=receiver.bank,
        trans_ref=answers.transaction_id(data.get("transRef")),
        occurred_at=answers.moment(data.get("dateTime")),
        amount_satang=answers.satang(data.get("amount")),
        currency=answers.currency(data.get("currency"), data.get("countryCode")),
        sender=sender,
        receiver=receiver,
        ref1=answers.reference(data.get("ref1")),
        ref2=answers.reference(data.get("ref2")),
        ref3=answers.reference(data.get("ref3")),
        provider_duplicate=duplicate,
    )


VENDOR = Vendor(NAME, Slip2Go, URL)
