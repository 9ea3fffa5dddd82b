"""Errors: one tree in the core, one table in each face."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from paygate.core import errors
from paygate.core.errors import PayGateError
from tests.house.sources import ROOT

FACES = sorted(path.name for path in (ROOT / "paygate" / "faces").iterdir() if (path / "__init__.py").exists())
CLASSES = {
    name: kind for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, PayGateError)
}
LEAVES = [kind for kind in CLASSES.values() if not any(kind in other.__bases__ for other in CLASSES.values())]


def status_of(row: int | tuple[int, ...]) -> int:
    """The HTTP status of a table's row."""
    return row if isinstance(row, int) else row[0]


def test_there_are_faces() -> None:
    assert FACES


@pytest.mark.parametrize("face", FACES)
def test_every_leaf_of_the_tree_is_in_the_faces_own_table(face: str) -> None:
    assert (Path(ROOT) / "paygate" / "faces" / face / "errors.py").exists(), f"{face} has no errors.py"
    table = importlib.import_module(f"paygate.faces.{face}.errors").TABLE
    assert not [leaf.__name__ for leaf in LEAVES if leaf not in table]


@pytest.mark.parametrize("face", FACES)
def test_every_status_is_an_error_and_our_faults_are_ours(face: str) -> None:
    table = importlib.import_module(f"paygate.faces.{face}.errors").TABLE
    for kind, row in table.items():
        ours = not issubclass(kind, errors.Refused) and kind in CLASSES.values()
        assert 500 <= status_of(row) <= 599 if ours else 400 <= status_of(row) <= 499, kind
    assert status_of(table[errors.Unavailable]) == 503


def test_the_tree_in_the_docstring_is_the_tree_of_the_classes() -> None:
    drawn: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"( {4}[| ]*)(?:\+-- )?([A-Z]\w+)(?:\s|$)", line)
        if match:
            depth = match.start(2)
            above = [(d, n) for d, n in above if d < depth]
            drawn[match[2]] = above[-1][1] if above else ""
            above.append((depth, match[2]))
    real = {name: kind.__bases__[0].__name__ for name, kind in CLASSES.items()}
    assert drawn == real | {"PayGateError": ""}
