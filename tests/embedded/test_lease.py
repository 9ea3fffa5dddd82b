"""Users come and go: first, second, last, many at once, beside odd folders."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from paygate.embedded import EmbeddedError, acquire
from tests.embedded.places import Place, answers, ask, until


def test_the_first_user_gets_a_database_within_seconds_and_leaves_nothing_running(empty_place: Place) -> None:
    steps: list[str] = []
    began = time.monotonic()
    with acquire(empty_place.data_dir, on_progress=steps.append) as lease:
        taken_s = time.monotonic() - began
        assert ask(lease.dsn, "SELECT current_user || '/' || current_database()") == "paygate/paygate"
        assert ask(lease.dsn, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
        assert (
            ask(lease.dsn, "SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = 'paygate'") == "UTF8"
        )
        assert ask(lease.dsn, "SHOW data_checksums") == "on"
        assert ask(lease.dsn, "SHOW timezone") == "UTC"
        assert ask(lease.dsn, "SHOW listen_addresses") == ""
        assert ask(lease.dsn, "SHOW max_connections") == "100"
        assert not answers(lease.dsn.replace("paygate:", "paygate:wrong", 1))
    assert taken_s < 10
    assert any("once" in step for step in steps)
    assert empty_place.idle()
    shutil.rmtree(empty_place.data_dir)


def test_closing_twice_is_harmless(place: Place) -> None:
    lease = acquire(place.data_dir)
    lease.close()
    lease.close()
    assert place.idle()


def test_the_data_folder_keeps_its_mode_and_ours_is_private(place: Place) -> None:
    around = place.data_dir.parent.stat().st_mode
    place.folder.root.chmod(0o755)
    with acquire(place.data_dir):
        assert stat.S_IMODE(place.data_dir.stat().st_mode) == 0o777
        assert place.data_dir.parent.stat().st_mode == around
        root = place.folder.root
        assert stat.S_IMODE(root.stat().st_mode) == 0o700
        assert stat.S_IMODE((root / "run").stat().st_mode) == 0o700
        assert stat.S_IMODE((root / "run" / ".s.PGSQL.5432").stat().st_mode) == 0o700
        files = [path for path in root.iterdir() if path.is_file()]
        assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_a_second_user_shares_the_server_and_the_last_one_stops_it(place: Place) -> None:
    first = place.user()
    first.dsn()
    server = place.server()
    with acquire(place.data_dir) as lease:
        assert place.server() == server
        first.leave()
        assert place.server() == server
        assert answers(lease.dsn)
    assert place.idle()


def test_a_user_beside_another_leaves_at_once(place: Place) -> None:
    place.user().dsn()
    lease = acquire(place.data_dir)
    began = time.monotonic()
    lease.close()
    assert time.monotonic() - began < 1
    assert len(place.keepers()) == 1


def test_many_at_once_on_an_empty_folder_get_one_server(empty_place: Place) -> None:
    users = [empty_place.user() for _ in range(5)]
    dsns = {user.dsn() for user in users}
    assert len(dsns) == 1
    assert len(empty_place.keepers()) == 1
    server = empty_place.server()
    assert ask(dsns.pop(), "SELECT count(*) FROM pg_stat_activity WHERE datname = 'paygate'") == 1
    for user in users:
        user.start_leaving()
    for user in users:
        user.leave()
    assert empty_place.idle()
    assert not Path(f"/proc/{server}").exists()


def test_comers_and_goers_never_meet_a_stopped_server(place: Place) -> None:
    for _ in range(4):
        leaving = place.user()
        leaving.dsn()
        leaving.start_leaving()
        with acquire(place.data_dir) as lease:
            assert answers(lease.dsn)
            leaving.leave()
            assert answers(lease.dsn)
    assert place.idle()


@pytest.mark.parametrize("name", ["x" * 120, "ร้าน, 'a' b"])
def test_a_long_or_odd_path_gets_its_socket_elsewhere(place: Place, empty_place: Place, name: str) -> None:
    odd = Place(empty_place.data_dir / name)
    odd.data_dir.mkdir(parents=True)
    place.folder.root.rename(odd.folder.root)
    try:
        with acquire(odd.data_dir) as lease:
            assert answers(lease.dsn)
            socket_dir = Path(str(ask(lease.dsn, "SHOW unix_socket_directories")))
            assert not socket_dir.is_relative_to(odd.data_dir)
            assert stat.S_IMODE(socket_dir.stat().st_mode) == 0o700
        assert odd.idle()
        assert list(socket_dir.iterdir()) == []
        socket_dir.rmdir()
    finally:
        odd.clear()
        odd.folder.root.rename(place.folder.root)


def test_a_socket_folder_open_to_others_is_refused(place: Place) -> None:
    (place.folder.root / "run").chmod(0o777)
    try:
        with pytest.raises(EmbeddedError, match="must be a folder of mode 0700"):
            acquire(place.data_dir)
        until(place.idle)
    finally:
        (place.folder.root / "run").chmod(0o700)


def test_a_file_in_place_of_the_data_folder_is_refused_clearly(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EmbeddedError, match="cannot be used by user"):
        acquire(tmp_path / "file" / "data")


def test_our_folder_must_not_be_a_link_to_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "postgres").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EmbeddedError, match="is not a folder"):
        acquire(tmp_path)


def test_not_ready_in_time_is_an_error_that_tells_the_step(empty_place: Place) -> None:
    with pytest.raises(EmbeddedError, match="not ready in time"):
        acquire(empty_place.data_dir, timeout_s=0)
    until(empty_place.idle)


def test_a_server_that_does_not_start_is_told_with_the_end_of_its_log(place: Place) -> None:
    conf = place.pgdata / "postgresql.conf"
    sound = conf.read_text()
    conf.write_text(sound + "shared_buffers = 'very large'\n")
    try:
        with pytest.raises(EmbeddedError, match=r"(?s)ended by itself.*shared_buffers"):
            acquire(place.data_dir)
        until(place.idle)
    finally:
        conf.write_text(sound)


def test_a_keeper_that_is_not_needed_leaves_quietly(place: Place) -> None:
    place.user().dsn()
    command = [sys.executable, "-m", "paygate.embedded", "keep", str(place.data_dir)]
    second = subprocess.run(command, capture_output=True, timeout=10, check=False)
    assert (second.returncode, second.stdout, second.stderr) == (0, b"", b"")
    assert len(place.keepers()) == 1


def test_a_termination_signal_does_not_take_the_server_from_its_users(place: Place) -> None:
    dsn = place.user().dsn()
    [keeper] = place.keepers()
    os.kill(keeper, signal.SIGTERM)
    until(lambda: "SIGTERM ignored" in place.folder.log_tail())
    assert answers(dsn)
    assert place.keepers() == [keeper]


def test_the_keeper_does_not_inherit_the_gateways_secrets(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAYGATE_SECRET_KEY", "not for the keeper")
    with acquire(place.data_dir):
        [keeper] = place.keepers()
        assert b"not for the keeper" not in Path(f"/proc/{keeper}/environ").read_bytes()
        assert b"not for the keeper" not in Path(f"/proc/{place.server()}/environ").read_bytes()
