"""docs/testing.md, typed: every curl of it does what the text beside it says."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from paygate.services.context import Context
from tests.house.sources import ROOT
from tests.javascript import missing
from tests.servers import Server
from tests.services.helpers import sql
from tests.worlds import World

TEXT = (ROOT / "docs" / "testing.md").read_text("utf-8")


def commands() -> list[str]:
    """The curl commands, each in one piece, in the order of the text."""
    blocks = re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
    joined = "".join(blocks).replace("\\\n", " ")
    return [line for line in joined.splitlines() if line.startswith("curl ")]


@pytest.fixture
def shell(server: Callable[..., Server], world: World) -> Callable[..., Any]:
    """Type a command with this server, its test key and a payment's id in the variables."""
    program = shutil.which("bash")
    if program is None or shutil.which("curl") is None:
        missing("bash and curl are not there: the document was not typed")
    running = server()

    def run(command: str, payment_id: str = "") -> Any:
        variables = {"HOST": running.base, "KEY": world.test_key, "ID": payment_id, "no_proxy": "*"}
        done = subprocess.run(
            [program or "", "-c", command],
            env={**running.env, **variables},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return json.loads(done.stdout)

    return run


async def test_every_command_of_the_document_works_as_it_is_written(shell: Callable[..., Any], ctx: Context) -> None:
    create, exact, *more = commands()
    assert len(more) == 3 and all("$ID/pay" in one for one in (exact, *more))

    async def make() -> str:
        made = await asyncio.to_thread(shell, create)
        assert made["success"] and made["transaction"]["mode"] == "test"
        return str(made["transaction"]["id"])

    answers = [await asyncio.to_thread(shell, command, await make()) for command in (exact, *more)]
    outcomes = [one["transfer"]["outcomes"] for one in answers]
    assert outcomes == [["PAID"], ["REVIEW"], ["PAID", "DUPLICATE"], []]
    assert [one["transaction"]["status"] for one in answers] == ["PAID", "PENDING", "PAID", "PENDING"]
    assert answers[-1]["transfer"]["status"] == "SCHEDULED"
    last = answers[-1]["transaction"]["id"]
    async with asyncio.timeout(60):  # The server's own workers tell of it.
        while not await sql(ctx, "SELECT 1 FROM payments WHERE id = $1::uuid AND status = 'PAID'", last):
            await asyncio.sleep(0.1)
