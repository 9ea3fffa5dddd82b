"""The credentials that requests carry, as the API's document tells of them; the names are those of `operations.Who`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def _header(name: str, about: str) -> dict[str, Any]:
    return {"type": "apiKey", "in": "header", "name": name, "description": about}


def _bearer(about: str) -> dict[str, Any]:
    return {"type": "http", "scheme": "bearer", "description": about}


_SECRET = "A secret key, `sk_live_...` or `sk_test_...`: for servers."  # noqa: S105 - words about one
_PUBLIC = "A public key, `pk_live_...` (on pages of allowed origins) or `pk_test_...` (anywhere): for browsers."

SCHEMES: Mapping[str, Mapping[str, Any]] = {
    "secretKey": _header("X-API-Key", _SECRET),
    "secretBearer": _bearer(f"{_SECRET} The same as in `X-API-Key`."),
    "publicKey": _header("X-API-Key", _PUBLIC),
    "publicBearer": _bearer(f"{_PUBLIC} The same as in `X-API-Key`."),
    "clientSecret": _header(
        "X-Client-Secret", "A payment's `clientSecret`: reads that payment and sends slips for it, nothing else."
    ),
    "clientSecretInQuery": {
        "type": "apiKey",
        "in": "query",
        "name": "clientSecret",
        "description": "The same, for a browser's EventSource, which sends no headers.",
    },
    "bankSignature": _header(
        "X-PayGate-Signature",
        '`t=<unix time>,v1=<hex HMAC-SHA256 of "t.body">`, the source\'s secret as text being the key; t within 300 s.',
    ),
    "bankKey": {
        "type": "apiKey",
        "in": "query",
        "name": "key",
        "description": "The key in the address that SCB or KBank was given: banks sign nothing.",
    },
    "accessToken": _bearer("The `token` of a login: for people, ten minutes at a time."),
    "metricsToken": _bearer("PAYGATE_METRICS_TOKEN, when it is set."),
}
