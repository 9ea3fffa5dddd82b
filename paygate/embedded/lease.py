"""Using the embedded PostgreSQL: `acquire` gives a `Lease`, which holds a connection string and keeps the server up."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

import paygate
from paygate.embedded.binaries import find_bin
from paygate.embedded.cluster import DATABASE, PORT, ROLE
from paygate.embedded.errors import EmbeddedError
from paygate.embedded.folder import (
    Folder,
    Status,
    open_folder,
    open_lock,
    open_private,
    read_status,
    try_lock,
    wait_lock,
    write_status,
)
from paygate.embedded.processes import inside

Progress = Callable[[str], None]

_POLL_S = 0.02
# Answered with one byte before any login; PostgreSQL, "Message Formats", SSLRequest.
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)
_QUIET_S = 0.5
_LEAVE_S = 10.0
_REVIVE_S = 120.0
_MOST_KEEPERS = 3
_LONGEST_RETRY_S = 30.0
_LARGEST_LOG_BYTES = 10_000_000


def acquire(data_dir: Path, *, timeout_s: float = 120, on_progress: Progress | None = None) -> Lease:
    """Use the PostgreSQL of `data_dir`, starting it if nobody uses it yet; blocks until it takes connections.

    Every process that uses it acquires for itself, except children of a process that outlives them. `on_progress`
    hears of each step as a short sentence. Raises EmbeddedError with a text for a person: no programs, data of another
    major version, a folder of somebody else, no way to run as root, or not ready within `timeout_s`.
    """
    if sys.platform == "win32":
        raise EmbeddedError(
            "There is no embedded PostgreSQL on Windows. Install PostgreSQL 14 or newer and set PAYGATE_DATABASE_URL."
        )
    deadline = time.monotonic() + timeout_s
    try:
        folder = open_folder(Path(data_dir))
        starter = _Starter(folder, on_progress or _say_nothing)
        users_fd = _join(folder, deadline, starter.progress)
    except OSError as error:
        raise EmbeddedError(f"The data folder {data_dir} cannot be used: {error.strerror or error}.") from error
    try:
        status = starter.await_ready(deadline)
        lease = Lease(folder, users_fd, _dsn(folder, status), starter)
    except OSError as error:
        os.close(users_fd)
        raise EmbeddedError(f"PostgreSQL could not be started in {folder.root}: {error}") from error
    except BaseException:
        os.close(users_fd)
        raise
    return lease


class Lease:
    """The right to use the database until `close`; also ended by the process's death, however it dies.

    `dsn` stays true for the lease's life, also over restarts of the server. It may be given to child processes.
    """

    def __init__(self, folder: Folder, users_fd: int, dsn: str, starter: _Starter) -> None:
        self.dsn = dsn
        self._folder, self._users_fd, self._starter = folder, users_fd, starter
        self._closing = threading.Lock()
        self._closed = threading.Event()

    def watch(self, stop: threading.Event | None = None) -> None:
        """For long-running users: start a daemon thread that starts a new keeper should the present one be killed.

        It ends with `close`, or when `stop` is set. `on_progress` of `acquire` then hears from that thread.
        """
        threading.Thread(target=self._watch, args=(stop,), name="embedded-postgres-watch", daemon=True).start()

    def close(self) -> None:
        """Leave. The last user waits, for at most 10 s, until the server has stopped and nothing is left running."""
        with self._closing:
            if self._closed.is_set():
                return
            self._closed.set()
            _leave(self._folder, self._users_fd)
            self._starter.reap()

    def __enter__(self) -> Lease:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _watch(self, stop: threading.Event | None) -> None:
        retry_s = 0.5
        while True:
            try:
                fd = open_lock(self._folder.keeper_lock)
                wait_lock(fd)
                if self._closed.is_set() or (stop is not None and stop.is_set()):
                    os.close(fd)
                    return
                self._starter.progress("PostgreSQL's keeper is gone; starting a new one")
                self._starter.start(fd)
                self._starter.await_ready(time.monotonic() + _REVIVE_S)
                retry_s = 0.5
            except (EmbeddedError, OSError) as error:
                self._starter.progress(f"PostgreSQL could not be started again, next try in {retry_s:g} s: {error}")
                if self._closed.wait(retry_s):
                    return
                retry_s = min(2 * retry_s, _LONGEST_RETRY_S)


class _Starter:
    """Starts keepers and waits for one, this process's or another's, to have the server ready."""

    def __init__(self, folder: Folder, progress: Progress) -> None:
        self.folder, self.progress = folder, progress
        self._keeper: subprocess.Popen[bytes] | None = None
        self._reaper: threading.Thread | None = None

    def start(self, lock_fd: int) -> None:
        """Start a keeper and hand it the keeper lock, which the caller holds on `lock_fd`; the descriptor is closed.

        The lock passes without ever being free, so two keepers cannot race.
        """
        try:
            write_status(self.folder, Status())
            _shorten_log(self.folder)
            if not sys.executable:
                raise EmbeddedError("The Python interpreter's path is unknown, so no keeper process can be started.")
            with open(open_private(self.folder.log_file, os.O_WRONLY | os.O_APPEND), "ab") as log:
                keeper = subprocess.Popen(
                    [sys.executable, "-m", "paygate.embedded", "keep", self.folder.data_dir, f"--lock-fd={lock_fd}"],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd="/",
                    env=_keeper_environment(),
                    pass_fds=(lock_fd,),
                    start_new_session=True,
                )
        finally:
            os.close(lock_fd)
        self._keeper = keeper
        self._reaper = threading.Thread(target=keeper.wait, name="embedded-postgres-reaper", daemon=True)
        self._reaper.start()

    def await_ready(self, deadline: float) -> Status:
        """Wait until the server takes connections, starting a keeper whenever there is none."""
        told, mine, started = "", None, 0
        while True:
            lock_fd = open_lock(self.folder.keeper_lock)
            if not try_lock(lock_fd):
                os.close(lock_fd)
            elif started >= _MOST_KEEPERS or (mine is not None and mine.wait(1) > 0):
                os.close(lock_fd)
                raise EmbeddedError(self._failure())
            else:
                self.start(lock_fd)
                mine, started = self._keeper, started + 1
            status = read_status(self.folder)
            if status.ready and _answers(status.socket_dir) and self._is_kept():
                return status
            if status.stage not in ("", told):
                told = status.stage
                self.progress(told)
            if time.monotonic() > deadline:
                raise EmbeddedError(
                    f"PostgreSQL is not ready in time; it was at: {told or 'nothing yet'}.\n{self._log()}"
                )
            time.sleep(_POLL_S)

    def reap(self) -> None:
        """Collect the keeper if it was this process's child and has ended, so that no zombie stays."""
        if self._reaper is not None:
            self._reaper.join(0.2)

    def _is_kept(self) -> bool:
        fd = open_lock(self.folder.keeper_lock)
        try:
            return not try_lock(fd)
        finally:
            os.close(fd)

    def _failure(self) -> str:
        return read_status(self.folder).error or f"The keeper of PostgreSQL ended.\n{self._log()}"

    def _log(self) -> str:
        return f"The end of {self.folder.log_file}:\n{self.folder.log_tail()}"


def _say_nothing(_text: str) -> None:
    return


def _join(folder: Folder, deadline: float, progress: Progress) -> int:
    """Become a user: a descriptor with the shared lock. Waits while a keeper without users is stopping the server."""
    fd = open_lock(folder.users_lock)
    began, told = time.monotonic(), False
    try:
        while not try_lock(fd, shared=True):
            if time.monotonic() > deadline:
                raise EmbeddedError(f"An earlier PostgreSQL in {folder.root} is still stopping; try again later.")
            if not told and time.monotonic() - began > _QUIET_S:
                progress("Waiting for an earlier PostgreSQL to stop")
                told = True
            time.sleep(_POLL_S)
    except BaseException:
        os.close(fd)
        raise
    return fd


def _leave(folder: Folder, users_fd: int) -> None:
    deadline = time.monotonic() + _LEAVE_S
    try:
        leaving_fd = open_lock(folder.leaving_lock)
    except OSError:  # The data folder was deleted under us: nothing to wait for.
        os.close(users_fd)
        return
    try:
        while not try_lock(leaving_fd) and time.monotonic() < deadline:
            time.sleep(_POLL_S)
        os.close(users_fd)
        while time.monotonic() < deadline and folder.root.exists():
            if _others_use(folder) or _all_stopped(folder):
                return
            time.sleep(_POLL_S / 2)
    finally:
        os.close(leaving_fd)


def _others_use(folder: Folder) -> bool:
    fd = open_lock(folder.users_lock)
    try:
        # Not alone and yet shareable: another user. Not even shareable: the keeper, which is stopping.
        return not try_lock(fd) and try_lock(fd, shared=True)
    finally:
        os.close(fd)


def _all_stopped(folder: Folder) -> bool:
    fd = open_lock(folder.keeper_lock)
    try:
        # After a killed keeper its server may still be on the way down.
        return try_lock(fd) and not any(any(inside(folder.pgdata(major)).values()) for major in folder.majors())
    finally:
        os.close(fd)


def _answers(socket_dir: str) -> bool:
    """Whether a server says a word: the kernel alone accepts connections, also for a process that is being killed."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(5)
        try:
            probe.connect(f"{socket_dir}/.s.PGSQL.{PORT}")
            probe.sendall(_SSL_REQUEST)
            return probe.recv(1) in (b"N", b"S")
        except OSError:
            return False


def _dsn(folder: Folder, status: Status) -> str:
    password = folder.password_file.read_text(encoding="utf-8").strip()
    return f"postgresql://{ROLE}:{quote(password)}@/{DATABASE}?host={quote(status.socket_dir)}&port={PORT}"


def _keeper_environment() -> dict[str, str]:
    """This process's, without PayGate's settings: the keeper outlives it and has no use for its secrets."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PAYGATE_")}
    if "PAYGATE_PG_BIN" in os.environ:
        environment["PAYGATE_PG_BIN"] = str(find_bin())  # absolute: the keeper has another working folder
    home = Path(paygate.__file__).resolve().parent.parent
    if home.name not in ("site-packages", "dist-packages"):  # a checkout may be importable only by the caller's path
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(home), environment.get("PYTHONPATH"))))
    return environment


def _shorten_log(folder: Folder) -> None:
    if folder.log_file.exists() and folder.log_file.stat().st_size > _LARGEST_LOG_BYTES:
        os.replace(folder.log_file, folder.log_file.with_suffix(".log.1"))
