"""The plugin's small rules, each by plain values: money, what follows from a payment, the request."""

from __future__ import annotations

import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.sdk.languages import environment, runtime
from tests.woocommerce.conftest import HERE, PayGateHost, Shop, ShopError

ID = "01900000-0000-7000-8000-000000000001"


@pytest.fixture(scope="module")
def php(plugins: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    made = Shop(plugins, tmp_path_factory.mktemp("rules"))
    yield made
    made.close()


def units(plugins: Path, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """units.php, which tests the rules in PHP itself."""
    given = environment(PLUGINS=str(plugins), SHOP_FOLDER=str(folder), SHOP_ADDRESS="https://s", **env)
    command = [runtime("php"), "-d", "display_errors=1", str(HERE / "units.php")]
    return subprocess.run(command, env=given, capture_output=True, text=True, timeout=120)


def test_the_rules_hold_in_php_alone(plugins: Path, tmp_path: Path) -> None:
    done = units(plugins, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    told = done.stdout.splitlines()
    assert len(told) >= 12 and all(line.startswith("ok: ") for line in told), done.stdout


def test_a_rule_that_does_not_hold_in_php_is_told(plugins: Path, tmp_path: Path) -> None:
    done = units(plugins, tmp_path, UNITS_FAIL="1")
    assert done.returncode == 1 and "\nFAILED: one that fails: LogicException: wanted 1, found 2" in done.stdout


def call(php: Shop, name: str, method: str, *args: Any) -> Any:
    return php.do("static", name, method, list(args))


@pytest.mark.parametrize(
    ("decimal", "satang"),
    [
        *[("1234.50", 123450), ("1234.5", 123450), ("150.07", 15007), ("0.29", 29), ("150", 15000), ("150.000", 15000)],
        *[(150.07, 15007), (0.1 + 0.2, 30), (1.15, 115), (8.2, 820), (4.35, 435), ("999999999999.99", 99999999999999)],
        *[("19.99", 1999), (1005.55, 100555), ("0", 0), (" 7.10 ", 710)],
    ],
)
def test_woocommerces_totals_become_whole_satang(php: Shop, decimal: Any, satang: int) -> None:
    assert call(php, "Money", "satang", decimal) == satang


@pytest.mark.parametrize("decimal", ["", "-1", "1,000.00", "1e2", "0.001", "150.005", "abc", None, "1.2.3", "٣", 0.001])
def test_what_is_no_whole_number_of_satang_is_refused(php: Shop, decimal: Any) -> None:
    with pytest.raises(ShopError, match="Trouble"):
        call(php, "Money", "satang", decimal)


def test_every_amount_survives_the_wire_and_is_shown_whole(php: Shop) -> None:
    for satang in (1, 9, 10, 29, 57, 113, 1005, 15007, 99999, 100555, 50000000, 123456789):
        wire = call(php, "Money", "baht", satang)
        assert round(wire * 100) == satang and call(php, "Money", "fromWire", wire) == satang
        assert Decimal(str(wire)) == Decimal(satang) / 100
    assert [call(php, "Money", "show", satang) for satang in (5, 123450, 100000000)] == [
        "0.05",
        "1,234.50",
        "1,000,000.00",
    ]
    assert call(php, "Money", "decimal", 100005) == "1000.05"


def order(**facts: Any) -> dict[str, Any]:
    usual = {"satang": 15000, "currency": "THB", "status": "pending", "paid": False, "paidBy": "", "held": False}
    return {**usual, "current": ID, **facts}


def answer(verification: str | None = None, **facts: Any) -> dict[str, Any]:
    payment = {"id": ID, "amount": 150, "payableAmount": 150, "receivedAmount": None, "status": "PENDING"}
    told = {"status": verification, "reason": None, "message": {"th": "ก", "en": "a"}, "at": "t"}
    return {
        "transaction": {**payment, "exception": None, "mode": "live", **facts},
        "verification": told if verification else None,
    }


@pytest.mark.parametrize(
    ("given", "told", "steps"),
    [
        (order(), answer(), []),
        (order(), answer(status="PAID", receivedAmount=150), ["complete paid"]),
        (order(status="on-hold", held=True), answer(status="PAID", receivedAmount=150), ["complete paid"]),
        (order(), answer(status="PAID", exception="LATE", receivedAmount=150), ["complete paid", "note late"]),
        (order(), answer(status="PAID", exception="OVERPAID", receivedAmount=151), ["complete paid", "note overpaid"]),
        (order(satang=15001), answer(status="PAID"), ["hold amount_differs"]),
        (order(satang=None), answer(status="PAID"), ["hold amount_differs"]),
        (order(currency="USD"), answer(status="PAID"), ["hold amount_differs"]),
        (order(paid=True, paidBy=ID, status="processing"), answer(status="PAID"), []),
        (order(paid=True, paidBy="another", status="processing"), answer(status="PAID"), ["note paid_twice"]),
        (order(paid=True, paidBy="", status="processing"), answer(status="PAID"), ["note paid_twice"]),
        (
            order(paid=True, paidBy=ID, status="processing"),
            answer(status="PAID", exception="REVERSED"),
            ["hold reversed"],
        ),
        (
            order(paid=True, paidBy=ID, status="completed"),
            answer(status="PAID", exception="REVERSED"),
            ["note reversed"],
        ),
        (order(), answer(status="PAID", exception="REVERSED"), ["note reversed"]),
        (order(), answer(status="EXPIRED"), ["note expired"]),
        (order(), answer(status="CANCELLED"), ["note cancelled"]),
        (order(), answer(status="FAILED"), ["note failed", "fail "]),
        (order(current="newer"), answer(status="FAILED"), ["note failed"]),
        (order(paid=True, paidBy="newer", status="processing"), answer(status="EXPIRED"), []),
        (order(), answer("VERIFYING"), ["hold ", "note verifying"]),
        (order(), answer("REVIEW"), ["hold ", "note review"]),
        (order(status="on-hold", held=True), answer("REJECTED"), ["release ", "note rejected"]),
        (order(status="on-hold", held=False), answer("REJECTED"), ["note rejected"]),
        (
            order(),
            answer("REVIEW", exception="UNDERPAID", receivedAmount=100),
            ["note underpaid_open", "hold ", "note review"],
        ),
        (order(), answer(exception="OVERPAID", receivedAmount=200), ["note overpaid_open", "hold "]),
        (order(paid=True, paidBy=ID, status="processing"), answer("REVIEW", status="PAID"), ["note review"]),
    ],
)
def test_what_follows_from_how_a_payment_stands(php: Shop, given: Any, told: Any, steps: list[str]) -> None:
    found = call(php, "Standing", "steps", given, told)
    assert [f"{what} {note}" for what, note, *_ in found] == steps
    for what, note, once, facts in found:
        assert once or what in ("hold", "release"), "a note would come with every webhook"
        if note:
            assert len(call(php, "Notes", "say", note, facts)) > 10


FACTS = {
    "id": 12,
    "key": "wc_order_abc",
    "number": "A-12",
    "satang": 15007,
    "description": "Order A-12,\n shop",
    "returnUrl": "https://shop.example/done?key=k",
    "payUrl": "https://shop.example/pay",
    "shop": "https://shop.example",
    "expiryMinutes": 0,
}


def test_the_key_is_the_same_for_one_attempt_and_another_for_the_next(php: Shop) -> None:
    first = php.do("request", FACTS, 1)
    assert php.do("request", FACTS, 1) == first
    others = [
        php.do("request", FACTS, 2),
        php.do("request", FACTS | {"satang": 15008}, 1),
        php.do("request", FACTS | {"key": "other"}, 1),
        php.do("request", FACTS | {"shop": "https://copy.example"}, 1),
    ]
    assert len({first["key"], *(other["key"] for other in others)}) == 5
    assert first["key"].startswith("wc-") and len(first["key"]) < 64


def test_the_request_fits_into_the_apis_limits(php: Shop) -> None:
    long = php.do("request", FACTS | {"number": "9" * 200, "description": "ก" * 900, "expiryMinutes": 30}, 1)
    assert (len(long["orderNumber"]), len(long["description"])) == (128, 500)
    assert long["more"]["expiryMinutes"] == 30 and php.do("request", FACTS, 1)["description"] == "Order A-12, shop"
    plain = php.do("request", FACTS | {"returnUrl": "http://shop.example/done"}, 1)
    assert "callbackUrl" not in plain["more"] and "cancelUrl" in plain["more"]
    assert "wc_order_abc" not in str(plain["more"]), "the order's key opens the order"


@pytest.mark.parametrize(
    "url, reachable",
    [
        ("https://shop.example/x", True),
        ("http://localhost:8080/x", True),
        ("http://127.0.0.1/x", True),
        ("http://shop.example/x", False),
        ("https://shop.example/" + "x" * 2048, False),
        ("javascript:alert(1)", False),
        ("", False),
    ],
)
def test_where_a_payer_may_be_sent_is_https_or_this_computer(php: Shop, url: str, reachable: bool) -> None:
    assert call(php, "PaymentRequest", "isReachable", url) is reachable


def test_paygate_takes_what_the_shop_asks(php: Shop, paygate: PayGateHost) -> None:
    made = php.do("request", FACTS, 1)
    body = {"amount": 150.07, "orderId": made["orderNumber"], "description": made["description"], **made["more"]}
    answered = paygate.api.post("/payment/create", json=body, headers={"Idempotency-Key": made["key"]})
    assert answered.status_code == 201, answered.text
