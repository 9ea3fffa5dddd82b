"""/account/password: a page that only its own script runs on, and whose token nobody is told but this host."""

from __future__ import annotations

import base64
import hashlib
import json
import re

from playwright.async_api import Browser

from paygate.services import team
from paygate.web import pages
from tests.browsers import PHONE, browser, visiting  # noqa: F401
from tests.faces.conftest import Gateway
from tests.faces.people import PASSWORD, Someone

CATALOGUE: dict[str, dict[str, str]] = json.loads((pages.FOLDER / "words" / "password.json").read_text("utf-8"))


async def test_the_page_runs_its_own_script_alone_and_speaks_to_this_host_alone(gateway: Gateway) -> None:
    for lang in ("th", "en"):
        answer = await gateway.client.get(f"/account/password?lang={lang}")
        assert (answer.status_code, answer.headers["content-language"]) == (200, lang)
        assert CATALOGUE["title"][lang] in answer.text and CATALOGUE["save"][lang] in answer.text
        script = re.search(r"<script>(.*)</script>", answer.text, re.DOTALL)
        assert script is not None
        digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'") and f"script-src 'sha256-{digest}'; connect-src 'self'" in policy
        assert answer.headers["referrer-policy"] == "no-referrer" and answer.headers["cache-control"] == "no-store"
        assert not re.search(r"\bon[a-z]+=|style=|javascript:|(?:src|action)=", answer.text.replace(script[1], ""))


def test_every_word_is_there_in_both_languages() -> None:
    assert all(set(said) == {"th", "en"} and all(said.values()) for said in CATALOGUE.values())


async def test_an_invitations_link_opens_the_page_on_which_its_person_joins(
    gateway: Gateway,
    browser: Browser,  # noqa: F811
) -> None:
    made = await team.invite(
        gateway.ctx, gateway.world.merchant_id, email="new@shop.example", role="staff", actor="cli"
    )
    base = str(gateway.client.base_url).rstrip("/")
    async with visiting(browser, base, **PHONE) as seen:
        await seen.page.goto(f"{base}/account/password?lang=en#{made.token}")
        for name in ("new", "again"):
            await seen.page.fill(f"#{name}", PASSWORD)
        await seen.page.click("button")
        await seen.page.wait_for_selector(".result.credit")
        assert CATALOGUE["done"]["en"] in await seen.page.inner_text("body")
        assert made.token not in seen.page.url and not seen.wrong
    joined = await Someone(gateway, "new@shop.example").login()
    assert (await joined.ask("GET", "/api/auth/me")).json()["user"]["role"] == "staff"
