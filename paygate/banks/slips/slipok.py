"""SlipOK: `POST /{branch}` with the slip's text. Source: https://slipok.com/api-documentation

`log` is false: SlipOK then neither records the slip nor compares it with the branch's account; we do both ourselves.
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

NAME = "slipok"
URL = "https://api.slipok.com/api/line/apikey"
BANK_DOWN, LATE, DUPLICATE = "1009", "1010", "1012"
DIFFERS = frozenset({"1013", "1014"})  # Amount, receiver: compared by ourselves.
DOWN_PAUSE_S = 900
MOST_DELAY_MINUTES = 24 * 60
KINDS = {
    "1000": ErrorKind.BAD_REQUEST,
    "1001": ErrorKind.AUTH,
    "1002": ErrorKind.AUTH,
    "1003": ErrorKind.AUTH,
    "1004": ErrorKind.QUOTA,
    "1005": ErrorKind.NOT_SLIP,
    "1006": ErrorKind.NOT_SLIP,
    "1007": ErrorKind.NOT_SLIP,
    "1008": ErrorKind.NOT_SLIP,
    BANK_DOWN: ErrorKind.UPSTREAM_DOWN,
    LATE: ErrorKind.PENDING,
    "1011": ErrorKind.NOT_FOUND,
    DUPLICATE: ErrorKind.DUPLICATE_HINT,
}


class SlipOk:
    """`key`: the API key; `branch`: the branch's id."""

    name = NAME

    def __init__(self, options: Mapping[str, str]) -> None:
        self._url = f"{options['url']}/{quote(options['branch'], safe='')}"
        self._headers = {"x-authorization": options["key"]}

    async def check(self, http: Http, slip: SlipRef) -> SlipFacts:
        """Ask for the slip's text, never its picture. Raises VerifierError."""
        content = {"data": slip.payload, "log": False}
        return await ask(NAME, http, slip, translate, "POST", self._url, headers=self._headers, content=content)


def translate(status: int, answer: JsonValue) -> SlipFacts:
    """What an answer says. Raises VerifierError, Unreadable."""
    body = answers.optional(answer)
    said, data = answers.code(body.get("code")), answers.optional(body.get("data"))
    good = status == 200 and body.get("success") is True and data.get("success") is not False
    if good or (said in DIFFERS | {DUPLICATE} and "transRef" in data):
        return shapes.banks_own(NAME, data, tx_id=data.get("rqUID"), duplicate=said == DUPLICATE or None)
    if (kind := KINDS.get(said)) is not None:
        raise refused(NAME, kind, said, _pause_s(said, data.get("delay")))
    raise by_status(NAME, status, said)


def _pause_s(said: str, delay_minutes: object) -> int | None:
    if said == BANK_DOWN:
        return DOWN_PAUSE_S
    minutes = answers.code(delay_minutes)
    if said == LATE and minutes.isdigit():
        return min(int(minutes), MOST_DELAY_MINUTES) * 60
    return None


VENDOR = Vendor(NAME, SlipOk, URL, needs=("key", "branch"))
