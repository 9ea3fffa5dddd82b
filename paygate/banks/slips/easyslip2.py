"""EasySlip, version 2: `POST /verify/bank` with the slip's text. Source: https://document.easyslip.com/documents/v2

matchAccount, matchAmount and checkDuplicate are never sent: matchAccount is true for any account of the branch, so on a
host of several merchants it says nothing; duplicates are counted by question.
"""

from __future__ import annotations

from collections.abc import Mapping

from paygate.banks import answers
from paygate.banks.slips import shapes
from paygate.banks.slips.asking import ask, by_status, refused
from paygate.banks.slips.facts import ErrorKind, SlipFacts, SlipRef, Vendor
from paygate.banks.transport import Http
from paygate.core.canonical import JsonValue

NAME = "easyslip2"
URL = "https://api.easyslip.com/v2"
DIFFERS = frozenset({"ACCOUNT_NOT_MATCH", "AMOUNT_NOT_MATCH"})
KINDS = {
    "MISSING_API_KEY": ErrorKind.AUTH,
    "INVALID_API_KEY": ErrorKind.AUTH,
    "BRANCH_INACTIVE": ErrorKind.AUTH,
    "SERVICE_BANNED": ErrorKind.AUTH,
    "USER_BANNED": ErrorKind.AUTH,
    "IP_NOT_ALLOWED": ErrorKind.AUTH,
    "QUOTA_EXCEEDED": ErrorKind.QUOTA,
    "VALIDATION_ERROR": ErrorKind.BAD_REQUEST,
    "SLIP_NOT_FOUND": ErrorKind.NOT_FOUND,
    "SLIP_PENDING": ErrorKind.PENDING,
    "INVALID_IMAGE": ErrorKind.BAD_REQUEST,
    "INVALID_IMAGE_FORMAT": ErrorKind.BAD_REQUEST,
    "IMAGE_SIZE_TOO_LARGE": ErrorKind.BAD_REQUEST,
    "API_SERVER_ERROR": ErrorKind.UPSTREAM_DOWN,
}


class EasySlip2:
    """`key`: the API key of a branch at EasySlip."""

    name = NAME

    def __init__(self, options: Mapping[str, str]) -> None:
        self._url = options["url"]
        self._headers = {"Authorization": f"Bearer {options['key']}"}

    async def check(self, http: Http, slip: SlipRef) -> SlipFacts:
        """Ask for the slip's text, never its picture. Raises VerifierError."""
        content = {"payload": slip.payload}
        url = f"{self._url}/verify/bank"
        return await ask(NAME, http, slip, translate, "POST", url, headers=self._headers, content=content)


def translate(status: int, answer: JsonValue) -> SlipFacts:
    """What an answer says. Raises VerifierError, Unreadable."""
    body = answers.optional(answer)
    data = answers.optional(body.get("data"))
    said = answers.code(answers.optional(body.get("error")).get("code"))
    told = data.get("rawSlip")
    if (status == 200 and body.get("success") is True) or (said in DIFFERS and isinstance(told, dict)):
        duplicate = data.get("isDuplicate")
        raw = answers.record(told, "the slip")
        return shapes.easyslip(NAME, raw, duplicate=duplicate if isinstance(duplicate, bool) else None)
    if (kind := KINDS.get(said)) is not None:
        raise refused(NAME, kind, said)
    raise by_status(NAME, status, said)


VENDOR = Vendor(NAME, EasySlip2, URL)
