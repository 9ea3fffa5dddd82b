"""`paygate link`: prices with an address."""

from __future__ import annotations

from paygate.core import ids
from paygate.services import merchants
from paygate.services.context import Context
from tests.cli.conftest import Paygate


async def test_a_link_is_made_listed_and_switched(ctx: Context, paygate: Paygate) -> None:
    new = await merchants.create(ctx, email="a@b.co", name="Shop", plan="free", approve=True)
    merchant = ids.show_merchant(new.merchant_id)
    made = paygate(
        "link", "create", "--merchant", merchant, "--amount", "1,040.50", "--description", "ชา", "--json"
    ).json
    assert (made["amountSatang"], made["description"], made["active"], made["mode"]) == (104_050, "ชา", True, "live")
    assert made["url"].endswith(f"/link/{made['paymentLinkId']}")
    listed = paygate("link", "list", "--merchant", merchant, "--json").json
    assert listed == {"paymentLinks": [made]}
    off = paygate("link", "off", made["paymentLinkId"], "--merchant", merchant, "--json").json
    assert off == made | {"active": False}
    shown = paygate("link", "list", "--merchant", merchant)
    assert "off" in shown.out and "1,040.50" in shown.out
    assert paygate("link", "on", made["paymentLinkId"], "--merchant", merchant).out.startswith("1,040.50 baht: http")


async def test_a_link_that_cannot_be_is_refused_in_one_line(ctx: Context, paygate: Paygate) -> None:
    new = await merchants.create(ctx, email="a@b.co", name="Shop", plan="free", approve=True)
    merchant = ids.show_merchant(new.merchant_id)
    for wrong in (
        ("create", "--merchant", merchant, "--amount", "free"),
        ("create", "--merchant", merchant, "--amount", "0.5"),
        ("create", "--merchant", merchant, "--amount", "5", "--callback-url", "javascript:alert(1)"),
        ("create", "--merchant", "mer_0000000000001", "--amount", "5"),
        ("off", "plink_00000000000000000000000000", "--merchant", merchant),
        ("list", "--merchant", "x"),
    ):
        answer = paygate("link", *wrong)
        assert answer.status != 0 and "Traceback" not in answer.err, wrong
    assert paygate("link", "list", "--merchant", merchant, "--json").json == {"paymentLinks": []}
