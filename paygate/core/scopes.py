"""Scopes: what a secret key may do. A key has some of them, or `*`: everything that merchants may.

None holds another: a till that may create payments (`payments:write`) cannot list what others paid (`payments:read`).
Public keys have no scopes to choose from; what they may do is fixed.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from enum import StrEnum

from paygate.core.errors import InvalidInput

EVERYTHING = ("*",)


class Scope(StrEnum):
    """One thing that a key may be made for."""

    PAYMENTS_READ = "payments:read"
    PAYMENTS_WRITE = "payments:write"
    REFUNDS_READ = "refunds:read"
    REFUNDS_WRITE = "refunds:write"
    SETTLEMENTS_READ = "settlements:read"
    SETTLEMENTS_WRITE = "settlements:write"
    LOGS_READ = "logs:read"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"


def allowed(scopes: Collection[str], needed: Scope) -> bool:
    """Whether a key with *scopes* may do what needs *needed*."""
    return needed in scopes or "*" in scopes


def read(given: Iterable[str]) -> tuple[str, ...]:
    """Scopes as people write them: sorted, each once, `*` when there are none. Raises InvalidInput."""
    wanted = set(given)
    for text in sorted(wanted - {"*"}):
        if text not in set(Scope):
            close = difflib.get_close_matches(text, list(Scope), n=1)
            hint = f"did you mean {close[0]}?" if close else f"they are {', '.join(Scope)}, or * for all."
            raise InvalidInput(f"{text!r} is not a scope; {hint}", field="scopes")
    return EVERYTHING if not wanted or "*" in wanted else tuple(sorted(wanted))
