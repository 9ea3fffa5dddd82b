"""/account/password: a page that only its own script runs on, and whose token nobody is told but this host."""

from __future__ import annotations

import base64
import hashlib
import json
import re

from paygate.web import pages
from tests.faces.conftest import Gateway

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
