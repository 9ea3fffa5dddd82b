"""EasySlip, version 1: `GET /verify?payload=...`. Source: https://document.easyslip.com/documents/verify

checkDuplicate is never sent: each question counts, so our own second one would come back as a duplicate.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from paygate.banks import answers
from paygate.banks.slips import shapes
from paygate.banks.slips.asking import ask, by_status, refused
from paygate.banks.slips.facts import ErrorKind, SlipFacts, SlipRef, Vendor
from paygate.banks.transport import Http
from paygate.core.canonical import JsonValue

NAME = "easyslip"
URL = "https://developer.easyslip.com/api/v1"
DUPLICATE = "duplicate_slip"
DIFFERS = frozenset({"account_not_match", "amount_not_match"})  # We compare ourselves.
KINDS = {
    "invalid_payload": ErrorKind.NOT_SLIP,
    "qrcode_not_found": ErrorKind.NOT_SLIP,
    "invalid_image": ErrorKind.BAD_REQUEST,
    "image_size_too_large": ErrorKind.BAD_REQUEST,
    "invalid_request": ErrorKind.BAD_REQUEST,
    "invalid_type": ErrorKind.BAD_REQUEST,
    "method_not_allowed": ErrorKind.BAD_REQUEST,
    "unauthorized": ErrorKind.AUTH,
    "access_denied": ErrorKind.AUTH,
    "account_not_verified": ErrorKind.AUTH,
    "application_expired": ErrorKind.AUTH,
    "application_deactivated": ErrorKind.AUTH,
    "quota_exceeded": ErrorKind.QUOTA,
    "slip_not_found": ErrorKind.NOT_FOUND,
    "slip_expired": ErrorKind.NOT_FOUND,
    "slip_pending": ErrorKind.PENDING,
    DUPLICATE: ErrorKind.DUPLICATE_HINT,
    "server_error": ErrorKind.UPSTREAM_DOWN,
    "api_server_error": ErrorKind.UPSTREAM_DOWN,
}


class EasySlip:
    """`key`: the API key of an application at EasySlip."""

    name = NAME

    def __init__(self, options: Mapping[str, str]) -> None:
        self._url = options["url"]
        self._headers = {"Authorization": f"Bearer {options['key']}"}

    async def check(self, http: Http, slip: SlipRef) -> SlipFacts:
        """Ask for the slip's text, never its picture. Raises VerifierError."""
        url = f"{self._url}/verify?payload={quote(slip.payload, safe='')}"
        return await ask(NAME, http, slip, translate, "GET", url, headers=self._headers)


def translate(status: int, answer: JsonValue) -> SlipFacts:
    """What an answer says. Raises VerifierError, Unreadable."""
    body = answers.optional(answer)
    said, data = answers.code(body.get("message")), body.get("data")
    if status == 200 and body.get("status") == 200:
        return shapes.easyslip(NAME, answers.record(data, "the slip"))
    if said in DIFFERS | {DUPLICATE} and isinstance(data, dict) and "transRef" in data:
        return shapes.easyslip(NAME, data, duplicate=said == DUPLICATE or None)
    if (kind := KINDS.get(said)) is not None:
        raise refused(NAME, kind, said)
    raise by_status(NAME, status, said)


VENDOR = Vendor(NAME, EasySlip, URL)
