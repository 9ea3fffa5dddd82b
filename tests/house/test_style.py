"""Taste that became law: sizes, and words that may not stand in the code."""

from __future__ import annotations

import ast
import re

from tests.house.sources import ROOT, Source, modules, nodes, places

MODULE_LINES = 500
FUNCTION_LINES = 70
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
SQL = re.compile(r"\s*(SELECT|INSERT\s+INTO|UPDATE|DELETE\s+FROM|WITH)\s+[\w*(]", re.ASCII)
BROAD = {"Exception", "BaseException"}


def found(*kinds: type[ast.AST]) -> list[tuple[Source, ast.AST]]:
    """Every node of these kinds in the project."""
    return [(source, node) for source in modules() for node in nodes(source, *kinds)]


def named(node: ast.AST) -> str:
    """The last name of `a.b.c`, or nothing."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def test_no_module_is_longer_than_500_lines() -> None:
    assert not {s.name: s.text.count("\n") for s in modules() if s.text.count("\n") > MODULE_LINES}


def test_no_function_is_longer_than_70_lines() -> None:
    long = []
    for source, node in found(ast.FunctionDef, ast.AsyncFunctionDef):
        assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if (node.end_lineno or 0) - node.lineno + 1 > FUNCTION_LINES:
            long.append((source, node))
    assert not places(long)


def test_every_module_says_what_it_is_for() -> None:
    assert not [source.name for source in modules() if source.tree.body and not ast.get_docstring(source.tree)]


def test_what_is_public_says_what_it_is_for() -> None:
    silent = []
    for source in modules():
        for node in source.tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name[0] != "_":
                one_of_many = any(named(decorator) == "overload" for decorator in node.decorator_list)
                silent += [] if one_of_many or ast.get_docstring(node) else [(source, node)]
    assert not places(silent)


def test_the_code_raises_and_never_asserts() -> None:
    assert not places(found(ast.Assert))


def test_nothing_is_left_for_later() -> None:
    texts = {source.name: source.text for source in modules()}
    for path in (ROOT / "schema.sql", ROOT / "README.md", ROOT / "ARCHITECTURE.md", *ROOT.glob("tests/**/*.py")):
        texts[str(path.relative_to(ROOT))] = path.read_text(encoding="utf-8")
    assert not [name for name, text in texts.items() if UNFINISHED.search(text)]


def test_no_error_is_swallowed_whole() -> None:
    swallowed = []
    for source, node in found(ast.ExceptHandler):
        assert isinstance(node, ast.ExceptHandler)
        kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        broad = any(kind is None or named(kind) in BROAD for kind in kinds)
        idle = all(
            isinstance(line, ast.Pass | ast.Continue)
            or (isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant))
            for line in node.body
        )
        if broad and idle:
            swallowed.append((source, node))
    for source, node in found(ast.Call):
        assert isinstance(node, ast.Call)
        if named(node.func) == "suppress" and any(named(kind) in BROAD for kind in node.args):
            swallowed.append((source, node))
    assert not places(swallowed)


def test_money_is_never_divided_into_a_float() -> None:
    floats = []
    for source, node in found(ast.BinOp, ast.Call):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            parts = [node.left, node.right]
        elif isinstance(node, ast.Call) and named(node.func) == "float":
            parts = list(node.args)
        else:
            continue
        if any(named(part).endswith("satang") for part in parts):
            floats.append((source, node))
    assert not places(floats)


def test_only_the_command_line_prints() -> None:
    prints = [(source, node) for source, node in found(ast.Call) if named(getattr(node, "func", node)) == "print"]
    assert not places([(source, node) for source, node in prints if not source.name.startswith("paygate/cli/")])


def test_only_db_holds_sql() -> None:
    strangers = []
    for source, node in found(ast.Constant):
        assert isinstance(node, ast.Constant)
        if isinstance(node.value, str) and SQL.match(node.value) and not source.name.startswith("paygate/db/"):
            strangers.append((source, node))
    assert not places(strangers)
