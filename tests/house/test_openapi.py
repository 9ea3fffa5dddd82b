"""The API's document: nothing that is served is missing from it, and whatever it shows is as it says."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema_rs
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from paygate import app
from paygate.core.errors import Bug
from paygate.wire import Address, openapi
from paygate.wire.openapi import example_of
from paygate.wire.operations import ANYBODY, Operation, Part, reply

DOCUMENT = app.document("https://pay.example.com", 1_000, 2_000_000)


@cache
def validator(reference: str) -> jsonschema_rs.Draft202012Validator:
    return fits({"$ref": reference})


def fits(schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator({**schema, "components": DOCUMENT["components"]})


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
