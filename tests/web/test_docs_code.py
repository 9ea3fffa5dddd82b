"""The code on the pages of /docs runs: every curl against a server, and the guides' examples in their languages."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest

from paygate import app
from paygate.core import ids, webhooks
from paygate.core.answers import TRANSACTION
from paygate.services import accounts, sources
from paygate.services.context import Context
from paygate.web.docs import samples
from tests.faces.conftest import Gateway
from tests.faces.people import PASSWORD, make_admin, make_person
from tests.sdk.languages import FILES, environment, runtime
from tests.servers import Server, free_port
from tests.services.helpers import sql
from tests.web.docs_site import URL, boxes, site, whole
from tests.worlds import World

# Operations that a test key, or the example's own values, cannot bring to their end: what they answer instead.
ELSEWISE = {
    "handInSlip": {400, 409},  # The example's slip is of nobody.
    "createSettlement": {403},  # Test money is never paid out.
}


def run(folder: Path, command: list[str], **env: str) -> subprocess.CompletedProcess[str]:
    """A program's end, with what it said."""
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=60, env=environment(**env), check=False
    )


def curl(folder: Path, code: str, **env: str) -> tuple[int, str]:
    """The status and the body that a box for a shell gets; it is run as it is, and says the status as well."""
    asked = code.replace("curl ", "curl -s -w '\\n%{http_code}' ", 1)
    done = run(folder, ["bash", "-c", asked], **env)
    body, _, status = done.stdout.rpartition("\n")
    assert status.isdigit(), (code, done)
    return int(status), body


async def furnished(ctx: Context, world: World, base: str) -> Mapping[str, str]:
    """What the examples name, made on a server: example -> the real one."""
    await accounts.add(ctx, owner=0, promptpay="0823456789", name="Test", amount_tagging="off", test=True)
    async with httpx2.AsyncClient(base_url=base, headers={"X-API-Key": world.test_key}, trust_env=False) as client:

        async def post(path: str, **body: Any) -> Any:
            answer = await client.post(f"/api/v1{path}", json=body)
            assert answer.is_success, answer.text
            return answer.json()

        made = (await post("/payment/create", amount=150, orderId="A-1001"))["transaction"]
        await post("/payment/create", amount=151, orderId="ORDER-12345")
        endpoint = (await post("/webhooks/endpoints", url="https://shop.example/a"))["endpoint"]
        event = (await post(f"/webhooks/endpoints/{endpoint['id']}/test"))["event"]
    return {
        TRANSACTION: made["id"],
        "pi_06nz0nc5vj7r4gjx7c79l6za.png": made["clientSecret"].partition("_secret_")[0] + ".png",
        "we_06nz0nc5vj7r4gjx7c79l6za": endpoint["id"],
        "wh_06nz0nc5vj7r4gjx7c79l6za": event["id"],
    }


def filled(code: str, base: str, real: Mapping[str, str], world: World) -> str:
    """An example with this host, these keys and these ids in it."""
    code = code.replace(URL, base)
    for example, one in real.items():
        code = code.replace(example, one)
    return re.sub(r"pk_test_x+", world.test_public_key, re.sub(r"sk_test_x+", world.test_key, code))


async def test_every_curl_of_a_guide_does_what_it_says(
    ctx: Context, world: World, server: Callable[..., Server], tmp_path: Path
) -> None:
    running = server("--no-worker")
    real = await furnished(ctx, world, running.base)
    async with httpx2.AsyncClient(base_url=running.base, timeout=30, trust_env=False) as client:
        owner = await make_person(Gateway(client, ctx, world), "owner@shop.example", "owner")
        await owner.login()
        [taken] = await sql(
            ctx, "SELECT account_id FROM payments WHERE id = $1", UUID(real[TRANSACTION])
        )  # One of two.
        bank = await sources.add(ctx, account_id=taken["account_id"], kind="generic")
        moved = {"amount": 150, "occurredAt": datetime.now(UTC).isoformat(), "sendingBank": "004", "transRef": "D1"}
        told = await Gateway(client, ctx, world).tell(moved, secret=bank.secret, source=ids.show("src", bank.id))
        assert told.json()["outcome"] == "PAID", told.text
    count = 0
    for name in site().names:
        if name.startswith("api/"):
            continue
        for box in boxes(whole(site().page(name, "en"))):
            if box.tab != "curl":
                continue
            status, body = curl(tmp_path, filled(box.code, running.base, real, world), TOKEN=owner.token)
            assert 200 <= status < 300, (name, box.code, body)
            count += 1
        assert boxes(whole(site().page(name, "th"))) == boxes(whole(site().page(name, "en")))
    assert count >= 10


async def test_every_curl_of_the_reference_is_understood(
    ctx: Context, world: World, server: Callable[..., Server], tmp_path: Path
) -> None:
    """With a test key each is done, or refused for what it is about; for people, with an owner's token."""
    running = server("--no-worker")
    real = dict(await furnished(ctx, world, running.base))
    document = app.document(running.base)
    async with httpx2.AsyncClient(base_url=running.base, timeout=30, trust_env=False) as client:
        gateway = Gateway(client, ctx, world)
        owner = await (await make_person(gateway, "owner@shop.example", "owner")).login()
        admin = await make_admin(gateway)
    # The example of a change disables the endpoint that others need.
    for one in sorted(site().reference.operations, key=lambda one: one.id.startswith("updateEndpoint")):
        if one.id in {"watchPayment", "logout", "deleteEndpoint", "deleteEndpointInPerson"}:
            continue  # The first has no end; the others take away what the rest needs.
        shown = whole(site().page(f"api/{one.page}", "en"))
        part = shown.partition(f'<h2 id="{one.id}">')[2].partition("</section>")[0]
        code = next(box.code for box in boxes(part) if box.tab == "curl")
        token = admin.token if "/admin/" in one.path else owner.token
        secrets = {"whsec_...": world.source_secret, "src_06nz0nc5vj7r4gjx7c79l6za": world.source}
        status, body = await asyncio.to_thread(
            curl, tmp_path, filled(code, running.base, real | secrets, world), TOKEN=token
        )
        responses = document["paths"][one.path][one.method.lower()]["responses"]
        assert str(status) in responses and status < 500, (one.id, status, body)
        if one.scope is not None:
            assert status in ELSEWISE.get(one.id, {200, 201, 202, 404, 409}), (one.id, status, body)
            if one.tag in {"payments", "webhooks", "QR codes"} and one.id not in ELSEWISE:
                assert status < 300, (one.id, body)


@pytest.mark.parametrize("tab", ["Node.js", "PHP", "Python"])
async def test_the_other_languages_of_the_reference_ask_the_same(
    ctx: Context, world: World, server: Callable[..., Server], tmp_path: Path, tab: str
) -> None:
    running = server("--no-worker")
    real = await furnished(ctx, world, running.base)
    language, suffix = {"Node.js": ("node", "mjs"), "PHP": ("php", "php"), "Python": ("python", "py")}[tab]
    for name in ("createPayment", "getPayment", "listPayments", "drawCodes", "drawPayment", "testEndpoint"):
        one = next(one for one in site().reference.operations if one.id == name)
        shown = whole(site().page(f"api/{one.page}", "th")).partition(f'<h2 id="{name}">')[2]
        code = next(box.code for box in boxes(shown) if box.tab == tab)
        file = tmp_path / f"{name}.{suffix}"
        start = "<?php\n" if tab == "PHP" else ""
        file.write_text(start + filled(code, running.base, real, world), encoding="utf-8")
        done = run(tmp_path, [runtime(language), file.name])
        assert done.returncode == 0 and done.stdout.strip() and not done.stderr, (name, done)
        if name not in {"drawPayment"}:
            assert "error" not in done.stdout.lower(), (name, done.stdout)


def examples(name: str, tab: str) -> list[str]:
    """The boxes of a guide in one language."""
    return [box.code for box in boxes(whole(site().page(name, "en"))) if box.tab == tab]


@pytest.mark.parametrize("tab", ["Node.js", "PHP", "Python"])
async def test_the_guides_first_calls_run_with_the_library_of_this_host(
    ctx: Context, world: World, server: Callable[..., Server], tmp_path: Path, tab: str
) -> None:
    running = server("--no-worker")
    real = await furnished(ctx, world, running.base)
    language, suffix = {"Node.js": ("node", "cjs"), "PHP": ("php", "php"), "Python": ("python", "py")}[tab]
    library = FILES[language]
    (tmp_path / library).write_bytes(httpx2.get(f"{running.base}/sdk/{library}", trust_env=False).content)
    for guide, said in (("getting-started", f"{running.base}/pay/"), ("idempotency", "true")):
        file = tmp_path / f"example.{suffix}"
        file.write_text(filled(examples(guide, tab)[0], running.base, real, world), encoding="utf-8")
        done = await asyncio.to_thread(run, tmp_path, [runtime(language), file.name], PYTHONDONTWRITEBYTECODE="1")
        assert not done.stderr and said in done.stdout.lower(), (guide, done)


SECRET = webhooks.new_secret(bytes(range(32)))
BODY = (samples.body("payment.success") or "").encode()


def delivery(age_s: int = 0, body: bytes = BODY) -> dict[str, str]:
    """The headers of a delivery that was signed so long ago."""
    stamp = int(time.time()) - age_s
    return webhooks.sign([SECRET], event_id="wh_1", event_type="payment.success", timestamp_s=stamp, body=body)


def cases() -> dict[str, tuple[bytes, str, bool]]:
    """Bodies and headers as they may come now, and whether they are ours."""
    other = webhooks.new_secret(bytes(32))
    return {
        "good": (BODY, delivery()["Stripe-Signature"], True),
        "two secrets": (BODY, webhooks.stamp([other, SECRET], int(time.time()), BODY), True),
        "another secret": (BODY, webhooks.stamp([other], int(time.time()), BODY), False),
        "another body": (BODY + b" ", delivery()["Stripe-Signature"], False),
        "old": (BODY, delivery(webhooks.TOLERANCE_S + 60)["Stripe-Signature"], False),
        "new": (BODY, delivery(-webhooks.TOLERANCE_S - 60)["Stripe-Signature"], False),
        "empty": (BODY, "", False),
        "junk": (BODY, "t=x,v1=,v1=zz,=,t", False),
    }


CALLS = {
    "Node.js": (
        "node",
        "cjs",
        "{code}\nconsole.log(verify(require('fs').readFileSync('body'), process.env.HEADER, process.env.SECRET));",
    ),
    "PHP": (
        "php",
        "php",
        "{code}\necho verify(file_get_contents('body'), getenv('HEADER'), getenv('SECRET')) ? 'true' : 'false';",
    ),
    "Python": (
        "python",
        "py",
        "{code}\nimport os, pathlib\nbody = pathlib.Path('body').read_bytes()\n"
        "print(str(verify(body, os.environ['HEADER'], os.environ['SECRET'])).lower())",
    ),
}


@pytest.mark.parametrize("tab", CALLS)
def test_the_verification_without_a_library_believes_what_we_sign_and_nothing_else(tab: str, tmp_path: Path) -> None:
    language, suffix, call = CALLS[tab]
    [code] = [code for code in examples("webhooks", tab) if "createServer" not in code and "PayGate" not in code]
    (tmp_path / f"check.{suffix}").write_text(call.replace("{code}", code), encoding="utf-8")
    for name, (body, header, good) in cases().items():
        (tmp_path / "body").write_bytes(body)
        done = run(tmp_path, [runtime(language), f"check.{suffix}"], HEADER=header, SECRET=SECRET)
        assert done.stdout.strip() == str(good).lower() and not done.stderr, (name, done)


def test_the_verification_in_go_is_there() -> None:
    [code] = examples("webhooks", "Go")
    assert "hmac.Equal" in code and f"age > {webhooks.TOLERANCE_S}" in code


@pytest.mark.parametrize("tab", ["Node.js", "PHP", "Python"])
async def test_the_receivers_of_the_guide_take_a_webhook_and_refuse_a_stranger(
    server: Callable[..., Server], tmp_path: Path, tab: str
) -> None:
    running = server("--no-worker")
    language, suffix = {"Node.js": ("node", "cjs"), "PHP": ("php", "php"), "Python": ("python", "py")}[tab]
    library = FILES[language]
    (tmp_path / library).write_bytes(httpx2.get(f"{running.base}/sdk/{library}", trust_env=False).content)
    name = f"receive.{suffix}"
    (tmp_path / name).write_text(next(c for c in examples("webhooks", tab) if "ship" in c), encoding="utf-8")
    port = free_port()
    command = [runtime(language), *(["-S", f"127.0.0.1:{port}"] if tab == "PHP" else []), name]
    env = environment(WEBHOOK_SECRET=SECRET, PORT=str(port), PYTHONDONTWRITEBYTECODE="1")
    with subprocess.Popen(
        command, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as shop:
        try:
            async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
                deadline = time.monotonic() + 20
                while True:
                    try:
                        good = await client.post("/webhook", content=BODY, headers=delivery())
                        break
                    except httpx2.TransportError:
                        assert time.monotonic() < deadline
                        await asyncio.sleep(0.05)
                bad = await client.post("/webhook", content=BODY + b" ", headers=delivery())
        finally:
            shop.terminate()
            assert shop.stdout is not None
            said = shop.stdout.read()
    assert (good.status_code, bad.status_code) == (200, 401), said
    assert "ship A-1001 wh_" in said


def test_the_places_of_the_environment_that_examples_use_are_set_by_nobody_else() -> None:
    assert not {"WEBHOOK_SECRET", "TOKEN"} & set(os.environ)
    assert PASSWORD in " ".join(examples("people", "curl"))
