"""Merchants: made with all they need, approved, suspended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from paygate.core import ids, links, origins
from paygate.core.credits import BANGKOK
from paygate.core.errors import Bug, Conflict, InvalidInput, NotFound
from paygate.core.fees import CENTRAL_PLANS
from paygate.db import keys as key_rows
from paygate.db import merchants
from paygate.db import users as user_rows
from paygate.db.merchants import Merchant
from paygate.db.payments import Claim
from paygate.db.pool import Conn
from paygate.services import accounts, audit, dossiers, inputs, keys, licence, passwords, proofs, users
from paygate.services.context import Context
from paygate.services.once import Answered, once, unanswered
from paygate.services.payments import Replayed
from paygate.services.payouts import read_reason
from paygate.services.plans import PLANS, virtual

Change = Callable[[Conn, int], Awaitable[Merchant | None]]
First = Callable[[Conn, Merchant], Awaitable[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class NewMerchant:
    """A merchant that was just made, and its four keys, which are shown once."""

    merchant_id: int
    live_secret_key: str = field(repr=False)
    live_public_key: str = field(repr=False)
    test_secret_key: str = field(repr=False)
    test_public_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Made:
    """A new merchant with its keys, and as it is stored."""

    new: NewMerchant
    merchant: Merchant


async def create(
    ctx: Context,
    *,
    email: str,
    name: str,
    plan: str,
    promptpay: str | None = None,
    bank: str | None = None,
    number: str | None = None,
    password: str | None = None,
    approve: bool = False,
    actor: str = audit.CLI,
) -> NewMerchant:
    """See `create_once`."""
    done = await create_once(
        ctx,
        email=email,
        name=name,
        plan=plan,
        promptpay=promptpay,
        bank=bank,
        number=number,
        password=password,
        approve=approve,
        actor=actor,
        claim=None,
        answer=unanswered,
    )
    if isinstance(done, Replayed):
        raise Bug("Without an Idempotency-Key there is no kept answer.")
    return done.value.new


async def create_once(
    ctx: Context,
    *,
    email: str,
    name: str,
    plan: str,
    promptpay: str | None,
    bank: str | None,
    number: str | None,
    password: str | None,
    approve: bool,
    actor: str,
    claim: Claim | None,
    answer: Callable[[Made], tuple[int, bytes]],
) -> Answered[Made] | Replayed:
    """A new merchant with its owner's login, four keys and, on a direct plan, its accounts.

    *promptpay* is where a direct merchant's money arrives, *bank* and *number* the account behind it, by which the
    bank's news is known; they may follow with `receiving.change`. Without a *password* the owner cannot log in yet.
    Nothing is written when anything is wrong. Raises InvalidInput (email, name, plan, promptpay, bank, number,
    password), Conflict (email: somebody logs in with it; promptpay: another owner's account); as `once` does.
    """
    address, shop = inputs.email(email), inputs.name(name)
    if plan not in PLANS:
        raise InvalidInput(f"The plan is one of {', '.join(PLANS)}.", field="plan")
    if promptpay is None and (bank is not None or number is not None):
        raise InvalidInput("A bank account goes with the PromptPay ID that it is behind.", field="promptpay")
    if approve and promptpay is None and plan not in CENTRAL_PLANS:
        raise InvalidInput(
            f"On the {plan} plan money arrives on the merchant's own account: to approve it, say its PromptPay ID.",
            field="promptpay",
        )
    licence.require_plan(ctx, plan)
    if plan in CENTRAL_PLANS and promptpay is not None:
        raise InvalidInput(
            f"On the {plan} plan money arrives on the operator's central account; a PromptPay ID is for other plans.",
            field="promptpay",
        )
    merchant_id, user_id = ctx.new_merchant_id(), ctx.new_id()
    live = (
        accounts.read(owner=merchant_id, mode="live", promptpay=promptpay, bank=bank, number=number, name=shop)
        if promptpay is not None
        else None
    )
    test = None if plan in CENTRAL_PLANS else virtual(merchant_id, shop)
    wanted = [(new, ctx.new_id(), ctx.new_id()) for new in (live, test) if new]
    made = [keys.fresh(ctx, merchant_id, k, m) for m in ("live", "test") for k in ("secret", "public")]
    hashed = await passwords.hash_password(password) if password is not None else None

    async def work(conn: Conn) -> Made:
        await merchants.insert(conn, merchant_id=merchant_id, name=shop, email=address, plan=plan, approved=approve)
        await users.insert(
            conn, merchant_id=merchant_id, user_id=user_id, email=address, password_hash=hashed, role="owner"
        )
        for new, account_id, receiving_id in wanted:
            await accounts.write(conn, new, account_id=account_id, receiving_id=receiving_id)
        for key in made:
            await key_rows.insert(conn, key.row)
        status = "APPROVED" if approve else "PENDING"
        after = {"name": shop, "email": address, "plan": plan, "status": status, "promptpay": promptpay}
        await _log(ctx, conn, actor, "merchant.create", merchant_id, after=after)
        found = _found(await merchants.get(conn, merchant_id), merchant_id)
        return Made(NewMerchant(merchant_id, *(key.text for key in made)), found)

    return await once(ctx, claim, answer, work)


async def register(ctx: Context, *, email: str, password: str, name: str, client: str | None = None) -> None:
    """A merchant by itself, on the free plan: it waits for approval, and has no keys until its owner makes them.

    For an address that is known nothing is made, and nobody is told so. Raises InvalidInput (email, password, name),
    TooManyTries.
    """
    address, shop = inputs.email(email), inputs.name(name)
    licence.require_registration(ctx)
    await proofs.registration(ctx, client)
    merchant_id, user_id, hashed = ctx.new_merchant_id(), ctx.new_id(), await passwords.hash_password(password)

    async def work(conn: Conn) -> None:
        if await user_rows.taken(conn, address):
            return
        await merchants.insert(conn, merchant_id=merchant_id, name=shop, email=address, plan="free", approved=False)
        await users.insert(
            conn, merchant_id=merchant_id, user_id=user_id, email=address, password_hash=hashed, role="owner"
        )
        after = {"name": shop, "email": address, "plan": "free", "status": "PENDING"}
        await _log(ctx, conn, f"user:{ids.show('usr', user_id)}", "merchant.register", merchant_id, after=after)

    await ctx.db.transaction(work)


async def page(ctx: Context, wanted: merchants.Page) -> Sequence[Merchant]:
    """A page of merchants, newest first."""
    async with ctx.db.connection() as conn:
        return await merchants.page(conn, wanted)


async def list_merchants(ctx: Context) -> Sequence[Merchant]:
    """All merchants, oldest first."""
    async with ctx.db.connection() as conn:
        return await merchants.listed(conn)


async def show(ctx: Context, merchant_id: int) -> Merchant:
    """One merchant. Raises NotFound."""
    async with ctx.db.connection() as conn:
        return _found(await merchants.get(conn, merchant_id), merchant_id)


async def approve(ctx: Context, merchant_id: int, *, unchecked: str | None = None, actor: str = audit.CLI) -> Merchant:
    """Let a waiting or suspended merchant work: a waiting one, and one of whom all was forgotten, once it is known who
    it is (`dossiers`); *unchecked*: why the operator does not wait for that. Raises NotFound, InvalidInput (unchecked),
    Conflict: what is missing."""
    because = None if unchecked is None else read_reason(unchecked)

    async def known(conn: Conn, was: Merchant) -> Mapping[str, Any]:
        found = await dossiers.read(ctx, conn, merchant_id)
        forgotten = await dossiers.when_forgotten(conn, merchant_id)
        if (was.status != "PENDING" and forgotten is None) or not found.missing:
            return {}
        if because is None:
            since = "" if forgotten is None else f"What was known was forgotten on {forgotten.astimezone(BANGKOK):%F}. "
            raise Conflict(
                f"{since}It is not known {'yet' if forgotten is None else 'any more'} who this merchant is; missing:"
                f" {', '.join(found.missing)}. Tell it (paygate merchant dossier), or say why you do not wait for it."
            )
        return {"unchecked": because, "missing": list(found.missing)}

    return await _move(ctx, merchant_id, "merchant.approve", merchants.approve, actor, known)


async def suspend(ctx: Context, merchant_id: int, reason: str, *, actor: str = audit.CLI) -> Merchant:
    """Stop a merchant's keys; its open payments stay payable. *reason* is for the audit log. Raises NotFound,
    InvalidInput (reason)."""
    words = read_reason(reason)

    async def why(_: Conn, __: Merchant) -> Mapping[str, Any]:
        return {"reason": words}

    return await _move(ctx, merchant_id, "merchant.suspend", merchants.suspend, actor, why)


async def _move(ctx: Context, merchant_id: int, action: str, change: Change, actor: str, first: First) -> Merchant:
    """One change of a merchant's status; *first* may refuse it, and says what more the audit log is told."""

    async def work(conn: Conn) -> Merchant:
        await merchants.lock(conn, merchant_id)
        was = _found(await merchants.get(conn, merchant_id), merchant_id)
        more = await first(conn, was)
        merchant = _found(await change(conn, merchant_id), merchant_id)
        before, after = {"status": was.status}, {"status": merchant.status, **more}
        await _log(ctx, conn, actor, action, merchant_id, before=before, after=after)
        return merchant

    return await ctx.db.transaction(work)


async def change_origins(
    ctx: Context, merchant_id: int, *, add: Sequence[str] = (), remove: Sequence[str] = (), actor: str = audit.CLI
) -> tuple[str, ...]:
    """Allow and disallow pages for the merchant's pk_live_ keys; the origins allowed afterwards, in order.

    Raises NotFound, and InvalidInput (origin) for what is no origin, or when there would be too many.
    """
    new = [origins.allowable(text) for text in add]
    gone = [origins.shown(text) or text for text in remove]

    async def work(conn: Conn) -> tuple[str, ...]:
        allowed = await merchants.change_origins(conn, merchant_id, new, gone)
        if allowed is None:
            raise NotFound(f"There is no merchant {ids.show_merchant(merchant_id)}.")
        if new and len(allowed) > origins.MAX_ORIGINS:
            raise InvalidInput(f"A merchant may have at most {origins.MAX_ORIGINS} origins.", field="origin")
        if new or gone:
            changed = {"added": new, "removed": gone, "allowed": list(allowed)}
            await _log(ctx, conn, actor, "merchant.origins", merchant_id, after=changed)
        return allowed

    return await ctx.db.transaction(work)


async def change_callbacks(
    ctx: Context, merchant_id: int, *, add: Sequence[str] = (), remove: Sequence[str] = (), actor: str = audit.CLI
) -> tuple[str, ...]:
    """Say on which hosts callbackUrl and cancelUrl may be; those afterwards. None: any, or, with a pk_live_ key, the
    hosts of allowed origins. Raises NotFound, InvalidInput (callbackDomains)."""
    new, gone = [links.domain(text) for text in add], [links.domain(text) for text in remove]

    async def work(conn: Conn) -> tuple[str, ...]:
        domains = await merchants.change_callbacks(conn, merchant_id, new, gone)
        if domains is None:
            raise NotFound(f"There is no merchant {ids.show_merchant(merchant_id)}.")
        if new and len(domains) > links.MAX_DOMAINS:
            raise InvalidInput(
                f"A merchant may have at most {links.MAX_DOMAINS} callback domains.", field="callbackDomains"
            )
        if new or gone:
            changed = {"added": new, "removed": gone, "domains": list(domains)}
            await _log(ctx, conn, actor, "merchant.callbacks", merchant_id, after=changed)
        return domains

    return await ctx.db.transaction(work)


async def require_signed_amounts(ctx: Context, merchant_id: int, *, wanted: bool, actor: str = audit.CLI) -> None:
    """Refuse payments of pk_ keys whose amount the merchant's server has not signed, or take them again. NotFound."""

    async def work(conn: Conn) -> None:
        if not await merchants.require_signed_amounts(conn, merchant_id, wanted=wanted):
            raise NotFound(f"There is no merchant {ids.show_merchant(merchant_id)}.")
        await _log(ctx, conn, actor, "merchant.amounts", merchant_id, after={"signedAmounts": wanted})

    await ctx.db.transaction(work)


async def _log(
    ctx: Context,
    conn: Conn,
    actor: str,
    action: str,
    merchant_id: int,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any],
) -> None:
    subject = f"merchant:{ids.show_merchant(merchant_id)}"
    await audit.append(
        conn, ctx, merchant_id=merchant_id, actor=actor, action=action, subject=subject, before=before, after=after
    )


def _found(merchant: Merchant | None, merchant_id: int) -> Merchant:
    if merchant is None:
        raise NotFound(f"There is no merchant {ids.show_merchant(merchant_id)}.")
    return merchant
