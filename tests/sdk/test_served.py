"""The libraries as they are served: with this host's address, as CommonJS and as a module, fit for old runtimes."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import httpx2
import pytest

from paygate import app
from paygate.web import sdk
from tests.sdk.conftest import Host
from tests.sdk.languages import environment, runtime

NAMES = [*sdk.LIBRARIES]


@pytest.mark.parametrize("name", NAMES)
def test_a_library_names_this_host_and_may_be_kept(host: Host, name: str) -> None:
    with httpx2.Client(base_url=host.base, trust_env=False) as browser:
        answer = browser.get(f"/sdk/{name}")
        assert answer.status_code == 200 and answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-type"] == f"{sdk.LIBRARIES[name].media_type}; charset=utf-8"
        assert "paygate.invalid" not in answer.text and (host.base in answer.text or ".d." in name)
        again = browser.get(f"/sdk/{name}", headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert browser.get("/sdk/PayGate.rb").json()["error"] == "NOT_FOUND"


def test_no_address_ends_the_text_that_it_stands_in() -> None:
    for name in sdk.LIBRARIES:
        content, _ = sdk._filled(name, "https://pay.example/';\"\\\n<?php evil(")
        assert not re.search(rb"""pay\.example/[^\n]*['"\\]?[;"\\\n<]evil""", content)
        assert name.endswith(
            ("ts", "mts")
        ) or b"'https://pay.example/%27;%22%5C%0A%3C%3Fphp%20evil('" in content.replace(b'"', b"'")


def test_the_module_works_alone_and_gives_the_same_class(host: Host, tmp_path: Path) -> None:
    (tmp_path / "paygate-node.mjs").write_bytes(sdk._filled("paygate-node.mjs", host.base)[0])
    (tmp_path / "app.mjs").write_text(
        "import PayGate, { NotFoundError } from './paygate-node.mjs';\n"
        "try { await new PayGate(process.env.KEY).getPaymentByOrder('none'); }\n"
        "catch (error) { console.log(error instanceof NotFoundError && error instanceof PayGate.PayGateError); }\n"
    )
    env = environment(KEY=host.world.secret_key)
    done = subprocess.run(
        [runtime("node"), "app.mjs"], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.stderr) == ("true\n", "")


def test_the_class_can_be_taken_by_its_name_as_well(host: Host, tmp_path: Path) -> None:
    for suffix in ("js", "mjs"):
        (tmp_path / f"paygate-node.{suffix}").write_bytes(sdk._filled(f"paygate-node.{suffix}", host.base)[0])
    tried = {
        "app.js": "const { PayGate } = require('./paygate-node.js');\n"
        "console.log(PayGate === require('./paygate-node.js'));\n",
        "app.mjs": "import whole, { PayGate } from './paygate-node.mjs';\nconsole.log(PayGate === whole);\n",
    }
    for name, text in tried.items():
        (tmp_path / name).write_text(text)
        done = subprocess.run([runtime("node"), name], cwd=tmp_path, capture_output=True, text=True, timeout=60)
        assert (done.stdout, done.stderr) == ("true\n", ""), name


def test_the_types_name_every_method_and_every_error() -> None:
    code, types = ((sdk.FOLDER / f"paygate-node.{end}").read_text() for end in ("js", "d.ts"))
    body = code.partition("class PayGate {")[2].partition("\n}\n")[0]
    methods = set(re.findall(r"^  (?:static |async )*\*?(\w+)\(", body, re.M)) - {"constructor"}
    assert methods == set(
        re.findall(r"^  (?:static )?(\w+)(?:<[^(]*>)?\(", types.partition("declare namespace")[0], re.M)
    ) - {"constructor"}
    errors = set(re.findall(r"^class (\w+Error) extends", code, re.M))
    assert errors == set(re.findall(r"^  class (\w+Error) extends", types, re.M))


def test_the_languages_have_the_same_calls() -> None:
    node = (sdk.FOLDER / "paygate-node.js").read_text().partition("class PayGate {")[2].partition("\n}\n")[0]
    php = (sdk.FOLDER / "PayGate.php").read_text()
    python = ast.parse((sdk.FOLDER / "PayGate.py").read_text())
    client = next(one for one in python.body if isinstance(one, ast.ClassDef) and one.name == "PayGate")
    calls = set(re.findall(r"^  (?:static |async )*\*?(\w+)\(", node, re.M)) - {"constructor"}
    assert calls == set(re.findall(r"public (?:static )?function (\w+)\(", php)) - {"__construct"}
    snake = {re.sub(r"[A-Z]", lambda letter: f"_{letter[0].lower()}", name) for name in calls}
    assert snake == {one.name for one in client.body if isinstance(one, ast.FunctionDef) and one.name[0] != "_"}


def test_every_native_call_has_a_method() -> None:
    code = (sdk.FOLDER / "paygate-node.js").read_text()
    asked = {re.sub(r"\$\{[^}]*\}", "{}", path) for path in re.findall(r"['`](/[a-z][^'`\s]*)['`]", code)}
    served = {re.sub(r"\{[^}]*\}", "{}", one.path) for one in app.ADDRESSES if one.path.startswith("/api/v1/")}
    missing = {path.removeprefix("/api/v1") for path in served} - asked
    assert not missing, f"give the libraries in sdk/ (all three, and the types) a call for {sorted(missing)}"


def test_the_libraries_use_no_syntax_that_is_younger_than_the_runtimes_they_are_for() -> None:
    ast.parse((sdk.FOLDER / "PayGate.py").read_text(), feature_version=(3, 9))
    tokens = (
        "foreach (token_get_all(file_get_contents($argv[1])) as $t) if (is_array($t))"
        " echo token_name($t[0]), ' ', str_replace(\"\\n\", ' ', $t[1]), \"\\n\";"
    )
    command = [runtime("php"), "-r", tokens, "--", str(sdk.FOLDER / "PayGate.php")]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    young_words = {"T_MATCH", "T_ENUM", "T_READONLY", "T_ATTRIBUTE", "T_NULLSAFE_OBJECT_OPERATOR"}
    assert not young_words & {line.split(" ")[0] for line in said.splitlines()}
    young_calls = {
        "str_contains",
        "str_starts_with",
        "str_ends_with",
        "array_is_list",
        "get_debug_type",
        "CURLStringFile",
    }
    assert not young_calls & {line.partition(" ")[2] for line in said.splitlines() if line.startswith("T_STRING ")}
    source = (sdk.FOLDER / "PayGate.php").read_text()
    assert not re.search(
        r"\): (?:mixed|static|never|[\w|]+\|[\w|]+)\b|function \w+\((?:[^()]*\b\w+\|\w+ \$|(?:public|private) )", source
    )
