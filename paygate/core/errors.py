"""What can go wrong, in the gateway's own words; never in HTTP's.

    PayGateError
    +-- Refused                 the caller asked for something that cannot be
    |   +-- InvalidInput        a field is wrong: `field`, `message`
    |   +-- TooLarge            the body or a field is larger than allowed
    |   +-- Unauthorized        no credential, or one that does not verify
    |   |   +-- CodeRequired    the password is right; a one-time code is wanted as well
    |   +-- Forbidden           the credential is good but not for this
    |   +-- TooManyOpen         this client has as many open payments as it may
    |   +-- TooManyRequests     a rate limit is used up
    |   +-- TooManyTries        too many logins were tried from there, or of this person
    |   +-- NotFound            no such object for this merchant
    |   +-- Conflict            the object's state does not allow it
    |   |   +-- WrongState      a payment's or payout's status does not allow the event
    |   |   +-- InsufficientBalance   more is asked for than the merchant has with us
    |   |   +-- SlipRefused     a payment takes no slip, or no more of them
    |   |   +-- SlotsExhausted  every payable amount around this price is held
    |   |   +-- NoAccount       no receiving account to make a QR for
    |   +-- IdempotencyMismatch the key was used with another body
    |   +-- IdempotencyBusy     the same key is still at work
    +-- Unavailable             a part that we need is away; try again
    +-- Moved                   somebody else changed the row first; decide again
    +-- Bug                     impossible; our fault

A face's own table (`faces/<face>/errors.py`) turns each leaf into a status and a wire code; a house test demands that
every leaf is in every table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from paygate.core.limits import Counted, Standing


class PayGateError(Exception):
    """Base of everything PayGate raises on purpose."""

    default = "PayGate could not do this."

    def __init__(self, message: str | None = None, *, field: str | None = None) -> None:
        self.message = message or self.default
        self.field = field
        super().__init__(self.message)


class Refused(PayGateError):
    """The request cannot be granted; nothing was written."""

    default = "The request was refused."


class InvalidInput(Refused):
    """A field of the request is wrong."""

    default = "The request is not valid."


class TooLarge(Refused):
    """A body or a part of it is larger than allowed."""

    default = "The request is too large."


class Unauthorized(Refused):
    """No credential, or one that does not verify."""

    default = "API key is required. Send it via X-API-Key header."


class CodeRequired(Unauthorized):
    """The password is right, and a one-time code is wanted as well."""

    default = "Send the code of your authenticator app, or a recovery code, as `code`."


class Forbidden(Refused):
    """The credential is good, but not for this."""

    default = "This credential may not do that."


class TooManyOpen(Refused):
    """This client's address has as many open pk_ payments as it may; `retry_after_s`: when one ends."""

    default = (
        "Your network address has 20 open payments, made with pk_ keys, already. Pay one, or wait until one expires."
    )
    payer: ClassVar[Mapping[str, str]] = {
        "th": "มีรายการรอชำระจากเครือข่ายของคุณครบจำนวนแล้ว กรุณาชำระรายการเดิม หรือรอให้รายการหมดอายุ",
        "en": "Too many payments from your network are still open. Pay one of them, or wait until one expires.",
    }

    def __init__(self, retry_after_s: int) -> None:
        self.retry_after_s = retry_after_s
        super().__init__()


class TooManyRequests(Refused):
    """A rate limit is used up: `standing` says which, `retry_after_s` when there is something left."""

    by: ClassVar[Mapping[str, str]] = {
        Counted.KEY: "with this API key",
        Counted.SOURCE: "of this source",
        Counted.LOGIN: "from your network address",
        Counted.ADDRESS: "from your network address",
    }
    payer: ClassVar[Mapping[str, str]] = {
        "th": "มีคำขอเข้ามามากเกินไป กรุณารอสักครู่แล้วลองใหม่อีกครั้ง",
        "en": "There were too many requests. Please wait a moment and try again.",
    }

    def __init__(self, standing: Standing, retry_after_s: int) -> None:
        self.standing = standing
        self.retry_after_s = retry_after_s
        super().__init__(
            f"Too many requests {self.by[standing.counted]}: {standing.limit} are the most."
            f" Try again in {retry_after_s} s."
        )


class TooManyTries(Refused):
    """Too many logins were tried from this network, or of this person; `retry_after_s`: when the next may be.

    `standing` says which limit that was.
    """

    default = "Too many tries. Wait a little, and try again."

    def __init__(self, retry_after_s: int, standing: Standing | None = None) -> None:
        self.retry_after_s = retry_after_s
        self.standing = standing
        super().__init__()


class NotFound(Refused):
    """No such object, or it belongs to somebody else."""

    default = "No such object."


class Conflict(Refused):
    """The object's present state does not allow it."""

    default = "The present state does not allow this."


class WrongState(Conflict):
    """A payment's or payout's status does not allow the event; `status` tells where it stands."""

    def __init__(self, status: str, wish: str, *, what: str = "payment") -> None:
        self.status = status
        when = "now" if what != "payment" else "yet" if status == "PENDING" else "any more"
        super().__init__(f"The {what} is {status}; it cannot be {wish} {when}.")


class InsufficientBalance(Conflict):
    """More is asked for than the merchant has with us."""

    default = "The available balance is too small for this."


class SlipRefused(Conflict):
    """A payment takes no slip: `reason` in a word, `payer` in words for the person who sent it."""

    def __init__(self, reason: str, *, th: str, en: str) -> None:
        self.reason = reason
        self.payer: Mapping[str, str] = {"th": th, "en": en}
        super().__init__(en)


class SlotsExhausted(Conflict):
    """No payable amount around this price can be given now, and why; `retry_after_s`: when the first hold ends.

    `message` is for the merchant, `payer` for the person who wants to pay.
    """

    words: ClassVar[Mapping[str, str]] = {
        "full": "Every payable amount around this price is taken by open payments. Cancel payments that nobody will"
        " pay, add a receiving account, or try again when Retry-After says.",
        "share": "The last payable amounts of this price on the shared account are kept for merchants with fewer than"
        " 20 open payments of it. Cancel payments that nobody will pay, or try again when Retry-After says.",
        "browser": "Payments made with pk_ keys hold half of the payable amounts of this price, which is all they may."
        " Create payments on your server with a secret key (sk_...), or try again when Retry-After says.",
    }
    default = words["full"]
    payer: ClassVar[Mapping[str, str]] = {
        "th": "มีผู้กำลังชำระยอดนี้จำนวนมาก กรุณาลองใหม่อีกครั้งในอีกสักครู่ ยังไม่มีการหักเงินของคุณ",
        "en": "Many people are paying this amount right now. Please try again in a little while; you were not charged.",
    }

    def __init__(self, why: str = "full", *, retry_after_s: int | None = None, field: str | None = None) -> None:
        self.why = why
        self.retry_after_s = retry_after_s
        super().__init__(self.words[why], field=field)


class NoAccount(Conflict):
    """The merchant's plan has no receiving account to make a QR for."""

    default = "No receiving account is configured for this merchant and mode, or all of them are paused."


class IdempotencyMismatch(Refused):
    """The Idempotency-Key was already used with another request."""

    default = "This Idempotency-Key was already used with a different request."


class IdempotencyBusy(Refused):
    """The same Idempotency-Key is still at work."""

    default = "A request with this Idempotency-Key is still being processed."


class Unavailable(PayGateError):
    """A part that we need is away; the same request may be sent again."""

    default = "The service is temporarily unavailable. Send the same request again."


class Moved(PayGateError):
    """The row no longer stands where it stood when it was read; decide again."""

    default = "The row was changed by another transaction."


class Bug(PayGateError):
    """Impossible by design; if it happens the fault is ours."""

    default = "An impossible state was reached."
