"""The native face, `/api/v1`: baht as numbers, `{success, transaction}`, keys in `X-API-Key`.

`shapes` reads and prints its JSON, `errors` is its table of refusals, the other modules have the handlers.
"""

from paygate.faces.v1 import batches, codes, payments, pictures, slips, streams, transactions, webhooks
from paygate.faces.v1.errors import refuse

__all__ = ["batches", "codes", "payments", "pictures", "refuse", "slips", "streams", "transactions", "webhooks"]
