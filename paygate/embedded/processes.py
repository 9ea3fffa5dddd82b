"""PostgreSQL processes that a killed keeper or postmaster left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from paygate.embedded.errors import EmbeddedError

_POLL_S = 0.02
# A server that is shutting down may have much to write; backends without a server have nothing to finish.
_SERVER_GRACE_S = 60.0
_ORPHAN_GRACE_S = 5.0
_GIVE_UP_S = 20.0


def inside(pgdata: Path) -> dict[int, bool]:
    """Living processes whose working folder is `pgdata` (as every PostgreSQL process's is): pid -> is it PostgreSQL.

    Without /proc only the server named in `postmaster.pid` can be found.
    """
    if sys.platform != "linux":
        pid = _server_pid(pgdata)
        return {pid: True} if pid is not None and _is_postgres_by_ps(pid) else {}
    try:
        wanted = pgdata.stat()
    except OSError:
        return {}
    found = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            # Device and inode, since the same folder can have several paths. A zombie has no cwd any more.
            there = os.stat(f"/proc/{name}/cwd")
            if (there.st_dev, there.st_ino) == (wanted.st_dev, wanted.st_ino):
                found[int(name)] = Path(f"/proc/{name}/comm").read_text().strip() == "postgres"
        except OSError:  # It ended meanwhile, or is another user's and so not ours.
            continue
    return found


def clear_leftovers(pgdata: Path, socket_dir: Path, note: Callable[[str], None]) -> None:
    """Stop what is left of an earlier server, then remove its pid and socket files if certainly nobody uses them.

    Only for the holder of the keeper lock. A pid file must never go while any process sits in `pgdata`: it is
    PostgreSQL's only guard against two servers on the same files. Raises EmbeddedError when leftovers do not end.
    """
    began, told = time.monotonic(), set[tuple[int, signal.Signals]]()
    while leftovers := {pid for pid, is_postgres in inside(pgdata).items() if is_postgres}:
        server = _server_pid(pgdata)
        waited_s = time.monotonic() - began
        if server in leftovers:
            targets, grace_s, gentle = {server}, _SERVER_GRACE_S, signal.SIGINT
        else:
            targets, grace_s, gentle = leftovers, _ORPHAN_GRACE_S, signal.SIGQUIT
        if waited_s > grace_s + _GIVE_UP_S:
            raise EmbeddedError(f"Earlier PostgreSQL processes in {pgdata} do not end: {sorted(leftovers)}.")
        with_signal = gentle if waited_s < grace_s else signal.SIGKILL
        for pid in (targets if waited_s < grace_s else leftovers) - {pid for pid, sent in told if sent == with_signal}:
            note(f"sending {with_signal.name} to process {pid}, left by an earlier server")
            told.add((pid, with_signal))
            _send(pid, with_signal)
        time.sleep(_POLL_S)
    if sys.platform == "linux" and not inside(pgdata):
        for stale in (pgdata / "postmaster.pid", *socket_dir.glob(".s.PGSQL.*")):
            stale.unlink(missing_ok=True)


def kill_leftovers(pgdata: Path) -> None:
    """Kill what still works on a half-made database that nobody will use. EmbeddedError when something does not end."""
    deadline = time.monotonic() + _GIVE_UP_S
    while leftovers := [pid for pid, is_postgres in inside(pgdata).items() if is_postgres]:
        if time.monotonic() > deadline:
            raise EmbeddedError(f"Earlier PostgreSQL processes in {pgdata} do not end: {leftovers}.")
        for pid in leftovers:
            _send(pid, signal.SIGKILL)
        time.sleep(_POLL_S)


def _send(pid: int, what: signal.Signals) -> None:
    try:
        os.kill(pid, what)
    except ProcessLookupError:
        return


def _server_pid(pgdata: Path) -> int | None:
    try:
        return int((pgdata / "postmaster.pid").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return None


def _is_postgres_by_ps(pid: int) -> bool:
    told = subprocess.run(["ps", "-o", "comm=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return Path(told.strip()).name == "postgres"
