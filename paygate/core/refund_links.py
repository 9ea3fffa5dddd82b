"""The link through which a payer says where a refund shall go: `rfd_..._secret_...`, in the form of a client secret.

Its signature is over the merchant, the refund, which of its links it is and until when it is good; all of that stands
in the refund's row, and none of it in the link. So it can be made again, and a newer link makes it worthless.
"""

from __future__ import annotations

import hashlib
import hmac

from itsdangerous import BadData, Signer, URLSafeSerializer

from paygate.core import ids
from paygate.core.canonical import dumps
from paygate.core.errors import Bug, NotFound
from paygate.core.events import timestamp
from paygate.core.payouts import Refund
from paygate.core.sealing import SealingKey

MARK = "_secret_"  # Log lines hide what comes after it.
MAX_CHARS = 120


def make(key: SealingKey, refund: Refund) -> str:
    """The link of *refund* that is good now."""
    if refund.link_until is None:
        raise Bug("Nobody asked this refund's payer.")
    facts = dumps(
        {
            "merchant": str(refund.merchant_id),
            "mode": refund.mode,
            "refund": str(refund.id),
            "link": refund.link_number,
            "until": timestamp(refund.link_until),
        }
    )
    signer = Signer(key.signing, salt=b"paygate refund link", key_derivation="hmac", digest_method=hashlib.sha256)
    return f"{ids.show('rfd', refund.id)}{MARK}{signer.get_signature(facts).decode()}"


def named(text: str) -> str:
    """The id of the refund that a link is for. Raises NotFound."""
    number, mark, _ = text.partition(MARK)
    if not mark or len(text) > MAX_CHARS:
        raise NotFound("No such link.")
    return number


def is_link_of(key: SealingKey, refund: Refund, text: str) -> bool:
    """Whether *text* is the link of *refund* that is good now."""
    return refund.link_until is not None and hmac.compare_digest(make(key, refund).encode(), text.encode())


def keep(key: SealingKey, link: str, values: dict[str, str]) -> str:
    """What a payer typed, signed for that link: it comes back from the page that showed it, and from nowhere else."""
    made = _keeper(key, link).dumps(values)
    return made if isinstance(made, str) else made.decode()


def kept(key: SealingKey, link: str, text: str) -> dict[str, str] | None:
    """The reverse; None for what was not made for that link."""
    try:
        found: dict[str, str] = _keeper(key, link).loads(text)
    except BadData:
        return None
    return found


def _keeper(key: SealingKey, link: str) -> URLSafeSerializer:
    salt = b"paygate refund form:" + link.encode()
    signing = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
    return URLSafeSerializer(key.signing, salt=salt, signer_kwargs=signing)
