"""The daily close of the operator's accounts: a day is closed once the bank has what the books say, and not before.

An evening's balance comes from a statement (`reconcile`), else from a person, else from the last balance that a notice
told of. The next day begins with it, so no day is closed before the one before it. What moved and is nobody's payment
or payout (a bank's fee, the operator's own money) a person explains.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from paygate.core import ids
from paygate.core.closes import DAY, Figures, evenings, last_over
from paygate.core.errors import Conflict, InvalidInput, Moved, NotFound
from paygate.core.money import show as show_baht
from paygate.core.statements import Statement
from paygate.db import accounts as account_rows
from paygate.db import closes as rows
from paygate.db import merchants
from paygate.db.closes import Account, Close, Movement
from paygate.db.pool import Conn
from paygate.services import audit
from paygate.services.audit import By
from paygate.services.context import Context
from paygate.services.payouts import read_reason

MOST_DAYS = 400
MAX_SATANG = 10**15
CENTRAL = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """A day of an account as it stands now; `close`: as it was compared last; `told_by`: who said what the bank has.

    `figures` None: nobody knows what the account had before. `changed`: it was closed, and the books say otherwise now.
    """

    account: Account
    day: date
    figures: Figures | None
    told_by: str | None
    close: Close | None
    movements: Sequence[Movement]

    @property
    def state(self) -> str:
        """OPEN or CLOSED."""
        return self.close.state if self.close else "OPEN"

    @property
    def changed(self) -> bool:
        """Whether news came that belongs to a day that was closed."""
        closed = self.close if self.close and self.close.state == "CLOSED" else None
        return (
            closed is not None and self.figures is not None and self.figures.books_satang != closed.figures.bank_satang
        )


async def show(ctx: Context, account_id: UUID | None = None, day: date | None = None) -> list[Seen]:
    """A day (the next one to be closed, else the last one) of each central account, or of one. Raises NotFound."""
    async with ctx.db.connection() as conn:
        now = await rows.clock(conn)
        return [
            await _seen(conn, account, day or await _due(conn, account, last_over(now)), pays=place == 0)
            for place, account in await _chosen(conn, account_id)
        ]


async def history(ctx: Context, account_id: UUID, limit: int = 31) -> list[Close]:
    """The days of an account that were compared, the last one first. Raises NotFound."""
    async with ctx.db.connection() as conn:
        [(_, account)] = await _chosen(conn, account_id)
        return await rows.listed(conn, account.receiving_id, limit)


async def run(
    ctx: Context,
    account_id: UUID | None = None,
    *,
    day: date | None = None,
    opening_satang: int | None = None,
    bank_satang: int | None = None,
    actor: By,
) -> list[Seen]:
    """Compare each day that is over and not closed yet, of all central accounts or of one, up to *day*; close those
    in which books and bank agree, and stop at the first one in which they do not. The last day looked at, of each.

    *opening_satang*: what the account had before its first close ever. *bank_satang*: what the bank's app says of the
    evening of *day*; both need *account_id*. Raises NotFound, InvalidInput, Conflict (the day is not over; it has no
    opening balance; a statement says otherwise).
    """
    if account_id is None and (opening_satang is not None or bank_satang is not None):
        raise InvalidInput("Say of which account.", field="accountId")
    if bank_satang is not None and day is None:
        raise InvalidInput("Say of which day the balance is.", field="day")

    async def work(conn: Conn) -> list[Seen]:
        await merchants.lock(conn, CENTRAL)  # One close at a time.
        over = last_over(await rows.clock(conn))
        until = day or over
        if until > over:
            raise Conflict(f"{until} is not over yet in Bangkok.", field="day")
        found = []
        for place, account in await _chosen(conn, account_id):
            if account.retired and account_id is None:
                continue
            if bank_satang is not None and day is not None:
                await _say(ctx, conn, account, day, bank_satang, actor)
            found.append(await _run_one(ctx, conn, account, until, opening_satang, actor, pays=place == 0))
        return found

    return await ctx.db.transaction(work)


async def explain(ctx: Context, account_id: UUID, day: date, amount_satang: int, reason: str, actor: By) -> Seen:
    """Say what moved on a day and is nobody's payment or payout: below zero, it went out.

    Raises NotFound, InvalidInput (reason, amount), Conflict (the day is closed).
    """
    words, movement_id = read_reason(reason), ctx.new_id()
    if not 0 < abs(amount_satang) <= MAX_SATANG:
        raise InvalidInput("The amount is what moved, not zero.", field="amount")

    async def work(conn: Conn) -> Seen:
        await merchants.lock(conn, CENTRAL)
        [(place, account)] = await _chosen(conn, account_id)
        close = await rows.get(conn, account.receiving_id, day)
        if close is not None and close.state == "CLOSED":
            raise Conflict(f"{day} is closed.", field="day")
        await rows.move(
            conn,
            movement_id=movement_id,
            receiving_id=account.receiving_id,
            day=day,
            amount_satang=amount_satang,
            reason=words,
            told_by=_name(actor),
        )
        await _log(ctx, conn, account, "close.explain", day, actor, {"amount_satang": amount_satang, "reason": words})
        return await _seen(conn, account, day, pays=place == 0)

    return await ctx.db.transaction(work)


async def note_statement(ctx: Context, receiving_id: UUID, statement: Statement) -> None:
    """Keep what a statement of a central account says of each evening."""

    async def work(conn: Conn) -> None:
        found = evenings(statement, await rows.clock(conn))
        if found:
            await rows.note_balances(conn, receiving_id, found, rows.STATEMENT)

    await ctx.db.transaction(work)


async def _run_one(
    ctx: Context, conn: Conn, account: Account, until: date, opening_satang: int | None, actor: By, *, pays: bool
) -> Seen:
    before = await rows.last(conn, account.receiving_id, closed=True)
    if before is not None:
        if opening_satang is not None:
            raise Conflict("The account's days were closed before: each begins with the last one's balance.")
        opening, day = before.figures.bank_satang or 0, before.figures.day + DAY
    else:
        first = await rows.last(conn, account.receiving_id, closed=False)
        day = first.figures.day if first else until
        told = await rows.evening(conn, account.receiving_id, day - DAY)
        known = first.figures.opening_satang if first and opening_satang is None else opening_satang
        if known is None and told is None:
            raise Conflict(
                f"Nobody knows what {ids.show('acc', account.id)} had on the evening of {day - DAY}."
                " Say it: paygate close run --account ... --opening ...",
                field="opening",
            )
        opening = known if known is not None else told[0] if told else 0
    for _ in range(MOST_DAYS):
        if day > until:
            break
        found = await rows.figures(conn, account.receiving_id, day, opening, pays=pays)
        close = await rows.write(conn, account.receiving_id, found, _name(actor))
        if close is None:
            raise Moved
        if close.state == "OPEN":
            break
        after = {"bank_satang": found.bank_satang, "in_satang": found.in_satang, "out_satang": found.out_satang}
        await _log(ctx, conn, account, "close.run", day, actor, {**after, "other_satang": found.other_satang})
        opening, day = found.books_satang, day + DAY
    return await _seen(conn, account, min(day, until), pays=pays)


async def _say(ctx: Context, conn: Conn, account: Account, day: date, satang: int, actor: By) -> None:
    told = await rows.evening(conn, account.receiving_id, day)
    close = await rows.get(conn, account.receiving_id, day)
    if close is not None and close.state == "CLOSED":
        raise Conflict(f"{day} is closed.", field="day")
    if not await rows.note_balances(conn, account.receiving_id, [(day, satang)], _name(actor)):
        said = show_baht(told[0]) if told else ""
        raise Conflict(f"A statement says that the account had {said} THB on the evening of {day}.", field="balance")
    await _log(ctx, conn, account, "close.balance", day, actor, {"bank_satang": satang})


async def _chosen(conn: Conn, account_id: UUID | None) -> list[tuple[int, Account]]:
    """Central accounts with their places; payouts leave from place 0 unless they say otherwise."""
    found = list(enumerate(await rows.accounts(conn)))
    if account_id is None:
        return found
    named = await account_rows.find(conn, account_id)
    chosen = [one for one in found if named is not None and one[1].receiving_id == named.receiving_id]
    if not chosen:
        raise NotFound(f"There is no central account {ids.show('acc', account_id)}.")
    return chosen


async def _due(conn: Conn, account: Account, over: date) -> date:
    before = await rows.last(conn, account.receiving_id, closed=True)
    return min(over, before.figures.day + DAY) if before else over


async def _seen(conn: Conn, account: Account, day: date, *, pays: bool) -> Seen:
    close = await rows.get(conn, account.receiving_id, day)
    if close is not None:
        opening: int | None = close.figures.opening_satang
    else:
        told = await rows.evening(conn, account.receiving_id, day - DAY)
        opening = told[0] if told else None
    figures = None if opening is None else await rows.figures(conn, account.receiving_id, day, opening, pays=pays)
    said = await rows.evening(conn, account.receiving_id, day)
    return Seen(
        account,
        day,
        figures,
        said[1] if said else None,
        close,
        await rows.movements(conn, account.receiving_id, day),
    )


def _name(actor: By) -> str:
    return actor if isinstance(actor, str) else actor.name


async def _log(
    ctx: Context, conn: Conn, account: Account, action: str, day: date, actor: By, after: dict[str, int | str | None]
) -> None:
    await audit.append(
        conn,
        ctx,
        merchant_id=CENTRAL,
        actor=actor,
        action=action,
        subject=f"account:{ids.show('acc', account.id)}",
        after={"day": day.isoformat(), **after},
    )
