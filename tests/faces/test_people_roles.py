"""Who may ask for what, address by address: of the API's own list, so that a new one cannot be forgotten."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from paygate import app
from paygate.core import ids
from paygate.core.people import LEAST, May
from paygate.core.shapes import Shape
from paygate.services import endpoints, keys, merchants, payment_links, team
from paygate.services.payment_links import NewLink
from paygate.wire import openapi
from paygate.wire.operations import JSON, PERSON, Operation
from tests.faces.conftest import Gateway
from tests.faces.people import Someone, make_admin, make_person
from tests.services.helpers import sql

ROLES = ("viewer", "staff", "owner")
Call = tuple[str, str]

# Every address for people, and the least role that it answers.
TABLE: dict[Call, str] = {
    ("GET", "/api/merchant/me"): "viewer",
    ("PATCH", "/api/merchant/me"): "owner",
    ("GET", "/api/merchant/account"): "owner",
    ("PUT", "/api/merchant/account"): "owner",
    ("GET", "/api/api-keys"): "owner",
    ("POST", "/api/api-keys"): "owner",
    ("DELETE", "/api/api-keys/{key_id}"): "owner",
    ("POST", "/api/payment/create-link"): "staff",
    ("GET", "/api/transactions"): "viewer",
    ("GET", "/api/payment/{payment_id}"): "viewer",
    ("GET", "/api/payment-links"): "viewer",
    ("POST", "/api/payment-links"): "staff",
    ("GET", "/api/payment-links/{link_id}"): "viewer",
    ("PATCH", "/api/payment-links/{link_id}"): "staff",
    ("POST", "/api/payment/{payment_id}/cancel"): "staff",
    ("POST", "/api/payment/{payment_id}/refund"): "owner",
    ("GET", "/api/balance"): "viewer",
    ("GET", "/api/settlements"): "viewer",
    ("POST", "/api/settlements"): "owner",
    ("GET", "/api/settlements/{settlement_id}"): "viewer",
    ("POST", "/api/settlements/{settlement_id}/cancel"): "owner",
    ("GET", "/api/refunds"): "viewer",
    ("GET", "/api/refunds/{refund_id}"): "viewer",
    ("POST", "/api/refunds/{refund_id}/cancel"): "owner",
    ("POST", "/api/refunds/{refund_id}/payee"): "owner",
    ("POST", "/api/refunds/{refund_id}/payee-link"): "owner",
    ("POST", "/api/refunds/{refund_id}/complete"): "owner",
    ("GET", "/api/stats"): "viewer",
    ("GET", "/api/payout-destination"): "viewer",
    ("POST", "/api/payout-destination"): "owner",
    ("GET", "/api/statements/{month}"): "viewer",
    ("GET", "/api/invoices"): "viewer",
    ("GET", "/api/invoices/{invoice_id}"): "viewer",
    ("GET", "/api/invoices/{invoice_id}/print"): "viewer",
    ("POST", "/api/invoices/{invoice_id}/pay"): "staff",
    ("GET", "/api/reviews"): "viewer",
    ("GET", "/api/reviews/{review_id}"): "viewer",
    ("GET", "/api/reviews/{review_id}/picture"): "viewer",
    ("POST", "/api/reviews/{review_id}/resolve"): "staff",
    ("GET", "/api/audit"): "owner",
    ("GET", "/api/webhooks/endpoints"): "viewer",
    ("POST", "/api/webhooks/endpoints"): "owner",
    ("GET", "/api/webhooks/endpoints/{endpoint_id}"): "viewer",
    ("PATCH", "/api/webhooks/endpoints/{endpoint_id}"): "owner",
    ("DELETE", "/api/webhooks/endpoints/{endpoint_id}"): "owner",
    ("POST", "/api/webhooks/endpoints/{endpoint_id}/rotate"): "owner",
    ("POST", "/api/webhooks/endpoints/{endpoint_id}/test"): "staff",
    ("GET", "/api/webhooks/events"): "viewer",
    ("POST", "/api/webhooks/events/redeliver"): "staff",
    ("GET", "/api/webhooks/events/{event_id}"): "viewer",
    ("POST", "/api/webhooks/events/{event_id}/redeliver"): "staff",
    ("GET", "/api/webhooks/deliveries"): "viewer",
    ("GET", "/api/team"): "viewer",
    ("POST", "/api/team/invitations"): "owner",
    ("DELETE", "/api/team/invitations/{invitation_id}"): "owner",
    ("PATCH", "/api/team/{user_id}"): "owner",
    ("DELETE", "/api/team/{user_id}"): "owner",
}

OPERATIONS: dict[Call, Operation] = {
    (method, address.path): operation
    for address, method, operation in openapi.described(app.ADDRESSES, app.OPERATIONS)
    if tuple(operation.who) == PERSON
}
OWN_LOGIN = "/api/auth/"  # Whoever is logged in may see to their own login.
ADMINS = "/api/admin/"


def test_the_table_of_roles_has_every_address_and_core_says_the_same() -> None:
    of_people = {call: one for call, one in OPERATIONS.items() if not call[1].startswith((OWN_LOGIN, ADMINS))}
    assert {call: one.may and LEAST[one.may] for call, one in of_people.items()} == TABLE
    for (method, path), one in OPERATIONS.items():
        if path.startswith(ADMINS):
            assert one.may is May.OPERATE, (method, path)
        if path.startswith(OWN_LOGIN):
            assert one.may is None, (method, path)
    assert set(LEAST) == set(May)


def test_no_address_of_the_face_is_without_a_role() -> None:
    elsewhere = ("/api/v1", "/api/auth", "/api/bank", "/api/health")
    served = {
        (method, one.path)
        for one in app.ADDRESSES
        if one.path.startswith("/api/") and not one.path.startswith(elsewhere)
        for method in (one.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert served - set(OPERATIONS) == {("POST", "/api/team/accept")}  # For whoever has the link.


def body_of(operation: Operation) -> Any:
    """What the document shows of a body: it must be read, so that a refusal is about who asks, and not about it."""
    if operation.body is None or JSON not in operation.body.content:
        return None
    shape = operation.body.content[JSON][0]
    assert isinstance(shape, Shape)
    return shape.example()


async def people_of(gateway: Gateway, merchant_id: int | None = None) -> dict[str, Someone]:
    """One of each role, logged in."""
    made = {}
    for role in ROLES:
        email = f"{role}{merchant_id or ''}@shop.example"
        made[role] = await (await make_person(gateway, email, role, merchant_id)).login()
    return made


async def rows_of(gateway: Gateway, payment: str) -> dict[str, str]:
    """A settlement, a refund, an invoice and a review of the merchant's, as rows."""
    merchant_id, made = gateway.world.merchant_id, {name: gateway.ctx.new_id() for name in ("stl", "rfd", "inv", "rev")}
    for statement, name, *values in (
        (
            """INSERT INTO settlements (merchant_id, mode, id, amount_satang, status, promised_on, created_at)
               VALUES ($1, 'live', $2, 10000, 'REQUESTED', now(), now())""",
            "stl",
        ),
        (
            """INSERT INTO refunds (merchant_id, mode, id, payment_id, amount_satang, status, flow, created_at)
               VALUES ($1, 'live', $2, $3, 100, 'REQUESTED', 'central', now())""",
            "rfd",
            UUID(payment),
        ),
        (
            """INSERT INTO fee_invoices (merchant_id, mode, id, number, month, fee_satang, vat_satang, credit_satang,
                                         due_on, issued_at)
               VALUES ($1, 'live', $2, 'INV-7777', '2026-01-01', 6000, 0, 0, now(), now())""",
            "inv",
        ),
        (
            """INSERT INTO reviews (merchant_id, mode, id, reason, detail, opened_at)
               VALUES ($1, 'live', $2, 'UNREAD_NOTICE', 'A secret text', clock_timestamp())""",
            "rev",
        ),
    ):
        await sql(gateway.ctx, statement, merchant_id, made[name], *values)
    return {name: ids.show(name, found) for name, found in made.items()}


async def things_of(gateway: Gateway) -> dict[str, str]:
    """One of everything that has an id, of the world's merchant."""
    ctx, merchant_id = gateway.ctx, gateway.world.merchant_id
    payment = (await gateway.create())["id"]
    hook = await endpoints.add(ctx, merchant_id=merchant_id, url="https://shop.example/all")
    made = await keys.create(ctx, merchant_id=merchant_id, kind="secret", mode="live")
    await gateway.create()
    event = (await gateway.ask("GET", "/api/v1/webhooks/events")).json()["events"][0]["id"]
    invited = await team.invite(ctx, merchant_id, email="new@shop.example", role="staff", actor="cli")
    member = (await team.show(ctx, merchant_id)).members[0]
    rows = await rows_of(gateway, payment)
    link = await payment_links.add(ctx, (merchant_id, "live"), NewLink(10_000))
    return {
        "month": "2026-11",
        "merchant_id": ids.show_merchant(merchant_id),
        "plan": "enterprise",
        "key_id": ids.show("key", made.id),
        "payment_id": payment,
        "link_id": ids.show("plink", link.id),
        "endpoint_id": ids.show("we", hook.id),
        "event_id": event,
        "user_id": ids.show("usr", member.id),
        "invitation_id": ids.show("ivt", invited.invitation.id),
        "session_id": ids.show("ses", ctx.new_id()),
        "account_id": ids.show("acc", gateway.world.account_id),
        "source_id": gateway.world.source,
        "credit_id": ids.show("crd", ctx.new_id()),
        "statement_id": ids.show("stm", ctx.new_id()),
        "document_id": ids.show("doc", ctx.new_id()),
        "settlement_id": rows["stl"],
        "refund_id": rows["rfd"],
        "invoice_id": rows["inv"],
        "review_id": rows["rev"],
    }


async def test_every_address_keeps_out_strangers_other_roles_and_other_merchants(gateway: Gateway) -> None:
    """Another merchant's ids are 404 to everybody who may; nothing of them is changed or shown."""
    other = await merchants.create(gateway.ctx, email="o@shop.example", name="Other", plan="free", approve=True)
    mine, theirs = await people_of(gateway), await people_of(gateway, other.merchant_id)
    admin = await make_admin(gateway)
    named = await things_of(gateway)
    secrets = {
        *named.values(),
        "shop.example/all",
        "new@shop.example",
        gateway.world.public_key,
        "A secret text",
        "INV-7777",
    }
    secrets.remove(named["month"])  # Everybody's.
    before = await gateway.counts()
    for (method, template), operation in OPERATIONS.items():
        if operation.may is None:
            continue
        where, least = (method, template), LEAST[operation.may]
        path, body = template.format(**named), body_of(operation)
        assert (await Someone(gateway, "").ask(method, path, body, token="x")).status_code == 401, where
        assert (await gateway.ask(method, path, body)).status_code == 401, where  # A key is no login.
        below = ROLES if least == "admin" else ROLES[: ROLES.index(least)]
        for someone in (*(mine[role] for role in below), *([admin] if least != "admin" else [])):
            answer = await someone.ask(method, path, body)
            assert (answer.status_code, answer.json()["error"]) == (403, "FORBIDDEN"), (someone.email, where)
        if least == "admin":
            continue
        if "_id}" in template:
            answer = await theirs["owner"].ask(method, path, body)
            assert (answer.status_code, answer.json()["error"]) == (404, "NOT_FOUND"), (where, answer.text)
            assert not [one for one in secrets - set(named.values()) if one in answer.text], where
        elif method == "GET":
            answer = await theirs["owner"].ask(method, path)
            assert answer.status_code == 200, (where, answer.text)
            assert not [one for one in secrets if one in answer.text], where
    changed = {name for name, count in (await gateway.counts()).items() if count != before[name]}
    assert changed <= {"metrics"}


async def test_an_admin_without_one_time_codes_may_nothing(gateway: Gateway) -> None:
    admin = await make_admin(gateway, codes=False)
    named = await things_of(gateway)
    before = await gateway.counts()
    for (method, template), operation in OPERATIONS.items():
        if operation.may is May.OPERATE:
            answer = await admin.ask(method, template.format(**named), body_of(operation))
            assert answer.status_code == 403 and "one-time codes" in answer.json()["message"], (method, template)
    assert await gateway.counts() == before
