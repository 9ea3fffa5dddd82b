"""KBank's open API (https://apiportal.kasikornbank.com): OAuth2 client credentials, a client certificate in production.

Tokens live about 30 minutes and only 5 are given out in 30 minutes; so they are kept hard. The gateway before the API
refuses with `{"code": "openapi_error", "message": ...}`.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping
from datetime import datetime

from paygate.banks import answers
from paygate.banks.apis.tokens import Tokens
from paygate.banks.slips.asking import by_status, reply
from paygate.banks.slips.facts import ErrorKind, VerifierError
from paygate.banks.transport import Http
from paygate.core.canonical import JsonValue
from paygate.core.credits import BANGKOK

NAME = "kbank"
URL = "https://openapi.kasikornbank.com"
BANK = "004"
MOST_TOKENS = 4  # One less than the bank gives out, for whoever else uses the same key.
WINDOW_S = 1_800.0
DEFAULT_TOKEN_S = 1_200
RATE_PAUSE_S = 300
_GATEWAY_CODE = "openapi_error"


class KBankApi:
    """One application at KBank: `url`, `key` (consumer id), `secret` (consumer secret)."""

    def __init__(self, options: Mapping[str, str]) -> None:
        self._url = options["url"]
        self._basic = base64.b64encode(f"{options['key']}:{options['secret']}".encode()).decode()
        self._tokens = Tokens(NAME, self._fetch, most_fetches=MOST_TOKENS, window_s=WINDOW_S)
        # The sandbox answers with its prepared examples only when it is told that this is a test.
        self._test = {"x-test-mode": "true"} if "sandbox" in self._url else {}

    def __repr__(self) -> str:
        return f"KBankApi({self._url!r})"

    async def post(self, http: Http, path: str, content: Mapping[str, object]) -> tuple[int, JsonValue, int | None]:
        """Ask; a token that the bank no longer takes is replaced once. Raises VerifierError."""
        token = await self._tokens.get(http)
        asked = await self._post(http, path, content, token)
        if _ended(*asked[:2]):
            self._tokens.drop(token)
            asked = await self._post(http, path, content, await self._tokens.get(http))
            if _ended(*asked[:2]):
                raise VerifierError(ErrorKind.AUTH, "It takes no token, not even a new one.", provider=NAME)
        _gateway(*asked)
        return asked

    async def _post(
        self, http: Http, path: str, content: Mapping[str, object], token: str
    ) -> tuple[int, JsonValue, int | None]:
        headers = self._test | {"Authorization": f"Bearer {token}"}
        return await reply(NAME, http, "POST", f"{self._url}{path}", headers=headers, content=content)

    async def _fetch(self, http: Http) -> tuple[str, int]:
        headers = self._test | {"Authorization": f"Basic {self._basic}"}
        url = f"{self._url}/v2/oauth/token"
        asked = await reply(NAME, http, "POST", url, headers=headers, form=b"grant_type=client_credentials")
        _gateway(*asked)
        status, answer, _ = asked
        data = answers.optional(answer)
        token, lives = data.get("access_token"), answers.code(data.get("expires_in"))
        if status != 200:
            raise by_status(NAME, status)
        if not isinstance(token, str) or not token or not token.isprintable():
            raise VerifierError(ErrorKind.UNKNOWN, "It gave no token.", provider=NAME)
        return token, int(lives) if lives.isdigit() and int(lives) > 0 else DEFAULT_TOKEN_S


def request_id() -> str:
    """Unique for each question."""
    return uuid.uuid4().hex


def request_time() -> str:
    """Now, as the bank wants it: `2026-11-20T10:00:00.000+07:00`."""
    return datetime.now(BANGKOK).isoformat(timespec="milliseconds")


def _gateway(status: int, answer: JsonValue, wait_s: int | None) -> None:
    """Raise what the gateway before the API says. Its words are English sentences; their codes are not public."""
    body = answers.optional(answer)
    said = body.get("message")
    words = said.lower() if isinstance(said, str) and body.get("code") == _GATEWAY_CODE else ""
    if status == 429 or "rate limit" in words or "quota" in words:
        wait_s = wait_s or RATE_PAUSE_S
        raise VerifierError(ErrorKind.RATE, "It wants fewer questions.", provider=NAME, retry_after_s=wait_s)
    if status != 200 and (words or status >= 500):
        raise by_status(NAME, status, _GATEWAY_CODE if words else "")


def _ended(status: int, answer: JsonValue) -> bool:
    said = answers.optional(answer).get("message")
    return status == 401 and not (isinstance(said, str) and ("api key" in said.lower() or "consumer" in said.lower()))
