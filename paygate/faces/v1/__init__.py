"""The native face, `/api/v1`: baht as numbers, `{success, transaction}`, keys in `X-API-Key`.

`shapes` reads its JSON and `answers` are what is sent, `errors` is its table of refusals, `operations` says what each
handler does for `/openapi.json`; the other modules have the handlers.
"""

from paygate.core.answers import Problem
from paygate.faces.v1 import (
    batches,
    codes,
    errors,
    links,
    logs,
    payments,
    pictures,
    refunds,
    settlements,
    simulator,
    slips,
    streams,
    transactions,
    webhooks,
)
from paygate.faces.v1.errors import refuse
from paygate.faces.v1.operations import OPERATIONS
from paygate.faces.v1.webhook_bodies import SENT

__all__ = [
    "OPERATIONS",
    "SENT",
    "Problem",
    "batches",
    "codes",
    "errors",
    "links",
    "logs",
    "payments",
    "pictures",
    "refunds",
    "refuse",
    "settlements",
    "simulator",
    "slips",
    "streams",
    "transactions",
    "webhooks",
]
