"""`paygate serve` and `paygate worker` as an init system sees them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import Paygate
from tests.servers import Server

DEADLINE_S = 20.0


def wait_until(what: Callable[[], bool], why: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not what():
        assert time.monotonic() < deadline, why
        time.sleep(0.05)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_sigterm_ends_a_server_cleanly(server: Callable[..., Server]) -> None:
    assert server().stop() == 0


def test_several_server_processes_answer_and_end_with_their_parent(server: Callable[..., Server]) -> None:
    running = server("--workers", "2")
    assert running.process is not None
    running.process.kill()  # Only the parent, as the kernel's killer would.
    running.process.wait()
    wait_until(lambda: not listens(running.port), "a server process outlived its parent")
    running.start()
    assert running.stop() == 0


def test_a_port_in_use_is_said_so(paygate: Paygate) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        answer = paygate("serve", "--port", str(taken.getsockname()[1]))
    assert answer.status == 1 and "is in use" in answer.err and "Traceback" not in answer.err


def test_a_database_that_is_away_at_the_start_is_said_so(paygate: Paygate) -> None:
    for command in (("serve", "--port", "0"), ("worker",)):
        answer = paygate(*command, env={"PAYGATE_DATABASE_URL": "postgresql://127.0.0.1:1/x"})
        assert answer.status == 1 and "cannot be reached" in answer.err and "Traceback" not in answer.err


def test_more_processes_than_the_embedded_database_can_serve_are_refused(paygate: Paygate) -> None:
    answer = paygate("serve", "--port", "0", "--workers", "9", env={"PAYGATE_DATABASE_URL": ""})
    assert answer.status == 1 and "lower --workers" in answer.err


def test_a_worker_works_until_sigterm(environment: dict[str, str], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "paygate", "worker", "--json"]
    with subprocess.Popen(command, env=environment, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == '{"working": true}\n'
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(DEADLINE_S) == 0


def test_without_a_database_url_everything_shares_the_data_folders_postgresql(
    environment: dict[str, str], tmp_path: Path
) -> None:
    data = tmp_path / "data"
    env = {name: value for name, value in environment.items() if name != "PAYGATE_DATABASE_URL"}
    del env["PAYGATE_SECRET_KEY"]

    def paygate(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "paygate", *arguments]
        return subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)

    made = paygate("merchant", "create", "--email", "a@b.co", "--name", "Shop", "--plan", "free", "--json")
    assert "merchantId" in made.stdout
    assert (data / "secret.key").stat().st_mode & 0o777 == 0o600
    log = tmp_path / "serve.log"
    with log.open("wb") as out:
        command = [sys.executable, "-m", "paygate", "serve", "--port", "0", "--data", str(data)]
        serving = subprocess.Popen(command, env=env, cwd=tmp_path, stdout=out, stderr=out)
    try:
        wait_until(lambda: b"startup complete" in log.read_bytes(), "serve did not start")
        assert "a@b.co" in paygate("merchant", "list").stdout
        assert serving.poll() is None
        os.kill(serving.pid, signal.SIGTERM)
        assert serving.wait(DEADLINE_S) == 0
    finally:
        serving.kill()
        serving.wait()
