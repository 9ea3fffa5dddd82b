"""Every POST there is: it keeps its answer under an Idempotency-Key, or has a reason not to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from paygate import app
from paygate.core import ids
from paygate.services import accounts, installation, keys, merchants
from paygate.wire import native_of
from tests.banks import slip_pictures
from tests.faces.conftest import Gateway, serving
from tests.faces.people import make_admin, make_person
from tests.faces.slips import new_slip
from tests.faces.test_v1_refunds import PAYEE, sold
from tests.faces.test_v1_settlements import earn, settle_to
from tests.services.helpers import open_shop, sql
from tests.services.payouts import sell_and_pay

V1 = "/api/v1"
AT_ONCE = 50
NOT_OF_THE_WORK = {
    "idempotency_keys",
    "slots",
    "metrics",
    "balances",
}  # A balance is made once, of the first money out.
WITHOUT = {
    f"{V1}/qr": "makes nothing but pictures of what was asked",
    "/api/bank/{source}": "evidence is known by itself when it comes again: banks send no keys",
    **dict.fromkeys(
        ("/api/auth/register", "/api/auth/login", "/api/auth/admin/login", "/api/auth/password/reset"),
        "nobody is known yet whose key it would be; an address, a password's link are good once by themselves",
    ),
    **dict.fromkeys(
        ("/api/auth/refresh", "/api/auth/logout"), "a refresh token is good once, and over is over: no answer is kept"
    ),
    **dict.fromkeys(
        (
            "/api/auth/password",
            "/api/auth/totp/setup",
            "/api/auth/totp/enable",
            "/api/auth/totp/disable",
            "/api/auth/totp/recovery-codes",
            "/api/admin/merchants/{merchant_id}/users/{user_id}/reset-link",
            "/api/admin/merchants/{merchant_id}/users/{user_id}/reset-totp",
            "/api/admin/merchants/{merchant_id}/invitations",
        ),
        "asks for password and code again, which are good once; the newest secret or link is the one in force",
    ),
    **dict.fromkeys(
        ("/api/invoices/{invoice_id}/pay", "/api/admin/invoices/{invoice_id}/pay"),
        "while a payment is open it is the answer",
    ),
    "/api/admin/invoices": "what is issued stays as it is: the same month again issues nothing",
    "/api/reviews/{review_id}/resolve": "a review is decided once: the second decision is refused",
    "/api/team/accept": "a link is good once",
    **dict.fromkeys(
        ("/api/payout-destination", "/api/admin/merchants/{merchant_id}/payout-destination"),
        "asks for password and code again; the same place again changes nothing",
    ),
    **{
        f"/api/admin/{noun}s/{{{noun}_id}}/{verb}": "a payout goes one way: again changes nothing"
        for noun in ("settlement", "refund")
        for verb in ("approve", "claim", "release", "reject", "complete", "return")
    },
    "/api/admin/reviews/{review_id}/resolve": "a review is decided once: the second decision is refused",
    "/api/admin/accounts": "the same account again is a version of the one that is there",
    "/api/admin/accounts/{account_id}/retire": "retired twice is retired",
    **dict.fromkeys(
        ("/api/admin/accounts/{account_id}/pause", "/api/admin/accounts/{account_id}/resume"), "paused twice is paused"
    ),
    "/api/admin/sources/{source_id}/rotate": "the newest secret is the one in force",
    **dict.fromkeys(
        ("/api/admin/sources/{source_id}/disable", "/api/admin/sources/{source_id}/enable"), "off twice is off"
    ),
    "/api/admin/statements": "the same file again is the one that is there",
    "/api/admin/merchants/{merchant_id}/approve": "approved twice is approved",
    "/refund/{link}": "a form of a payer's page: an account is given once, the same again changes nothing",
    "/link/{link_id}": "a form: each press of the button is a payment to make, and an address holds few",
    **dict.fromkeys(
        (
            "/api/admin/merchants/{merchant_id}/users/{user_id}/disable",
            "/api/admin/merchants/{merchant_id}/users/{user_id}/enable",
        ),
        "kept out twice is kept out",
    ),
    "/api/admin/merchants/{merchant_id}/suspend": "suspended twice is suspended",
    "/api/admin/merchants/{merchant_id}/freeze": "frozen twice is frozen",
    "/api/admin/merchants/{merchant_id}/dossier/check": "checked twice is checked, the later time counts",
    "/api/admin/merchants/{merchant_id}/documents": "the same file again is the one that is there",
    "/api/admin/evidence-export": "reads; each time that somebody does is in the audit log",
    "/api/admin/alerts/test": "two tests are two messages, which say that they are tests",
    "/api/admin/closes": "what is closed is closed: the same again changes nothing",
    "/api/admin/closes/explain": "the bank charges the same fee twice a day: two explanations of one amount are two",
    "/api/admin/merchants/{merchant_id}/unfreeze": "thawed twice is thawed",
    **dict.fromkeys(
        ("/pay/{payment_id}/cancel", "/pay/{payment_id}/slip", "/pay/{payment_id}/renew"),
        "forms of the payer's page, which send no keys: cancelled is cancelled, a slip is known, a successor is one",
    ),
    "/simulator/{payment_id}/play": "a form of a page for test payments, which sends no key: each press is a transfer",
    "/forwarder": "reads a text and keeps nothing",
}


@dataclass(frozen=True)
class Call:
    """One request, and another body for the same address; by the merchant's key, or by whom *headers* say."""

    path: str
    body: bytes
    other: bytes = b'{"other": true}'
    headers: dict[str, str] | None = None
    merchant_id: int | None = None  # Whose it is, if not the world's.


Made = Callable[[Gateway], Awaitable[Call]]


def call(path: str, body: object = None, other: object = None) -> Call:
    raw = b"" if body is None else json.dumps(body).encode()
    return Call(V1 + path, raw, json.dumps(other or {"other": True}).encode())


async def create(_: Gateway) -> Call:
    return call("/payment/create", {"amount": 150, "orderId": "A"}, {"amount": 151})


async def batch(_: Gateway) -> Call:
    return call("/payment/batch", {"payments": [{"amount": 150}, {"amount": 99}]}, {"payments": [{"amount": 1}]})


async def cancel(gateway: Gateway) -> Call:
    return call(f"/payment/{(await gateway.create())['id']}/cancel")


async def slip(gateway: Gateway) -> Call:
    return call(f"/payment/{(await gateway.create())['id']}/slip", {"payload": new_slip()}, {"payload": new_slip()})


async def payment_link(_: Gateway) -> Call:
    return call("/payment-links", {"amount": 40.5}, {"amount": 41})


async def endpoint(_: Gateway) -> Call:
    wish = {"url": "https://shop.example/hook", "events": ["payment.success"]}
    return call("/webhooks/endpoints", wish, wish | {"events": ["payment.created"]})


async def an_endpoint(gateway: Gateway) -> str:
    answer = await gateway.ask("POST", f"{V1}/webhooks/endpoints", {"url": "https://shop.example/all"})
    found: str = answer.json()["endpoint"]["id"]
    return found


async def rotate(gateway: Gateway) -> Call:
    return call(f"/webhooks/endpoints/{await an_endpoint(gateway)}/rotate")


async def send_test(gateway: Gateway) -> Call:
    return call(f"/webhooks/endpoints/{await an_endpoint(gateway)}/test")


async def an_event(gateway: Gateway) -> str:
    await an_endpoint(gateway)
    await gateway.create()
    await sql(gateway.ctx, "UPDATE deliveries SET state = 'DEAD', finished_at = now()")
    found: str = (await gateway.ask("GET", f"{V1}/webhooks/events")).json()["events"][0]["id"]
    return found


async def redeliver(gateway: Gateway) -> Call:
    return call(f"/webhooks/events/{await an_event(gateway)}/redeliver", {})


async def redeliver_span(gateway: Gateway) -> Call:
    await an_event(gateway)
    now = datetime.now(UTC)
    span = {"from": (now - timedelta(hours=1)).isoformat(), "to": (now + timedelta(hours=1)).isoformat()}
    return call("/webhooks/events/redeliver", span, span | {"to": now.isoformat()})


async def a_refund(gateway: Gateway) -> str:
    """A refund that waits, without a payee."""
    answer = await gateway.ask("POST", f"{V1}/payment/{await sold(gateway)}/refund", {"amount": 100})
    found: str = answer.json()["refund"]["id"]
    return found


async def refund(gateway: Gateway) -> Call:
    return call(f"/payment/{await sold(gateway)}/refund", {"amount": 100}, {"amount": 101})


async def refund_cancel(gateway: Gateway) -> Call:
    return call(f"/refunds/{await a_refund(gateway)}/cancel")


async def refund_payee(gateway: Gateway) -> Call:
    return call(
        f"/refunds/{await a_refund(gateway)}/payee", {"payee": PAYEE}, {"payee": PAYEE | {"account": "4061234568"}}
    )


async def refund_link(gateway: Gateway) -> Call:
    return call(f"/refunds/{await a_refund(gateway)}/payee-link")


async def settlement(gateway: Gateway) -> Call:
    await settle(gateway)
    return call("/settlements", {"amount": 100}, {"amount": 101})


async def settlement_cancel(gateway: Gateway) -> Call:
    await settle(gateway)
    made = await gateway.ask("POST", f"{V1}/settlements", {"amount": 100})
    return call(f"/settlements/{made.json()['settlement']['id']}/cancel")


async def settle(gateway: Gateway) -> None:
    """Money to settle, and where it goes."""
    await earn(gateway)
    [found] = await sql(gateway.ctx, "SELECT count(*) AS n FROM payout_destinations")
    if not found["n"]:
        await settle_to(gateway)


async def refund_complete(gateway: Gateway) -> Call:
    """What a direct merchant says of its own money."""
    shop = gateway.kept["shop"] = gateway.kept.get("shop") or await open_shop(gateway.ctx, plan="pro")
    payment_id = await sell_and_pay(shop, 10_000)
    key = await keys.create(gateway.ctx, merchant_id=shop.principal.merchant_id, kind="secret", mode="live")
    headers = {"X-API-Key": key.text}
    wish = {"amount": 100, "payee": PAYEE}
    made = await gateway.ask("POST", f"{V1}/payment/{payment_id}/refund", wish, key=None, headers=headers)
    refund_id = made.json()["refund"]["id"]
    said = call(f"/refunds/{refund_id}/complete", {"bankReference": f"R-{refund_id}"}, {"bankReference": "R-OTHER"})
    return replace(said, headers=headers, merchant_id=shop.principal.merchant_id)


async def as_owner(gateway: Gateway, merchant_id: int | None = None) -> dict[str, str]:
    """Somebody of the merchant, logged in once."""
    email = f"owner{merchant_id or ''}@shop.example"
    if email not in gateway.kept:
        gateway.kept[email] = await (await make_person(gateway, email, "owner", merchant_id)).login()
    return {"Authorization": f"Bearer {gateway.kept[email].token}"}


async def link(gateway: Gateway) -> Call:
    said = call("", {"amount": 40}, {"amount": 41})
    return replace(said, path="/api/payment/create-link", headers=await as_owner(gateway))


async def key_create(gateway: Gateway) -> Call:
    said = call("", {"kind": "secret", "mode": "live"}, {"kind": "secret", "mode": "test"})
    return replace(said, path="/api/api-keys", headers=await as_owner(gateway))


def in_person(make: Made) -> Made:
    """The same at the address for people."""

    async def made(gateway: Gateway) -> Call:
        said = await make(gateway)
        return replace(said, path=said.path.replace(V1, "/api", 1), headers=await as_owner(gateway, said.merchant_id))

    return made


def at_desk(make: Made) -> Made:
    """The same by an admin, on the merchant's behalf."""

    async def made(gateway: Gateway) -> Call:
        said = await make(gateway)
        if "admin" not in gateway.kept:
            gateway.kept["admin"] = await make_admin(gateway)
        path = said.path.replace(V1, "/api/admin", 1)
        if path == "/api/admin/settlements":
            path = f"/api/admin/merchants/{ids.show_merchant(gateway.world.merchant_id)}/settlements"
        return replace(said, path=path, headers={"Authorization": f"Bearer {gateway.kept['admin'].token}"})

    return made


async def new_merchant(gateway: Gateway) -> Call:
    number = gateway.kept["merchants"] = gateway.kept.get("merchants", 0) + 1
    wish = {"email": f"new{number}@shop.example", "name": "New", "plan": "free"}
    return call("/merchants", wish, wish | {"email": f"other{number}@shop.example"})


WITH: dict[str, Made] = {
    f"{V1}/refunds/{{refund_id}}/complete": refund_complete,
    f"{V1}/payment/{{payment_id}}/refund": refund,
    f"{V1}/refunds/{{refund_id}}/cancel": refund_cancel,
    f"{V1}/refunds/{{refund_id}}/payee": refund_payee,
    f"{V1}/refunds/{{refund_id}}/payee-link": refund_link,
    f"{V1}/settlements": settlement,
    f"{V1}/settlements/{{settlement_id}}/cancel": settlement_cancel,
    f"{V1}/payment/create": create,
    f"{V1}/payment/batch": batch,
    f"{V1}/payment/{{payment_id}}/cancel": cancel,
    f"{V1}/payment/{{payment_id}}/slip": slip,
    f"{V1}/payment-links": payment_link,
    f"{V1}/webhooks/endpoints": endpoint,
    f"{V1}/webhooks/endpoints/{{endpoint_id}}/rotate": rotate,
    f"{V1}/webhooks/endpoints/{{endpoint_id}}/test": send_test,
    f"{V1}/webhooks/events/{{event_id}}/redeliver": redeliver,
    f"{V1}/webhooks/events/redeliver": redeliver_span,
}


# The handlers of WITH at addresses for people, and what is for people alone.
IN_PERSON: dict[str, Made] = {
    one.path: in_person(WITH[one.path.replace("/api", V1, 1)]) for one in app.IN_PERSON if "POST" in one.handlers
}
ON_BEHALF: dict[str, Made] = {
    "/api/admin/merchants": at_desk(new_merchant),
    "/api/admin/merchants/{merchant_id}/settlements": at_desk(settlement),
    "/api/admin/settlements/{settlement_id}/cancel": at_desk(settlement_cancel),
    "/api/admin/payment/{payment_id}/refund": at_desk(refund),
    "/api/admin/refunds/{refund_id}/cancel": at_desk(refund_cancel),
    "/api/admin/refunds/{refund_id}/payee": at_desk(refund_payee),
    "/api/admin/refunds/{refund_id}/payee-link": at_desk(refund_link),
}
OF_PEOPLE: dict[str, Made] = {
    "/api/payment/create-link": link,
    "/api/api-keys": key_create,
    **IN_PERSON,
    **ON_BEHALF,
}
# Those that the dashboard's own tests send twice.
ELSEWHERE = {"/api/team/invitations", "/api/admin/sources"}
# Of test keys alone: test_v1_simulator.py sends it twenty times at once.
ELSEWHERE |= {f"{V1}/test/payment/{{payment_id}}/pay"}


def test_every_post_has_a_key_or_a_reason_and_the_document_says_which() -> None:
    posts = {one.path: one.handlers["POST"] for one in app.ADDRESSES if "POST" in one.handlers}
    assert set(posts) == WITH.keys() | WITHOUT.keys() | OF_PEOPLE.keys() | ELSEWHERE
    assert all(native_of(posts[path]) is posts[path.replace("/api", V1, 1)] for path in IN_PERSON)
    told = {path for path, handler in posts.items() if handler in app.OPERATIONS and app.OPERATIONS[handler].idempotent}
    assert told == WITH.keys() | OF_PEOPLE.keys() | ELSEWHERE


@pytest.mark.parametrize("table", [WITH, OF_PEOPLE], ids=["by key", "in person"])
async def test_fifty_times_at_once_under_one_key_is_one_effect_and_one_answer(
    gateway: Gateway, table: dict[str, Made]
) -> None:
    for number, (name, make) in enumerate(table.items()):
        alone = await make(gateway)
        effect = await rows_made_by(gateway, send(gateway, alone, alone.body))
        wish, key = await make(gateway), {"Idempotency-Key": f"key {number}"}

        async def ask(body: bytes, wish: Call = wish, key: dict[str, str] = key) -> httpx2.Response:
            return await send(gateway, wish, body, key)

        answers: list[httpx2.Response] = []
        assert effect == await rows_made_by(gateway, fifty(lambda: ask(wish.body), answers)), name  # noqa: B023
        busy = [answer for answer in answers if answer.status_code == 409]
        assert all((one.json()["error"], one.headers["retry-after"]) == ("CONFLICT", "1") for one in busy), name
        good = [answer for answer in answers if answer.status_code != 409]
        [first] = [answer for answer in good if "idempotent-replayed" not in answer.headers]
        assert first.status_code in {200, 201, 202}, (name, first.text)
        assert {answer.content for answer in good} == {first.content}, name

        before = await gateway.counts()
        again, other = await ask(wish.body), await ask(wish.other)
        assert (again.status_code, again.content) == (first.status_code, first.content), name
        assert again.headers["idempotent-replayed"] == "true"
        assert (other.status_code, other.json()["error"]) == (422, "IDEMPOTENCY_MISMATCH"), name
        assert await gateway.counts() == before, name

        kept = "SELECT path, answer, expires_at - created_at AS span FROM idempotency_keys WHERE key = $1"
        [row] = await sql(gateway.ctx, kept, f"key {number}")
        assert row["path"] == f"POST {wish.path}" and abs(row["span"] - timedelta(hours=24)) < timedelta(seconds=1)
        assert first.content[:16] not in row["answer"], name  # Sealed: it may hold a secret.


async def send(gateway: Gateway, wish: Call, body: bytes, headers: dict[str, str] | None = None) -> httpx2.Response:
    """The call, by whomever it is of."""
    mine = {} if wish.headers is None else wish.headers
    return await gateway.ask(
        "POST", wish.path, body, key="" if wish.headers is None else None, headers={**(headers or {}), **mine}
    )


async def fifty(ask: Callable[[], Awaitable[httpx2.Response]], answers: list[httpx2.Response]) -> None:
    answers += await asyncio.gather(*(ask() for _ in range(AT_ONCE)))


async def rows_made_by(gateway: Gateway, work: Awaitable[object]) -> dict[str, int]:
    """How many rows more there are in each table, but for the key's, slots (they stay), and what a chore counts."""
    before = await gateway.counts()
    await work
    after = await gateway.counts()
    return {name: after[name] - before[name] for name in after if name not in NOT_OF_THE_WORK}


async def test_one_key_is_another_in_another_mode_for_another_shop_and_another_kind_of_credential(
    gateway: Gateway,
) -> None:
    await installation.check(gateway.ctx)
    await accounts.add(gateway.ctx, owner=0, promptpay="0823456789", name="Test", test=True)
    stranger = await merchants.create(gateway.ctx, email="o@example.com", name="Other", plan="free", approve=True)
    world, key = gateway.world, {"Idempotency-Key": "the same"}
    wish = await create(gateway)
    for credential in (
        world.secret_key,
        world.test_key,
        world.test_public_key,
        stranger.live_secret_key,
        stranger.test_public_key,
    ):
        body = wish.body if credential.startswith("sk_") else b'{"amount": 150}'
        first, again = [await gateway.ask("POST", wish.path, body, key=credential, headers=key) for _ in range(2)]
        assert first.status_code == 201 and "idempotent-replayed" not in first.headers, first.text
        assert again.headers["idempotent-replayed"] == "true" and again.content == first.content
    assert (await gateway.counts())["payments"] == 5


async def test_a_form_sent_again_is_the_same_though_its_boundary_is_another(gateway: Gateway) -> None:
    made = await gateway.create()
    headers = {"X-API-Key": gateway.world.secret_key, "Idempotency-Key": "photo"}

    async def send(picture: bytes) -> httpx2.Response:
        files = {"file": ("slip.jpg", picture, "image/jpeg")}
        return await gateway.client.post(f"{V1}/payment/{made['id']}/slip", files=files, headers=headers)

    one, another = [
        slip_pictures.as_file(slip_pictures.slip(new_slip(), side=220, width=600, height=900)) for _ in "12"
    ]
    first, again = await send(one), await send(one)
    assert first.request.headers["content-type"] != again.request.headers["content-type"]
    assert again.headers["idempotent-replayed"] == "true" and again.content == first.content
    assert (await send(another)).status_code == 422


async def here(_: Gateway) -> Call:
    return call("/webhooks/endpoints", {"url": "http://127.0.0.1:9/hook"}, {"url": "http://127.0.0.1:9/other"})


@pytest.mark.parametrize("make", [create, batch, here])
async def test_an_answer_is_kept_though_the_operator_would_refuse_the_request_now(
    gateway: Gateway, dsn: str, make: Made
) -> None:
    """Payments as small as these are refused since, and endpoints in this network."""
    wish, key = await make(gateway), {"Idempotency-Key": "then"}
    async with serving(dsn, PAYGATE_WEBHOOK_ALLOW_NETWORKS="127.0.0.0/8") as base:
        gateway.client.base_url = base
        first = await gateway.ask("POST", wish.path, wish.body, headers=key)
    async with serving(dsn, PAYGATE_MIN_AMOUNT="1000") as base:
        gateway.client.base_url = base
        again = await gateway.ask("POST", wish.path, wish.body, headers=key)
        assert (again.status_code, again.content) == (201, first.content)
        assert again.headers["idempotent-replayed"] == "true"
        assert (await gateway.ask("POST", wish.path, wish.body)).status_code == 400
        assert (await gateway.ask("POST", wish.path, wish.other, headers=key)).status_code == 422
