"""Starting PostgreSQL's programs as somebody they accept: they refuse to run as root.

Root enters a user namespace in which it appears as `nobody`, which needs no account of our own and no change of any
mode; files stay root's. Where namespaces are forbidden, the programs run as an existing account that owns the folder.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Literal

from paygate.embedded.errors import EmbeddedError
from paygate.embedded.folder import Folder, user_name

if sys.platform != "win32":
    import pwd

    _libc = ctypes.CDLL(None, use_errno=True)

_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1
_PASSED_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "LD_PRELOAD")
# A few programs look their user up by name, so the namespace must show an account that exists.
_SHOWN_ACCOUNTS = ("nobody", "postgres", "daemon")
_FALLBACK_ACCOUNTS = ("postgres", "nobody")
_ORPHANED = 112


@dataclass(frozen=True, slots=True)
class Runner:
    """As whom to run: `uid` and `gid` own the files. In mode `userns`, `shown` is who root appears to be inside."""

    mode: Literal["plain", "userns", "drop"]
    uid: int
    gid: int
    shown: tuple[int, int] | None = None

    def popen(
        self,
        command: Sequence[str | Path],
        *,
        stdin: int = subprocess.DEVNULL,
        output: int | IO[bytes] = subprocess.PIPE,
        dies_by: signal.Signals | None = None,
        must_reach: Path | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start a program in a session of its own; `dies_by` is sent to it when this process dies (Linux only).

        That signal also comes when the calling *thread* ends: call it from the main thread.
        """
        environment = {key: os.environ[key] for key in _PASSED_ENVIRONMENT if key in os.environ}
        dropped = self.mode == "drop"
        # preexec_fn is unsafe only beside threads that hold locks: the keeper's only other one sleeps in flock().
        return subprocess.Popen(
            command,
            stdin=stdin,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=environment | {"LC_ALL": "C", "TZ": "UTC"},
            umask=0o077,
            start_new_session=True,
            user=self.uid if dropped else None,
            group=self.gid if dropped else None,
            extra_groups=[] if dropped else None,
            preexec_fn=self._in_child(dies_by, must_reach),  # noqa: PLW1509
        )

    def run(self, command: Sequence[str | Path], *, stdin: str = "") -> tuple[int, str]:
        """Run to the end: (exit status, everything it said). It is killed if this process dies first."""
        with self.popen(command, stdin=subprocess.PIPE, dies_by=signal.SIGKILL) as process:
            said, _ = process.communicate(stdin.encode())
        return process.returncode, said.decode(errors="replace")

    def works(self, bin_dir: Path, data_dir: Path) -> bool:
        """Whether programs of `bin_dir` can be started this way and can reach `data_dir`."""
        try:
            with self.popen([bin_dir / "postgres", "--version"], must_reach=data_dir) as process:
                process.communicate()
        except (OSError, subprocess.SubprocessError):
            return False
        return process.returncode == 0

    def _in_child(self, dies_by: signal.Signals | None, must_reach: Path | None) -> Callable[[], None]:
        parent = os.getpid()
        shown = self.shown

        def prepare() -> None:
            if shown is not None:
                _appear_as(*shown)
            if must_reach is not None and not os.access(must_reach, os.X_OK):
                raise PermissionError(must_reach)
            if dies_by is not None and sys.platform == "linux":
                # After every change of user, which would clear it.
                _libc.prctl(_PR_SET_PDEATHSIG, int(dies_by), 0, 0, 0)
                if os.getppid() != parent:
                    os._exit(_ORPHANED)

        return prepare


def _appear_as(uid: int, gid: int) -> None:
    if _libc.unshare(_CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "user namespaces are not allowed here")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} 0 1"), ("gid_map", f"{gid} 0 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)


def choose_runner(folder: Folder, bin_dir: Path) -> Runner:
    """How PostgreSQL can be run here on this folder. EmbeddedError, with what to do, when it cannot."""
    plain = Runner("plain", os.geteuid(), os.getegid())
    if os.geteuid() != 0:
        return plain
    owner = folder.root.stat()
    if owner.st_uid != 0:
        return _checked(Runner("drop", owner.st_uid, owner.st_gid), bin_dir, folder)
    namespaced = replace(plain, mode="userns", shown=_first_account(_SHOWN_ACCOUNTS))
    if namespaced.shown is not None and namespaced.works(bin_dir, folder.data_dir):
        return namespaced
    account = _first_account(_FALLBACK_ACCOUNTS)
    if account is None:
        raise EmbeddedError(
            "PostgreSQL refuses to run as root, and there is neither a user namespace nor an account `postgres` or"
            " `nobody` to run it as. Run PayGate as an ordinary user, or set PAYGATE_DATABASE_URL."
        )
    dropped = _checked(Runner("drop", *account), bin_dir, folder)
    _give(folder.root, dropped)
    return dropped


def _first_account(names: Sequence[str]) -> tuple[int, int] | None:
    for name in names:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    return None


def _checked(runner: Runner, bin_dir: Path, folder: Folder) -> Runner:
    if not runner.works(bin_dir, folder.data_dir):
        raise EmbeddedError(
            f"PostgreSQL refuses to run as root and would run as user {user_name(runner.uid)}, who cannot reach"
            f" {bin_dir} or {folder.data_dir}. Put both where that user may look (no mode is changed for you), run"
            " PayGate as an ordinary user, or set PAYGATE_DATABASE_URL."
        )
    return runner


def _give(root: Path, runner: Runner) -> None:
    for parent, folders, files in os.walk(root, topdown=False):
        for name in (*folders, *files):
            os.lchown(os.path.join(parent, name), runner.uid, runner.gid)
    os.chown(root, runner.uid, runner.gid)
