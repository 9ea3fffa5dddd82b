"""Data folders for the tests, and their removal whatever was done to them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from paygate.embedded import acquire
from tests.embedded.places import Place


def _around() -> Path:
    """A new folder into which any user of the machine may look."""
    around = Path(tempfile.mkdtemp(prefix="paygate-test-"))
    around.chmod(0o755)
    return around


@pytest.fixture
def empty_place() -> Iterator[Place]:
    """A data folder that does not exist yet."""
    place = Place(_around() / "data")
    yield place
    place.clear()
    shutil.rmtree(place.data_dir.parent)


@pytest.fixture(scope="session")
def made_once() -> Iterator[Place]:
    place = Place(_around() / "data")
    place.data_dir.mkdir()
    place.data_dir.chmod(0o777)
    acquire(place.data_dir).close()
    yield place
    shutil.rmtree(place.data_dir.parent)


@pytest.fixture
def place(made_once: Place) -> Iterator[Place]:
    """A data folder of mode 0777 with a database in it that nobody uses; shared, since making one costs a second."""
    yield made_once
    made_once.clear()
