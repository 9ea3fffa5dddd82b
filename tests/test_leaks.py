"""No secret is in a log: the search for them, tried with secrets that are planted; and what hides them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from paygate import telemetry
from paygate.services import accounts, keys, sources, users
from paygate.services.context import Context
from tests.leaks import Watch, watching
from tests.servers import Server
from tests.worlds import make_world

PASSWORD = "correct horse battery staple"


async def test_every_secret_that_is_made_is_remembered_and_found(ctx: Context) -> None:
    watch = Watch()
    with watching(watch):
        world = await make_world(ctx, hook="https://shop.example/hook")
        biller = {"promptpay": "0812345678", "bank": "014", "number": "4061234567", "biller_id": "010556012345601"}
        account = await accounts.add(ctx, owner=0, name="บริษัท เพย์เกต จำกัด", **biller)
        bank = await sources.add(ctx, account_id=account.id, kind="scb")
        await users.create_admin(ctx, email="a@b.co", password=PASSWORD)
        key = await keys.create(ctx, merchant_id=world.merchant_id, kind="secret", mode="live")
    made = {
        world.secret_key,
        world.test_key,
        world.source_secret,
        world.endpoint_secret,
        bank.secret,
        key.text,
        PASSWORD,
    }
    assert not watch.found()
    for secret in made:
        watch.hear(json.dumps({"event": "oops", "given": f"<{secret}>"}))
    assert {line.partition(": ")[0] for line in watch.found()} == made


def test_what_a_process_of_its_own_writes_to_its_log_is_searched(dsn: str, tmp_path: Path) -> None:
    watch = Watch()
    watch.remember("planted-secret-of-nobody")
    running = Server(dsn, tmp_path, ["--no-worker"], {}, watch=watch).start()
    httpx2.get(f"{running.base}/api/v1/planted-secret-of-nobody", trust_env=False)
    running.stop()  # A request's line is written after its answer.
    [line] = watch.found()
    assert "/api/v1/planted-secret-of-nobody" in line


def test_a_secret_of_another_process_is_known_by_its_form() -> None:
    watch = Watch()
    for secret in (f"sk_live_{'a' * 33}", f"whsec_{'b' * 44}", f"pi_06nz0nc5_secret_{'c' * 43}"):
        watch.hear(f"said {secret} aloud")
        assert len(watch.found()) == 1
        watch = Watch()
    watch.hear("sk_live_... is a secret key, and pk_live_" + "a" * 33 + " is none")
    assert not watch.found()


def test_a_line_hides_what_has_the_form_of_a_secret(capsys: pytest.CaptureFixture[str]) -> None:
    given = [f"sk_live_{'a' * 33}", f"whsec_{'b' * 44}", f"pi_06nz0nc5_secret_{'c' * 43}"]
    dsn = "postgresql://paygate:hunter2hunter2@127.0.0.1/paygate"
    try:
        raise ValueError(f"cannot use {given[0]} at {dsn}")
    except ValueError as error:
        telemetry.logger("test").error("oops", path=f"/x/{given[1]}", exc_info=error, given=given)
    line = capsys.readouterr().err
    assert not any(one in line for one in given) and "hunter2" not in line
    told = json.loads(line)
    assert told["path"] == "/x/whsec_***" and told["given"] == ["sk_live_***", "whsec_***", "pi_06nz0nc5_secret_***"]
    assert "postgresql://paygate:***@127.0.0.1/paygate" in told["exception"]


def test_a_client_who_puts_a_key_into_an_address_does_not_put_it_into_our_log(
    server: Callable[..., Server],
) -> None:
    running = server("--no-worker")
    httpx2.get(f"{running.base}/api/v1/payment/sk_live_{'a' * 33}", trust_env=False)
    running.stop()
    assert "/api/v1/payment/sk_live_***" in running.log.read_text()
