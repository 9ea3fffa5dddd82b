"""The API's document: nothing that is served is missing from it, and whatever it shows is as it says."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import jsonschema_rs
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from paygate import app
from paygate.core import webhooks
from paygate.core.errors import Bug
from paygate.core.events import (
    ENDPOINT_EVENTS,
    EVENT_TYPES,
    PAYMENT_EVENTS,
    SETTLEMENT_EVENTS,
    Announcement,
    of_endpoint,
    of_merchant,
    of_payment,
    of_refund,
    of_settlement,
    of_verification,
    timestamp,
)
from paygate.core.payments import Oddity
from paygate.core.payouts import PayoutStatus, Refund
from paygate.core.slips import told_of_money, told_of_slip
from paygate.wire import Address, openapi
from paygate.wire.openapi import example_of
from paygate.wire.operations import ANYBODY, Operation, Part, reply
from tests.contract import with_its_parts
from tests.core.samples import NOON, paid, payment, uid
from tests.core.test_payouts import ASKED

DOCUMENT = app.document("https://pay.example.com", 1_000, 2_000_000)


@cache
def validator(reference: str) -> jsonschema_rs.Draft202012Validator:
    return fits({"$ref": reference})


def fits(schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(with_its_parts(schema, DOCUMENT["components"]))


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def media(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for kind, one in operation.get("requestBody", {}).get("content", {}).items():
        yield f"request {kind}", one
    for status, answer in operation["responses"].items():
        for kind, one in answer.get("content", {}).items():
            yield f"{status} {kind}", one


def test_every_address_says_what_it_does() -> None:
    served = {
        (one.path, method): handler
        for one in app.ADDRESSES
        for method, handler in one.handlers.items()
        if method != "HEAD" and handler not in app.UNTOLD
    }
    silent = [f"{method} {path}" for (path, method), handler in served.items() if handler not in app.OPERATIONS]
    assert not silent, (
        f"{silent}: add them to OPERATIONS in the face's operations.py, or, for pages, to HANDLERS in paygate/web"
    )
    assert set(app.OPERATIONS) <= set(served.values()), "an operation has no address"
    assert not set(app.OPERATIONS) & app.UNTOLD
    assert len(list(operations())) == len(served)


def test_it_is_openapi_3_1() -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()] == []


def test_every_operation_has_a_name_of_its_own_words_and_its_errors() -> None:
    names = [operation["operationId"] for _, operation in operations()]
    assert len(names) == len(set(names))
    for where, operation in operations():
        assert operation["summary"] and operation["description"], where
        assert set(operation["tags"]) <= {tag["name"] for tag in DOCUMENT["tags"]}, where
        assert {"500", "503"} <= set(operation["responses"]), where
        if any(operation["security"]):
            assert "401" in operation["responses"], where
        for status, answer in operation["responses"].items():
            assert answer["description"], (where, status)
            assert "Request-Id" in answer["headers"], (where, status)


def test_every_field_is_described() -> None:
    def bare(schema: Any, where: str) -> Iterator[str]:
        for name, one in schema.get("properties", {}).items():
            parts = [one, one.get("items", {}), *one.get("anyOf", ())]
            if not one.get("description") and not any("$ref" in part for part in parts):
                yield f"{where}.{name}"
            yield from bare(one, f"{where}.{name}")

    for name, schema in DOCUMENT["components"]["schemas"].items():
        assert schema["description"], name
        assert list(bare(schema, name)) == []
    for where, operation in operations():
        for parameter in operation["parameters"]:
            assert "$ref" in parameter or parameter["description"], (where, parameter["name"])


def test_every_example_is_what_the_document_says() -> None:
    count = 0
    for where, operation in operations():
        for what, one in media(operation):
            schema = fits(one["schema"])
            shown = [one["example"]] if "example" in one else [e["value"] for e in one.get("examples", {}).values()]
            for example in shown:
                assert not list(schema.iter_errors(example)), (where, what, example)
                count += 1
        for parameter in operation["parameters"]:
            if "example" in parameter:
                assert fits(parameter["schema"]).is_valid(parameter["example"]), (where, parameter["name"])
    assert count > 150
    for name, schema in DOCUMENT["components"]["schemas"].items():
        example = example_of(schema, DOCUMENT["components"]["schemas"])
        assert validator(f"#/components/schemas/{name}").is_valid(example), name


MADE = (uid(5), NOON)
REFUND = Refund(
    merchant_id=41,
    mode="live",
    id=uid(6),
    amount_satang=10_000,
    status=PayoutStatus.REQUESTED,
    sequence=1,
    approved_by=None,
    second_by=None,
    claimed_by=None,
    claimed_at=None,
    bank_reference=None,
    reason=None,
    created_at=NOON,
    completed_at=None,
    paid_from=None,
    payment_id=uid(1),
    flow="central",
    fee_returned_satang=0,
    vat_returned_satang=0,
    shortfall_satang=0,
    words=None,
    payee=None,
)


def told() -> Iterator[Announcement]:
    """Every event there is, as merchants are told of it."""
    odd = paid(metadata='{"ลูกค้า":{"2":[1.5,null]}}', exception=Oddity.LATE, order_id=None, payable_satang=15_007)
    for event_type in PAYMENT_EVENTS:
        if event_type == "payment.verification":
            yield of_verification(payment(), told_of_slip("REJECTED", "NO_QR", NOON), *MADE)
            yield of_verification(payment(), told_of_money("UNDERPAID", NOON), *MADE)
        else:
            yield of_payment(event_type, odd, *MADE)
            yield of_payment(event_type, payment(), *MADE)
    for refund in (REFUND, replace(REFUND, status=PayoutStatus.COMPLETED, bank_reference="R-1", completed_at=NOON)):
        yield of_refund("payment.refunded", odd, refund, *MADE)
    yield of_refund("refund.account_given", odd, REFUND, *MADE)
    yield of_refund("refund.failed", odd, REFUND, *MADE)
    account = {"accountId": "acc_1", "promptPayId": "xxxxxx5678", "billerId": None, "bank": "014"}
    account |= {"accountNumber": None, "accountName": "Shop"}
    yield of_merchant("account.changed", 41, uid(8), account, *MADE)
    place = {"destinationId": "dst_1", "promptPayId": "xxxxxx5678", "bank": None, "accountNumber": None}
    place |= {"accountName": "Shop", "usableAt": timestamp(NOON)}
    yield of_merchant("destination.changed", 41, uid(8), place, *MADE)
    late = {"invoiceId": "inv_1", "number": "INV-0001", "month": "2026-11", "toPay": 64.2, "dueOn": "2026-12-16"}
    yield of_merchant("invoice.overdue", 41, uid(8), late, *MADE)
    for valid_from in (None, timestamp(NOON)):
        yield of_merchant("plan.changed", 41, uid(9), {"plan": "pro", "feeBps": None, "validFrom": valid_from}, *MADE)
    for event_type in SETTLEMENT_EVENTS:
        yield of_settlement(event_type, ASKED, *MADE)
        yield of_settlement(event_type, replace(ASKED, bank_reference="R-1", reason="no", completed_at=NOON), *MADE)
    for event_type in ENDPOINT_EVENTS:
        for reason in (None, "The receiver answered 410 Gone."):
            yield of_endpoint(
                event_type,
                merchant_id=41,
                mode="live",
                endpoint_id=uid(7),
                url="https://shop.example/",
                reason=reason,
                sequence=1,
                event_id=uid(5),
                at=NOON,
            )


def test_a_webhook_is_told_for_every_event_and_each_body_is_as_it_says() -> None:
    bodies = DOCUMENT["webhooks"]
    assert set(bodies) == set(EVENT_TYPES)
    names = [one["post"]["operationId"] for one in bodies.values()] + [one["operationId"] for _, one in operations()]
    assert len(names) == len(set(names))
    strict = copy.deepcopy(DOCUMENT["components"])
    for schema in strict["schemas"].values():
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    seen = set()
    for one in told():
        schema = bodies[one.type]["post"]["requestBody"]["content"]["application/json"]["schema"]
        closed = jsonschema_rs.Draft202012Validator(with_its_parts(schema, strict))
        problems = [f"{error.instance_path}: {error.message}" for error in closed.iter_errors(json.loads(one.body))]
        assert not problems, (one.type, problems)
        seen.add(one.type)
    assert seen == set(EVENT_TYPES)


def test_a_webhooks_example_fits_and_its_headers_are_those_that_are_sent() -> None:
    secret = webhooks.new_secret(bytes(32))
    for event_type, item in DOCUMENT["webhooks"].items():
        said = item["post"]
        media = said["requestBody"]["content"]["application/json"]
        assert fits(media["schema"]).is_valid(media["example"]) and media["example"]["event"] == event_type
        sent = webhooks.sign([secret, secret], event_id="wh_1", event_type=event_type, timestamp_s=1, body=b"{}")
        shown = {one["name"]: one for one in said["parameters"]}
        assert set(shown) == set(sent) - {"Content-Type", "User-Agent"}
        for name, one in shown.items():
            assert one["description"] and one["in"] == "header", name
            assert fits(one["schema"]).is_valid(sent[name]), name
        assert {"2XX", "410", "default"} <= set(said["responses"])


def test_the_limits_are_those_of_the_installation() -> None:
    amount = DOCUMENT["components"]["schemas"]["NewPayment"]["properties"]["amount"]
    assert (amount["minimum"], amount["maximum"]) == (10, 20_000)
    assert not [key for key in amount if key.startswith("$")]
    assert DOCUMENT["servers"] == [{"url": "https://pay.example.com"}]


def test_an_operation_that_does_not_fit_its_address_is_a_bug() -> None:
    async def handler(_: Any) -> Any: ...

    about = openapi.About("https://x.example", "1", 100, 200, "", "", {})

    def operation(*path: Part) -> Operation:
        return Operation(id="x", tag="t", summary="X", who=ANYBODY, path=path, replies=(reply(200, "Done."),))

    for at, part in (("/api/v1/x/{payment_id}", ()), ("/api/v1/x", (Part("paymentId", "The id."),))):
        with pytest.raises(Bug, match="paymentId"):
            openapi.document(about, [Address(at, GET=handler)], {handler: operation(*part)}, app.DIALECTS)
    with pytest.raises(Bug, match="pages"):
        openapi.document(about, [Address("/forwarder/x", GET=handler)], {handler: operation()}, app.DIALECTS)
