"""The Free plan switched off: nobody comes onto the central account, and what is there goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from paygate.core.errors import Conflict, Forbidden, NoAccount
from paygate.environment import SettingsError
from paygate.services import merchants, plans
from paygate.services.context import Context
from paygate.settings import Settings
from tests.services.helpers import open_shop, sql
from tests.services.payouts import ask, pay_out, shop_with


async def test_no_merchant_comes_and_no_live_payment_is_made_but_what_is_there_goes_on(ctx: Context) -> None:
    shop = await shop_with(ctx, 100_000)
    waiting = await shop.sell(20_000)
    twin = await open_shop(ctx, mode="test")
    direct = await open_shop(ctx, plan="pro")
    ctx.free_plan = False
    with pytest.raises(Conflict, match="Free plan is off") as refused:
        await merchants.create(ctx, email="a@b.co", name="Shop", plan="free", approve=True)
    assert refused.value.field == "plan"
    with pytest.raises(Forbidden, match="operator"):
        await merchants.register(ctx, email="a@b.co", password="correct horse battery", name="Shop")
    assert not await sql(ctx, "SELECT 1 FROM merchants WHERE email = 'a@b.co'")
    with pytest.raises(NoAccount, match="Free plan is off"):
        await shop.sell(15_000)
    assert (await twin.sell(15_000)).flow == "central"  # Test money is nobody's.
    assert (await direct.sell(15_000)).flow == "direct"
    with pytest.raises(Conflict, match="Free plan is off"):
        await plans.change(ctx, direct.principal.merchant_id, plans.Wish("free"), actor="cli:somchai")
    await plans.change(ctx, shop.principal.merchant_id, plans.Wish("free", 120), actor="cli:somchai")
    assert (await merchants.create(ctx, email="c@d.co", name="Shop", plan="pro", promptpay="0899999999")).merchant_id
    assert (await shop.hears(waiting.payable_satang)).word == "PAID"
    assert (await pay_out(ctx, await ask(ctx, shop, 50_000), "REF-1")).status == "COMPLETED"


def test_the_setting_is_on_or_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    key = {"PAYGATE_SECRET_KEY": "k" * 40}
    assert Settings.from_env(key).free_plan is True
    assert Settings.from_env({**key, "PAYGATE_FREE_PLAN": "off"}).free_plan is False
    with pytest.raises(SettingsError, match="PAYGATE_FREE_PLAN must be on or off"):
        Settings.from_env({**key, "PAYGATE_FREE_PLAN": "no"})
