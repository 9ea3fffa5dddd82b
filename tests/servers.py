"""`paygate serve` as a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from tests.leaks import WATCH, Watch

SECRET_KEY = "a-secret-key-of-forty-characters-exactly"
START_S = 30.0


class Server:
    """One server process on a free port. `base` is its address, `log` the file with what it said."""

    def __init__(
        self,
        dsn: str,
        folder: Path,
        flags: Sequence[str] = (),
        env: dict[str, str] | None = None,
        watch: Watch = WATCH,
    ) -> None:
        self.watch = watch
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.log = folder / f"serve-{self.port}.log"
        self._command = [sys.executable, "-m", "paygate", "serve", "--port", str(self.port), *flags]
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PAYGATE_")},
            "PAYGATE_DATABASE_URL": dsn,
            "PAYGATE_DATA_DIR": str(folder / "paygate-data"),
            "PAYGATE_PUBLIC_URL": self.base,
            "PAYGATE_SECRET_KEY": SECRET_KEY,
            "PAYGATE_WEBHOOK_ALLOW_NETWORKS": "127.0.0.0/8",
            "PAYGATE_RATE_LIMIT": "off",  # Tests ask as quickly as they can.
            **(env or {}),
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Server:
        """Start (again) and wait until it is ready."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command, env=self.env, cwd=self.log.parent, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + START_S
        while not self.ready():
            assert self.process.poll() is None, f"serve ended:\n{self.said()}"
            assert time.monotonic() < deadline, f"serve is not ready:\n{self.said()}"
            time.sleep(0.02)
        return self

    def ready(self) -> bool:
        """Whether it answers that it is ready."""
        try:
            with urllib.request.urlopen(f"{self.base}/api/health/ready", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def said(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-3000:]

    def stop(self, timeout_s: float = 20.0) -> int:
        """SIGTERM, as an operator's init system does; its exit status."""
        assert self.process is not None
        self.process.terminate()
        status = self.process.wait(timeout_s)
        self.watch.read(self.log)
        return status

    def kill(self) -> None:
        """SIGKILL to it and all it started."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        if self.log.exists():
            self.watch.read(self.log)


def free_port() -> int:
    """A port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
