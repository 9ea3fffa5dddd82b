"""The zip and the sources: exactly the right files, the same bytes each time, PHP 7.4, Thai words, all escaped."""

from __future__ import annotations

import gettext
import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from paygate import __version__
from tests.house.sources import ROOT
from tests.sdk.languages import runtime
from tests.woocommerce.conftest import SOURCES, builder

HERE = Path(__file__).parent
PLUGIN = SOURCES / "plugin"
INCLUDES = (
    *("Admin", "Blocks", "Busy", "Connection", "Event", "Gateway", "Keys", "Lock", "Log", "Money", "Notes", "Orders"),
    *("PaymentRequest", "Payments", "Plugin", "Privacy", "Record", "RefundMail", "Refunds", "Sdk", "Settings"),
    *("Standing", "Trouble", "Webhook"),
)
FILES = {
    *("LICENSE", "paygate-promptpay.php", "readme.txt", "uninstall.php"),
    *("assets/admin.js", "assets/blocks.js", "assets/promptpay.svg"),
    *(f"includes/{name}.php" for name in INCLUDES),
    *(f"languages/paygate-promptpay{end}" for end in (".pot", "-th.po", "-th.mo")),
}
MODULE_LINES = 400
SAFE = re.compile(r"esc_html|esc_attr|esc_url|wp_kses_post|wp_json_encode")


def sources() -> list[Path]:
    """Every PHP file of the plugin."""
    return sorted(PLUGIN.rglob("*.php"))


def php(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([runtime("php"), *args], capture_output=True, text=True, timeout=60)


def newer(path: Path) -> str:
    """What of a file PHP 7.4 would not understand, as JSON."""
    done = php(str(HERE / "newer.php"), str(path))
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_zip_holds_exactly_the_plugin(archive: Path) -> None:
    with zipfile.ZipFile(archive) as held:
        assert set(held.namelist()) == {f"paygate-promptpay/{name}" for name in FILES}
        assert {entry.external_attr >> 16 for entry in held.infolist()} == {0o100644}
        library = held.read("paygate-promptpay/includes/Sdk.php").decode()
        licence = held.read("paygate-promptpay/LICENSE")
    assert archive.name == f"paygate-promptpay-{__version__}.zip"
    assert licence == (ROOT / "LICENSE").read_bytes()
    ours = (ROOT / "sdk" / "PayGate.php").read_text()
    assert library.splitlines()[-300:] == ours.splitlines()[-300:] and "namespace PayGatePromptPay\\Sdk;" in library
    assert not [path for path in PLUGIN.rglob("*") if path.name in ("PayGate.php", "Sdk.php", "LICENSE")], "kept once"


def test_the_same_sources_make_the_same_bytes(archive: Path, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere"
    for part in ("integrations/woocommerce", "sdk"):
        shutil.copytree(ROOT / part, copy / part)
    shutil.copy(ROOT / "LICENSE", copy)
    for path in copy.rglob("*.php"):
        os.utime(path, (1, 1))
        path.chmod(0o600)
    command = [sys.executable, "integrations/woocommerce/build.py", "--output", "out"]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    again = copy / "out" / archive.name
    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(archive.read_bytes()).digest()


def test_make_woocommerce_builds_it() -> None:
    text = (ROOT / "Makefile").read_text()
    assert "\nwoocommerce: ##" in text and "integrations/woocommerce/build.py" in text
    assert "dist/" in (ROOT / ".gitignore").read_text().split()


def test_the_header_and_the_readme_say_the_same() -> None:
    head = (PLUGIN / "paygate-promptpay.php").read_text()
    facts = dict(re.findall(r"^ \* ([A-Z][A-Za-z ]+):\s+(.+)$", head, re.MULTILINE))
    assert (facts["Version"], facts["Requires PHP"], facts["Requires Plugins"]) == (__version__, "7.4", "woocommerce")
    assert facts["Text Domain"] == "paygate-promptpay" and facts["License"] == "MIT"
    assert f"const VERSION = '{__version__}';" in head
    readme = (PLUGIN / "readme.txt").read_text()
    told = dict(re.findall(r"^([A-Z][A-Za-z ]+): (.+)$", readme, re.MULTILINE))
    assert told["Stable tag"] == facts["Version"] and told["License"] == facts["License"]
    assert told["Requires PHP"] == facts["Requires PHP"] and told["Requires at least"] == facts["Requires at least"]
    assert "ested up to" not in facts and "Tested up to" not in told and "WC tested up to" not in facts, "nobody tested"
    for section in ("Description", "Installation", "Frequently Asked Questions", "Changelog"):
        assert f"\n== {section} ==\n" in readme


@pytest.mark.parametrize("path", [*sources(), *sorted(HERE.glob("*.php"))], ids=lambda path: path.stem)
def test_php_reads_every_file_and_needs_no_newer_than_7_4(path: Path) -> None:
    done = php("-d", "error_reporting=-1", "-d", "display_errors=1", "-l", str(path))
    assert done.returncode == 0 and done.stdout.strip() == f"No syntax errors detected in {path}", done.stdout
    if path.is_relative_to(PLUGIN):
        assert newer(path) == "[]"
        assert path.read_text().count("\n") <= MODULE_LINES


@pytest.mark.parametrize(
    "code",
    [
        "$a = match (1) { 1 => 2 };",
        "$a?->b();",
        "#[Pure] function f() {}",
        "enum A { case B; }",
        "class A { public function __construct(private int $b) {} }",
        "function f(int|string $a) {}",
        "function f(): int|false { return 1; }",
        "function f(): mixed { return 1; }",
        "f(name: 1);",
        "$a = $b ?? throw new Exception();",
        "try { f(); } catch (Exception) { }",
        "function f($a, $b,) {}",
        "str_contains('a', 'b');",
        "$f = strlen(...);",
        "$a = $b::class;",
        "class A { public readonly int $b; }",
    ],
)
def test_newer_php_is_found(code: str, tmp_path: Path) -> None:
    (tmp_path / "a.php").write_text(f"<?php\n{code}\n")
    assert newer(tmp_path / "a.php") != "[]"


def test_the_house_style_of_php_is_kept() -> None:
    if (phpcs := shutil.which("phpcs")) is None:
        if os.environ.get("PAYGATE_REQUIRE_ALL") == "1":
            pytest.fail("phpcs is not installed, and PAYGATE_REQUIRE_ALL=1 demands every check")
        pytest.skip("phpcs is not installed (Debian: php-codesniffer)")
    done = subprocess.run(
        [phpcs, f"--standard={SOURCES / 'phpcs.xml'}", "-q", str(PLUGIN)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout


def test_every_file_begins_with_its_purpose_strict_types_and_its_namespace() -> None:
    for path in sources():
        text = path.read_text()
        assert text.startswith("<?php\n/**\n * ") and "\ndeclare(strict_types=1);\n" in text, path.name
        assert "\nnamespace PayGatePromptPay;\n" in text or path.name == "uninstall.php", path.name


def test_whatever_is_printed_is_escaped_and_orders_are_read_by_woocommerces_own_calls() -> None:
    for path in sources():
        text = path.read_text()
        for statement in re.findall(r"\becho\b(.*?);\n", text, re.DOTALL):
            bare = re.sub(r"'(?:[^'\\]|\\.)*'", "", statement)
            for part in re.split(r"\s*\.\s*", re.sub(r"\([^()]*(\([^()]*(\([^()]*\))*[^()]*\))*[^()]*\)", "()", bare)):
                assert not part.strip() or SAFE.match(part.strip()), f"{path.name}: {part!r} is printed as it is"
        assert not re.search(
            r"\b(get_post_meta|update_post_meta|WP_Query|eval|unserialize|print_r|var_dump)\s*\(", text
        )
        assert not re.search(r"\$_(GET|POST|REQUEST|COOKIE)\b(?!\[)", text)
        for match in re.finditer(r"\$_(?:GET|POST)\['\w+'\]", text):
            line = text[text.rfind("\n", 0, match.start()) : text.find("\n", match.end())]
            assert "isset(" in line and "sanitize_" in line and "wp_unslash" in line, f"{path.name}: {line.strip()}"


def test_every_word_is_in_the_template_and_in_thai() -> None:
    build = builder()
    pot = (PLUGIN / "languages" / "paygate-promptpay.pot").read_text(encoding="utf-8")
    assert pot == build.pot(), "python integrations/woocommerce/build.py --words"
    calls = sum(
        len(re.findall(r"\b(?:__|esc_html__|esc_attr__)\(", path.read_text(encoding="utf-8"))) for path in sources()
    )
    assert sum(len(re.findall(build.CALL, path.read_text(encoding="utf-8"))) for path in sources()) == calls
    assert not any(re.search(r"\b(_e|_n|_x|esc_html_e)\(", path.read_text(encoding="utf-8")) for path in sources())
    thai = build.read_po((PLUGIN / "languages" / "paygate-promptpay-th.po").read_text(encoding="utf-8"))
    assert set(thai) - {""} == set(build.words())
    for english, words in thai.items():
        if english:
            assert re.search("[ก-๙]", words), english
            assert sorted(re.findall(r"%(?:\d\$)?s", english)) == sorted(re.findall(r"%(?:\d\$)?s", words)), english
    for english, (hint, _) in build.words().items():
        assert hint or "%" not in english, f"no hint for translators: {english}"


def test_the_binary_translations_are_read_by_gettext(archive: Path) -> None:
    with zipfile.ZipFile(archive) as held:
        read = gettext.GNUTranslations(io.BytesIO(held.read("paygate-promptpay/languages/paygate-promptpay-th.mo")))
    assert read.gettext("Secret key") == "คีย์ลับ" and read.info()["language"] == "th"


@pytest.mark.parametrize("name", ["admin.js", "blocks.js"])
def test_scripts_are_read_by_node_and_put_nothing_into_the_page_as_markup(name: str) -> None:
    path = PLUGIN / "assets" / name
    assert subprocess.run([runtime("node"), "--check", str(path)], capture_output=True, timeout=60).returncode == 0
    assert not re.search(r"innerHTML|insertAdjacentHTML|document\.write|dangerouslySet|eval\(", path.read_text())
