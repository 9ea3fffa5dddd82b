"""One PostgreSQL: making its files, starting it, seeing that it is ready, stopping it."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from paygate.embedded.binaries import find_bin, major_of
from paygate.embedded.errors import EmbeddedError
from paygate.embedded.folder import Folder, open_private, write_private
from paygate.embedded.processes import clear_leftovers, kill_leftovers
from paygate.embedded.runner import Runner, choose_runner

ROLE = DATABASE = "paygate"
PORT = 5432
_SUPERUSER = "postgres"
# sun_path is 108 bytes on Linux, 104 elsewhere; the socket's own name takes 15.
_LONGEST_SOCKET_DIR = 90
_STOP_S = 60.0
# In the file, where an operator may change them; what guards the server is on its command line instead.
_CONF = """
# --- PayGate's defaults; edit freely, they are written once ---
max_connections = 100
shared_buffers = 64MB
wal_compression = on
log_min_messages = warning
# Details of an error quote whole rows, which hold personal data.
log_error_verbosity = terse
log_checkpoints = off
"""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A database of one major version in its folder, and how to run it."""

    folder: Folder
    bin_dir: Path
    major: int
    runner: Runner
    socket_dir: Path

    @property
    def pgdata(self) -> Path:
        return self.folder.pgdata(self.major)

    def launch(self, note: Callable[[str], None]) -> subprocess.Popen[bytes]:
        """Start the server, which goes when this process goes. Main thread only, holder of the keeper lock only."""
        clear_leftovers(self.pgdata, self.socket_dir, note)
        fixed = {
            "listen_addresses": "",
            "port": str(PORT),
            "unix_socket_directories": str(self.socket_dir),
            "unix_socket_permissions": "0700",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "password_encryption": "scram-sha-256",
        }
        settings = [part for key, value in fixed.items() for part in ("-c", f"{key}={value}")]
        with open(open_private(self.folder.log_file, os.O_WRONLY | os.O_APPEND), "ab") as log:
            return self.runner.popen(
                [self.bin_dir / "postgres", "-D", self.pgdata, *settings], output=log, dies_by=signal.SIGINT
            )

    def is_ready(self, server: subprocess.Popen[bytes]) -> bool:
        """Whether this very server says that it takes connections (line 8 of its pid file)."""
        try:
            lines = (self.pgdata / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[0].strip() == str(server.pid) and lines[7].strip() == "ready"

    def stop(self, server: subprocess.Popen[bytes]) -> None:
        """Fast shutdown: open transactions are rolled back, everything committed is on disk."""
        for how, wait_s in ((signal.SIGINT, _STOP_S), (signal.SIGQUIT, 10.0), (signal.SIGKILL, None)):
            server.send_signal(how)
            try:
                server.wait(wait_s)
            except subprocess.TimeoutExpired:
                continue
            return


def open_cluster(folder: Folder, report: Callable[[str], None]) -> Cluster:
    """The folder's database, made first if there is none; `report` hears of the long steps.

    Only for the holder of the keeper lock. EmbeddedError when the programs are missing, of another major than the data,
    or fail.
    """
    bin_dir = find_bin()
    major = major_of(bin_dir)
    others = [other for other in folder.majors() if other != major]
    if others and major not in folder.majors():
        raise EmbeddedError(
            f"{folder.root} holds data of PostgreSQL {others[-1]}, but the programs in {bin_dir} are PostgreSQL"
            f" {major}. Set PAYGATE_PG_BIN to the bin folder of a PostgreSQL {others[-1]}, or move the data over:"
            " pg_dump with the old programs, then pg_restore into a new folder."
        )
    runner = choose_runner(folder, bin_dir)
    cluster = Cluster(folder, bin_dir, major, runner, _socket_dir(folder, runner))
    for leftover in folder.root.glob("init-*"):  # of a start that was killed half-way
        kill_leftovers(leftover / "data")
        shutil.rmtree(leftover, ignore_errors=True)
    if major not in folder.majors():
        report(f"Making the database files of PostgreSQL {major} (once)")
        _make(cluster)
    return cluster


def _make(cluster: Cluster) -> None:
    """All in a folder of its own and then renamed, so that a half-made database is never taken for one."""
    folder, runner = cluster.folder, cluster.runner
    workplace = folder.root / f"init-{secrets.token_hex(6)}"
    workplace.mkdir(mode=0o700)
    password, superuser_password = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    write_private(folder.password_file, password + "\n", durable=True)
    write_private(folder.superuser_password_file, superuser_password + "\n", durable=True)
    pgdata, password_copy = workplace / "data", workplace / "password"
    if os.geteuid() == 0:
        os.chown(workplace, runner.uid, runner.gid)
    write_private(password_copy, superuser_password + "\n", durable=False)
    base: list[str | Path] = [cluster.bin_dir / "initdb", "-D", pgdata, "-U", _SUPERUSER, "--pwfile", password_copy]
    base += ["-A", "scram-sha-256", "-E", "UTF8", "--data-checksums"]
    status, said = 1, ""
    for locale in _locales(cluster.major):
        status, said = runner.run([*base, *locale])
        if status == 0 or "locale" not in said:
            break
        shutil.rmtree(pgdata, ignore_errors=True)
    if status != 0:
        raise EmbeddedError(f"initdb failed with status {status}:\n{said.strip()}")
    with open(pgdata / "postgresql.conf", "a", encoding="utf-8") as conf:
        conf.write(_CONF)
    _make_role_and_database(cluster, pgdata, password)
    os.rename(pgdata, cluster.pgdata)
    _sync_folder(folder.root)
    shutil.rmtree(workplace, ignore_errors=True)


def _locales(major: int) -> list[list[str]]:
    # From 17 on the order of indexes can be independent of the system's C library, which may change under the data.
    if major >= 17:
        return [["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]]
    return [["--locale=C.UTF-8"], ["--locale=C"]]


def _make_role_and_database(cluster: Cluster, pgdata: Path, password: str) -> None:
    # The gateway's role is no superuser: a hole in a query must not become a shell.
    statements = (
        f"CREATE ROLE {ROLE} LOGIN CREATEDB IN ROLE pg_monitor PASSWORD '{password}';\n"
        f"CREATE DATABASE {DATABASE} OWNER {ROLE};\n"
    )
    command: list[str | Path] = [cluster.bin_dir / "postgres", "--single", "-D", pgdata, "-c", "exit_on_error=on"]
    command += ["-c", "password_encryption=scram-sha-256", "-c", "log_statement=none", _SUPERUSER]
    status, said = cluster.runner.run(command, stdin=statements)
    if status != 0:
        raise EmbeddedError(f"Making role and database {ROLE} failed: {said.replace(password, '...').strip()}")


def _sync_folder(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _socket_dir(folder: Folder, runner: Runner) -> Path:
    """A 0700 folder for the socket: our own `run`, or one in /tmp if that path is too long or has odd characters."""
    place = folder.root / "run"
    # Connection strings and PostgreSQL's own list of folders both give meaning to commas, spaces and quotes.
    if len(os.fsencode(place)) > _LONGEST_SOCKET_DIR or not re.fullmatch(r"[A-Za-z0-9_./+-]+", str(place)):
        # Not TMPDIR where avoidable: it differs between users' shells, and the place must not change under clients.
        shared = Path("/tmp") if os.access("/tmp", os.W_OK | os.X_OK) else Path(tempfile.gettempdir())  # noqa: S108
        name = hashlib.sha256(os.fsencode(folder.root)).hexdigest()[:16]
        place = shared / f"paygate-{runner.uid}-{name}"
    place.mkdir(mode=0o700, exist_ok=True)
    if os.geteuid() == 0 and place.lstat().st_uid == 0 != runner.uid:
        os.chown(place, runner.uid, runner.gid, follow_symlinks=False)
    found = place.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != runner.uid or stat.S_IMODE(found.st_mode) & 0o077:
        raise EmbeddedError(f"{place} must be a folder of mode 0700 of user {runner.uid}; remove it and start again.")
    return place
