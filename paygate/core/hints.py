"""A bank's unsigned callback is a hint: what it claims is laid beside what the bank says when it is asked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from paygate.core.money import show

BAHT = "THB"


@dataclass(frozen=True, slots=True)
class Hint:
    """What a callback claims: enough to ask the bank about it, and nothing that is believed. No personal data.

    `payee` is whom it names as paid: a biller ID (SCB), a merchant id (KBank).
    """

    transaction_id: str
    payee: str | None
    amount_satang: int
    occurred_at: datetime | None
    ref1: str | None = None
    ref2: str | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """One transfer as the bank's inquiry tells it. `occurred_at` None: it does not say when.

    `namespace`: who issued the transaction id; `bank:014` when a slip of the same transfer shows the same.
    """

    transaction_id: str
    namespace: str
    payee: str | None
    amount_satang: int
    occurred_at: datetime | None
    currency: str
    ref1: str | None = None
    ref2: str | None = None
    sending_bank: str | None = None
    payer_name: str | None = field(default=None, repr=False)
    payer_account: str | None = field(default=None, repr=False)
    reversed: bool = False


class Finding(StrEnum):
    """What an inquiry says of a hint."""

    TRUE = "TRUE"
    FALSE = "FALSE"  # The bank knows the transfer, with other facts.
    OTHERS = "OTHERS"  # It knows transfers of this reference, but not the one that is claimed.
    NOTHING = "NOTHING"


@dataclass(frozen=True, slots=True)
class Weighed:
    """`told`: what may be believed, whatever the hint said. `detail`: for the person who looks at it."""

    finding: Finding
    told: tuple[Arrival, ...]
    detail: str = ""


def weigh(hint: Hint, arrivals: Sequence[Arrival], payees: Collection[str]) -> Weighed:
    """Lay *hint* beside what the bank says. *payees*: the names under which the account is paid.

    The bank's word counts and not the hint's: a transfer to this account in baht is believed with the bank's facts,
    also one that was not hinted at but has the reference that was asked for.
    """
    named = [arrival for arrival in arrivals if arrival.transaction_id == hint.transaction_id]
    ours = [arrival for arrival in arrivals if arrival.payee in payees and arrival.currency == BAHT]
    told = tuple(a for a in ours if a in named or (a.ref1 is not None and a.ref1 == hint.ref1))
    if not named:
        if not arrivals:
            return Weighed(Finding.NOTHING, ())
        return Weighed(Finding.OTHERS, told, "The bank knows payments of this reference, but not this transaction.")
    faults = [fault for arrival in named for fault in _faults(hint, arrival, payees)]
    return Weighed(Finding.FALSE if faults else Finding.TRUE, told, " ".join(faults))


def _faults(hint: Hint, arrival: Arrival, payees: Collection[str]) -> list[str]:
    faults = []
    if arrival.payee not in payees:
        faults.append(f"The bank says that {arrival.payee or 'nobody in particular'} was paid, not this account.")
    if arrival.currency != BAHT:
        faults.append(f"The bank says that the currency is {arrival.currency}.")
    if arrival.amount_satang != hint.amount_satang:
        claimed, said = show(hint.amount_satang), show(arrival.amount_satang)
        faults.append(f"The callback claims {claimed} THB, the bank says {said} THB.")
    for name, claim, fact in (("ref1", hint.ref1, arrival.ref1), ("ref2", hint.ref2, arrival.ref2)):
        if claim is not None and claim != fact and not (name == "ref2" and fact is None):
            faults.append(f"The callback claims {name} {claim}, the bank says {fact or 'none'}.")
    return faults
