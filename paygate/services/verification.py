"""Asking who can resolve a slip, one after the other, until there is a definite answer."""

from __future__ import annotations

from paygate import telemetry
from paygate.banks.slips import ErrorKind, SlipFacts, SlipRef, VerifierError
from paygate.core.errors import Bug
from paygate.services.context import Context

# A definite answer of one verifier is the answer; after these the next one is asked.
FAILS_OVER = frozenset(
    {
        ErrorKind.AUTH,
        ErrorKind.QUOTA,
        ErrorKind.RATE,
        ErrorKind.UPSTREAM_DOWN,
        ErrorKind.BAD_REQUEST,
        ErrorKind.UNKNOWN,
        ErrorKind.DUPLICATE_HINT,
    }
)
ALARMING = frozenset({ErrorKind.AUTH, ErrorKind.QUOTA, ErrorKind.BAD_REQUEST})

log = telemetry.logger("verification")


async def verify(ctx: Context, slip: SlipRef) -> SlipFacts:
    """What the first verifier that answers says of *slip*. Never inside a transaction.

    Raises VerifierError: a definite one as it came, else the first verifier's, with the soonest `retry_after_s`.
    Raises Bug when there is no verifier: ask `ctx.verifiers` first.
    """
    if not ctx.verifiers or ctx.http is None:
        raise Bug("No slip verifier is configured.")
    failures: list[VerifierError] = []
    for verifier in ctx.verifiers:
        try:
            return await verifier.check(ctx.http, slip)
        except VerifierError as error:
            if error.kind in ALARMING:
                log.error("a slip verifier needs the operator", verifier=verifier.name, kind=error.kind.value)
            elif error.kind in FAILS_OVER:
                log.warning("a slip verifier did not answer", verifier=verifier.name, kind=error.kind.value)
            if error.kind not in FAILS_OVER:
                raise
            failures.append(error)
    waits = [error.retry_after_s for error in failures if error.retry_after_s is not None]
    first = failures[0]
    raise VerifierError(
        first.kind, str(first), provider=first.provider, retry_after_s=min(waits, default=None)
    ) from first
