"""Payouts as the operator sees them: approved, claimed by one person, paid in the bank's app, completed or returned.

PayGate sends no money itself. Between the claim and the bank's reference only people act; nothing here ends a claim
because time passed, since a transfer whose outcome nobody looked up may have been sent. A desk is where people do so:
one for settlements, one for refunds.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic
from uuid import UUID

import emvco
from paygate.core import ids
from paygate.core.errors import Conflict, Forbidden, InvalidInput, NotFound, WrongState
from paygate.core.payouts import (
    OPEN,
    Approved,
    Bounced,
    Claimed,
    Confirmed,
    Event,
    Kind,
    PayoutStatus,
    PayoutStep,
    Rejected,
    Released,
    advance,
    same_person,
)
from paygate.db import accounts, balances, closes, installation, merchants
from paygate.db import bookings as books
from paygate.db import payout_references as references
from paygate.db.closes import Account as CentralAccount
from paygate.db.pool import Conn
from paygate.services import audit
from paygate.services.context import Context

MAX_REASON = 500
MOST_AT_ONCE = 1_000
REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9./_-]{2,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Place:
    """Where money goes: a PromptPay ID, a bank account, or both; `name` is the holder's."""

    proxy: str | None
    bank_code: str | None
    number: str | None
    name: str


@dataclass(frozen=True, slots=True)
class Detail(Generic[Kind]):
    """A payout with the merchant's name and where it goes, or would go if it were approved now."""

    payout: Kind
    merchant_name: str
    place: Place | None


@dataclass(frozen=True, slots=True)
class Instruction(Generic[Kind]):
    """What a person who claimed a payout has to do: pay this, to there. `qr_payload` is for the bank's app."""

    payout: Kind
    place: Place
    qr_payload: str


Decide = Callable[[Conn, Kind, datetime], Awaitable[Event | None]]
"""What happens to a payout at a moment; None: nothing is left to do."""


class Desk(ABC, Generic[Kind]):
    """What people do with payouts of one kind. Each verb is one transaction; `by` goes to the audit log."""

    noun: str
    prefix: str

    # ------------------------------------------------------------------------------------ what differs

    @abstractmethod
    async def find(self, conn: Conn, payout_id: UUID) -> Kind | None:
        """One payout, whosever it is."""

    @abstractmethod
    async def lock(self, conn: Conn, known: Kind) -> tuple[Kind, datetime] | None:
        """The same, held until the transaction ends, with the database's clock."""

    @abstractmethod
    async def queue(
        self,
        conn: Conn,
        statuses: Sequence[PayoutStatus],
        *,
        merchant_id: int | None = None,
        claimed_by: str | None = None,
        limit: int,
    ) -> list[Kind]:
        """Payouts that stand so: open ones by age, others the newest first."""

    @abstractmethod
    async def write(self, ctx: Context, conn: Conn, step: PayoutStep[Kind], event_id: UUID, now: datetime) -> None:
        """The row, by compare-and-set, and the event."""

    @abstractmethod
    async def place(self, ctx: Context, conn: Conn, payout: Kind) -> Place | None:
        """Where it goes, or would go."""

    @abstractmethod
    async def destination(self, ctx: Context, conn: Conn, payout: Kind, now: datetime) -> UUID | None:
        """What is frozen at approval. Raises Conflict when nobody said where to."""

    async def may_be_paid(self, ctx: Context, conn: Conn, payout: Kind) -> None:
        """Raises Conflict when the merchant's payouts stand still."""
        merchant = await merchants.get(conn, payout.merchant_id)
        if merchant is None or merchant.status == "SUSPENDED":
            raise Conflict("The merchant is suspended; its payouts wait.")
        frozen = await balances.frozen_reason(conn, payout.merchant_id, payout.mode, held=True)
        if frozen is not None:
            raise Conflict(f"Payouts of this merchant are frozen: {frozen}")

    async def given_back(self, conn: Conn, payout: Kind) -> Kind:
        """The payout as its money comes back."""
        return payout

    # ------------------------------------------------------------------------------------ what people do

    async def list_payouts(
        self,
        ctx: Context,
        statuses: Sequence[PayoutStatus] = OPEN,
        *,
        merchant_id: int | None = None,
        limit: int = 50,
    ) -> list[Detail[Kind]]:
        """Payouts that stand so, of all merchants or one."""
        async with ctx.db.connection() as conn:
            found = await self.queue(conn, statuses, merchant_id=merchant_id, limit=limit)
            return [await self._detail(ctx, conn, payout) for payout in found]

    async def show(self, ctx: Context, payout_id: UUID) -> Detail[Kind]:
        """One payout. Raises NotFound."""
        async with ctx.db.connection() as conn:
            return await self._detail(ctx, conn, await self._find(conn, payout_id))

    async def approve(self, ctx: Context, payout_id: UUID, by: str) -> Kind:
        """Say yes. Above the operator's limit a second person has to, before anybody may pay.

        Where it goes is frozen here. Raises NotFound, WrongState, Conflict (nobody said where to, or a change of it
        waits; payouts are frozen; the merchant is suspended; the same person again).
        """

        async def decide(conn: Conn, payout: Kind, now: datetime) -> Event:
            if payout.status is PayoutStatus.WAITING:
                await self.destination(ctx, conn, payout, now)  # It says what is missing.
            if payout.status is not PayoutStatus.REQUESTED:
                raise WrongState(payout.status, "approved", what=self.noun)
            await self.may_be_paid(ctx, conn, payout)
            destination_id = await self.destination(ctx, conn, payout, now)
            limits = (ctx.settlements.second_above_satang, await installation.second_above(conn))
            two = any(limit is not None and payout.amount_satang > limit for limit in limits)
            return Approved(now, by, destination_id, two)

        return await self._move(ctx, payout_id, "approve", by, decide)

    async def reject(self, ctx: Context, payout_id: UUID, by: str, reason: str) -> Kind:
        """Say no, before anybody claimed it. Raises NotFound, WrongState, InvalidInput (reason)."""
        words = read_reason(reason)

        async def decide(_: Conn, __: Kind, now: datetime) -> Event:
            return Rejected(now, by, words)

        return await self._move(ctx, payout_id, "reject", by, decide)

    async def claim(self, ctx: Context, payout_id: UUID, by: str) -> Kind:
        """Claim a payout in order to pay it now. One person gets it; that person may claim it again.

        Raises NotFound, WrongState, Conflict (somebody else claimed it; payouts are frozen; the merchant is suspended).
        """

        async def decide(conn: Conn, payout: Kind, now: datetime) -> Event | None:
            if payout.status is PayoutStatus.PAYING:
                self._require_claimer(payout, by)
                return None
            if payout.status is PayoutStatus.APPROVED:
                await self.may_be_paid(ctx, conn, payout)
            return Claimed(now, by)

        return await self._move(ctx, payout_id, "claim", by, decide)

    async def release(self, ctx: Context, payout_id: UUID, by: str, reason: str) -> Kind:
        """Give a claim back, one's own or another's, knowing that nothing was sent. Why and who stand in the audit log
        alone. Raises NotFound, WrongState, InvalidInput (reason)."""
        words = read_reason(reason)

        async def decide(_: Conn, __: Kind, now: datetime) -> Event:
            return Released(now, by, words)

        return await self._move(ctx, payout_id, "release", by, decide, {"reason": words})

    async def complete(
        self,
        ctx: Context,
        payout_id: UUID,
        by: str,
        bank_reference: str,
        *,
        sent_before_freeze: bool = False,
        account_id: UUID | None = None,
    ) -> Kind:
        """It was sent; the bank calls the transfer *bank_reference*. Saying the same again changes nothing. Whoever
        claimed it may be away: another may say so, and the audit log names both.

        *account_id* (any version): the central account that it left from; without it, the first one. The daily close
        counts it there.

        While the merchant's payouts are frozen it is refused, unless somebody says that the transfer was sent before:
        what left the bank has to stand in the books, and who said so in the audit log.

        Raises NotFound, WrongState, InvalidInput (bank_reference, account_id), Conflict (that reference
        completed another payout, or payouts are frozen).
        """
        reference, notes = read_reference(bank_reference), dict[str, object]()

        async def decide(conn: Conn, payout: Kind, now: datetime) -> Event | None:
            notes.clear()
            if payout.status is PayoutStatus.COMPLETED and same_reference(payout.bank_reference, reference):
                return None
            frozen = await balances.frozen_reason(conn, payout.merchant_id, payout.mode, held=True)
            if frozen is not None and payout.ours and payout.status is PayoutStatus.PAYING:
                if not sent_before_freeze:
                    raise Conflict(
                        f"Payouts of this merchant are frozen: {frozen.rstrip('.')}. Do not send it. If it was sent"
                        f" before, say so: sentBeforeFreeze, or paygate {self.noun} complete ... --sent-before-freeze"
                    )
                notes["sent_before_freeze"] = True
            checked = payout.ours and payout.mode == "live" and payout.status is PayoutStatus.PAYING
            if checked and not await references.use(conn, payout, reference):
                raise Conflict(f"The bank's reference {reference} has completed another payout.", field="bankReference")
            own = not payout.ours and payout.status is PayoutStatus.PAYING
            if own and not await references.use_own(conn, payout, reference):
                raise Conflict(f"The bank's reference {reference} has completed another refund.", field="bankReference")
            left = await _left_from(conn, account_id) if checked else None
            if left is not None:
                notes["paid_from"] = ids.show("acc", left.id)
            return Confirmed(now, by, reference, left.receiving_id if left else None)

        return await self._move(ctx, payout_id, "complete", by, decide, notes)

    async def bounce(self, ctx: Context, payout_id: UUID, by: str, reason: str) -> Kind:
        """The bank brought the money back. Raises NotFound, WrongState, InvalidInput (reason)."""
        words = read_reason(reason)

        async def decide(_: Conn, __: Kind, now: datetime) -> Event:
            return Bounced(now, by, words)

        return await self._move(ctx, payout_id, "return", by, decide)

    async def instruction(self, ctx: Context, payout_id: UUID, by: str) -> Instruction[Kind]:
        """Where to pay what, for whoever claimed it. Raises NotFound, WrongState, Conflict (somebody else claimed it),
        Forbidden (test money never pays out)."""
        async with ctx.db.connection() as conn:
            payout = await self._find(conn, payout_id)
            if payout.mode != "live":
                raise Forbidden("Test money never pays out: there is nothing to scan.")
            if payout.status is not PayoutStatus.PAYING:
                raise WrongState(payout.status, "shown to be paid", what=self.noun)
            self._require_claimer(payout, by)
            frozen = await balances.frozen_reason(conn, payout.merchant_id, payout.mode)
            if frozen is not None and payout.ours:
                raise Conflict(f"Payouts of this merchant are frozen: {frozen}")
            return await self._instruction(ctx, conn, payout)

    async def claimed_by(self, ctx: Context, by: str) -> list[Instruction[Kind]]:
        """All live ones that *by* claimed and has not completed, for the bank's bulk transfer; without those whose
        merchant's payouts were frozen meanwhile."""
        async with ctx.db.connection() as conn:
            found = await self._claims(conn, by, frozen=False)
            return [await self._instruction(ctx, conn, payout) for payout in found]

    async def frozen_claims(self, ctx: Context, by: str) -> list[Kind]:
        """Those that *by* claimed and must not send, because their merchant's payouts were frozen meanwhile."""
        async with ctx.db.connection() as conn:
            return await self._claims(conn, by, frozen=True)

    # ------------------------------------------------------------------------------------ helpers

    async def log(
        self,
        ctx: Context,
        conn: Conn,
        step: PayoutStep[Kind],
        actor: str,
        verb: str,
        notes: Mapping[str, object] | None = None,
    ) -> None:
        """Write an act to the merchant's audit log; called last in a transaction."""
        was, after = step.before, step.after
        told: dict[str, object] = {"status": after.status, "reason": after.reason, **(notes or {})}
        told |= {"bank_reference": after.bank_reference}
        await audit.append(
            conn,
            ctx,
            merchant_id=after.merchant_id,
            actor=actor,
            action=f"{self.noun}.{verb}",
            subject=f"{self.noun}:{ids.show(self.prefix, after.id)}",
            before={"status": was.status} | ({"claimed_by": was.claimed_by} if was.claimed_by else {}),
            after={name: value for name, value in (told | after.logged).items() if value is not None},
        )

    async def apply(
        self, ctx: Context, conn: Conn, step: PayoutStep[Kind], *, journal_id: UUID, event_id: UUID, now: datetime
    ) -> None:
        """Row, event and books of one step, inside a transaction."""
        await self.write(ctx, conn, step, event_id, now)
        if step.journal is not None:
            await books.book(conn, step.journal, journal_id, now)

    async def _move(
        self,
        ctx: Context,
        payout_id: UUID,
        verb: str,
        by: str,
        decide: Decide[Kind],
        notes: Mapping[str, object] | None = None,
    ) -> Kind:
        """One change of a payout: row, books, event and audit log (with *notes*), or none of it."""
        journal_id, event_id = ctx.new_id(), ctx.new_id()

        async def work(conn: Conn) -> Kind:
            found = await self.lock(conn, await self._find(conn, payout_id))
            if found is None:
                raise self._unknown(payout_id)
            payout, now = found
            event = await decide(conn, payout, now)
            if event is None:
                return payout
            if isinstance(event, Rejected | Bounced):
                payout = await self.given_back(conn, payout)
            step = advance(payout, event)
            await self.apply(ctx, conn, step, journal_id=journal_id, event_id=event_id, now=now)
            await self.log(ctx, conn, step, by, verb, notes)
            return step.after

        done = await ctx.db.transaction(work)
        ctx.wake()
        return done

    async def _claims(self, conn: Conn, by: str, *, frozen: bool) -> list[Kind]:
        found = await self.queue(conn, [PayoutStatus.PAYING], claimed_by=by, limit=MOST_AT_ONCE)
        live = [payout for payout in found if payout.mode == "live"]
        stopped = {
            merchant_id
            for merchant_id in {payout.merchant_id for payout in live if payout.ours}
            if await balances.frozen_reason(conn, merchant_id, "live") is not None
        }
        return [payout for payout in live if (payout.ours and payout.merchant_id in stopped) is frozen]

    async def _find(self, conn: Conn, payout_id: UUID) -> Kind:
        found = await self.find(conn, payout_id)
        if found is None:
            raise self._unknown(payout_id)
        return found

    async def _detail(self, ctx: Context, conn: Conn, payout: Kind) -> Detail[Kind]:
        merchant = await merchants.get(conn, payout.merchant_id)
        return Detail(payout, merchant.name if merchant else "", await self.place(ctx, conn, payout))

    async def _instruction(self, ctx: Context, conn: Conn, payout: Kind) -> Instruction[Kind]:
        place = await self.place(ctx, conn, payout)
        if place is None:
            raise Conflict(f"Nobody knows where {ids.show(self.prefix, payout.id)} goes.")
        return Instruction(payout, place, payload(place, payout.amount_satang))

    def _require_claimer(self, payout: Kind, by: str) -> None:
        if not same_person(payout.claimed_by, by):
            raise Conflict(f"{payout.claimed_by} claimed this payout; nobody else may pay it.")

    def _unknown(self, payout_id: UUID) -> NotFound:
        return NotFound(f"There is no {self.noun} {ids.show(self.prefix, payout_id)}.")


async def _left_from(conn: Conn, account_id: UUID | None) -> CentralAccount | None:
    """The central account that money leaves from: the one that is named, else the first one; None: there is none."""
    central = await closes.accounts(conn)
    if account_id is None:
        return central[0] if central else None
    named = await accounts.find(conn, account_id)
    found = [one for one in central if named is not None and one.receiving_id == named.receiving_id]
    if not found:
        raise InvalidInput(f"There is no live central account {ids.show('acc', account_id)}.", field="accountId")
    return found[0]


def payload(place: Place, amount_satang: int) -> str:
    """The text of the QR that pays *amount_satang* to *place*."""
    if place.proxy is not None:
        return emvco.promptpay_payload(emvco.normalise_proxy(place.proxy), amount_satang)
    return emvco.promptpay_payload(emvco.bank_account(place.bank_code or "", place.number or ""), amount_satang)


def read_reference(text: str) -> str:
    """A bank's reference. Raises InvalidInput (bank_reference)."""
    reference = text.strip()
    if not REFERENCE.fullmatch(reference):
        raise InvalidInput(
            "The bank's reference has 3 to 64 letters, digits and . / _ -, as the bank's slip shows it.",
            field="bankReference",
        )
    return reference


def same_reference(one: str | None, other: str) -> bool:
    """Whether two references are of one transfer: people type capital letters or not."""
    return one is not None and one.lower() == other.lower()


def read_reason(text: str) -> str:
    """Why somebody does what they do. Raises InvalidInput (reason)."""
    words = text.strip()
    if not 1 <= len(words) <= MAX_REASON or "\x00" in words:
        raise InvalidInput(f"Say why, in 1 to {MAX_REASON} characters.", field="reason")
    return words
