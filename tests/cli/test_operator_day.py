"""README's "A day as operator", typed as it stands there."""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime
from pathlib import Path

from paygate.core import ids
from paygate.services import evidence, settlements
from paygate.services.context import Context
from paygate.services.once import unanswered
from tests.cli.conftest import Paygate
from tests.house.sources import ROOT
from tests.services.helpers import open_shop

ASKED_SATANG = 50_000
STATEMENT = "Date,Time,Description,Deposit\n{day},10:15,Transfer,1000.00\n"


def the_day() -> list[list[str]]:
    """Every command of the section, without its remarks."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme.partition("## A day as operator\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    return [shlex.split(line, comments=True) for block in blocks for line in block.splitlines() if line.strip()]


async def test_the_day_works_as_it_is_typed(ctx: Context, paygate: Paygate, tmp_path: Path) -> None:
    shop = await open_shop(ctx)
    payment = await shop.sell(100_000)
    await evidence.record(ctx, shop.says(payment.payable_satang))
    merchant = ids.show_merchant(shop.principal.merchant_id)
    (tmp_path / "statement.csv").write_text(STATEMENT.format(day=f"{datetime.now(UTC):%d/%m/%Y}"), encoding="utf-8")
    real = {"mer_...": merchant, "acc_...": ids.show("acc", shop.account.id)}
    typed = []
    expected = {"reconcile": {0, 1}}  # 1: something in it needs a person.
    commands = the_day()
    assert len(commands) >= 11 and all(command[0] == "paygate" for command in commands)
    for command in commands:
        if "stl_..." in command and "stl_..." not in real:
            asked = await settlements.request(
                ctx, shop.principal.merchant_id, "live", ASKED_SATANG, None, unanswered, "cli:test"
            )
            real["stl_..."] = ids.show("stl", asked.value.id)
        arguments = [real.get(word, word) for word in command[1:]]
        answer = paygate(*arguments)
        assert answer.status in expected.get(arguments[0], {0}), (arguments, answer.err)
        typed.append(arguments[:2])
    assert ["settlement", "complete"] in typed
    done = paygate("settlement", "show", real["stl_..."], "--json").json
    assert done["status"] == "COMPLETED"
