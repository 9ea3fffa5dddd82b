"""Bank notices that a phone forwards: read, compared with the account, kept, and given to the evidence.

A notice counts (rank C) when its bank is the account's, the account that it shows is the account, and, if it is a mail,
the mailbox's server found it signed by the bank. One that shows another account is ignored; one that shows none, or too
few digits, is for a person, as is a text of a known bank that nobody understands: the phone may hold other accounts
of the same owner, so that "it came by this source" does not say which account the money is on.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from paygate import telemetry
from paygate.banks import notices as reader
from paygate.banks.notices import Notice, body
from paygate.banks.notices.body import Message
from paygate.banks.notices.text import MASKED
from paygate.core.alarms import unread_rising
from paygate.core.credits import Channel, Observation
from paygate.core.errors import InvalidInput, Unavailable
from paygate.core.masks import MaskMatch, compare, same_proxy
from paygate.core.matching import NOTICE_RANK, Reason
from paygate.core.money import show
from paygate.db import accounts, alarms, balances
from paygate.db import notices as rows
from paygate.db.accounts import Account
from paygate.db.notices import NewNotice, Taken, Tale
from paygate.db.pool import Conn
from paygate.db.sources import Source
from paygate.services import evidence
from paygate.services.context import Context
from paygate.services.evidence import Outcome, Word

log = telemetry.logger("notices")

KIND = "notice"
OTHER_BANK = "OTHER_BANK"
OTHER_ACCOUNT = "OTHER_ACCOUNT"
UNPROVED_MAIL = "UNPROVED_MAIL"
AHEAD = timedelta(minutes=5)  # As far as the signature's time may be off.
# Of several notices in one body, the one that matters most is the answer.
_WEIGHTIEST = (Word.PAID, Word.REVIEW, Word.VERIFYING, Word.ORPHAN, Word.DUPLICATE, Word.IGNORED)
_MASKED = re.compile(MASKED)
_BILLER = re.compile(r"[0-9]{15}")


@dataclass(frozen=True, slots=True)
class Told:
    """What a phone is told: an outcome for each notice of its body, in order; `listed` when that was an array."""

    outcomes: Sequence[Outcome]
    listed: bool

    @property
    def outcome(self) -> Outcome:
        """The weightiest of them."""
        return min(self.outcomes, key=lambda one: _WEIGHTIEST.index(one.word))


@dataclass(frozen=True, slots=True)
class Trial:
    """What a dry run shows: each reading, with how the account it shows compares."""

    readings: Sequence[Mapping[str, object]]
    listed: bool


@dataclass(frozen=True, slots=True)
class _Heard:
    """A message, what it was read as, and why it cannot be evidence; `ask` when a person must look at it."""

    message: Message
    notice: Notice
    account: MaskMatch
    reason: str | None
    ask: Reason | None


async def receive(ctx: Context, source: Source, raw: bytes, now: datetime) -> Told:
    """Take in the notices of one signed body. Raises InvalidInput, and then nothing was kept."""
    messages, listed = body.read(raw)
    _check_clock(messages, now, listed=listed)
    heard = await _read(ctx, source, messages)
    return Told([await _take_in(ctx, source, one) for one in heard], listed)


async def rehearse(ctx: Context, source: Source, raw: bytes, now: datetime) -> Trial:
    """Say what `receive` would read, and keep nothing. Raises InvalidInput."""
    messages, listed = body.read(raw)
    _check_clock(messages, now, listed=listed)
    heard = await _read(ctx, source, messages)
    return Trial([{**reader.facts(one.notice), "reason": one.reason, "account": one.account} for one in heard], listed)


def _check_clock(messages: Sequence[Message], now: datetime, *, listed: bool) -> None:
    for place, one in enumerate(messages):
        if one.received_at > now + AHEAD:
            field = f"[{place}].receivedAt" if listed else "receivedAt"
            raise InvalidInput(f"{field} is later than now: look at the phone's clock and time zone.", field=field)


async def _read(ctx: Context, source: Source, messages: Sequence[Message]) -> list[_Heard]:
    async with ctx.db.connection() as conn:
        versions = await accounts.of_owner(conn, source.merchant_id, source.mode)
    versions = [one for one in versions if one.receiving_id == source.receiving_id]
    # In a thread: a bank's patterns are compiled when they are first used.
    found = await asyncio.to_thread(lambda: [reader.read(one.text, one.sender, one.received_at) for one in messages])
    return [_judged(message, notice, versions) for message, notice in zip(messages, found, strict=True)]


def _judged(message: Message, notice: Notice, versions: Sequence[Account]) -> _Heard:
    account = shown_account(notice, versions)
    reason, ask = notice.reason, None
    if notice.kind == "unread":
        ask = Reason.UNREAD_NOTICE
    elif notice.kind == "credit" and not _of_bank(notice, versions):
        reason = OTHER_BANK
    elif notice.kind == "credit" and account is MaskMatch.DIFFERS:
        reason = OTHER_ACCOUNT
    elif notice.kind == "credit" and notice.channel == "mail" and not message.is_proved_mail:
        reason, ask = UNPROVED_MAIL, Reason.UNREAD_NOTICE
    elif notice.kind == "credit" and account is MaskMatch.UNKNOWN:
        reason, ask = Reason.RECEIVER_UNKNOWN, Reason.RECEIVER_UNKNOWN
    return _Heard(message, notice, account, reason, ask)


def shown_account(notice: Notice, versions: Sequence[Account]) -> MaskMatch:
    """Compare the account that *notice* shows with the numbers of an account, any version of it; with its PromptPay ID
    where there is no number; a biller ID with its own. What may have been cut off never differs for certain."""
    if notice.account_mask is None:
        return MaskMatch.UNKNOWN
    if _BILLER.fullmatch(notice.account_mask):
        billers = {one.biller_id for one in versions if one.biller_id}
        if notice.account_mask in billers:
            return MaskMatch.MATCH
        return MaskMatch.DIFFERS if billers and not notice.truncated else MaskMatch.UNKNOWN
    numbers = {one.number for one in versions if one.number}
    proxies = {one.proxy for one in versions if one.proxy and not numbers}
    found = [compare(notice.account_mask, number) for number in numbers]
    found += [same_proxy(notice.account_mask, proxy) for proxy in proxies]
    if MaskMatch.MATCH in found:
        return MaskMatch.MATCH
    certain = numbers and not notice.truncated and set(found) == {MaskMatch.DIFFERS}
    return MaskMatch.DIFFERS if certain else MaskMatch.UNKNOWN


def _of_bank(notice: Notice, versions: Sequence[Account]) -> bool:
    """Whether the account may be one of the bank that wrote; a wallet has no bank code, and its accounts neither."""
    codes = {one.bank_code for one in versions if one.bank_code}
    return not codes or notice.bank_code in codes


async def _take_in(ctx: Context, source: Source, heard: _Heard) -> Outcome:
    """Keep one notice, and let the evidence decide it if it is any; cut short between the two, `finish` does it."""
    notice, digest = heard.notice, heard.message.digest(heard.notice)
    is_evidence = notice.kind == "credit" and heard.reason is None

    async def work(conn: Conn) -> Taken:
        taken = await rows.take_in(conn, _row(ctx, source, heard, digest))
        if taken.is_new and heard.ask is not None:
            await rows.ask(
                conn,
                merchant_id=source.merchant_id,
                mode=source.mode,
                review_id=ctx.new_id(),
                reason=heard.ask,
                detail=_detail(heard),
                digest=digest,
                alarm=heard.ask is Reason.UNREAD_NOTICE and await _unread_rising(conn, source),
            )
        if taken.is_new and _moves_balance(heard):
            await balances.note(
                conn,
                merchant_id=source.merchant_id,
                mode=source.mode,
                receiving_id=source.receiving_id,
                at=notice.occurred_at,
                balance_satang=notice.balance_satang or 0,
            )
        if not is_evidence:
            await rows.conclude(conn, source.merchant_id, source.mode, taken.id, _unheard(heard).word)
        return taken

    taken = await ctx.db.transaction(work)
    log.info("notice", bank=notice.bank, channel=notice.channel, read_as=notice.kind, reason=heard.reason)
    if not is_evidence:
        if taken.is_new and not heard.ask:
            telemetry.count_notice(notice.bank or "unknown", (heard.reason or "none").lower())
        telemetry.count_evidence(notice.channel or "notice", _unheard(heard).word)
        return _unheard(heard)
    return await _decide(ctx, _tale(source, heard, digest, taken), told=taken.outcome is not None)


async def _decide(ctx: Context, tale: Tale, *, told: bool) -> Outcome:
    outcome = await evidence.record(ctx, _observation(tale))
    if not told:
        await ctx.db.transaction(lambda conn: rows.conclude(conn, tale.merchant_id, tale.mode, tale.id, outcome.word))
    return outcome


async def finish(ctx: Context, age: timedelta, limit: int) -> int:
    """Decide notices whose deciding was cut short longer than *age* ago; how many. One that cannot be decided does not
    stop the others."""
    async with ctx.db.connection() as conn:
        waiting = await rows.undecided(conn, age, limit)
    decided = 0
    for tale in waiting:
        try:
            await _decide(ctx, tale, told=False)
            decided += 1
        except Unavailable:
            raise
        except Exception:  # Told to the log; tried again with the next batch
            log.exception("a notice could not be decided", notice=str(tale.id))
    return decided


async def _unread_rising(conn: Conn, source: Source) -> bool:
    """Whether the texts of *source*, this one included, are no longer what they were."""
    return any(
        unread_rising(one.unread, one.texts)
        for one in await alarms.texts(conn, source.merchant_id, source_id=source.id)
    )


def _unheard(heard: _Heard) -> Outcome:
    return Outcome(Word.REVIEW if heard.ask else Word.IGNORED)


def _moves_balance(heard: _Heard) -> bool:
    """Whether it tells of money that left this account, and what remained: the next notice follows from that."""
    notice = heard.notice
    return notice.direction == "out" and notice.balance_satang is not None and heard.account is MaskMatch.MATCH


def _row(ctx: Context, source: Source, heard: _Heard, digest: bytes) -> NewNotice:
    notice, message = heard.notice, heard.message
    return NewNotice(
        merchant_id=source.merchant_id,
        mode=source.mode,
        id=ctx.new_id(),
        source_id=source.id,
        digest=digest,
        kind=notice.kind,
        bank=notice.bank,
        channel=notice.channel,
        direction=notice.direction,
        reason=heard.reason,
        amount_satang=notice.amount_satang,
        account_mask=notice.account_mask,
        counterparty=notice.counterparty,
        balance_satang=notice.balance_satang,
        truncated=notice.truncated,
        occurred_at=notice.occurred_at,
        received_at=message.received_at,
        text=message.text if ctx.keep_evidence_days else None,
        day_only=notice.time_source == "day",
    )


def _tale(source: Source, heard: _Heard, digest: bytes, taken: Taken) -> Tale:
    """The same as its row has it. Told again later, it happened when it was first told."""
    notice = heard.notice
    return Tale(
        merchant_id=source.merchant_id,
        mode=source.mode,
        id=taken.id,
        source_id=source.id,
        receiving_id=source.receiving_id,
        trust=source.trust,
        digest=digest,
        channel=notice.channel or "",
        amount_satang=notice.amount_satang or 0,
        counterparty=notice.counterparty,
        balance_satang=notice.balance_satang,
        truncated=notice.truncated,
        day_only=notice.time_source == "day",
        occurred_at=taken.occurred_at,
    )


def _observation(tale: Tale) -> Observation:
    """What the notice says, for the evidence."""
    masked = _MASKED.search(tale.counterparty or "")
    return Observation(
        merchant_id=tale.merchant_id,
        mode=tale.mode,
        receiving_id=tale.receiving_id,
        source_id=tale.source_id,
        rank=NOTICE_RANK,
        amount_satang=tale.amount_satang,
        occurred_at=tale.occurred_at,
        trust=tale.trust,
        namespace=f"source:{tale.source_id}",
        reference=None,
        digest=tale.digest,
        payer_name=tale.counterparty,
        payer_account=masked[0] if masked else None,
        balance_satang=tale.balance_satang,
        channel=Channel(tale.channel),
        partial=tale.truncated,
        day_only=tale.day_only,
    )


def _detail(heard: _Heard) -> str:
    """What a person needs to decide."""
    notice, message = heard.notice, heard.message
    said = f"{notice.bank} ({notice.channel}) at {reader.facts(notice)['occurredAt']}: {message.text}"
    if heard.reason == UNPROVED_MAIL:
        said = f"A mail that its server did not find signed by the bank. {said}"
    if notice.amount_satang is not None:
        said = f"{show(notice.amount_satang)} THB on account {notice.account_mask or 'unknown'}. {said}"
    return said
