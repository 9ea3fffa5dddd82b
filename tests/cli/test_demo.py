"""`paygate demo` as people run it: a process, a terminal, a Ctrl-C."""

from __future__ import annotations

import io
import json
import os
import pty
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from paygate.cli.demo.ctrl_c import Ear
from paygate.cli.demo.screen import Screen
from paygate.cli.demo.stage import MARK

BOGUS = "postgresql://nobody@127.0.0.1:1/production"
PATIENCE_S = 60.0
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start the demo with temporary folders inside the test's own; whatever is left is killed after the test."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    tmp_path.chmod(0o755)
    running: list[subprocess.Popen[str]] = []

    def begin(*flags: str, **env: str) -> subprocess.Popen[str]:
        running.append(
            subprocess.Popen(
                [sys.executable, "-m", "paygate", "demo", *flags],
                cwd=tmp_path,
                env={**os.environ, "TMPDIR": str(temporary), **env},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                start_new_session=True,
            )
        )
        return running[-1]

    yield begin
    for process in running:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=PATIENCE_S)


def still_running(folder: Path) -> list[str]:
    """Command lines and working folders that name the test's folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            said = (process / "cmdline").read_bytes().decode(errors="replace") + os.readlink(process / "cwd")
        except OSError:
            continue
        if str(folder / "temporary") in said or str(folder / "played") in said:
            found.append(said)
    return found


def cleaned_up(folder: Path) -> bool:
    deadline = time.monotonic() + 10
    while still_running(folder) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not still_running(folder) and not [p for p in (folder / "temporary").iterdir() if "demo" in p.name]


def line_with(stream: IO[str], word: str) -> str:
    for line in stream:
        if word in line:
            return line
    raise AssertionError(f"{word} was never said")


def fetch(url: str, key: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"X-API-Key": key, "Content-Type": "application/json"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
        told: dict[str, Any] = json.load(answer)
        return told


def test_a_payment_is_played_whatever_the_environment_says_and_nothing_is_left(start: Start, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"PAYGATE_DATABASE_URL={BOGUS}\nPAYGATE_PUBLIC_URL=https://pay.example\n")
    began_s = time.monotonic()
    process = start(PAYGATE_DATABASE_URL=BOGUS, PAYGATE_MIN_AMOUNT="9999", http_proxy="http://127.0.0.1:1")
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, out + err
    assert time.monotonic() - began_s < 60
    assert out.count("✓") == 10 + 3
    assert "✗" not in out
    for word in ("PENDING", "PAID", "payment.success", "Standard Webhooks", "bank_central", "150.00", "█", "บัญชี"):
        assert word in out
    assert "\x1b" not in out
    assert err == ""
    assert cleaned_up(tmp_path)


def test_a_named_folder_is_played_in_again_and_keep_leaves_the_server_to_its_visitors(
    start: Start, tmp_path: Path
) -> None:
    folder = tmp_path / "played"
    process = start("--data", str(folder), "--json")
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, out + err
    played = json.loads(out)
    assert played["ok"] is True
    assert played["status"] == "PAID"
    assert set(played["webhook"]["signatures"].values()) == {True}
    assert played["ledger"]["balanced"] is True
    assert len(played["steps"]) == 10
    assert "✓" in err
    assert (folder / MARK).exists()

    process = start("--data", str(folder), "--json", "--keep")
    assert process.stdout is not None
    kept = json.loads(line_with(process.stdout, '"kept"'))
    assert kept["dataDir"] == str(folder)
    assert kept["transactionId"] != played["transactionId"]
    made = fetch(f"{kept['url']}/api/v1/payment/create", kept["liveSecretKey"], {"amount": 99.5})
    assert made["transaction"]["status"] == "PENDING"
    assert process.stderr is not None
    assert made["transaction"]["id"] in line_with(process.stderr, "payment.created")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, out + err
    assert json.loads(out)["ok"] is True
    assert cleaned_up(tmp_path)
    assert folder.exists()


@pytest.mark.parametrize(("word", "number"), [("PostgreSQL runs", signal.SIGINT), ("address", signal.SIGTERM)])
def test_an_interrupted_demo_cleans_up(start: Start, tmp_path: Path, word: str, number: signal.Signals) -> None:
    process = start()
    assert process.stdout is not None
    line_with(process.stdout, word)
    process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130, out + err
    assert "Traceback" not in err
    assert cleaned_up(tmp_path)


def test_a_folder_with_something_else_in_it_is_left_alone(start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "real"
    folder.mkdir()
    (folder / "secret.key").write_text("somebody's")
    process = start("--data", str(folder))
    _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 1
    assert "no demo made it" in err
    assert [p.name for p in folder.iterdir()] == ["secret.key"]


def test_a_step_that_fails_says_why_and_the_status_is_one(start: Start, tmp_path: Path) -> None:
    process = start("--json", PAYGATE_PG_BIN=str(tmp_path / "nowhere"))
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 1
    failed = json.loads(out)
    assert failed["ok"] is False
    assert "PostgreSQL" in failed["failedStep"]
    assert failed["reason"] in err
    assert "✗" in err
    assert "Traceback" not in err
    assert cleaned_up(tmp_path)


# --- the screen ----------------------------------------------------------------------------------------------------


def heed() -> None:
    """Nobody wants to stop."""


def on_a_terminal(**environ: str) -> tuple[str, Screen]:
    """What a terminal is sent for two steps, the second of which fails."""
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w", encoding="utf-8") as out:
        screen = Screen(out, environ, heed)
        with screen.step("Good", "ดี"):
            time.sleep(0.1)
        with pytest.raises(ValueError, match="bad"), screen.step("Bad", "ไม่ดี"):
            raise ValueError("bad")
        screen.line("end")
        out.flush()
        said = b""
        while b"end" not in said:
            said += os.read(ours, 65_536)
    os.close(ours)
    return said.decode(), screen


def test_on_a_terminal_steps_move_and_have_colours() -> None:
    said, screen = on_a_terminal(TERM="xterm-256color")
    assert "⠋" in said
    assert "\x1b[32m" in said
    assert [step["step"] for step in screen.steps] == ["Good"]
    assert screen.failed == "Bad"


def test_a_terminal_that_wants_no_colours_gets_none() -> None:
    said, screen = on_a_terminal(TERM="xterm", NO_COLOR="1")
    assert "\x1b[3" not in said
    assert not screen.colour


def test_in_a_pipe_there_are_plain_lines_only() -> None:
    out = io.StringIO()
    screen = Screen(out, {}, heed)
    with screen.step("Good", "ดี"):
        pass
    assert out.getvalue().startswith("  ✓  1  Good · ดี  0.0")
    assert "\r" not in out.getvalue()
    assert "\x1b" not in out.getvalue()


def test_a_terminal_without_thai_is_no_reason_to_stop() -> None:
    raw = io.BytesIO()
    with io.TextIOWrapper(raw, encoding="ascii", write_through=True) as out:
        screen = Screen(out, {}, heed)
        screen.title("Demo", "สาธิต")
        assert b"Demo" in raw.getvalue()


def test_a_ctrl_c_is_heard_at_the_next_safe_place_and_once() -> None:
    before = signal.getsignal(signal.SIGINT)
    with Ear() as ear:
        ear.heed()
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            ear.heed()
        os.kill(os.getpid(), signal.SIGTERM)
        ear.heed()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
