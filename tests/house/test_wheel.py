"""What is shipped: the wheel holds everything, runs without the repository, and its versions are locked."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable
from email.parser import Parser
from pathlib import Path

import pytest

from paygate import __version__
from tests.house.sources import ROOT
from tests.servers import Server

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as a release is."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_both_packages_whole(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    ours = {
        str(path.relative_to(ROOT))
        for package in ("paygate", "emvco")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert not ours - names
    assert {"paygate/py.typed", "emvco/py.typed", "paygate/db/migrations/0001_initial.sql"} <= names


def test_the_wheel_holds_the_schema(wheel: Path) -> None:
    assert zipfile.ZipFile(wheel).read("paygate/_data/schema.sql") == (ROOT / "schema.sql").read_bytes()
    page = ROOT / "templates" / "forwarder.html"
    assert zipfile.ZipFile(wheel).read("paygate/_data/templates/forwarder.html") == page.read_bytes()
    held = zipfile.ZipFile(wheel)
    assert all(held.read(f"paygate/_data/sdk/{path.name}") == path.read_bytes() for path in (ROOT / "sdk").iterdir())


def test_the_wheel_holds_nothing_else(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert tops == {"paygate", "emvco", f"paygate-{__version__}.dist-info"}


def test_the_wheel_says_its_version_its_licence_and_its_command(wheel: Path) -> None:
    archive, info = zipfile.ZipFile(wheel), f"paygate-{__version__}.dist-info"
    told = Parser().parsestr(archive.read(f"{info}/METADATA").decode())
    assert (told["Name"], told["Version"], told["License-Expression"]) == (
        "paygate",
        __version__,
        "MIT AND OFL-1.1",  # The code, and the font of the cards.
    )
    assert set(told.get_all("Provides-Extra") or []) == {"embedded", "batch"}
    assert "paygate = paygate.__main__:main" in archive.read(f"{info}/entry_points.txt").decode()


def test_the_installed_wheel_serves(wheel: Path, tmp_path: Path, server: Callable[..., Server]) -> None:
    target = tmp_path / "installed"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--no-compile", "--target", target]
    subprocess.run([*pip, wheel], check=True, timeout=120, capture_output=True)
    asked = [sys.executable, "-c", "import paygate, emvco; print(paygate.__file__, emvco.__file__)"]
    env = {"PYTHONPATH": str(target), "PATH": ""}
    where = subprocess.run(asked, env=env, cwd=tmp_path, check=True, timeout=60, capture_output=True, text=True).stdout
    assert all(part.startswith(str(target)) for part in where.split())
    assert server("--no-worker", env={"PYTHONPATH": str(target)}).ready()


def canonical_name(requirement: str) -> str:
    """`uvloop>=0.22,<1; platform...` -> `uvloop`, as indexes write it."""
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert match
    return re.sub(r"[-_.]+", "-", match[0]).lower()


def wanted(*groups: str) -> set[str]:
    """Every direct dependency, of the product, its extras and *groups* (without any: all groups)."""
    project, known = PROJECT["project"], PROJECT["dependency-groups"]
    chosen = [known[group] for group in groups or known]
    lists = [project["dependencies"], *project["optional-dependencies"].values(), *chosen]
    return {canonical_name(requirement) for requirements in lists for requirement in requirements}


def locked() -> dict[str, str]:
    """name -> version of everything in uv.lock but ourselves."""
    lock = tomllib.loads((ROOT / "uv.lock").read_text())
    return {package["name"]: package["version"] for package in lock["package"] if "version" in package}


def test_every_dependency_is_locked() -> None:
    assert not wanted() - set(locked())


def test_the_lock_was_made_of_this_pyproject() -> None:
    lock = tomllib.loads((ROOT / "uv.lock").read_text())
    ours = next(package for package in lock["package"] if package["name"] == "paygate")["metadata"]
    project = PROJECT["project"]
    extras = project["optional-dependencies"]

    def plain(requirement: str) -> tuple[str, str]:
        head = requirement.split(";")[0].strip()
        name = re.match(r"[A-Za-z0-9._-]+", head)
        assert name
        return canonical_name(head), ",".join(sorted(head[name.end() :].replace(" ", "").split(",")))

    def of_lock(rows: list[dict[str, str]]) -> set[tuple[str, str]]:
        return {(row["name"], ",".join(sorted(row.get("specifier", "").split(",")))) for row in rows}

    asked = {plain(row) for rows in (project["dependencies"], *extras.values()) for row in rows}
    assert of_lock(ours["requires-dist"]) == asked
    assert of_lock(ours["requires-dev"]["dev"]) == {plain(row) for row in PROJECT["dependency-groups"]["dev"]}
    assert lock["requires-python"] == project["requires-python"]


def test_what_pip_installs_is_what_uv_locked_with_hashes() -> None:
    text = (ROOT / "requirements-dev.txt").read_text()
    pinned = dict(re.findall(r"^([a-z0-9._-]+)(?:\[[a-z,]+\])?==([^\s;\\]+)", text, re.MULTILINE))
    versions = locked()
    assert not {name for name in wanted("dev") if pinned.get(name) != versions[name]}
    blocks = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)
    assert not [block.split()[0] for block in blocks if "==" in block and "--hash=sha256:" not in block]
