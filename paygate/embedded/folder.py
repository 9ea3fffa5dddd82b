"""The embedded database's own folder inside the data folder: paths, locks, and the keeper's word on how it stands."""

from __future__ import annotations

import json
import os
import stat
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from paygate.embedded.errors import EmbeddedError

if sys.platform != "win32":
    import fcntl
    import pwd


@dataclass(frozen=True, slots=True)
class Folder:
    """`DATA_DIR/postgres`, mode 0700. The data folder around it may have any mode and is never changed."""

    data_dir: Path

    @property
    def root(self) -> Path:
        return self.data_dir / "postgres"

    @property
    def users_lock(self) -> Path:
        """Held shared by every process that uses the database; the keeper waits for it alone."""
        return self.root / "users.lock"

    @property
    def keeper_lock(self) -> Path:
        """Held by the one keeper, and by whoever is about to start it."""
        return self.root / "keeper.lock"

    @property
    def leaving_lock(self) -> Path:
        """Held by one leaving user at a time, so that two of them do not take each other for a remaining user."""
        return self.root / "leaving.lock"

    @property
    def status_file(self) -> Path:
        return self.root / "keeper.json"

    @property
    def log_file(self) -> Path:
        return self.root / "postgres.log"

    @property
    def password_file(self) -> Path:
        return self.root / "password"

    @property
    def superuser_password_file(self) -> Path:
        return self.root / "superuser-password"

    def pgdata(self, major: int) -> Path:
        """PostgreSQL's files; the major is in the name because another major cannot read them."""
        return self.root / f"pg{major}"

    def majors(self) -> list[int]:
        """Majors for which the folder holds a complete database."""
        found = [path.parent.name.removeprefix("pg") for path in self.root.glob("pg*/PG_VERSION")]
        return sorted(int(name) for name in found if name.isdigit())

    def log_tail(self, lines: int = 12) -> str:
        """The end of the log, for an error text."""
        try:
            text = self.log_file.read_text(errors="replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-lines:])


def open_folder(data_dir: Path) -> Folder:
    """Make what is missing of `data_dir` and the folder in it. EmbeddedError when it cannot be ours alone."""
    data_dir = data_dir.absolute().resolve()
    folder = Folder(data_dir)
    try:
        data_dir.mkdir(mode=0o755, parents=True, exist_ok=True)
        folder.root.mkdir(mode=0o700, exist_ok=True)
        found = folder.root.lstat()
        if not stat.S_ISDIR(found.st_mode):
            raise EmbeddedError(f"{folder.root} is not a folder; move it away or choose another data folder.")
        if not _may_own(found.st_uid, data_dir):
            raise EmbeddedError(
                f"{folder.root} belongs to user {user_name(found.st_uid)}, and this is user {user_name(os.geteuid())}."
                " Run PayGate as that user, or choose another data folder."
            )
        if stat.S_IMODE(found.st_mode) & 0o077:
            folder.root.chmod(0o700)
    except (PermissionError, NotADirectoryError, FileExistsError) as error:
        raise EmbeddedError(
            f"The data folder {data_dir} cannot be used by user {user_name(os.geteuid())}: {error.strerror}"
            f" ({error.filename}). Choose another with --data or PAYGATE_DATA_DIR."
        ) from error
    return folder


def _may_own(uid: int, data_dir: Path) -> bool:
    if os.geteuid() != 0 or uid == 0:
        return uid == os.geteuid()
    # Root runs PostgreSQL as the folder's owner. In a data folder open to all anybody could have put it there, so only
    # the owner of the data folder and the accounts that root itself would have chosen are believed.
    return uid == data_dir.stat().st_uid or user_name(uid) in ("postgres", "nobody")


def user_name(uid: int) -> str:
    """The account's name, or its number when it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def keep_owner(fd: int, root: Path) -> None:
    """Give a file that root made to the folder's owner, so that the owner can open it too."""
    if os.geteuid() == 0:
        owner = root.stat()
        os.fchown(fd, owner.st_uid, owner.st_gid)


def open_private(path: Path, flags: int) -> int:
    """Open or make a 0600 file of the folder; the descriptor is not inherited."""
    fd = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    keep_owner(fd, path.parent)
    return fd


def write_private(path: Path, text: str, *, durable: bool) -> None:
    """Replace a 0600 file of the folder at once; `durable` also waits for the disk."""
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    fd = open_private(beside, os.O_WRONLY | os.O_TRUNC)
    with open(fd, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        if durable:
            os.fsync(fd)
    os.replace(beside, path)


def open_lock(path: Path) -> int:
    """A descriptor to lock; closing the last copy of it, also by dying, gives the lock back."""
    return open_private(path, os.O_RDWR)


def try_lock(fd: int, *, shared: bool = False) -> bool:
    """Take the lock if nobody is in the way. EmbeddedError where the file system has no locks."""
    try:
        fcntl.flock(fd, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise EmbeddedError(
            f"The file system of the data folder has no file locks ({error.strerror}). Use a local one."
        ) from error
    return True


def wait_lock(fd: int) -> None:
    """Wait, for ever if need be, until nobody else holds the lock; then hold it alone."""
    fcntl.flock(fd, fcntl.LOCK_EX)


@dataclass(frozen=True, slots=True)
class Status:
    """What the keeper last said. `error` is final: that keeper gave up."""

    stage: str = ""
    ready: bool = False
    socket_dir: str = ""
    error: str = ""


def write_status(folder: Folder, status: Status) -> None:
    """Publish for the waiting users. Meaningful only while somebody holds the keeper lock."""
    write_private(folder.status_file, json.dumps(asdict(status)), durable=False)


def read_status(folder: Folder) -> Status:
    """The keeper's last word, or an empty one."""
    try:
        return Status(**json.loads(folder.status_file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return Status()
