"""What a slip verifier must do, to be run against any of them: ours, and those of other packages.

    import asyncio
    from paygate.banks.slips import SlipRef, contract

    def http_for(case: contract.Case) -> Http | None: ...      # Answers as the vendor documents that case, or None.

    assert asyncio.run(contract.problems(make, http_for, SLIP, amount_satang=15000)) == []

No test framework is needed. `make` gives a fresh verifier for each case. Whatever the vendor does, a verifier answers
with the facts of the slip that was asked for, or raises VerifierError; what it cannot read is UNKNOWN.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum

from paygate.banks.slips.facts import ErrorKind, SlipFacts, SlipRef, SlipVerifier, VerifierError
from paygate.banks.transport import NO_HEADERS, TIMEOUT_S, Http, HttpAnswer, HttpFailed
from paygate.core.credits import BANGKOK


class Case(StrEnum):
    """What the vendor's server does. Of SUCCESS to REVERSED it tells the slip that is asked for, changed as named."""

    SUCCESS = "SUCCESS"
    DUPLICATE = "DUPLICATE"  # The vendor has seen it before, and shows it.
    WRONG_REF = "WRONG_REF"  # It shows another transfer.
    WRONG_BANK = "WRONG_BANK"  # It shows another bank's transfer of the same reference.
    OVER_PRECISE = "OVER_PRECISE"  # The amount has a third decimal, not zero.
    NO_AMOUNT = "NO_AMOUNT"  # The amount is missing.
    FOREIGN = "FOREIGN"  # Another currency than the baht.
    NOT_SLIP = "NOT_SLIP"
    NOT_FOUND = "NOT_FOUND"
    PENDING = "PENDING"
    DUPLICATE_BARE = "DUPLICATE_BARE"  # Seen before, and not shown.
    AUTH = "AUTH"
    QUOTA = "QUOTA"
    RATE = "RATE"
    DOWN = "DOWN"
    NEW_CODE = "NEW_CODE"  # A code that no document has.


TELLING = frozenset({Case.SUCCESS, Case.DUPLICATE})
KINDS: Mapping[Case, frozenset[ErrorKind]] = {
    Case.WRONG_REF: frozenset({ErrorKind.UNKNOWN}),
    Case.WRONG_BANK: frozenset({ErrorKind.UNKNOWN}),
    Case.OVER_PRECISE: frozenset({ErrorKind.UNKNOWN}),
    Case.NO_AMOUNT: frozenset({ErrorKind.UNKNOWN}),
    Case.NOT_SLIP: frozenset({ErrorKind.NOT_SLIP}),
    Case.NOT_FOUND: frozenset({ErrorKind.NOT_FOUND}),
    Case.PENDING: frozenset({ErrorKind.PENDING}),
    Case.DUPLICATE_BARE: frozenset({ErrorKind.DUPLICATE_HINT}),
    Case.AUTH: frozenset({ErrorKind.AUTH}),
    Case.QUOTA: frozenset({ErrorKind.QUOTA}),
    Case.RATE: frozenset({ErrorKind.RATE}),
    Case.DOWN: frozenset({ErrorKind.UPSTREAM_DOWN}),
    Case.NEW_CODE: frozenset({ErrorKind.UNKNOWN, ErrorKind.BAD_REQUEST}),
}
NOT_DEFINITE = frozenset(
    {ErrorKind.UNKNOWN, ErrorKind.UPSTREAM_DOWN, ErrorKind.AUTH, ErrorKind.QUOTA, ErrorKind.RATE, ErrorKind.BAD_REQUEST}
)
NONSENSE = (
    HttpAnswer(200, {}, b""),
    HttpAnswer(200, {}, b"<html>It works!</html>"),
    HttpAnswer(200, {}, b"null"),
    HttpAnswer(200, {}, b"[]"),
    HttpAnswer(200, {}, b'"ok"'),
    HttpAnswer(200, {}, b"{}"),
    HttpAnswer(200, {}, b'{"status":200,"success":true,"code":"200000","statusCode":"0000","data":null}'),
    HttpAnswer(200, {}, b'{"status":200,"success":true,"code":"200000","statusCode":"0000","data":{"amount":1}}'),
    HttpAnswer(200, {}, b'{"status":200,"success":true,"data":{"transRef":7,"amount":NaN,"sender":[]}}'),
    HttpAnswer(200, {}, b"\xff\xfe\x00"),
    HttpAnswer(200, {}, b"[" * 10_000),
    HttpAnswer(204, {}, b""),
    HttpAnswer(301, {"location": "https://example.com/"}, b""),
    HttpAnswer(400, {}, b""),
    HttpAnswer(404, {}, b"not found"),
    HttpAnswer(418, {}, b"{}"),
    HttpAnswer(500, {}, b""),
    HttpAnswer(503, {"retry-after": "soon"}, b"<html>busy</html>"),
)


class _Canned:
    """An Http that always answers the same, or never."""

    def __init__(self, answer: HttpAnswer | None) -> None:
        self._answer = answer

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] = NO_HEADERS,
        body: bytes = b"",
        timeout_s: float = TIMEOUT_S,
    ) -> HttpAnswer:
        """The one answer."""
        if self._answer is None:
            raise HttpFailed()
        return self._answer


async def problems(
    make: Callable[[], SlipVerifier], http_for: Callable[[Case], Http | None], slip: SlipRef, *, amount_satang: int
) -> list[str]:
    """What is wrong with a verifier, in sentences; empty when nothing is.

    *http_for* gives the way to a server that does what a case says, None where the vendor documents no such answer;
    SUCCESS it must have. *amount_satang* is what SUCCESS tells.
    """
    found: list[str] = []
    for case in Case:
        http = http_for(case)
        if http is None:
            found += ["SUCCESS is missing."] if case is Case.SUCCESS else []
            continue
        fault = _fault(case, await _told(make(), http, slip), slip, amount_satang)
        found += [f"{case}: {fault}"] if fault else []
    for answer in NONSENSE:
        told = await _told(make(), _Canned(answer), slip)
        if not isinstance(told, VerifierError) or told.kind not in NOT_DEFINITE:
            found.append(
                f"An answer {answer.status} {answer.body[:40]!r} must not decide anything, but gave {_of(told)}."
            )
    told = await _told(make(), _Canned(None), slip)
    if not isinstance(told, VerifierError) or told.kind is not ErrorKind.UPSTREAM_DOWN:
        found.append(f"No answer at all must be UPSTREAM_DOWN, but gave {_of(told)}.")
    return found


async def _told(verifier: SlipVerifier, http: Http, slip: SlipRef) -> SlipFacts | Exception:
    try:
        return await verifier.check(http, slip)
    except Exception as error:  # noqa: BLE001 - whatever it raises is the suite's finding
        return error


def _fault(case: Case, told: SlipFacts | Exception, slip: SlipRef, amount_satang: int) -> str | None:
    if case is Case.FOREIGN and isinstance(told, SlipFacts):
        return "facts in another currency must say so." if told.currency == "THB" else None
    if case in TELLING or case is Case.FOREIGN:
        if case is Case.FOREIGN and isinstance(told, VerifierError):
            return None
        return _fault_in_facts(case, told, slip, amount_satang)
    wanted = KINDS[case]
    if isinstance(told, VerifierError) and told.kind in wanted:
        return None
    return f"it must raise {' or '.join(sorted(wanted))}, but gave {_of(told)}."


def _fault_in_facts(case: Case, told: SlipFacts | Exception, slip: SlipRef, amount_satang: int) -> str | None:
    if not isinstance(told, SlipFacts):
        return f"it must tell the facts, but gave {_of(told)}."
    if (told.sending_bank, told.trans_ref) != (slip.sending_bank, slip.trans_ref):
        return "it tells of another slip."
    if told.amount_satang != amount_satang or isinstance(told.amount_satang, bool):
        return f"the amount is {told.amount_satang} satang."
    if told.occurred_at.tzinfo is None or told.occurred_at.astimezone(BANGKOK).year < 2015:
        return "the time has no zone, or is of another calendar."
    if told.currency != "THB":
        return f"the currency is {told.currency!r}."
    if case is Case.DUPLICATE and told.provider_duplicate is not True:
        return "it must say that the vendor has seen it before."
    return None


def _of(told: SlipFacts | Exception) -> str:
    if isinstance(told, VerifierError):
        return f"VerifierError {told.kind}"
    return "facts" if isinstance(told, SlipFacts) else f"{type(told).__name__}: {told}"
