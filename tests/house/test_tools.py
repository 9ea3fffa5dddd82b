"""The checks of `make check`: import contracts, lint, format, types."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

from tests.house.sources import ROOT

BIN = Path(sys.executable).parent


def run(*command: str) -> None:
    """Run a tool in the project's folder; its words are the failure's."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_imports_upwards() -> None:
    run(str(BIN / "lint-imports"), "--no-cache")


def test_ruff_finds_nothing() -> None:
    run(sys.executable, "-m", "ruff", "check", ".")


def test_the_code_is_formatted() -> None:
    run(sys.executable, "-m", "ruff", "format", "--check", ".")


def test_the_types_are_right() -> None:
    run(sys.executable, "-m", "mypy")


def test_every_face_is_a_stranger_to_the_others() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    independent = next(contract for contract in settings if contract["type"] == "independence")
    faces = {f"paygate.faces.{path.parent.name}" for path in (ROOT / "paygate" / "faces").glob("*/__init__.py")}
    assert set(independent["modules"]) == faces


def test_every_room_below_the_faces_is_barred_from_the_database_driver() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    barred = next(c for c in settings if c["name"] == "Only db speaks to PostgreSQL")["source_modules"]
    top = (ROOT / "paygate").iterdir()
    rooms = {f"paygate.{path.stem}" for path in top if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert rooms - {"paygate.__init__", "paygate.__main__", "paygate.db"} == set(barred)
