"""/forwarder: a page without a script that keeps nothing, and the programs that it hands out."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import os
import re
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from paygate.banks.notices.text import BANGKOK
from paygate.cli.notice import WHY
from paygate.core import errors as core_errors
from paygate.core import ids
from paygate.services import sources
from paygate.web import errors, pages
from tests.faces.conftest import Gateway

CATALOGUE: dict[str, dict[str, str]] = json.loads((pages.FOLDER / "words" / "forwarder.json").read_text("utf-8"))
SMS = "20/11/69 10:05 บช X-1234 เงินเข้า 1,150.00 คงเหลือ 8,437.27 บ."


async def posted(gateway: Gateway, lang: str = "en", **fields: str) -> Any:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return await gateway.client.post(f"/forwarder?lang={lang}", content=urlencode(fields), headers=headers)


async def test_the_page_needs_nobody_else_and_runs_nothing(gateway: Gateway) -> None:
    for lang in ("th", "en"):
        answer = await gateway.client.get(f"/forwarder?lang={lang}")
        html = answer.text
        assert (answer.status_code, answer.headers["content-language"]) == (200, lang)
        assert CATALOGUE["title"][lang] in html
        assert not re.search(r"<script|<img|<link|<iframe|\bon[a-z]+=|style=|javascript:", html)
        assert not re.search(r"(?:src|href|action)=\"(?!/forwarder|\?lang=)", html)
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        sheet = re.search(r"<style>(.*)</style>", html, re.DOTALL)
        assert sheet is not None
        digest = hashlib.sha256(sheet[1].encode()).digest()
        assert base64.b64encode(digest).decode() in policy
        assert "http://127.0.0.1:8000/api/bank/src_..." in html


async def test_the_language_is_asked_for_or_what_the_browser_wants_most(gateway: Gateway) -> None:
    for asked, accepted, lang in (
        ("?lang=en", "th", "en"), ("", "en-US,en;q=0.9", "en"), ("", "th-TH", "th"), ("", "fr", "en"), ("", "", "th"),
        ("?lang=xx", "", "th"),
    ):  # fmt: skip
        answer = await gateway.client.get(f"/forwarder{asked}", headers={"Accept-Language": accepted})
        assert answer.headers["content-language"] == lang


async def test_a_pasted_text_is_read_and_nothing_is_kept(gateway: Gateway) -> None:
    before = await gateway.counts()
    english, thai = (
        await posted(gateway, sender="KBank", text=SMS),
        await posted(gateway, "th", sender="KBank", text=SMS),
    )
    for word in ("Money in", "฿1,150.00", "X-1234", "20 Nov 2026, 10:05", "฿8,437.27"):
        assert word in english.text
    for word in ("เงินเข้า", "20 พ.ย. 2569 10:05 น."):
        assert word in thai.text
    for text, said in (("OTP 123456", CATALOGUE["OTP"]["en"]), ("อะไรก็ไม่รู้", CATALOGUE["NOT_UNDERSTOOD"]["en"])):
        assert said in (await posted(gateway, sender="SCB", text=text)).text
    assert CATALOGUE["SPOOFED"]["en"] in (await posted(gateway, sender="0812345678", text=SMS)).text
    assert await gateway.counts() == before


async def test_what_is_pasted_is_text_and_never_html(gateway: Gateway) -> None:
    hostile = "<script>alert(1)</script>{{ 7 * 7 }}\"'><img src=x>"
    answer = await posted(gateway, sender=hostile, text=hostile)
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert "<img" not in answer.text
    assert "{{ 7 * 7 }}" in answer.text
    payer = await posted(gateway, sender="SCB", text="เงินเข้า 10.00 บาท จาก <b>x</b>")
    assert "&lt;b&gt;x&lt;/b&gt;" in payer.text


async def test_a_form_that_is_empty_too_long_or_broken_is_refused_in_words(gateway: Gateway) -> None:
    empty = await posted(gateway, sender=" ", text="x")
    assert (empty.status_code, CATALOGUE["empty"]["en"] in empty.text) == (400, True)
    long = await posted(gateway, sender="SCB", text="x" * 4_001)
    assert (long.status_code, CATALOGUE["too_long"]["en"] in long.text) == (400, True)
    huge = await posted(gateway, sender="SCB", text="x" * 70_000)
    assert (huge.status_code, "text/html" in huge.headers["content-type"]) == (413, True)
    broken = await gateway.client.post("/forwarder", content=b"text=\xff\xfe&" + b"a=1&" * 20)
    assert broken.status_code == 400
    wrong = await gateway.client.put("/forwarder")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET, HEAD, POST")
    assert wrong.headers["request-id"] in wrong.text


def test_every_word_of_the_page_is_there_in_both_languages() -> None:
    assert all(set(said) == {"th", "en"} and all(said.values()) for said in CATALOGUE.values())
    source = pages.source("forwarder.html")
    used = set(re.findall(r"\bw\.(\w+)", source)) | set(re.findall(r'w\["(\w+)"\]', source))
    coded = {"credit", "ignored", "unread", "empty", "too_long", *WHY}
    assert used | coded == set(CATALOGUE)
    # Nothing to read stands in the templates themselves but names, code and examples.
    bare = re.sub(
        r"<pre.*?</pre>|<style.*?</style>|{[{%].*?[%}]}|<[^>]+>", " ", pages.source("forwarder.html"), flags=re.DOTALL
    )
    assert set(re.findall(r"[A-Za-zก-๙]{2,}", bare)) <= {"PayGate"}


@pytest.mark.parametrize("reason", WHY)
def test_every_reason_of_the_reader_has_its_words(reason: str) -> None:
    assert reason in CATALOGUE


def test_every_leaf_of_the_error_tree_has_its_page() -> None:
    leaves = [kind for kind in vars(core_errors).values() if isinstance(kind, type) and not kind.__subclasses__()]
    assert not [leaf for leaf in leaves if issubclass(leaf, core_errors.PayGateError) and leaf not in errors.TABLE]
    said = {lang: pages.words("refused", lang) for lang in pages.LANGUAGES}
    statuses = {str(status) for status in errors.TABLE.values()} - {"401", "422"}
    assert all(statuses <= set(words) for words in said.values())


class Termux:
    """A phone as Termux:API shows it: commands that print what the phone has."""

    def __init__(self, folder: Path, script: str, url: str, secret: str) -> None:
        self.folder = folder
        self.script = folder / "paygate-forward.py"
        self.script.write_text(script)
        self.env = {
            "PATH": f"{folder}:{os.environ['PATH']}",
            "PAYGATE_SOURCE_URL": url,
            "PAYGATE_SOURCE_SECRET": secret,
            "PAYGATE_SEEN": str(folder / "seen.json"),
        }

    def shows(self, command: str, rows: list[dict[str, Any]]) -> None:
        (self.folder / f"{command}.json").write_text(json.dumps(rows))
        path = self.folder / command
        path.write_text(f'#!/bin/sh\ncat "{self.folder}/{command}.json"\n')
        path.chmod(0o700)

    async def runs(self, *words: str) -> tuple[int, str]:
        """What the script says, without blocking the server that runs in this process."""
        command = [sys.executable, "-I", str(self.script), *words]
        done = await asyncio.to_thread(
            subprocess.run, command, env=self.env, capture_output=True, text=True, timeout=60, check=False
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
async def termux(gateway: Gateway, tmp_path: Path) -> Termux:
    made = await sources.add(gateway.ctx, account_id=gateway.world.account_id, kind="notice")
    script = (await gateway.client.get("/forwarder/paygate-forward.py")).text
    url = f"{gateway.client.base_url}/api/bank/{ids.show('src', made.id)}".replace("//api", "/api")
    return Termux(tmp_path, script, url, made.secret)


def scb(amount: str, balance: str) -> str:
    return f"{datetime.now(BANGKOK):%d/%m@%H:%M} {amount} จากKTB/x129439เข้าx234567 ใช้ได้{balance}บ"


async def test_the_termux_script_forwards_bank_texts_once_and_nothing_else(gateway: Gateway, termux: Termux) -> None:
    made = await gateway.create()
    now = datetime.now()
    termux.shows(
        "termux-sms-list",
        [
            {"_id": 7, "address": "แม่", "body": "กินข้าวยัง", "received": f"{now:%Y-%m-%d %H:%M:%S}"},
            {"_id": 8, "number": "027777777", "body": scb("150.00", "1,150.00"), "received": f"{now:%Y-%m-%d %H:%M}"},
        ],
    )
    termux.shows(
        "termux-notification-list",
        [
            {"key": "a", "packageName": "com.whatsapp", "title": "SCB", "content": "เงินเข้า 9.00 บาท", "when": "x"},
            {
                "key": "b",
                "packageName": "com.scb.phone",
                "title": "",
                "content": "OTP 1",
                "when": f"{now:%Y-%m-%d %H:%M:%S}",
            },
        ],
    )
    code, said = await termux.runs("run", "once")
    assert (code, said.count(" 200 "), "PAID" in said, made["id"] in said) == (0, 2, True, True), said
    assert await termux.runs("run", "once") == (0, "")
    assert (await gateway.counts())["notices"] == 2


async def test_the_termux_script_tests_itself_sends_one_text_and_tries_again_later(
    gateway: Gateway, termux: Termux
) -> None:
    before = await gateway.counts()
    code, said = await termux.runs("test", "SCB", scb("150.00", "1,150.00"))
    assert (code, '"account":"MATCH"' in said, "would be taken as money" in said) == (0, True, True), said
    code, said = await termux.runs("test")
    assert (code, "It works: the host was reached" in said) == (0, True), said
    code, said = await termux.runs("test", "SCB", scb("150.00", "1,150.00").replace("x234567", "x000000"))
    assert (code, "does not show this source's account" in said) == (0, True), said
    code, said = await termux.runs("test", "SCB", "OTP 123456")
    assert (code, "no money that came in" in said) == (0, True), said
    assert await gateway.counts() == before
    code, said = await termux.runs("send", "SCB", scb("150.00", "1,150.00"))
    assert (code, "ORPHAN" in said) == (0, True), said
    termux.shows("termux-sms-list", [{"_id": 1, "address": "SCB", "body": scb("2.00", "1,152.00"), "received": "?"}])
    termux.shows("termux-notification-list", [])
    right, termux.env["PAYGATE_SOURCE_SECRET"] = termux.env["PAYGATE_SOURCE_SECRET"], "wrong"
    code, said = await termux.runs("test")
    assert (code, "did not take it" in said) == (1, True), said
    assert (await termux.runs("run", "once"))[0] == 1
    termux.env["PAYGATE_SOURCE_SECRET"] = right
    assert (await termux.runs("run", "once"))[0] == 0
    assert (await gateway.counts())["notices"] == 2


def test_the_tasker_script_signs_as_the_host_expects() -> None:
    node = shutil.which("node")
    if node is None:
        if os.environ.get("PAYGATE_REQUIRE_ALL") == "1":
            pytest.fail("node is needed")
        pytest.skip("no node here")
    for secret, text in (("whsec_abc", SMS), ("k" * 100, "x" * 3_000), ("", "ก😀\n\"'")):
        given = f"var secret={json.dumps(secret)},text={json.dumps(text)},sender='KBank';"
        program = given + pages.source("forwarder/tasker.js") + "console.log(JSON.stringify([body, signature]))"
        done = subprocess.run([node, "-e", program], capture_output=True, text=True, timeout=30, check=True)
        body, signature = json.loads(done.stdout)
        stamp = re.fullmatch(r"t=(\d+),v1=[0-9a-f]{64}", signature)
        assert stamp is not None
        wanted = hmac.new(secret.encode(), f"{stamp[1]}.{body}".encode(), hashlib.sha256).hexdigest()
        assert signature.endswith(wanted)
        assert json.loads(body)["text"] == text
