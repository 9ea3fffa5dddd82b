"""The process that runs PostgreSQL for all users of a data folder and belongs to none of them.

It starts detached, keeps the server up, and ends with it when the last user's lock is gone, however that user ended.
"""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from types import FrameType

from paygate.embedded.cluster import Cluster, open_cluster
from paygate.embedded.errors import EmbeddedError
from paygate.embedded.folder import Folder, Status, open_lock, try_lock, wait_lock, write_status

EXIT_OK = 0
EXIT_FAILED = 3
_POLL_S = 0.02
_MOST_RESTARTS = 5
# A server that stood this long was sound: its end counts as a new accident, not as one more failed start.
_SOUND_AFTER_S = 60.0


def keep(folder: Folder, lock_fd: int | None) -> int:
    """Run until nobody uses the database; the exit status. `lock_fd` is the keeper lock, already held by the starter.

    Without it the lock is tried for, and a keeper that is not needed leaves at once.
    """
    if lock_fd is None:
        lock_fd = open_lock(folder.keeper_lock)
        if not try_lock(lock_fd):
            return EXIT_OK
    os.set_inheritable(lock_fd, False)
    for ignored in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(ignored, _stay)
    try:
        _Keeper(folder).run()
    except (EmbeddedError, OSError, subprocess.SubprocessError) as error:
        note(f"{type(error).__name__}: {error}")
        write_status(folder, Status(error=str(error)))
        return EXIT_FAILED
    return EXIT_OK


def note(text: str) -> None:
    """A line in the log, which is this process's standard error."""
    stamp = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
    sys.stderr.write(f"{stamp} [{os.getpid()}] keeper: {text}\n")
    sys.stderr.flush()


def _stay(number: int, _frame: FrameType | None) -> None:
    # On SIGTERM to a whole group the users still have work in hand, which needs the database; they end first.
    note(f"{signal.Signals(number).name} ignored: PostgreSQL stops when its last user has gone")


class _Keeper:
    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.events: queue.SimpleQueue[subprocess.Popen[bytes] | None] = queue.SimpleQueue()
        self.unused = threading.Event()

    def run(self) -> None:
        cluster = open_cluster(self.folder, self._report)
        self._report(f"Starting PostgreSQL {cluster.major}")
        threading.Thread(target=self._await_no_users, daemon=True).start()
        was_ready, short_lives = False, 0
        while True:
            began = time.monotonic()
            server = cluster.launch(note)
            threading.Thread(target=self._await_end, args=(server,), daemon=True).start()
            if self._await_ready(cluster, server):
                was_ready = True
                write_status(self.folder, Status("Ready", ready=True, socket_dir=str(cluster.socket_dir)))
                self._await_event(server)
            if self.unused.is_set():
                self._finish(cluster, server)
                return
            short_lives = 1 if time.monotonic() - began > _SOUND_AFTER_S else short_lives + 1
            ended = f"PostgreSQL ended by itself (status {server.wait()})"
            if not was_ready or short_lives > _MOST_RESTARTS:
                raise EmbeddedError(f"{ended}. The end of {self.folder.log_file}:\n{self.folder.log_tail()}")
            self._report(f"{ended}; starting it again")
            self.unused.wait(0.2 * (short_lives - 1))

    def _report(self, stage: str) -> None:
        note(stage)
        write_status(self.folder, Status(stage))

    def _await_no_users(self) -> None:
        # Never closed: the lock keeps new users out until this process is gone.
        wait_lock(open_lock(self.folder.users_lock))
        self.unused.set()
        self.events.put(None)

    def _await_end(self, server: subprocess.Popen[bytes]) -> None:
        server.wait()
        self.events.put(server)

    def _await_ready(self, cluster: Cluster, server: subprocess.Popen[bytes]) -> bool:
        # No limit: recovery after a crash takes as long as it takes, and ends with the server or its users.
        while not self.unused.is_set() and server.poll() is None:
            if cluster.is_ready(server):
                return True
            time.sleep(_POLL_S)
        return False

    def _await_event(self, server: subprocess.Popen[bytes]) -> None:
        while True:
            ended = self.events.get()
            if ended is None or ended is server:
                return

    def _finish(self, cluster: Cluster, server: subprocess.Popen[bytes]) -> None:
        self.folder.status_file.unlink(missing_ok=True)
        cluster.stop(server)
        note("nobody uses the database any more: stopped")
