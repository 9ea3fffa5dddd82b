"""Requests that Schemathesis makes up of the API's document, right ones and wrong ones: never a 5xx, and no answer that
the document does not know. They go to `paygate serve`."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from paygate.core import ids
from paygate.core.sealing import SealingKey
from paygate.db import users as user_rows
from paygate.db.pool import Conn, Database
from paygate.services import destinations, merchants, passwords, sessions, totp, users
from paygate.services.context import Context
from tests.contract import document
from tests.faces.people import PASSWORD
from tests.postgres import Databases
from tests.servers import SECRET_KEY, Server
from tests.worlds import World, make_world

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 5
ENDLESS = "watchPayment"  # Its answer does not end; test_v1_streams.py has it.

schema = schemathesis.openapi.from_dict(document()).exclude(operation_id=ENDLESS)


@dataclass(frozen=True, slots=True)
class People:
    """Access tokens, and another merchant with its owner, to whom admins may do what they like."""

    owner: str
    leaver: str  # Somebody who logs out again and again.
    admin: str
    merchant_id: str
    user_id: str
    session_id: str


async def make_people(ctx: Context, world: World) -> People:
    """Somebody of each kind, logged in."""
    other = await merchants.create(ctx, email="other@shop.example", name="Other", plan="free", password=PASSWORD)
    await users.create_admin(ctx, email="admin@shop.example", password=PASSWORD)
    hashed = await passwords.hash_password(PASSWORD)

    async def hire(conn: Conn) -> None:
        for name in ("owner", "leaver"):
            await user_rows.insert(
                conn,
                merchant_id=world.merchant_id,
                user_id=ctx.new_id(),
                email=f"{name}@shop.example",
                password_hash=hashed,
                role="owner",
            )

    await ctx.db.transaction(hire)
    inside = {}
    for name in ("owner", "leaver", "admin", "other"):
        inside[name] = await sessions.login(
            ctx,
            email=f"{name}@shop.example",
            password=PASSWORD,
            code=None,
            admin=name == "admin",
            client=sessions.Client(),
        )
    admin = await users.find(ctx, "admin@shop.example")  # With a second factor that nobody has, so that they may act.
    sealed = replace(admin, totp_secret=ctx.seal("JBSWY3DPEHPK3PXP" * 2, totp.purpose(admin)))
    await ctx.db.transaction(lambda conn: user_rows.set_totp(conn, sealed))
    return People(
        owner=inside["owner"].access,
        leaver=inside["leaver"].access,
        admin=inside["admin"].access,
        merchant_id=ids.show_merchant(other.merchant_id),
        user_id=ids.show("usr", inside["other"].person.user_id),
        session_id=ids.show("ses", inside["owner"].person.session_id),
    )


@dataclass(frozen=True, slots=True)
class Shop:
    """A running server, a merchant of it, and one of everything that has an id."""

    base: str
    world: World
    known: dict[str, str]
    doomed: dict[str, dict[str, str]]  # By operations that end what they are given.
    people: People


def sign(world: World, body: bytes, stamp: int) -> str:
    """What the bank's bridge sends with *body*."""
    mac = hmac.new(world.source_secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256)
    return f"t={stamp},v1={mac.hexdigest()}"


@pytest.fixture(scope="module")
def shop(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    dsn = databases.create()

    async def prepare() -> tuple[World, People]:
        db = await Database.open(dsn)
        ctx = Context(db, SealingKey.of(SECRET_KEY), "http://127.0.0.1:8000")
        world = await make_world(ctx)
        people = await make_people(ctx, world)
        wanted = destinations.read("0899999999", "014", "4061234567", "Shop")
        await destinations.change(ctx, world.merchant_id, wanted, actor="cli:test")
        await db.close()
        return world, people

    world, people = asyncio.run(prepare())
    running = Server(dsn, tmp_path_factory.mktemp("any"), ["--no-worker"], {}).start()
    ask = requests.Session()
    ask.headers["X-API-Key"] = world.secret_key

    def payment() -> dict[str, str]:
        made = ask.post(f"{running.base}/api/v1/payment/create", json={"amount": 150, "orderId": "A-1"}).json()
        return dict(made["transaction"])

    def hook() -> str:
        wish = {"url": "http://127.0.0.1:9/hook"}
        return str(ask.post(f"{running.base}/api/v1/webhooks/endpoints", json=wish).json()["endpoint"]["id"])

    def settle_and_refund() -> dict[str, str]:
        """What a paid payment can be asked for."""
        payment()
        told = {"amount": 150, "occurredAt": datetime.now(UTC).isoformat(), "sendingBank": "014", "transRef": "T1"}
        body, stamp = json.dumps(told).encode(), int(time.time())
        headers = {"X-PayGate-Signature": sign(world, body, stamp)}
        told_of = ask.post(f"{running.base}/api/bank/{world.source}", data=body, headers=headers)
        assert told_of.json()["outcome"] == "PAID", told_of.text
        refund = ask.post(f"{running.base}/api/v1/payment/{told_of.json()['transactionId']}/refund", json={"amount": 1})
        settlement = ask.post(f"{running.base}/api/v1/settlements", json={"amount": 100})
        assert (refund.status_code, settlement.status_code) == (201, 201), refund.text + settlement.text
        return {"refundId": refund.json()["refund"]["id"], "settlementId": settlement.json()["settlement"]["id"]}

    def link() -> str:
        made = ask.post(f"{running.base}/api/v1/payment-links", json={"amount": 150})
        return str(made.json()["paymentLink"]["id"])

    asked = settle_and_refund()
    endpoint, transaction = hook(), payment()
    event = ask.post(f"{running.base}/api/v1/webhooks/endpoints/{endpoint}/test").json()["event"]["id"]
    known = {
        **asked,
        "paymentId": transaction["id"],
        "orderId": "A-1",
        "linkId": link(),
        "endpointId": endpoint,
        "eventId": event,
        "source": world.source,
        "merchantId": people.merchant_id,
        "userId": people.user_id,
        "documentId": "doc_06nz0nc5vj7r4gjx7c79l6za00",  # Nobody's.
        "plan": "pro",
        "keyId": "key_06nz0nc5vj7r4gjx7c79l6za",  # Nobody's: the shop goes on.
        "accountId": "acc_06nz0nc5vj7r4gjx7c79l6za00",
        "sourceId": "src_06nz0nc5vj7r4gjx7c79l6za00",
        "creditId": "crd_06nz0nc5vj7r4gjx7c79l6za00",
        "statementId": "stm_06nz0nc5vj7r4gjx7c79l6za00",
        "month": "2026-10",
        "invoiceId": "inv_06nz0nc5vj7r4gjx7c79l6za00",  # Nobody's.
        "reviewId": "rev_06nz0nc5vj7r4gjx7c79l6za00",
        "invitationId": "ivt_06nz0nc5vj7r4gjx7c79l6za",  # Nobody's.
        "sessionId": people.session_id.replace("ses_0", "ses_1"),  # Nobody's: the owner goes on.
        "name": f"{transaction['clientSecret'].partition('_secret_')[0]}.svg",
    }
    doomed = {"cancelPayment": {"paymentId": payment()["id"]}, "deleteEndpoint": {"endpointId": hook()}}
    yield Shop(running.base, world, known, doomed, people)
    running.kill()
    databases.drop(dsn)


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_no_request_brings_a_5xx_or_an_answer_that_the_document_does_not_know(
    case: schemathesis.Case, shop: Shop
) -> None:
    dice = zlib.crc32(repr((case.path_parameters, case.query, case.headers, case.body)).encode())
    known, signed = dice % 4 > 0, dice % 16 > 3  # Mostly what is there, by somebody who may.
    operation = case.operation.definition.raw["operationId"]
    if known:
        named = {**shop.known, **shop.doomed.get(operation, {})}
        case.path_parameters = {name: named[name] for name in case.path_parameters or {}}
    request = requests.Request(**case.as_transport_kwargs(base_url=shop.base)).prepare()
    if operation == "tellOfMoney" and signed:
        body = request.body or b""
        raw = body.encode() if isinstance(body, str) else bytes(body)
        request.headers["X-PayGate-Signature"] = sign(shop.world, raw, int(time.time()))
    if signed and {"accessToken": []} in case.operation.definition.raw["security"]:
        mine = shop.people.leaver if operation == "logout" else shop.people.owner
        token = shop.people.admin if case.operation.path.startswith("/api/admin") else mine
        request.headers["Authorization"] = f"Bearer {token}"
    elif signed:
        request.headers["X-API-Key"] = shop.world.secret_key
    with requests.Session() as session:
        session.trust_env = False
        answer = session.send(request, timeout=30, allow_redirects=False)
    case.validate_response(answer, checks=CHECKS)
