"""An OAuth token, got once and kept until shortly before its end: banks count how often they are asked for one."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable

from paygate.banks.slips.facts import ErrorKind, VerifierError
from paygate.banks.transport import Http

MARGIN_S = 60.0  # A token is not used in its last minute: the question may take a while.

Fetch = Callable[[Http], Awaitable[tuple[str, int]]]
"""Gets a new token and the seconds it lives. Raises VerifierError."""


class Tokens:
    """One token for one process. At most *most_fetches* in *window_s*; however many wait for it, one fetches.

    When the bank refuses our key, everybody who asks soon after is refused without asking the bank again.
    """

    def __init__(
        self,
        provider: str,
        fetch: Fetch,
        *,
        most_fetches: int,
        window_s: float,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._provider = provider
        self._fetch = fetch
        self._most = most_fetches
        self._window_s = window_s
        self._clock_s = clock_s
        self._one = asyncio.Lock()
        self._token: str | None = None
        self._until_s = 0.0
        self._fetched_s: deque[float] = deque(maxlen=most_fetches)
        self._failure: VerifierError | None = None

    def __repr__(self) -> str:
        return f"Tokens({self._provider!r})"

    async def get(self, http: Http) -> str:
        """A token that is good for a while. Raises VerifierError; RATE when we have asked for too many."""
        async with self._one:
            if self._token is None or self._clock_s() >= self._until_s:
                self._token = await self._new(http)
            return self._token

    def drop(self, token: str) -> None:
        """The bank does not take *token* any more; one that was got since stays."""
        if self._token == token:
            self._token = None

    async def _new(self, http: Http) -> str:
        now_s = self._clock_s()
        if len(self._fetched_s) == self._most and now_s - self._fetched_s[0] < self._window_s:
            wait_s = int(self._window_s - (now_s - self._fetched_s[0])) + 1
            if self._failure is not None:
                raise VerifierError(
                    self._failure.kind, self._failure.message, provider=self._provider, retry_after_s=wait_s
                )
            message = "No more tokens may be asked for now."
            raise VerifierError(ErrorKind.RATE, message, provider=self._provider, retry_after_s=wait_s)
        self._fetched_s.append(now_s)
        try:
            token, lives_s = await self._fetch(http)
        except VerifierError as error:
            if error.kind is ErrorKind.UPSTREAM_DOWN:
                self._fetched_s.pop()  # No token was given out; the bank is to be found as soon as it is back.
            else:
                self._failure = error
            raise
        self._failure = None
        self._until_s = now_s + max(lives_s - MARGIN_S, lives_s * 0.5)
        return token
