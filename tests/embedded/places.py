"""Real processes on real data folders, and how to ask, kill and count them."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg

from paygate.embedded.folder import Folder
from paygate.embedded.processes import inside

A_USER = Path(__file__).with_name("a_user.py")
CHECKOUT = Path(__file__).parents[2]


class UserProcess:
    """`a_user.py` on a data folder."""

    def __init__(self, data_dir: Path, *words: str, command: tuple[str, ...] = (sys.executable,)) -> None:
        self.process = subprocess.Popen(
            [*command, str(A_USER), str(data_dir), *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
            start_new_session=True,
        )

    def says(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def dsn(self) -> str:
        word, _, rest = self.says().partition(" ")
        assert word == "ready", rest
        return rest

    def start_leaving(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.stdin = None

    def leave(self) -> None:
        """Ask it to leave, if not done yet, and see that it does so cleanly."""
        out, _ = self.process.communicate(timeout=20)
        assert out.strip() == "left"
        assert self.process.returncode == 0

    def kill(self) -> None:
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        self.process.wait()


class Place:
    """A data folder with everything that runs on it."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.folder = Folder(data_dir.resolve())
        self.users: list[UserProcess] = []

    @property
    def pgdata(self) -> Path:
        return self.folder.pgdata(18)

    def user(self, *words: str, command: tuple[str, ...] = (sys.executable,)) -> UserProcess:
        self.users.append(UserProcess(self.data_dir, *words, command=command))
        return self.users[-1]

    def keepers(self) -> list[int]:
        return [pid for pid, line in command_lines() if "paygate.embedded" in line and str(self.data_dir) in line]

    def servers(self) -> list[int]:
        """PostgreSQL processes, also those still making the files."""
        places = [self.pgdata, *self.folder.root.glob("init-*/data")]
        return [pid for place in places for pid, is_postgres in inside(place).items() if is_postgres]

    def server(self) -> int:
        return int((self.pgdata / "postmaster.pid").read_text().split()[0])

    def idle(self) -> bool:
        return not self.keepers() and not self.servers()

    def clear(self) -> None:
        """Nothing runs on it any more."""
        for user in self.users:
            user.kill()
        self.users.clear()
        for pid in self.keepers() + self.servers():
            kill(pid)
        until(self.idle)


def command_lines() -> Iterator[tuple[int, list[str]]]:
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                yield int(name), Path(f"/proc/{name}/cmdline").read_bytes().decode(errors="replace").split("\0")
            except OSError:
                continue


def kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def until(condition: Callable[[], object], timeout_s: float = 15.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def ask(dsn: str, *statements: str) -> object:
    """Run each on a new connection; the last one's first value."""

    async def go() -> object:
        connection = await asyncpg.connect(dsn, timeout=10)
        try:
            answer = None
            for statement in statements:
                answer = await connection.fetchval(statement)
            return answer
        finally:
            await connection.close()

    return asyncio.run(go())


def answers(dsn: str) -> bool:
    """Whether the database takes a connection at this moment."""
    try:
        return ask(dsn, "SELECT 1") == 1
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
        return False
