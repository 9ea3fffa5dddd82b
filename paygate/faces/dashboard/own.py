"""A merchant in the hands of its own people: its settings, its API keys."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from paygate import wire
from paygate.core import fields, ids
from paygate.core.people import May
from paygate.faces.dashboard import answers
from paygate.faces.dashboard import own_shapes as shapes
from paygate.services import keys, own_merchant
from paygate.services.keys import FreshKey
from paygate.services.payments import Replayed


async def show(request: Request) -> Response:
    """GET /api/merchant/me"""
    who, ctx = await wire.person(request, May.SEE_MERCHANT), wire.context(request)
    return wire.json_answer(shapes.own(ctx, await own_merchant.show(ctx, who.merchant_id)))


async def update(request: Request) -> Response:
    """PATCH /api/merchant/me: name, expiryMinutes, callbackDomains, allowedOrigins. For owners."""
    who, ctx = await wire.person(request, May.CHANGE_MERCHANT), wire.context(request)
    change = shapes.change(fields.json_object(await wire.body(request)))
    return wire.json_answer(shapes.own(ctx, await own_merchant.update(ctx, who.merchant_id, change, who.actor)))


async def key_list(request: Request) -> Response:
    """GET /api/api-keys: of both modes, revoked ones too. For owners."""
    who = await wire.person(request, May.HANDLE_KEYS)
    found = await keys.list_keys(wire.context(request), who.merchant_id)
    return wire.json_answer(answers.ApiKeys([shapes.key(one) for one in found]))


async def key_create(request: Request) -> Response:
    """POST /api/api-keys: a key in the mode of the address, shown this once. For owners."""
    who, ctx = await wire.principal(request, May.HANDLE_KEYS), wire.context(request)
    raw = await wire.body(request)
    kind = shapes.KIND.read(fields.json_object(raw) if raw.strip() else {})

    def answer(key: FreshKey) -> tuple[int, bytes]:
        return 201, wire.encode(answers.NewApiKey(id=ids.show("key", key.id), key=key.text))

    done = await keys.create_once(
        ctx,
        merchant_id=who.merchant_id,
        kind="public" if kind == "public" else "secret",
        mode=who.mode,
        claim=wire.claim(request, who, raw),
        answer=answer,
        actor=who.actor,
    )
    again = {"Idempotent-Replayed": "true"} if isinstance(done, Replayed) else {}
    return wire.raw_json(done.body, done.status, again)


async def key_revoke(request: Request) -> Response:
    """DELETE /api/api-keys/{id}: worthless from the next request on. For owners."""
    who, ctx = await wire.person(request, May.HANDLE_KEYS), wire.context(request)
    key_id = ids.read("key", request.path_params["key_id"])
    await keys.owned(ctx, who.merchant_id, key_id)
    await keys.revoke(ctx, key_id, actor=who.actor)
    return wire.json_answer(answers.Success())
