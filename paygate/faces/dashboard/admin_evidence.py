"""Where money arrives and how we know: credits, accounts, sources, statements, and how all of it stands."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from paygate import wire
from paygate.core import fields, ids
from paygate.core.people import May
from paygate.faces.dashboard import admin_evidence_answers as answers
from paygate.faces.dashboard import admin_evidence_shapes as shapes
from paygate.faces.dashboard import owners
from paygate.faces.dashboard.names import known_as, once_answer
from paygate.services import accounts, credits, overview, sources, statement_files
from paygate.services.statement_files import MAX_POST_BYTES
from paygate.wire import paging


async def credit_list(request: Request) -> Response:
    """GET /api/admin/credits: money that arrived, the latest first."""
    await wire.person(request, May.OPERATE)
    wanted, account_id = shapes.credit_page(wire.query(request))
    found = await credits.page(wire.context(request), replace(wanted, limit=wanted.limit + 1), account_id)
    rows, more = found[: wanted.limit], len(found) > wanted.limit
    cursor = paging.cursor(rows[-1][0].occurred_at, rows[-1][0].id) if more else None
    return wire.json_answer(answers.Credits([shapes.credit(one, name) for one, name in rows], more, cursor))


async def credit_get(request: Request) -> Response:
    """GET /api/admin/credits/{id}: with who told of it."""
    await wire.person(request, May.OPERATE)
    owner = owners.OWNER.read(wire.query(request))
    found = await credits.show(wire.context(request), owner, ids.read("crd", request.path_params["credit_id"]))
    return wire.json_answer(answers.OneCredit(shapes.credit_detail(found)))


async def account_list(request: Request) -> Response:
    """GET /api/admin/accounts: in force, of everybody or of `owner`."""
    await wire.person(request, May.OPERATE)
    owner = owners.ANY_OWNER.read(wire.query(request))
    found = await accounts.list_accounts(wire.context(request), owner)
    return wire.json_answer(answers.Accounts([shapes.account(one) for one in found]))


async def account_get(request: Request) -> Response:
    """GET /api/admin/accounts/{id}: how full it is, who speaks for it, what is wrong with that."""
    await wire.person(request, May.OPERATE)
    found = await accounts.capacity(wire.context(request), _account_id(request))
    return wire.json_answer(answers.OneAccount(shapes.capacity(found)))


async def account_add(request: Request) -> Response:
    """POST /api/admin/accounts: 201; of an account that the owner has already, a new version."""
    who, given = await wire.person(request, May.OPERATE), fields.json_object(await wire.body(request))
    with known_as(biller_id="billerId", amount_tagging="amountTagging"):
        made = await accounts.add(wire.context(request), **shapes.new_account(given), actor=who.actor)
    return wire.json_answer(answers.AccountMade(shapes.account(made)), 201)


async def account_retire(request: Request) -> Response:
    """POST /api/admin/accounts/{id}/retire: no new payments on it; those that are open still match."""
    who = await wire.person(request, May.OPERATE)
    ctx, account_id = wire.context(request), _account_id(request)
    await accounts.retire(ctx, account_id, actor=who.actor)
    return wire.json_answer(answers.OneAccount(shapes.capacity(await accounts.capacity(ctx, account_id))))


async def account_pause(request: Request) -> Response:
    """POST /api/admin/accounts/{id}/pause: no new payments on it until it is resumed; open ones stay payable."""
    who = await wire.person(request, May.OPERATE)
    await accounts.pause(wire.context(request), _account_id(request), actor=who.actor)
    return await _account_now(request)


async def account_resume(request: Request) -> Response:
    """POST /api/admin/accounts/{id}/resume: payments are made on it again."""
    who = await wire.person(request, May.OPERATE)
    await accounts.resume(wire.context(request), _account_id(request), actor=who.actor)
    return await _account_now(request)


async def account_weigh(request: Request) -> Response:
    """PUT /api/admin/accounts/{id}/weight: how much of new payments it gets."""
    who, raw = await wire.person(request, May.OPERATE), await wire.body(request)
    weight = shapes.NEEDED_WEIGHT.read(fields.json_object(raw))
    await accounts.weigh(wire.context(request), _account_id(request), weight, actor=who.actor)
    return await _account_now(request)


async def _account_now(request: Request) -> Response:
    found = await accounts.capacity(wire.context(request), _account_id(request))
    return wire.json_answer(answers.OneAccount(shapes.capacity(found)))


async def source_list(request: Request) -> Response:
    """GET /api/admin/sources: without their secrets."""
    await wire.person(request, May.OPERATE)
    owner = owners.ANY_OWNER.read(wire.query(request))
    found = await sources.list_sources(wire.context(request), owner)
    return wire.json_answer(answers.Sources([shapes.source(one) for one in found]))


async def source_add(request: Request) -> Response:
    """POST /api/admin/sources: 201, and the secret, shown this once."""
    who, raw = await wire.person(request, May.OPERATE), await wire.body(request)
    given = fields.json_object(raw)
    with known_as(bank_merchant="bankMerchant", account="accountId"):
        done = await sources.add_once(
            wire.context(request),
            account_id=shapes.ACCOUNT_ID.read(given),
            kind=shapes.KIND.read(given),
            bank_merchant=shapes.BANK_MERCHANT.read(given),
            actor=who.actor,
            claim=wire.claim_of(request, who, raw),
            answer=lambda made: (201, wire.encode(shapes.new_source(made))),
        )
    return once_answer(done)


async def source_rotate(request: Request) -> Response:
    """POST /api/admin/sources/{id}/rotate: another secret, shown this once; the old one is worthless."""
    who = await wire.person(request, May.OPERATE)
    made = await sources.rotate(wire.context(request), _source_id(request), actor=who.actor)
    return wire.json_answer(shapes.new_source(made))


async def source_disable(request: Request) -> Response:
    """POST /api/admin/sources/{id}/disable: nothing is believed of it from now on."""
    return await _switch(request, disabled=True)


async def source_enable(request: Request) -> Response:
    """POST /api/admin/sources/{id}/enable: it is believed again."""
    return await _switch(request, disabled=False)


async def statement_upload(request: Request) -> Response:
    """POST /api/admin/statements?accountId=&name=: the file as it is; 202, and a worker compares it."""
    who, query = await wire.person(request, May.OPERATE), wire.query(request)
    account_id, name = shapes.STATEMENT_ACCOUNT.read(query), shapes.FILE_NAME.read(query) or ""
    raw = await wire.body(request, MAX_POST_BYTES)
    taken = await statement_files.upload(wire.context(request), account_id, raw, name=name, actor=who.actor)
    stored = await statement_files.get(wire.context(request), taken.statement_id)
    return wire.json_answer(answers.OneStatement(shapes.statement(stored)), 202)


async def statement_get(request: Request) -> Response:
    """GET /api/admin/statements/{id}: what comparing it with our credits found."""
    await wire.person(request, May.OPERATE)
    found = await statement_files.get(wire.context(request), ids.read("stm", request.path_params["statement_id"]))
    return wire.json_answer(answers.OneStatement(shapes.statement(found)))


async def health(request: Request) -> Response:
    """GET /api/admin/health: whether all works, what waits, which alarms there are."""
    await wire.person(request, May.OPERATE)
    return wire.json_answer(shapes.overview(await overview.look(wire.context(request))))


async def _switch(request: Request, *, disabled: bool) -> Response:
    who = await wire.person(request, May.OPERATE)
    found = await sources.disable(wire.context(request), _source_id(request), disabled=disabled, actor=who.actor)
    return wire.json_answer(answers.SourceChanged(shapes.source(found)))


def _account_id(request: Request) -> UUID:
    return ids.read("acc", request.path_params["account_id"])


def _source_id(request: Request) -> UUID:
    return ids.read("src", request.path_params["source_id"])
