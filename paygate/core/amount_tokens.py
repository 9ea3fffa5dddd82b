"""amountToken: a price that the merchant's server has signed, for a page to hand on with its public key.

    at1.<base64url of {"amount": 150.07, "orderId": "A-1", "expiresAt": 1798000000}>.<base64url of a MAC>

The MAC is HMAC-SHA256 of everything before the last dot. Its key is HMAC-SHA256 of a fixed word under the text of one
of the merchant's secret keys: a server that has the key signs without asking us, and what it signs with opens nothing
else. Of that key we keep a sealed copy; a stolen database can sign no price.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from paygate.core import canonical
from paygate.core.canonical import JsonValue
from paygate.core.errors import InvalidInput

FIELD = "amountToken"
MAX_CHARS = 2_048
LONGEST = timedelta(days=31)
"""A price that is good for longer is more likely a mistake than a wish."""
SKEW = timedelta(minutes=5)
_PURPOSE = b"paygate amount token v1"
_FORM = re.compile(r"(at1\.([A-Za-z0-9_-]{4,1500}))\.([A-Za-z0-9_-]{43})", re.ASCII)
_MEMBERS = frozenset({"amount", "orderId", "expiresAt"})


@dataclass(frozen=True, slots=True)
class AmountToken:
    """A token as it was read, not yet believed."""

    signed: bytes
    mac: bytes
    payload: bytes

    def fits(self, secret: bytes) -> bool:
        """Whether *secret* signed it."""
        return hmac.compare_digest(hmac.digest(secret, self.signed, "sha256"), self.mac)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a token fixes: the amount, as JSON has it, and the order, if it is of one."""

    amount: JsonValue
    order_id: str | None


def signing_secret(key: str) -> bytes:
    """What the owner of the secret key *key* signs amounts with."""
    return hmac.digest(key.encode(), _PURPOSE, "sha256")


def read(text: str) -> AmountToken:
    """The parts of a token. Raises InvalidInput."""
    match = _FORM.fullmatch(text)
    if match is None:
        raise InvalidInput("amountToken must be what a library's amountToken() returned.", field=FIELD)
    try:
        return AmountToken(match[1].encode(), _plain(match[3]), _plain(match[2]))
    except (binascii.Error, ValueError):
        raise InvalidInput("amountToken cannot be read.", field=FIELD) from None


def terms(token: AmountToken, now: datetime) -> Terms:
    """What a token says that *fits*, now. Raises InvalidInput when it is over, or says it wrongly."""
    try:
        said = canonical.loads(token.payload)
    except InvalidInput as error:
        raise InvalidInput(f"What amountToken holds is no JSON: {error.message}", field=FIELD) from error
    if not isinstance(said, dict) or not said.keys() <= _MEMBERS:
        raise InvalidInput(f"amountToken holds {', '.join(sorted(_MEMBERS))} and nothing else.", field=FIELD)
    order_id, expires = said.get("orderId"), said.get("expiresAt")
    if not (order_id is None or isinstance(order_id, str)):
        raise InvalidInput("The orderId in amountToken must be a string.", field=FIELD)
    if not isinstance(expires, int) or isinstance(expires, bool):
        raise InvalidInput("amountToken needs expiresAt, in whole seconds since 1970.", field=FIELD)
    left_s = expires - now.timestamp()
    if left_s <= 0:
        raise InvalidInput("amountToken has expired: let your server sign a new one.", field=FIELD)
    if left_s > (LONGEST + SKEW).total_seconds():
        raise InvalidInput(f"amountToken may be good for at most {LONGEST.days} days.", field=FIELD)
    return Terms(said.get("amount"), order_id)


def _plain(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
