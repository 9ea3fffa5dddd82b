import doctest
from pathlib import Path

import emvco


def test_the_tour_is_true():
    tour = Path(emvco.__file__).parent / "README.md"
    found = doctest.testfile(str(tour), module_relative=False, encoding="utf-8")
    assert found.failed == 0
    assert found.attempted > 30
