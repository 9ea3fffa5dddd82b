"""The real command in a process of its own, on the test's database."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from paygate.cli.main import cli
from tests.commands import Commands
from tests.servers import SECRET_KEY


@dataclass(frozen=True)
class Answer:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.status == 0, self.err
        assert self.out.count("\n") == 1, self.out
        return json.loads(self.out)


Paygate = Callable[..., Answer]


@pytest.fixture
def environment(dsn: str, tmp_path: Path) -> dict[str, str]:
    """What a command sees: the test's database and a data folder of its own."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("PAYGATE_")},
        "PAYGATE_DATABASE_URL": dsn,
        "PAYGATE_DATA_DIR": str(tmp_path / "data"),
        "PAYGATE_SECRET_KEY": SECRET_KEY,
        "PAYGATE_WEBHOOK_ALLOW_NETWORKS": "127.0.0.0/8",
    }


@pytest.fixture(scope="session")
def commands() -> Iterator[Commands]:
    """Where commands come from."""
    found = Commands()
    yield found
    found.close()


@pytest.fixture
def paygate(commands: Commands, environment: dict[str, str], tmp_path: Path) -> Paygate:
    """`paygate("account", "list")` in an empty folder."""

    def run(*arguments: str, stdin: str = "", env: dict[str, str] | None = None) -> Answer:
        ended = commands.run(arguments, environment | (env or {}), tmp_path, stdin)
        return Answer(ended.status, ended.out, ended.err)

    return run


@pytest.fixture
def inside(environment: dict[str, str]) -> Paygate:
    """The same within this process, several times quicker: for many small cases."""

    def run(*arguments: str) -> Answer:
        done = CliRunner().invoke(cli, arguments, env=environment, prog_name="paygate")
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Answer(done.exit_code, done.stdout, done.stderr)

    return run
