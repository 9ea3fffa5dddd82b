"""SCB's partner API (https://developer.scb): a token of 30 minutes, then questions with it.

Every request has resourceOwnerId (the API key), a requestUId of its own and accept-language. Answers are
`{"status": {"code": 1000, "description": ...}, "data": ...}`.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from paygate.banks import answers
from paygate.banks.answers import Unreadable
from paygate.banks.apis.tokens import Tokens
from paygate.banks.slips.asking import by_status, refused, reply
from paygate.banks.slips.facts import ErrorKind, VerifierError
from paygate.banks.transport import Http
from paygate.core.canonical import JsonValue

NAME = "scb"
URL = "https://api.partners.scb/partners"
BANK = "014"
SUCCESS = "1000"
NO_RECORD = "1104"
TOKEN_ENDED = "9300"  # noqa: S105
KINDS = {  # "Generic response codes"
    "1101": ErrorKind.BAD_REQUEST,
    "1102": ErrorKind.BAD_REQUEST,
    "1103": ErrorKind.BAD_REQUEST,
    NO_RECORD: ErrorKind.NOT_FOUND,
    "1105": ErrorKind.BAD_REQUEST,
    "4101": ErrorKind.BAD_REQUEST,
    "8101": ErrorKind.UPSTREAM_DOWN,
    "8102": ErrorKind.UPSTREAM_DOWN,
    "8901": ErrorKind.UPSTREAM_DOWN,
    "8902": ErrorKind.UPSTREAM_DOWN,
    TOKEN_ENDED: ErrorKind.AUTH,
    "9500": ErrorKind.AUTH,
    "9503": ErrorKind.AUTH,
    "9700": ErrorKind.UPSTREAM_DOWN,
}
MOST_TOKENS = 10
WINDOW_S = 600.0


class ScbApi:
    """One application at SCB: `url`, `key` (application key), `secret` (application secret)."""

    def __init__(self, options: Mapping[str, str]) -> None:
        self._url = options["url"]
        self._key = options["key"]
        self._secret = options["secret"]
        self._tokens = Tokens(NAME, self._fetch, most_fetches=MOST_TOKENS, window_s=WINDOW_S)

    def __repr__(self) -> str:
        return f"ScbApi({self._url!r})"

    async def get(self, http: Http, path: str) -> tuple[int, JsonValue, int | None]:
        """Ask; a token that the bank no longer takes is replaced once. Raises VerifierError."""
        token = await self._tokens.get(http)
        asked = await self._get(http, path, token)
        if not _ended(*asked[:2]):
            return asked
        self._tokens.drop(token)
        asked = await self._get(http, path, await self._tokens.get(http))
        if _ended(*asked[:2]):
            raise VerifierError(ErrorKind.AUTH, "It takes no token, not even a new one.", provider=NAME)
        return asked

    async def _get(self, http: Http, path: str, token: str) -> tuple[int, JsonValue, int | None]:
        headers = self._headers() | {"authorization": f"Bearer {token}"}
        return await reply(NAME, http, "GET", f"{self._url}{path}", headers=headers)

    async def _fetch(self, http: Http) -> tuple[str, int]:
        status, answer, _ = await reply(
            NAME,
            http,
            "POST",
            f"{self._url}/v1/oauth/token",
            headers=self._headers(),
            content={"applicationKey": self._key, "applicationSecret": self._secret},
        )
        try:
            data = answers.record(successful(status, answer), "the token")
        except Unreadable as error:
            raise VerifierError(ErrorKind.UNKNOWN, error.message, provider=NAME) from error
        token, lives_s = data.get("accessToken"), data.get("expiresIn")
        if not isinstance(token, str) or not token.isprintable() or not isinstance(lives_s, int) or lives_s <= 0:
            raise VerifierError(ErrorKind.UNKNOWN, "It gave no token.", provider=NAME)
        return token, lives_s

    def _headers(self) -> dict[str, str]:
        return {"resourceOwnerId": self._key, "requestUId": uuid.uuid4().hex, "accept-language": "EN"}


def code_of(answer: JsonValue) -> str:
    """`status.code` as text; empty when there is none."""
    return answers.code(answers.optional(answers.optional(answer).get("status")).get("code"))


def successful(status: int, answer: JsonValue) -> JsonValue:
    """The `data` of an answer that is a success. Raises VerifierError."""
    said = code_of(answer)
    if status == 200 and said == SUCCESS:
        return answers.optional(answer).get("data")
    if (kind := KINDS.get(said)) is not None:
        raise refused(NAME, kind, said)
    raise by_status(NAME, status, said)


def _ended(status: int, answer: JsonValue) -> bool:
    """9300 is said of an ended token; 9500 and 9503, with the same status, are about our key."""
    return code_of(answer) == TOKEN_ENDED or (status == 401 and code_of(answer) not in KINDS)
