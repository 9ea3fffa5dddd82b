"""What the system log says of a request, and in which order lines of one moment stand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from paygate.core.errors import Bug, InvalidInput, SlotsExhausted
from paygate.core.system_log import MOST_KEY, Facts, Place, field_of, of_request, place_of, reason_of, worth_keeping

AT = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
PAYMENT = "0193f0a4-c5d2-7c9e-8b1a-2f3e4d5c6b7a"
FACTS = Facts(41, "live", "req_1", "POST", "/x", "/x", 400, 12, "INVALID_INPUT", "amount")


@pytest.mark.parametrize(
    ("method", "status", "kept"),
    [
        ("GET", 200, False),
        ("HEAD", 304, False),
        ("OPTIONS", 204, False),
        ("GET", 404, True),
        ("GET", 503, True),
        ("POST", 201, True),
        ("DELETE", 200, True),
        ("POST", 499, False),
        ("POST", 0, False),
    ],
)
def test_reads_that_went_well_are_no_news(method: str, status: int, kept: bool) -> None:
    assert worth_keeping(method, status) is kept


@pytest.mark.parametrize(
    ("form", "values", "path", "shown"),
    [
        ("/a/{payment_id}", {"payment_id": PAYMENT}, f"/a/{PAYMENT}", "/a/{payment_id}"),
        ("/a/{id}/b", {"id": "we_06nz0nc5vj7r4gjx7c79l6za"}, "/a/we_06nz0nc5vj7r4gjx7c79l6za/b", "/a/{id}/b"),
        ("/o/{order_id:path}", {"order_id": "somchai@example.com"}, "/o/{order_id}", "/o/{order_id}"),
        ("/a/{id}", {"id": "sk_live_" + "A" * 33}, "/a/{id}", "/a/{id}"),
        ("/a/{id}", {"id": "sk_" + "a" * 24}, "/a/{id}", "/a/{id}"),
        ("/a/{id}", {"id": "pi_06nz0nc5vj7r4gjx7c79l6za_secret_abc"}, "/a/{id}", "/a/{id}"),
        ("/a/{id}", {}, "/a/{id}", "/a/{id}"),
        (None, {}, "an unknown address", "an unknown address"),
    ],
)
def test_of_an_address_only_ids_of_ours_are_told(
    form: str | None, values: dict[str, str], path: str, shown: str
) -> None:
    assert place_of(form, values) == (path, shown)


def test_errors_are_words_and_fields_end_where_the_senders_own_names_begin() -> None:
    assert reason_of(InvalidInput()) == "INVALID_INPUT" and reason_of(Bug()) == "BUG" and reason_of(None) is None
    assert reason_of(SlotsExhausted()) == "SLOTS_EXHAUSTED"
    assert [
        field_of(name) for name in ("metadata.somchai", "payments[3].amount", "Idempotency-Key", "สมชาย", None)
    ] == [*("metadata", "payments", "Idempotency-Key", None, None)]


def test_a_line_says_what_came_of_a_request() -> None:
    line = of_request(AT, UUID(int=7), FACTS, 1)
    assert (line.level, line.source, line.message) == ("warn", "http", "POST /x: 400 INVALID_INPUT (amount)")
    ours = of_request(AT, UUID(int=7), replace(FACTS, status=500, reason=None, field=None), 3)
    assert (ours.level, ours.source, ours.message) == ("error", "error", "POST /x: 500, 3 times")
    good = of_request(AT, UUID(int=7), replace(FACTS, status=201, reason=None, field=None), 1)
    assert (good.level, good.message) == ("info", "POST /x: 201")


def test_a_page_goes_on_behind_its_last_line_though_several_sources_have_lines_of_one_moment() -> None:
    place = Place(AT, 1, (5, 6))
    assert place.before(0) == (AT, (0, 0)), "lines of this moment came before"
    assert place.before(1) == (AT, (5, 6))
    assert place.before(2) == (AT, (MOST_KEY, MOST_KEY)), "lines of this moment come yet"
