"""What holds the answers of all these tests to the API's document, itself tried with answers that do not fit."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.contract import broken
from tests.faces.conftest import Gateway

LIVE: dict[str, Any] = {"status": True, "code": 200, "message": "OK", "data": {"status": "alive"}}
JSON = {"content-type": "application/json", "request-id": "req_x"}


@pytest.mark.parametrize(
    ("status", "headers", "body", "problem"),
    [
        (200, JSON, LIVE, None),
        (405, JSON, {}, None),
        (418, JSON, LIVE, "418 is not in the document"),
        (200, {**JSON, "content-type": "text/html"}, LIVE, "is text/html"),
        (200, {**JSON, "retry-after": "1"}, LIVE, "has the header Retry-After"),
        (200, JSON, {**LIVE, "more": 1}, "Additional properties are not allowed"),
        (200, JSON, {**LIVE, "code": "200"}, "'/code'|code"),
        (200, JSON, {**LIVE, "data": {"status": "asleep"}}, "asleep"),
        (500, JSON, LIVE, "requestId"),
    ],
)
def test_an_answer_that_the_document_does_not_know_is_told(
    status: int, headers: dict[str, str], body: dict[str, Any], problem: str | None
) -> None:
    found = broken("GET", "/api/health/live", status, headers, json.dumps(body).encode())
    if problem is None:
        assert found is None
    else:
        assert found is not None
        assert any(word in found for word in problem.split("|")), found


async def test_money_is_no_text_and_nothing_is_missing_from_a_payment(gateway: Gateway) -> None:
    made = await gateway.create(orderId="A-1")
    path = f"/api/v1/payment/{made['id']}"
    answer = (await gateway.ask("GET", path)).json()

    def told(**changes: Any) -> str | None:
        changed = {**answer, "transaction": {**answer["transaction"], **changes}}
        return broken("GET", path, 200, JSON, json.dumps(changed).encode())

    assert told() is None
    assert told(amount="150") and told(status="DONE") and told(fee=None) and told(mode="prod") and told(extra=1)
