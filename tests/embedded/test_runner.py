"""As root, as an ordinary user, and on folders of somebody else."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from pathlib import Path

import pytest

from paygate.embedded import EmbeddedError, acquire, find_bin, runner
from paygate.embedded.folder import open_folder
from paygate.embedded.runner import Runner, choose_runner
from tests.embedded.places import CHECKOUT, Place, answers, ask, kill, until

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
NOBODY = pwd.getpwnam("nobody")


def _namespaces_work(tmp_path: Path) -> bool:
    return Runner("userns", 0, 0, shown=(NOBODY.pw_uid, NOBODY.pw_gid)).works(find_bin(), tmp_path)


def _owner_of(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


@as_root
def test_root_uses_a_namespace_and_keeps_the_files(place: Place, tmp_path: Path) -> None:
    if not _namespaces_work(tmp_path):
        pytest.skip("user namespaces are forbidden here")
    with acquire(place.data_dir) as lease:
        assert answers(lease.dsn)
        assert (place.pgdata / "PG_VERSION").stat().st_uid == 0
        assert Path(f"/proc/{place.server()}/uid_map").read_text().split() == [str(NOBODY.pw_uid), "0", "1"]


@as_root
def test_root_runs_the_server_as_the_folders_owner(empty_place: Place) -> None:
    empty_place.folder.root.mkdir(parents=True)
    os.chown(empty_place.folder.root, NOBODY.pw_uid, NOBODY.pw_gid)
    user = empty_place.user("watch")
    dsn = user.dsn()
    ask(dsn, "CREATE TABLE kept (n integer)")
    server = empty_place.server()
    assert _owner_of(server) == NOBODY.pw_uid
    assert {path.stat().st_uid for path in empty_place.folder.root.iterdir()} == {NOBODY.pw_uid}
    [keeper] = empty_place.keepers()
    kill(keeper)
    until(lambda: answers(dsn) and empty_place.server() != server)
    assert ask(dsn, "SELECT count(*) FROM kept") == 0
    user.leave()
    assert empty_place.idle()


@as_root
def test_root_without_namespaces_gives_the_folder_to_an_account(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = open_folder(place.data_dir)
    files = [folder.root, *folder.root.rglob("*")]
    monkeypatch.setattr(runner, "_SHOWN_ACCOUNTS", ())
    try:
        chosen = choose_runner(folder, find_bin())
        assert chosen.mode == "drop"
        assert {path.stat().st_uid for path in files} == {chosen.uid}
        with acquire(place.data_dir) as lease:
            assert answers(lease.dsn)
            assert _owner_of(place.server()) == chosen.uid
    finally:
        for path in [folder.root, *folder.root.rglob("*")]:
            os.chown(path, 0, 0)


@as_root
def test_an_account_that_cannot_reach_the_folder_is_told_and_no_mode_is_changed(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    (tmp_path / "data" / "postgres").mkdir(parents=True)
    os.chown(tmp_path / "data" / "postgres", NOBODY.pw_uid, NOBODY.pw_gid)
    with pytest.raises(EmbeddedError, match="would run as user nobody, who cannot reach"):
        acquire(tmp_path / "data")
    assert tmp_path.stat().st_mode & 0o777 == 0o700


@as_root
def test_root_does_not_believe_a_folder_that_a_stranger_put_there(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    (tmp_path / "postgres").mkdir(mode=0o700)
    os.chown(tmp_path / "postgres", 12345, 12345)
    with pytest.raises(EmbeddedError, match="belongs to user 12345"):
        acquire(tmp_path)


def _python_for(user: str) -> str:
    """An interpreter that an ordinary account can run: the system's, since the project's may be in root's home."""
    for candidate in filter(None, ("/usr/bin/python3", shutil.which("python3"))):
        path = f"import sys; sys.path.insert(0, {str(CHECKOUT)!r})"
        check = f"{path}; import paygate.embedded; sys.exit(sys.version_info < (3, 11))"
        command = ["setpriv", f"--reuid={user}", "--clear-groups", candidate, "-c", check]
        if subprocess.run(command, capture_output=True, check=False).returncode == 0:
            return candidate
    pytest.skip(f"no Python 3.11 here that user {user} can run on this checkout")


@as_root
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="no setpriv")
def test_an_ordinary_user_in_a_data_folder_open_to_all(empty_place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    python = _python_for("nobody")
    empty_place.data_dir.mkdir()
    empty_place.data_dir.chmod(0o777)
    monkeypatch.setenv("PAYGATE_PG_BIN", str(find_bin()))
    user = empty_place.user("watch", command=("setpriv", "--reuid=nobody", "--clear-groups", python, "-B"))
    dsn = user.dsn()
    assert answers(dsn)
    server = empty_place.server()
    assert _owner_of(server) == NOBODY.pw_uid
    kill(empty_place.keepers()[0])
    until(lambda: answers(dsn) and empty_place.server() != server)
    assert empty_place.data_dir.stat().st_mode & 0o777 == 0o777
    user.leave()
    assert empty_place.idle()
