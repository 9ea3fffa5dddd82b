"""A SQL statement with named parameters, so that a statement with thirty of them stays readable.

`Sql("... WHERE id = :id")` keeps `text` with `$1`; `bind(id=...)` gives what asyncpg's calls take. A missing or extra
name raises at once. `::` casts are left alone.
"""

from __future__ import annotations

import re
from typing import Any

from paygate.core.errors import Bug

NAME = re.compile(r"(?<![:\w]):([a-z][a-z0-9_]*)")


class Sql:
    """One question to the database."""

    __slots__ = ("names", "text")

    def __init__(self, source: str) -> None:
        names: list[str] = []

        def number(match: re.Match[str]) -> str:
            name = match.group(1)
            if name not in names:
                names.append(name)
            return f"${names.index(name) + 1}"

        self.text = NAME.sub(number, source)
        self.names = tuple(names)

    def bind(self, **values: Any) -> tuple[Any, ...]:
        """The statement and its arguments in order: `await conn.fetch(*STATEMENT.bind(...))`."""
        if len(values) != len(self.names):
            raise Bug(f"Wrong parameters: {sorted(set(values) ^ set(self.names))}")
        try:
            return (self.text, *[values[name] for name in self.names])
        except KeyError as e:
            raise Bug(f"Missing parameter {e}") from None
