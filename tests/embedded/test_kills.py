"""kill -9 of everything that can be killed; what was committed is there afterwards."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from paygate.embedded import acquire
from paygate.embedded.processes import clear_leftovers
from tests.embedded.places import Place, answers, ask, kill, until

KEEP = ("DROP TABLE IF EXISTS kept", "CREATE TABLE kept (n integer)", "INSERT INTO kept VALUES (1)")
COUNT = "SELECT count(*) FROM kept"


async def test_a_killed_user_does_not_disturb_the_others(place: Place) -> None:
    starter, other = place.user(), None
    starter.dsn()
    other = place.user()
    connection = await asyncpg.connect(other.dsn())
    server = place.server()
    starter.kill()
    assert await connection.fetchval("SELECT 1") == 1
    await connection.close()
    assert place.server() == server
    other.leave()
    assert place.idle()


def test_when_the_last_user_is_killed_the_server_stops_by_itself(place: Place) -> None:
    user = place.user()
    ask(user.dsn(), *KEEP)
    user.kill()
    until(place.idle)
    assert "database system is shut down" in place.folder.log_tail()
    with acquire(place.data_dir) as lease:
        assert ask(lease.dsn, COUNT) == 1


def test_a_killed_keeper_is_replaced_by_a_watching_user(place: Place) -> None:
    user = place.user("watch")
    dsn = user.dsn()
    ask(dsn, *KEEP)
    for _ in range(2):
        [keeper], server = place.keepers(), place.server()
        kill(keeper)
        until(lambda server=server: answers(dsn) and place.server() != server)
        assert len(place.keepers()) == 1
    assert ask(dsn, COUNT) == 1
    user.leave()
    assert place.idle()


def test_one_of_several_watching_users_replaces_the_keeper(place: Place) -> None:
    users = [place.user("watch") for _ in range(3)]
    dsn = {user.dsn() for user in users}.pop()
    [keeper] = place.keepers()
    kill(keeper)
    until(lambda: place.keepers() not in ([], [keeper]) and answers(dsn))
    assert len(place.keepers()) == 1
    for user in users:
        user.leave()
    assert place.idle()


def test_a_killed_keeper_without_watchers_is_replaced_by_the_next_user(place: Place) -> None:
    first = place.user()
    first.dsn()
    [keeper] = place.keepers()
    kill(keeper)
    until(lambda: not place.keepers())
    with acquire(place.data_dir) as lease:
        assert answers(lease.dsn)
        first.leave()
    assert place.idle()


def test_leaving_after_the_keeper_was_killed_waits_for_its_server(place: Place) -> None:
    lease = acquire(place.data_dir)
    [keeper] = place.keepers()
    kill(keeper)
    lease.close()
    assert place.idle()


def test_a_watch_that_was_stopped_revives_nothing(place: Place) -> None:
    stop = threading.Event()
    lease = acquire(place.data_dir)
    lease.watch(stop)
    stop.set()
    [keeper] = place.keepers()
    kill(keeper)
    until(place.idle)
    until(lambda: "embedded-postgres-watch" not in {thread.name for thread in threading.enumerate()})
    assert place.idle()
    lease.close()


def test_a_killed_server_is_started_again_by_the_keeper(place: Place) -> None:
    dsn = place.user().dsn()
    ask(dsn, *KEEP)
    keepers, server = place.keepers(), place.server()
    kill(server)
    until(lambda: answers(dsn) and place.server() != server)
    assert place.keepers() == keepers
    assert ask(dsn, COUNT) == 1


def test_a_new_user_waits_while_a_killed_server_recovers(place: Place) -> None:
    ask(place.user().dsn(), *KEEP)
    kill(place.server())
    with acquire(place.data_dir) as lease:
        until(lambda: answers(lease.dsn))
        assert ask(lease.dsn, COUNT) == 1


async def test_a_busy_backend_of_a_killed_server_ends_before_the_next_server_starts(place: Place) -> None:
    connection = await asyncpg.connect(place.user().dsn())
    backend = await connection.fetchval("SELECT pg_backend_pid()")
    running = asyncio.ensure_future(connection.execute("SELECT count(*) FROM generate_series(1, 1000000000)"))
    while Path(f"/proc/{backend}/stat").read_text().split()[2] != "R":
        await asyncio.sleep(0.01)
    server = place.server()
    kill(server)
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)):
        await running
    with acquire(place.data_dir) as lease:
        until(lambda: place.server() != server)
        assert backend not in place.servers()
        connection = await asyncpg.connect(lease.dsn)
        await connection.close()


def test_keeper_and_server_killed_at_once_come_back_for_a_watching_user(place: Place) -> None:
    dsn = place.user("watch").dsn()
    ask(dsn, *KEEP)
    server = place.server()
    for pid in [*place.keepers(), server]:
        kill(pid)
    until(lambda: answers(dsn) and place.server() != server)
    assert ask(dsn, COUNT) == 1


def test_everything_killed_at_once_starts_again_with_the_data(place: Place) -> None:
    user = place.user()
    ask(user.dsn(), *KEEP)
    server = place.server()
    for pid in [user.process.pid, *place.keepers(), server]:
        kill(pid)
    until(lambda: not place.keepers() and server not in place.servers())
    with acquire(place.data_dir) as lease:
        assert ask(lease.dsn, COUNT) == 1
    user.kill()


def _exists(pattern: str) -> Callable[[Path], bool]:
    return lambda root: any(root.glob(pattern))


@pytest.mark.parametrize(
    "moment",
    ["init-*", "init-*/data/PG_VERSION", "init-*/data/global/pg_control", "init-*/data/base/5", "pg18"],
)
def test_a_start_killed_half_way_does_no_harm(empty_place: Place, moment: str) -> None:
    user, reached = empty_place.user(), _exists(moment)
    until(lambda: reached(empty_place.folder.root))
    for pid in [user.process.pid, *empty_place.keepers()]:
        kill(pid)
    user.kill()
    with acquire(empty_place.data_dir) as lease:
        assert ask(lease.dsn, "SELECT current_database()") == "paygate"
        assert not list(empty_place.folder.root.glob("init-*"))
    assert empty_place.idle()


def test_a_stale_pid_file_that_names_a_living_stranger_does_not_hinder(place: Place) -> None:
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        text = f"{stranger.pid}\n{place.pgdata}\n1\n5432\n{place.folder.root}/run\n\n  1  2\nready   \n"
        (place.pgdata / "postmaster.pid").write_text(text)
        with acquire(place.data_dir) as lease:
            assert answers(lease.dsn)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_the_pid_file_stays_while_anybody_sits_in_the_data_folder(place: Place, tmp_path: Path) -> None:
    stranger = subprocess.Popen(["sleep", "60"], cwd=place.pgdata)
    pid_file = place.pgdata / "postmaster.pid"
    try:
        pid_file.write_text("1\n")
        notes: list[str] = []
        clear_leftovers(place.pgdata, tmp_path, notes.append)
        assert pid_file.exists()
        assert notes == []
        assert stranger.poll() is None
    finally:
        os.kill(stranger.pid, signal.SIGKILL)
        stranger.wait()
    clear_leftovers(place.pgdata, tmp_path, notes.append)
    assert not pid_file.exists()
