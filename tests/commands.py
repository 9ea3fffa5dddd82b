"""`paygate ...` in a process of its own, without waiting for its imports: `python -m tests.commands`.

Everything is imported once; each line on stdin (JSON: arguments, environment, folder, files for the three streams) is a
forked child that becomes that command, and its exit status is printed. The command has its own process, environment,
folder and streams, as it has in a shell; only the seconds of importing are shared. What importing itself does is tested
where commands start for real: `tests/cli/test_edges.py`, `tests/cli/test_demo.py`, `tests/servers.py`.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import paygate.cli
from paygate.__main__ import main

ROOT = Path(__file__).parents[1]
TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str


class Commands:
    """Runs commands, one at a time. Close it when done."""

    def __init__(self) -> None:
        self._one = threading.Lock()
        self._nursery = subprocess.Popen(
            [sys.executable, "-m", "tests.commands"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, arguments: Sequence[str], env: Mapping[str, str], folder: Path, stdin: str = "") -> Ended:
        """Run one command to its end."""
        with self._one, tempfile.TemporaryDirectory() as streams:
            files = [Path(streams, name) for name in ("in", "out", "err")]
            files[0].write_text(stdin, encoding="utf-8")
            asked = {"arguments": list(arguments), "env": dict(env), "folder": str(folder)}
            asked["files"] = [str(file) for file in files]
            assert self._nursery.stdin and self._nursery.stdout
            self._nursery.stdin.write(json.dumps(asked) + "\n")
            self._nursery.stdin.flush()
            status = int(self._nursery.stdout.readline())
            return Ended(status, *(file.read_text(encoding="utf-8") for file in files[1:]))

    def close(self) -> None:
        """End the nursery."""
        self._nursery.communicate(timeout=TIMEOUT_S)


def nursery() -> None:
    """Fork a command for each line of stdin."""
    for module in pkgutil.walk_packages(paygate.cli.__path__, "paygate.cli."):
        importlib.import_module(module.name)
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if not child:
            become(asked["arguments"], asked["env"], asked["folder"], asked["files"])
        late = threading.Timer(TIMEOUT_S, os.kill, (child, 9))
        late.start()
        _, status = os.waitpid(child, 0)
        late.cancel()
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def become(arguments: list[str], env: dict[str, str], folder: str, files: list[str]) -> None:
    """Be the command *arguments*; never returns."""
    os.environ.clear()
    os.environ.update(env)
    os.chdir(folder)
    for number, (file, flags) in enumerate(zip(files, (os.O_RDONLY, *[os.O_WRONLY | os.O_CREAT] * 2), strict=True)):
        opened = os.open(file, flags, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115  # They live as long as the process.
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
    sys.argv = ["paygate", *arguments]
    status: object = 1
    try:
        main()
        status = 0
    except SystemExit as ended:
        status = ended.code
        if isinstance(status, str):
            sys.stderr.write(f"{status}\n")
    except BaseException:
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0 if status is None else status if isinstance(status, int) else 1)


if __name__ == "__main__":
    nursery()
