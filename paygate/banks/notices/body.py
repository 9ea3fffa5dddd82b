"""What a phone sends: `{"text", "sender", "receivedAt", "nonce"}`, one or an array of them; and whether a mail is the
bank's own.

`nonce`, optional, is the phone's own mark of this text: the same when it sends the text again, another for another
text. `authenticationResults`, for mail, is that header as the mailbox's own server wrote it (RFC 8601).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from typing import Final

from paygate.banks.notices import Notice
from paygate.banks.notices.text import MAX_CHARS, normalise
from paygate.core import canonical, fields, shapes
from paygate.core.canonical import JsonValue
from paygate.core.credits import BANGKOK
from paygate.core.errors import InvalidInput
from paygate.core.events import timestamp
from paygate.core.fields import Fields
from paygate.core.shapes import Field, Shape

MAX_AT_ONCE: Final = 100
_MAX_SENDER: Final = 200
_MAX_NONCE: Final = 128
_MAX_RESULTS: Final = 4_000
_PASSED = re.compile(r"\b(?:dkim|dmarc)=pass\b[^;]*?\bheader\.(?:d|i|from)=@?([a-z0-9.-]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Message:
    """One text as a phone forwards it."""

    text: str
    sender: str
    received_at: datetime
    nonce: str | None
    authentication_results: str | None

    @property
    def is_proved_mail(self) -> bool:
        """Whether the mailbox's server found the mail signed by its sender's domain; a visible From proves nothing."""
        domain = parseaddr(self.sender)[1].rpartition("@")[2].casefold()
        found = _PASSED.findall(self.authentication_results or "")
        return any(one.casefold() == domain or one.casefold().endswith(f".{domain}") for one in found)

    def digest(self, notice: Notice) -> bytes:
        """SHA-256 of what was said. A text that has its own balance is itself, however often it comes: the next payment
        leaves another balance. Without a time of its own that holds for a day. Any other may be said of two equal
        payments, and is told apart by the phone's nonce, or the moment of receipt."""
        mark: str | None = None
        if notice.balance_satang is None:
            mark = self.nonce or timestamp(self.received_at)
        elif notice.time_source != "text":
            mark = self.received_at.astimezone(BANGKOK).date().isoformat()
        said = [notice.bank, notice.channel, normalise(self.text), mark]
        return hashlib.sha256(canonical.dumps(said).encode()).digest()


def read(raw: bytes) -> tuple[Sequence[Message], bool]:
    """The texts of a body, and whether it was an array. Raises InvalidInput, naming the field."""
    value = canonical.loads(raw)
    if isinstance(value, dict):
        return [_message(value)], False
    if not isinstance(value, list):
        raise InvalidInput("The body must be a JSON object, or an array of them.")
    if not 1 <= len(value) <= MAX_AT_ONCE:
        raise InvalidInput(f"The array must have 1 to {MAX_AT_ONCE} notices.")
    return [_member(one, f"[{place}]") for place, one in enumerate(value)], True


def _member(value: JsonValue, where: str) -> Message:
    if not isinstance(value, dict):
        raise InvalidInput(f"{where} must be a JSON object.", field=where)
    try:
        return _message(value)
    except InvalidInput as error:
        raise fields.within(where, error) from error


def _message(given: Fields) -> Message:
    received_at = RECEIVED_AT.read(given)
    return Message(
        TEXT.read(given),
        SENDER.read(given),
        received_at,
        NONCE.read(given) or None,
        RESULTS.read(given),
    )


def _required(name: str, longest: int, about: str, example: str) -> Field[str]:
    return shapes.needed(shapes.text(name, longest, about, example=example), f"{name} is required.")


TEXT = _required("text", MAX_CHARS, "The text as the phone got it.", "เงินเข้า 150.00 บ. บช x1234 20/11 10:05น.")
SENDER = _required("sender", _MAX_SENDER, "Whom the phone shows as its sender: a name, an app, an address.", "KBank")
RECEIVED_AT = shapes.needed(
    shapes.moment("receivedAt", "When the phone got it.", example="2026-11-20T10:05:00+07:00"),
    "receivedAt is required: when the phone got the text.",
)
NONCE = shapes.text(
    "nonce", _MAX_NONCE, "The phone's own mark of this text: the same when it is sent again.", shortest=0, example="n-1"
)
RESULTS = shapes.text(
    "authenticationResults", _MAX_RESULTS, "For mail: that header as the mailbox's own server wrote it.", shortest=0
)
SHAPE = Shape(
    "BankNotice",
    "A bank's text that a phone forwards (source of kind `notice`).",
    (TEXT, SENDER, RECEIVED_AT, NONCE, RESULTS),
)
