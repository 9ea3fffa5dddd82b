"""Named parameters of SQL statements."""

from __future__ import annotations

import pytest

from paygate.core.errors import Bug
from paygate.db.sql import Sql


def test_names_become_numbers_in_the_order_in_which_they_come() -> None:
    sql = Sql("SELECT :b, :a")
    assert sql.text == "SELECT $1, $2"
    assert sql.bind(a="a", b="b") == ("SELECT $1, $2", "b", "a")


def test_a_name_that_comes_twice_is_one_parameter() -> None:
    sql = Sql("SELECT :at WHERE :at > :until")
    assert sql.text == "SELECT $1 WHERE $1 > $2"
    assert sql.names == ("at", "until")


@pytest.mark.parametrize("text", ["SELECT now()::text", "SELECT '12:30'", "SELECT 'a::b'", "SELECT x[1:2]"])
def test_casts_times_and_slices_are_left_alone(text: str) -> None:
    assert Sql(text).text == text


def test_a_cast_of_a_parameter_is_kept() -> None:
    assert Sql("SELECT :id::uuid, :n::bigint[]").text == "SELECT $1::uuid, $2::bigint[]"


def test_the_longer_of_two_names_is_not_cut() -> None:
    assert Sql("SELECT :id, :id_2").text == "SELECT $1, $2"


@pytest.mark.parametrize("values", [{}, {"a": 1}, {"a": 1, "b": 2, "c": 3}, {"a": 1, "c": 3}])
def test_a_missing_or_extra_name_raises_at_once(values: dict[str, int]) -> None:
    with pytest.raises(Bug):
        Sql("SELECT :a, :b").bind(**values)


def test_nothing_is_bound_where_nothing_is_asked() -> None:
    assert Sql("SELECT 1").bind() == ("SELECT 1",)
