"""The three libraries behind one set of calls, so that a test is written once and all must behave alike."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

HERE = Path(__file__).parent
LANGUAGES = ("node", "php", "python")
RUNNERS = {"node": "node", "php": "php", "python": sys.executable}
FILES = {"node": "paygate-node.js", "php": "PayGate.php", "python": "PayGate.py"}
_SUFFIX = {"node": "js", "php": "php", "python": "py"}
_NAMES = {"from": "from_", "baseUrl": "base_url", "maxRetries": "max_retries"}


class SdkError(Exception):
    """What a library threw: `name` without the decoration of its language, and the facts it told."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.name = re.sub(r"^PayGate(?=.)|Exception$|Error$", "", told["name"])
        self.told = told
        super().__init__(f"{told['name']}: {told['message']}")


def runtime(language: str) -> str:
    """The program that runs *language*; without it the test is skipped, or fails where everything is demanded."""
    found = shutil.which(RUNNERS[language])
    if found is None and os.environ.get("PAYGATE_REQUIRE_ALL") == "1":
        pytest.fail(f"{language} is not installed, and PAYGATE_REQUIRE_ALL=1 demands every check")
    return found or pytest.skip(f"{language} is not installed")


def environment(**more: str) -> dict[str, str]:
    """This process's environment without a proxy in it."""
    return {n: v for n, v in os.environ.items() if not n.lower().endswith("_proxy")} | more


class Sdk:
    """A client of one library, in a process of its own. Calls have Node's names and the arguments listed here."""

    def __init__(self, language: str, library: Path, key: str, **options: Any) -> None:
        self.language = language
        self._process = subprocess.Popen(
            [runtime(language), str(HERE / f"driver.{_SUFFIX[language]}")],
            env=environment(LIBRARY=str(library)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.renew(key, **options)

    def renew(self, key: str, **options: Any) -> None:
        """Another client in the same process."""
        if self.language == "python":
            self._ask("new", [key], {_NAMES[name]: value for name, value in options.items()})
        else:
            self._ask("new", [key, options])

    def create_payment(self, key: str | None = None, **fields: Any) -> Any:
        if self.language == "node":
            return self._ask("createPayment", [fields, {"idempotencyKey": key} if key else {}])
        amount, order = fields.pop("amount", None), fields.pop("orderId", None)
        description = fields.pop("description", None)
        if self.language == "php":
            return self._ask("createPayment", [amount, order, description, fields, key])
        return self._ask("create_payment", [amount, order, description], {**fields, "idempotency_key": key})

    def with_fields(self, call: str, *args: Any, **fields: Any) -> Any:
        """A call whose last argument is a bag of fields: an object, or Python's keywords."""
        if self.language == "python":
            return self._ask(_snake(call), list(args), {_NAMES.get(name, name): v for name, v in fields.items()})
        return self._ask(call, [*args, fields])

    def create_endpoint(self, url: str, **more: Any) -> Any:
        return (
            self._ask("createWebhookEndpoint", [{"url": url, **more}])
            if self.language == "node"
            else (self.with_fields("createWebhookEndpoint", url, **more))
        )

    def settle(self, amount: float) -> Any:
        return self.call("createSettlement", {"amount": amount} if self.language == "node" else amount)

    def redeliver(self, event_id: str, endpoint_id: str) -> Any:
        if self.language == "php":
            return self.call("redeliverWebhookEvent", event_id, endpoint_id)
        name = "endpoint_id" if self.language == "python" else "endpointId"
        return self.with_fields("redeliverWebhookEvent", event_id, **{name: endpoint_id})

    def call(self, name: str, *args: Any) -> Any:
        """A call whose arguments are the same in every language."""
        return self._ask(_snake(name) if self.language == "python" else name, list(args))

    def refused(self, name: str, *args: Any) -> SdkError:
        """The error of a call that must fail."""
        with pytest.raises(SdkError) as caught:
            self.call(name, *args)
        return caught.value

    def _ask(self, call: str, args: list[Any], kwargs: dict[str, Any] | None = None) -> Any:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps({"call": call, "args": args, "kwargs": kwargs or {}}).encode() + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"the driver for {self.language} ended"
        answer = json.loads(line)
        if "error" in answer:
            raise SdkError(answer["error"])
        return answer["ok"]

    def __enter__(self) -> Sdk:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


def _snake(name: str) -> str:
    return re.sub(r"[A-Z]", lambda letter: f"_{letter[0].lower()}", name)
