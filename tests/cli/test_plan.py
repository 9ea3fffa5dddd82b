"""`paygate plan`: as an operator types it."""

from __future__ import annotations

from paygate.cli.plan import plan
from tests.cli.conftest import Paygate
from tests.cli.test_commands import ACCOUNT, SHOP, is_refused

OWN = ("--promptpay", "0899999999", "--bank", "004", "--number", "1234567890")


def test_a_plan_is_shown_set_planned_and_withdrawn(paygate: Paygate) -> None:
    paygate(*ACCOUNT, "--name", "Co")
    shop = paygate(*SHOP, "free", "--approve", "--json").json["merchantId"]
    shown = paygate("plan", "show", shop, "--json").json
    assert (shown["plan"], shown["rateBps"], shown["rateOf"], shown["account"]) == ("free", 300, "setting", None)
    assert is_refused(paygate("plan", "set", shop, "pro"))
    assert is_refused(paygate("plan", "set", shop, "gold"), status=2)
    done = paygate("plan", "set", shop, "pro", *OWN, "--fee-bps", "175", "--by", "malee", "--json").json
    assert (done["plan"], done["feeBps"], done["account"]["promptPayId"]) == ("pro", 175, "0066899999999")
    later = paygate("plan", "set", shop, "enterprise", "--from", "2099-01-01").out
    assert "pro, 1.75 % a payment (its own rate)" in later
    assert "From 2099-01-01 00:00 +07:00 on: enterprise, the plan's rate." in later
    assert is_refused(paygate("plan", "set", shop, "free", "--from", "2020-01-01"))
    assert is_refused(paygate("plan", "set", shop, "free", "--from", "soon"))
    assert "From" not in paygate("plan", "withdraw", shop).out
    assert "0066811111111, bank 004 1234567890" in paygate("plan", "account", shop, "--promptpay", "0811111111").out
    assert is_refused(paygate("plan", "account", shop, "--bank", "014"))
    assert is_refused(paygate("plan", "account", shop, "--promptpay", "1234567890123"))
    back = paygate("plan", "set", shop, "free", "--json").json
    assert (back["plan"], back["rateBps"]) == ("free", 300)
    assert paygate("merchant", "show", shop, "--json").json["plan"] == "free"
    log = paygate("audit", "list", "--owner", shop, "--action", "merchant.plan", "--json").json
    assert "cli:malee" in str(log)


def test_rates_are_said_and_taken_back(paygate: Paygate) -> None:
    assert "2.00 %" in paygate("plan", "rates").out
    paygate("plan", "rate", "pro", "190")
    found = paygate("plan", "rate", "pro", "210", "--from", "2099-01-01T00:00:00+07:00", "--json").json["plans"]
    [pro] = [one for one in found if one["plan"] == "pro"]
    assert (pro["rateBps"], pro["rateOf"], pro["coming"][0]["feeBps"]) == (190, "rates", 210)
    assert "2.00 %" in paygate("plan", "rate", "pro", "default").out
    assert is_refused(paygate("plan", "rate", "pro", "lots"), status=2)
    assert is_refused(paygate("plan", "rate", "pro", "10001"))


def test_a_direct_merchant_is_made_with_its_bank_account(paygate: Paygate) -> None:
    shop = paygate(*SHOP, "pro", *OWN, "--approve", "--json").json["merchantId"]
    assert paygate("plan", "show", shop, "--json").json["account"]["number"] == "1234567890"
    assert is_refused(paygate("merchant", "create", "--email", "x@b.co", "--name", "X", "--plan", "pro", *OWN[2:]))


def test_every_command_has_an_example(paygate: Paygate) -> None:
    for name in plan.commands:
        told = paygate("plan", name, "--help").out
        assert "Examples:" in told and f"paygate plan {name}" in told, name
