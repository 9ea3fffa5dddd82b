"""One arrival of money, and the several ways in which we hear of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from uuid import NAMESPACE_URL, UUID, uuid5

SKEW = timedelta(minutes=2)  # A bank's clock and ours may differ by this much.
MERGE_WINDOW = timedelta(minutes=10)  # Two tales of one credit are no further apart.
BANK_NAMESPACE = "bank:"  # References of a bank are `bank:014`; others are of the source that says them.
BANGKOK = timezone(timedelta(hours=7))  # No daylight saving since 1920; banks' texts and statements count days here.
REJECTED = "REJECTED"  # Reasons of credits that a person gave: it is not believed,
DUPLICATE = "DUPLICATE"  # or it is another tale of a known one.
CONFIRMING_RANKS = frozenset({"A", "B"})


class Channel(StrEnum):
    """By which way we were told. One source may have several: a phone forwards SMS and the bank app's pushes."""

    BRIDGE = "bridge"  # The operator's own signed bridge.
    SMS = "sms"
    PUSH = "push"
    LINE = "line"
    MAIL = "mail"
    SLIP = "slip"  # A slip that a verifier or the bank resolved.
    CALLBACK = "callback"  # A bank's callback that its inquiry confirmed.
    STATEMENT = "statement"
    PERSON = "person"  # Somebody's word, in review.


def voice(name: str) -> UUID:
    """The source id of those who speak without a row in `sources`: a verifier (`verifier:easyslip`), a person."""
    return uuid5(NAMESPACE_URL, f"paygate:{name}")


class CreditState(StrEnum):
    """What became of a credit."""

    UNASSIGNED = "UNASSIGNED"
    SETTLED = "SETTLED"
    POSSIBLE_DUPLICATE = "POSSIBLE_DUPLICATE"
    REFUND_DUE = "REFUND_DUE"  # A person found nobody whose it is: it waits to be sent back.
    REVERSED = "REVERSED"


@dataclass(frozen=True, slots=True)
class Observation:
    """What one source says about one credit: already translated from the bank's words, not yet believed to be new.

    `reference` is unique within (`trust`, `namespace`); case matters. `digest` is a SHA-256 of the facts, so that the
    same words said twice are known as such. `partial`: the text was cut off, so that the whole may come as well.
    `day_only`: only the day is known, `occurred_at` is noon of it in Bangkok.
    """

    merchant_id: int
    mode: str
    receiving_id: UUID
    source_id: UUID
    rank: str
    amount_satang: int
    occurred_at: datetime
    trust: str
    namespace: str
    reference: str | None
    digest: bytes
    sending_bank: str | None = None
    payer_name: str | None = None
    payer_account: str | None = None
    ref1: str | None = None
    ref2: str | None = None
    balance_satang: int | None = None
    channel: Channel = Channel.BRIDGE
    partial: bool = False
    day_only: bool = False

    @property
    def confirms(self) -> bool:
        """Whether it is more than a notice: a bank's or verifier's word, or a line of the bank's statement."""
        return self.rank in CONFIRMING_RANKS or self.channel is Channel.STATEMENT


@dataclass(frozen=True, slots=True)
class Heard:
    """That a source told of a credit: by which channel, in which words, and whether they were cut off."""

    source_id: UUID
    channel: str
    digest: bytes
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Credit:
    """One arrival of money as its row has it, with the references and sources that are known to speak of it."""

    merchant_id: int
    mode: str
    id: UUID
    receiving_id: UUID
    amount_satang: int
    occurred_at: datetime
    recorded_at: datetime
    rank: str
    state: CreditState
    booked: bool
    ref1: str | None = None
    ref2: str | None = None
    balance_satang: int | None = None
    payment_merchant_id: int | None = None
    payment_id: UUID | None = None
    reason: str | None = None
    references: tuple[tuple[str, str], ...] = ()  # (namespace, ref)
    heard_from: tuple[Heard, ...] = field(default=())
    day_only: bool = False
    confirmed: bool = False  # More than a notice told of it.


class Sameness(StrEnum):
    """How an observation relates to the credits that are already known."""

    NEW = "NEW"
    SAME = "SAME"  # It speaks of `credit`.
    LIKE = "LIKE"  # It is another channel's tale of `credit`, as far as likeness can tell.
    DOUBTFUL = "DOUBTFUL"  # It may speak of one of several: a person decides, nothing is booked.
    CONTRADICTION = "CONTRADICTION"  # It has the reference of `credit`, with other facts.


def recognise(
    seen: Observation, by_reference: Credit | None, nearby: Sequence[Credit]
) -> tuple[Sameness, Credit | None]:
    """Say whether *seen* is news.

    *by_reference* is the credit that has its reference; *nearby* are the credits of the same account and amount
    within MERGE_WINDOW. The same reference means the same credit, and other facts under it a contradiction. The same
    words of the same source are the same credit; another channel's tale attaches to the only credit that fits, unless
    both have a reference of their own: that is doubtful.
    """
    if by_reference is not None:
        agrees = (
            by_reference.receiving_id == seen.receiving_id
            and by_reference.amount_satang == seen.amount_satang
            and _same_time(seen, by_reference)
            and _same_bill(seen, by_reference)
        )
        return (Sameness.SAME if agrees else Sameness.CONTRADICTION), by_reference
    for credit in nearby:
        said = any((heard.source_id, heard.digest) == (seen.source_id, seen.digest) for heard in credit.heard_from)
        if said or _said_before(seen, credit):
            return Sameness.SAME, credit
    fitting = [credit for credit in nearby if compatible(seen, credit)]
    apart = any(credit.reason == REJECTED for credit in fitting)  # A person did not believe that one; this is news.
    if len(fitting) == 1 and not apart and not (seen.reference is not None and fitting[0].references):
        return Sameness.LIKE, fitting[0]
    return (Sameness.DOUBTFUL, fitting[0]) if fitting else (Sameness.NEW, None)


def compatible(seen: Observation, credit: Credit) -> bool:
    """Whether *seen* may be another channel's tale of *credit*.

    Not when the channel already told of it (it tells each credit once, or once whole and once cut off), nor when both
    have a balance and they differ, nor when they name different bills, nor when both have a reference that the other
    would have as well: of one namespace, or each of a bank. What may itself be a duplicate takes in nothing that has a
    reference, and what a person found to be one takes in nothing. Of which only the day is known, likeness says
    nothing.
    """
    if credit.reason == DUPLICATE:
        return False
    if seen.day_only or credit.day_only or abs(credit.occurred_at - seen.occurred_at) > MERGE_WINDOW:
        return False
    if any(_tells_once(seen, heard) for heard in credit.heard_from):
        return False
    if seen.reference is not None and (
        credit.state is CreditState.POSSIBLE_DUPLICATE or _other_reference(seen, credit)
    ):
        return False
    if not _same_bill(seen, credit):
        return False
    if seen.balance_satang is not None and credit.balance_satang is not None:
        return seen.balance_satang == credit.balance_satang
    return True


def _tells_once(seen: Observation, heard: Heard) -> bool:
    return (heard.source_id, heard.channel, heard.partial) == (seen.source_id, seen.channel, seen.partial)


def _same_time(seen: Observation, credit: Credit) -> bool:
    if seen.day_only or credit.day_only:
        return seen.occurred_at.astimezone(BANGKOK).date() == credit.occurred_at.astimezone(BANGKOK).date()
    return abs(credit.occurred_at - seen.occurred_at) <= MERGE_WINDOW


def _other_reference(seen: Observation, credit: Credit) -> bool:
    """Whether *credit* has a reference where that of *seen* would be: they are different credits."""
    return any(
        namespace == seen.namespace or (_of_bank(namespace) and _of_bank(seen.namespace))
        for namespace, _ in credit.references
    )


def _said_before(seen: Observation, credit: Credit) -> bool:
    """Whether this source told of *credit* with this reference, once naming the sending bank and once not."""
    return any(heard.source_id == seen.source_id for heard in credit.heard_from) and any(
        ref == seen.reference and not (_of_bank(namespace) and _of_bank(seen.namespace))
        for namespace, ref in credit.references
    )


def _of_bank(namespace: str) -> bool:
    return namespace.startswith(BANK_NAMESPACE)


def _same_bill(seen: Observation, credit: Credit) -> bool:
    """Whether the bill-payment references agree, as far as both have them."""
    return all(
        one is None or other is None or one == other
        for one, other in ((seen.ref1, credit.ref1), (seen.ref2, credit.ref2))
    )
