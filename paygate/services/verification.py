"""Asking what a slip stands for: the operator's verifiers in their order, the next one where one cannot say."""

from __future__ import annotations

import asyncio

from paygate import telemetry
from paygate.banks.slips import ErrorKind, SlipFacts, SlipRef, SlipVerifier, VerifierError
from paygate.banks.transport import Http
from paygate.core.errors import Bug
from paygate.db.pool import in_transaction
from paygate.services.context import Context

DEFINITE = frozenset({ErrorKind.NOT_SLIP, ErrorKind.NOT_FOUND, ErrorKind.PENDING})
"""Answers about the slip itself: another vendor asks the same banks, and would be paid for saying the same. A slip that
was seen before is none of them: our own repeat makes it so."""

CHECK_TIMEOUT_S = 25.0
"""For one verifier, a token included; whoever leases a slip for asking needs this times the number of verifiers."""

ALARMING = frozenset({ErrorKind.AUTH, ErrorKind.QUOTA})

log = telemetry.logger("services.verification")


async def verify(ctx: Context, slip: SlipRef) -> SlipFacts:
    """The facts of *slip*, from the first verifier that can say.

    Raises VerifierError: a definite answer as it came, else what the first verifier in order failed with, and the
    soonest moment that any of them wants to be asked again. Never called with a transaction open.
    """
    if in_transaction():
        raise Bug("A verifier was about to be asked while a database transaction is open.")
    if ctx.http is None or not ctx.verifiers:
        raise VerifierError(ErrorKind.UNKNOWN, "No slip verifier is configured.", provider="none")
    failures: list[VerifierError] = []
    for verifier in ctx.verifiers:
        try:
            return await _check(verifier, ctx.http, slip)
        except VerifierError as error:
            _tell(error)
            if error.kind in DEFINITE:
                raise
            failures.append(error)
    raise _worst(failures)


async def _check(verifier: SlipVerifier, http: Http, slip: SlipRef) -> SlipFacts:
    """One verifier's facts; whatever else it does, another package's may, is UNKNOWN."""
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_S):
            facts = await verifier.check(http, slip)
    except VerifierError:
        raise
    except TimeoutError as error:
        raise VerifierError(ErrorKind.UPSTREAM_DOWN, "It took too long.", provider=verifier.name) from error
    except Exception as error:
        log.exception("a slip verifier broke", verifier=verifier.name)
        raise VerifierError(ErrorKind.UNKNOWN, "It broke.", provider=verifier.name) from error
    asked = (slip.sending_bank, slip.trans_ref)
    if (facts.sending_bank, facts.trans_ref) != asked or facts.amount_satang <= 0 or facts.occurred_at.tzinfo is None:
        raise VerifierError(ErrorKind.UNKNOWN, "Its facts are not of this slip.", provider=verifier.name)
    return facts


def _tell(error: VerifierError) -> None:
    if error.kind not in DEFINITE:
        telemetry.count_verifier_failure(error.provider, error.kind.lower())
    if error.kind in ALARMING:
        log.error("a slip verifier refuses us: the operator must act", verifier=error.provider, reason=error.kind)
    elif error.kind not in DEFINITE:
        log.warning("a slip verifier could not say", verifier=error.provider, reason=error.kind, words=error.message)


def _worst(failures: list[VerifierError]) -> VerifierError:
    """What the first of them failed with, to be asked again when any of them may answer."""
    first = failures[0]
    waits_s = [error.retry_after_s for error in failures]
    soonest_s = None if None in waits_s else min(wait_s for wait_s in waits_s if wait_s is not None)
    return VerifierError(first.kind, first.message, provider=first.provider, retry_after_s=soonest_s)
