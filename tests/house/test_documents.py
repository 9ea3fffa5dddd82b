"""What the documents say is so: settings, the map, the picture of a payment's life."""

from __future__ import annotations

import ast
import re
import tomllib

from paygate import settings
from paygate.core.payments import TRANSITIONS, Status
from paygate.faces.v1 import errors as v1_errors
from tests.house.sources import ROOT, modules

SETTING = re.compile(r"\bPAYGATE_[A-Z0-9_]*[A-Z0-9]\b")
# Names that are no settings: they only look like one.
NO_SETTINGS = frozenset({"PAYGATE_REQUIRE_ALL", "PAYGATE_SOURCE_URL", "PAYGATE_SOURCE_SECRET"})
ARCHITECTURE_LINES = 250


def transitions_picture() -> str:
    """TRANSITIONS as a Mermaid diagram: what must stand between the markers in ARCHITECTURE.md."""
    left = {status for status, _ in TRANSITIONS}
    ways: dict[tuple[Status, Status], list[str]] = {}
    for (status, event), target in TRANSITIONS.items():
        ways.setdefault((status, target), []).append(event.__name__)
    arrows = [f"    {status} --> {target}: {', '.join(names)}" for (status, target), names in ways.items()]
    ends = [f"    {status} --> [*]" for status in Status if status in set(TRANSITIONS.values()) - left]
    return "\n".join(["```mermaid", "stateDiagram-v2", f"    [*] --> {Status.PENDING}", *arrows, *ends, "```"])


def documents() -> str:
    """README and docs as one text."""
    paths = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def guides() -> str:
    """The texts that are served at /docs, as one."""
    folder = ROOT / "templates" / "docs"
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.md")))


def test_every_setting_is_documented() -> None:
    told = set(SETTING.findall(documents()))
    assert not settings.KNOWN - told
    assert "BASE_URL" in documents()


def test_every_code_that_the_api_answers_with_is_documented_with_its_status() -> None:
    told = documents()
    assert not [f"{code} {status}" for status, code in v1_errors.TABLE.values() if f"{code} {status}" not in told]


def test_no_document_tells_of_a_setting_that_is_not_there() -> None:
    everything = documents() + guides() + (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    assert not set(SETTING.findall(everything)) - settings.KNOWN - NO_SETTINGS


def test_every_setting_that_the_code_names_is_known() -> None:
    named = {name for source in modules() for name in SETTING.findall(source.text)}
    families = {name for name in named if any(known.startswith(f"{name}_") for known in settings.KNOWN)}
    assert not named - families - settings.KNOWN - NO_SETTINGS


def test_the_picture_of_a_payments_life_is_drawn_from_the_table() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    match = re.search(r"<!-- transitions -->\n(.*?)\n?<!-- /transitions -->", text, re.DOTALL)
    assert match, "ARCHITECTURE.md has no place for the picture"
    assert match[1] == transitions_picture()


def test_architecture_md_can_be_read_in_one_sitting() -> None:
    assert (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").count("\n") < ARCHITECTURE_LINES


def test_every_place_that_architecture_md_points_at_exists() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    defined: dict[str, set[str]] = {}
    for source in modules():
        names = {
            node.name
            for node in ast.walk(source.tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        }
        for node in source.tree.body:
            if isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                names |= {target.id for target in targets if isinstance(target, ast.Name)}
        defined[source.name] = names
    missing = []
    for path, name in re.findall(r"\b([\w/]+\.py):([A-Za-z_]\w*)", text):
        found = [names for known, names in defined.items() if known == path or known.endswith(f"/{path}")]
        if not any(name in names for names in found):
            missing.append(f"{path}:{name}")
    assert not missing


def test_every_room_is_on_the_map() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    layers = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]["layers"]
    rooms = [room.strip() for layer in layers for room in layer.split("|")]
    assert not [room for room in rooms if not re.search(rf"\b{room}\b", text)]
