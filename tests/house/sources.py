"""The project's own files, as the house tests read them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("paygate", "emvco")


@dataclass(frozen=True)
class Source:
    """One module: `name` is its path from the root."""

    name: str
    text: str
    tree: ast.Module


@cache
def modules() -> tuple[Source, ...]:
    """Every module of paygate and emvco, parsed."""
    paths = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    return tuple(
        Source(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"), ast.parse(path.read_bytes()))
        for path in paths
    )


def nodes(source: Source, *kinds: type[ast.AST]) -> Iterator[ast.AST]:
    """The module's nodes of these kinds."""
    return (node for node in ast.walk(source.tree) if isinstance(node, kinds))


def places(found: list[tuple[Source, ast.AST]]) -> list[str]:
    """`file:line` of each, for a failing test's message."""
    return [f"{source.name}:{getattr(node, 'lineno', 0)}" for source, node in found]
