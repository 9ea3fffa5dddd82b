"""The demo, step by step. Each step is what an operator, a merchant or a bank does with the real thing."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, TypeVar

from emvco.qr import render
from paygate.cli.demo.screen import Screen
from paygate.cli.demo.stage import (
    START_S,
    Delivery,
    DemoFailed,
    ServerProcess,
    Shop,
    call,
    data_folder,
    expect,
    settings_environ,
)
from paygate.cli.session import prepare
from paygate.core import ids, webhooks
from paygate.core.errors import PayGateError
from paygate.core.money import show
from paygate.db.pool import Database
from paygate.embedded import EmbeddedError, acquire
from paygate.services import accounts, endpoints, ledger, merchants, sources, users
from paygate.services.context import Context
from paygate.settings import Settings

AMOUNT = "150.00"
NOBODY = "0000000000001"
"""A national ID with a good check digit and no holder: those of people begin with 1 to 8, those of companies name a
province. A bank's app answers that it does not exist."""

BANGKOK = timezone(timedelta(hours=7))
PATIENCE_S = 20.0
POLL_S = 0.05
KEEP_POLL_S = 0.5
Result = TypeVar("Result")
Run = Callable[[Callable[[Context], Awaitable[Any]]], Any]
Announce = Callable[[dict[str, object]], None]


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody who takes part, with their keys."""

    admin_email: str
    admin_password: str
    merchant_id: str
    live_key: str
    test_key: str
    account_id: str
    source_id: str
    source_secret: str
    endpoint_id: str
    endpoint_secret: str


def play(screen: Screen, *, data: Path | None, keep: bool, announce: Announce | None) -> dict[str, object]:
    """Play the whole demo; what a program may want to know of it. With *keep*, goes on until Ctrl-C before the end;
    *announce* then hears the same facts, keys included, as soon as the server is left to its visitors.

    Raises DemoFailed for any step that does not work, KeyboardInterrupt after cleaning up.
    """
    screen.title("PayGate demo: one payment, end to end", "สาธิตการรับเงินหนึ่งรายการ ตั้งแต่ต้นจนจบ")
    with ExitStack() as stack:
        folder = stack.enter_context(data_folder(data))
        settings, dsn = _start_database(screen, stack, folder)
        server = _start_server(screen, stack, folder)
        with _services(settings, dsn, server.base) as run:
            shop = stack.enter_context(Shop())
            cast = _invite(screen, run, shop)
            payment = _create(screen, server.base, cast)
            _pay(screen, server.base, cast, payment)
            played = _told(screen, shop, cast, payment)
            played |= _books(screen, run)
        took_s = screen.seconds
        if keep:
            _stay(screen, server, shop, cast, folder, announce, played)
        with _step(screen, "Everything is stopped cleanly", "ปิดทุกอย่างเรียบร้อย"):
            status = server.stop()
            if status != 0:
                raise DemoFailed(f"The server ended with status {status} instead of 0.")
            stack.close()
    screen.line()
    screen.line(f"  {screen.good('It works.')} {took_s:.1f} s from nothing to settled books. · ใช้งานได้จริง")
    program = Path(sys.argv[0]).with_name("paygate")
    paygate = "paygate" if shutil.which("paygate") or not program.exists() else os.path.relpath(program)
    screen.line(f"  Next: {paygate} demo --keep   to look around,   {paygate} serve   to begin for real.")
    screen.line()
    return {"ok": True, "seconds": took_s, **played, "steps": screen.steps}


# --- the house -----------------------------------------------------------------------------------------------------


def _start_database(screen: Screen, stack: ExitStack, folder: Path) -> tuple[Settings, str]:
    with _step(screen, "PostgreSQL runs, from this Python environment", "ฐานข้อมูล PostgreSQL ในตัวทำงานแล้ว"):
        lease = stack.enter_context(acquire(folder, timeout_s=START_S))
        settings = Settings.from_env(settings_environ(folder), data_dir=folder)
    screen.detail("data", str(folder))
    with _step(screen, "The schema is in place", "สร้างตารางครบ"):
        asyncio.run(prepare(settings, lease.dsn))
    return settings, lease.dsn


def _start_server(screen: Screen, stack: ExitStack, folder: Path) -> ServerProcess:
    with _step(screen, "paygate serve takes requests", "เซิร์ฟเวอร์พร้อมรับคำขอ"):
        server = stack.enter_context(ServerProcess(folder))
        server.start(screen.heed)
    screen.detail("address", server.base)
    return server


@contextmanager
def _services(settings: Settings, dsn: str, base: str) -> Iterator[Run]:
    """Runs services as the command line does, beside the server, on connections of its own."""
    with asyncio.Runner() as runner:
        db = runner.run(Database.open(dsn, size=2))
        ctx = settings.context(db)
        ctx.public_url = base

        async def one(work: Callable[[Context], Awaitable[Result]]) -> Result:
            return await work(ctx)

        try:
            yield lambda work: runner.run(one(work))
        finally:
            runner.run(db.close())


# --- the people ----------------------------------------------------------------------------------------------------


def _invite(screen: Screen, run: Run, shop: Shop) -> Cast:
    tail, password = secrets.token_hex(3), secrets.token_urlsafe(12)
    admin_email = f"admin-{tail}@demo.example"

    async def work(ctx: Context) -> Cast:
        await users.create_admin(ctx, email=admin_email, password=password)
        account = await accounts.add(ctx, owner=0, promptpay=NOBODY, name="PayGate Demo")
        merchant = await merchants.create(
            ctx,
            email=f"shop-{tail}@demo.example",
            name="ร้านกาแฟสาธิต Demo Coffee",
            plan="free",
            promptpay=None,
            password=None,
            approve=True,
        )
        source = await sources.add(ctx, account_id=account.id, kind="generic")
        endpoint = await endpoints.add(ctx, merchant_id=merchant.merchant_id, url=shop.url)
        return Cast(
            admin_email,
            password,
            ids.show_merchant(merchant.merchant_id),
            merchant.live_secret_key,
            merchant.test_secret_key,
            ids.show("acc", account.id),
            ids.show("src", source.id),
            source.secret,
            ids.show("we", endpoint.id),
            endpoint.secret,
        )

    with _step(screen, "Admin, central account, merchant, bank source, webhook", "ผู้ดูแล บัญชีกลาง ร้านค้า แหล่งข่าวธนาคาร"):
        cast: Cast = run(work)
    screen.detail("admin", cast.admin_email)
    screen.detail("account", f"{cast.account_id}  central, PromptPay {NOBODY}: nobody's")
    screen.detail("merchant", f"{cast.merchant_id}  ร้านกาแฟสาธิต Demo Coffee, plan free")
    screen.detail("bank source", cast.source_id)
    screen.detail("webhook", f"{cast.endpoint_id}  -> {shop.url}")
    return cast


# --- the payment ---------------------------------------------------------------------------------------------------


def _create(screen: Screen, base: str, cast: Cast) -> dict[str, Any]:
    order = f'{{"amount": {AMOUNT}, "orderId": "ORDER-{secrets.token_hex(2)}", "description": "ลาเต้ร้อน x2"}}'
    with _step(screen, f"The shop asks for {AMOUNT} THB over HTTP", "ร้านสร้างรายการเรียกเก็บเงิน"):
        made = expect(201, call(base, "POST", "/api/v1/payment/create", order.encode(), {"X-API-Key": cast.live_key}))
        payment: dict[str, Any] = made["transaction"]
        if payment["status"] != "PENDING" or not payment["qrCode"].startswith("data:image/png;base64,"):
            raise DemoFailed(f"The new payment is not as it should be: {payment['status']}.")
    screen.detail("request", f"POST /api/v1/payment/create {order}")
    screen.detail("payment", f"{payment['id']}  {payment['status']}")
    pay, fee, net = (f"{payment[name]:.2f}" for name in ("payableAmount", "fee", "netAmount"))
    screen.detail("money", f"to pay {pay}, fee {fee}, net {net} THB")
    screen.block(render(payment["qrPayload"]).terminal(ansi=screen.colour))
    screen.detail("QR text", payment["qrPayload"])
    screen.detail("note", "This QR moves no money: its account does not exist. · QR สาธิต โอนเงินจริงไม่ได้")
    return payment


def _pay(screen: Screen, base: str, cast: Cast, payment: dict[str, Any]) -> None:
    # The amount as the text that the API gave: money never passes through a float.
    rest = {
        "occurredAt": datetime.now(BANGKOK).isoformat(timespec="seconds"),
        "sendingBank": "004",
        "transRef": f"DEMO{secrets.token_hex(6).upper()}",
        "payerName": "นาย ใจดี ม.",
    }
    news = f'{{"amount": {payment["payableAmount"]}, {json.dumps(rest, ensure_ascii=False)[1:]}'.encode()
    header = webhooks.stamp([cast.source_secret], int(time.time()), news)
    with _step(screen, "The payer pays; the bank's signed word comes in", "ลูกค้าโอนเงิน ธนาคารแจ้งเงินเข้า (มีลายเซ็น)"):
        path = f"/api/bank/{cast.source_id}"
        outcome = expect(200, call(base, "POST", path, news, {"X-PayGate-Signature": header}))
        if outcome["outcome"] != "PAID" or outcome["transactionId"] != payment["id"]:
            raise DemoFailed(f"The credit was not recognised: {outcome}.")
    screen.detail("credit", news.decode())
    with _step(screen, "The payment is PAID", "สถานะเปลี่ยนเป็นชำระแล้ว"):
        deadline = time.monotonic() + PATIENCE_S
        while (seen := _look(base, cast, payment["id"]))["status"] != "PAID":
            if time.monotonic() > deadline:
                raise DemoFailed(f"The payment is still {seen['status']}.")
            screen.heed()
            time.sleep(POLL_S)
    screen.detail("status", f"{screen.good('PAID')} at {seen['paidAt']}")


def _look(base: str, cast: Cast, payment_id: str) -> dict[str, Any]:
    answer = call(base, "GET", f"/api/v1/payment/{payment_id}", headers={"Authorization": f"Bearer {cast.live_key}"})
    transaction: dict[str, Any] = expect(200, answer)["transaction"]
    return transaction


# --- afterwards ----------------------------------------------------------------------------------------------------


def _told(screen: Screen, shop: Shop, cast: Cast, payment: dict[str, Any]) -> dict[str, object]:
    with _step(screen, "The shop heard of it by webhook", "ร้านได้รับแจ้งทาง webhook"):
        delivery = shop.wait("payment.success", payment["id"], PATIENCE_S, screen.heed)
        checks = webhooks.verify_delivery(cast.endpoint_secret, delivery.headers, delivery.body, int(time.time()))
        if not all(checks.values()):
            bad = ", ".join(name for name, good in checks.items() if not good)
            raise DemoFailed(f"The webhook's signature does not verify: {bad}.")
    screen.detail("event", f"{delivery.event}  {delivery.headers['webhook-id']}")
    screen.detail("body", delivery.body.decode())
    for name, style in zip(checks, ("HMAC of the body", "Standard Webhooks", "as Stripe signs"), strict=True):
        screen.ticked(f"{name}: verified ({style})")
    return {
        "transactionId": payment["id"],
        "status": "PAID",
        "qrPayload": payment["qrPayload"],
        "webhook": {"event": delivery.event, "webhookId": delivery.headers["webhook-id"], "signatures": checks},
    }


def _books(screen: Screen, run: Run) -> dict[str, object]:
    with _step(screen, "paygate ledger check: the books balance", "บัญชีแยกประเภทลงตัว"):
        report: ledger.Report = run(ledger.check)
        if not report.balanced:
            wrong = "; ".join(f"{d.what} ({d.subject})" for d in report.differences)
            raise DemoFailed(f"The books do not balance: {wrong}.")
    for mode, account, satang in report.balances:
        if mode == "live":
            screen.detail(account, f"{show(satang):>12} THB")
    total = sum(satang for mode, _, satang in report.balances if mode == "live")
    screen.detail("sum", f"{show(total):>12} THB")
    return {"ledger": report.as_json()}


def _stay(
    screen: Screen,
    server: ServerProcess,
    shop: Shop,
    cast: Cast,
    folder: Path,
    announce: Announce | None,
    played: dict[str, object],
) -> None:
    """Leave the server to its visitors until Ctrl-C. Raises DemoFailed when it ends by itself."""
    facts: dict[str, object] = {
        "url": server.base,
        "dataDir": str(folder),
        "adminEmail": cast.admin_email,
        "adminPassword": cast.admin_password,
        "merchantId": cast.merchant_id,
        "liveSecretKey": cast.live_key,
        "testSecretKey": cast.test_key,
        "accountId": cast.account_id,
        "sourceId": cast.source_id,
        "sourceSecret": cast.source_secret,
        "endpointId": cast.endpoint_id,
        "endpointSecret": cast.endpoint_secret,
    }
    screen.line()
    screen.line(f"  {screen.good('The server stays until you press Ctrl-C.')} · กด Ctrl-C เพื่อปิด")
    screen.line()
    for label, text in facts.items():
        screen.line(f"  {label:<15} {text}")
    screen.line(EXAMPLES.format(**facts))
    shop.on_delivery = lambda delivery: _overheard(screen, delivery)
    if announce is not None:
        announce({"ok": True, "kept": True, **facts, **played})
    try:
        while True:
            screen.heed()
            server.check()
            time.sleep(KEEP_POLL_S)
    except KeyboardInterrupt:
        shop.on_delivery = None
        screen.line()


def _overheard(screen: Screen, delivery: Delivery) -> None:
    screen.line(f"  webhook  {delivery.event}  {delivery.body.decode(errors='replace')}")


EXAMPLES = """
  A payment:
    curl -s {url}/api/v1/payment/create -H 'X-API-Key: {liveSecretKey}' \\
      -H 'Content-Type: application/json' -d '{{"amount": 99.50, "orderId": "A-1"}}'

  Its bank credit (the amount is the payment's payableAmount):
    body='{{"amount": 99.50, "occurredAt": "'$(date -u +%Y-%m-%dT%H:%M:%SZ)'", "sendingBank": "004", "transRef": "T1"}}'
    t=$(date +%s); v1=$(printf '%s' "$t.$body" | openssl dgst -sha256 -hmac '{sourceSecret}' | sed 's/.*= //')
    curl -s {url}/api/bank/{sourceId} -H "X-PayGate-Signature: t=$t,v1=$v1" -d "$body"

  What there is:
    curl -s {url}/api/v1/transactions -H 'X-API-Key: {liveSecretKey}'
    PAYGATE_DATA_DIR='{dataDir}' paygate merchant list
    PAYGATE_DATA_DIR='{dataDir}' paygate ledger check

  Webhooks that arrive are shown here.
"""


# --- helpers -------------------------------------------------------------------------------------------------------


@contextmanager
def _step(screen: Screen, english: str, thai: str) -> Iterator[None]:
    """A step whose every failure is a DemoFailed that says why."""
    try:
        with screen.step(english, thai):
            yield
    except DemoFailed:
        raise
    except PayGateError as error:
        raise DemoFailed(error.message) from error
    except (EmbeddedError, OSError) as error:
        raise DemoFailed(str(error)) from error
    except Exception as error:
        raise DemoFailed(f"{type(error).__name__}: {error}") from error
