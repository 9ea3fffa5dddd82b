"""`paygate webhook`: endpoints from the operator's side."""

from __future__ import annotations

from typing import Any

from tests.cli.conftest import Paygate


def shop(inside: Paygate) -> str:
    made = inside("merchant", "create", "--email", "a@b.co", "--name", "Shop", "--plan", "free", "--approve", "--json")
    return str(made.json["merchantId"])


def test_an_endpoint_from_its_making_to_its_end(inside: Paygate) -> None:
    merchant = shop(inside)

    def webhook(*arguments: str) -> Any:
        return inside("webhook", *arguments, "--json").json

    made = webhook("add", "--merchant", merchant, "--url", "https://shop.example/w", "--format", "stripe")
    assert set(made) == {"endpointId", "secret"} and made["secret"].startswith("whsec_")
    one = made["endpointId"]
    assert (webhook("show", one)["format"], webhook("show", one)["status"]) == ("stripe", "enabled")
    changed = webhook("update", one, "--url", "https://new.example/", "--events", "payment.success, payment.expired")
    assert (changed["url"], changed["events"]) == ("https://new.example/", ["payment.success", "payment.expired"])
    assert webhook("update", one, "--description", "ร้าน")["description"] == "ร้าน"
    assert webhook("disable", one, "--reason", "moving")["disabledReason"] == "moving"
    assert inside("webhook", "test", one).status == 1
    assert webhook("enable", one)["status"] == "enabled"
    rotated = webhook("rotate", one)
    assert rotated["secret"] != made["secret"] and rotated["oldSecretUntil"]
    event = webhook("test", one)["eventId"]
    [listed] = webhook("events", "--merchant", merchant)["events"]
    assert (listed["eventId"], listed["type"]) == (event, "webhook.test")
    [pending] = webhook("deliveries", "--endpoint", one, "--state", "pending")["deliveries"]
    assert (pending["eventId"], pending["state"], pending["attempts"]) == (event, "PENDING", [])
    assert webhook("deliveries", "--merchant", merchant, "--state", "failed") == {"deliveries": []}
    assert webhook("redeliver", event, "--merchant", merchant) == {"queued": 1}
    assert webhook("redeliver", "--endpoint", one, "--from", "2020-01-01", "--all") == {"queued": 0}
    assert webhook("redeliver", "--endpoint", one, "--from", "2020-01-01") == {"queued": 0}
    assert webhook("delete", one) == {"endpointId": one, "deleted": True}
    assert webhook("list", "--merchant", merchant) == {"endpoints": []}
    assert inside("webhook", "show", one).status == 1


def test_people_get_lines_and_no_secret_twice(inside: Paygate) -> None:
    merchant = shop(inside)
    made = inside("webhook", "add", "--merchant", merchant, "--url", "https://shop.example/w")
    assert "Keep the secret" in made.out
    one, secret = made.out.split()[1].rstrip(":"), made.out.split("secret")[1].split()[0]
    event = inside("webhook", "test", one).out.split()[1]
    for command in (("list", "--merchant", merchant), ("show", one), ("deliveries", "--endpoint", one)):
        told = inside("webhook", *command)
        assert told.status == 0 and secret not in told.out and one.split("_")[1][:4] in told.out + event
    assert "webhook.test" in inside("webhook", "events", "--merchant", merchant).out
    assert "There are none." in inside("webhook", "deliveries", "--merchant", merchant, "--state", "failed").out


def test_what_cannot_be_is_said_in_words(inside: Paygate) -> None:
    merchant = shop(inside)
    for arguments in (
        ("show", "we_x"),
        ("delete", "we_" + "0" * 26),
        ("add", "--merchant", merchant, "--url", "https://10.0.0.1/"),
        ("add", "--merchant", merchant, "--url", "https://shop.example/", "--events", "payment.paid"),
        ("redeliver", "wh_" + "0" * 26, "--merchant", merchant),
        ("redeliver", "--merchant", merchant, "--from", "yesterday"),
        ("redeliver", "--merchant", merchant),
        ("redeliver", "wh_" + "0" * 26, "--merchant", merchant, "--from", "2026-01-01"),
        ("deliveries",),
        ("events", "--merchant", merchant, "--limit", "0"),
    ):
        told = inside("webhook", *arguments)
        assert told.status != 0 and told.err and "Traceback" not in told.err, arguments


def test_every_command_explains_itself_with_an_example(inside: Paygate) -> None:
    names = ("add", "list", "show", "update", "disable", "enable", "delete", "rotate", "test", "events", "deliveries")
    for name in (*names, "redeliver"):
        told = inside("webhook", name, "--help").out
        assert "Examples:" in told and f"paygate webhook {name}" in told, name
