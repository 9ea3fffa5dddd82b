"""Makes the plugin's zip: `python integrations/woocommerce/build.py --output dist`. Nothing but Python is needed.

The same sources give the same bytes, everywhere: entries are sorted, stored and dated alike. What the repository has
once is put in here: the library for PHP (in the plugin's namespace, since many plugins share one PHP), the licence, and
the translations in the form that WordPress reads. `--words` writes languages/paygate-promptpay.pot anew.
"""

from __future__ import annotations

import argparse
import re
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PLUGIN = HERE / "plugin"
NAME = "paygate-promptpay"
NAMESPACE = r"PayGatePromptPay\Sdk"
GLOBALS = ("DateTime", "DateTimeInterface", "Exception", "Generator", "InvalidArgumentException")
STRICT = "declare(strict_types=1);\n"
DATE = (1980, 1, 1, 0, 0, 0)
CALL = re.compile(
    r"(?:/\*\s*translators:\s*(?P<hint>[^*]*?)\s*\*/\s*)?[^\n]*?\b(?:esc_html__|esc_attr__|__)\(\s*'(?P<text>(?:[^'\\]|\\.)*)'\s*,\s*'paygate-promptpay'\s*\)"
)
ENTRY = re.compile(r'msgid ((?:"(?:[^"\\]|\\.)*"\s*)+)msgstr ((?:"(?:[^"\\]|\\.)*"\s*)+)')
POT_HEAD = r"""# Words of PayGate PromptPay for WooCommerce, made of the sources: build.py --words
msgid ""
msgstr ""
"Project-Id-Version: PayGate PromptPay for WooCommerce\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=UTF-8\n"
"Content-Transfer-Encoding: 8bit\n"
"X-Domain: paygate-promptpay\n"
"""


def version() -> str:
    """As the plugin's header says it."""
    head = (PLUGIN / f"{NAME}.php").read_text(encoding="utf-8")
    found = re.search(r"^ \* Version:\s*(\S+)$", head, re.MULTILINE)
    if found is None:
        raise SystemExit("The plugin's header has no version.")
    return found[1]


def library() -> str:
    """sdk/PayGate.php in the plugin's namespace, where another plugin's PayGate does not meet it."""
    text = (ROOT / "sdk" / "PayGate.php").read_text(encoding="utf-8")
    if text.count(STRICT) != 1:
        raise SystemExit("sdk/PayGate.php does not declare its strict types once.")
    used = [name for name in GLOBALS if re.search(rf"(?<![\w\\$]){name}\b", text)]
    head = "".join(f"use {name};\n" for name in used)
    return text.replace(STRICT, f"{STRICT}\nnamespace {NAMESPACE};\n\n{head}")


def words() -> dict[str, tuple[str, list[str]]]:
    """Each text that the plugin says: the hint for translators, and the files that say it."""
    found: dict[str, tuple[str, list[str]]] = {}
    for path in sorted(PLUGIN.rglob("*.php")):
        for match in CALL.finditer(path.read_text(encoding="utf-8")):
            text = re.sub(r"\\(['\\])", r"\1", match["text"])
            hint, files = found.setdefault(text, (match["hint"] or "", []))
            name = path.relative_to(PLUGIN).as_posix()
            found[text] = (hint or match["hint"] or "", files if name in files else [*files, name])
    return found


def pot() -> str:
    """The template of translations."""
    entries = [
        (f"#. translators: {hint}\n" if hint else "")
        + "".join(f"#: {name}\n" for name in files)
        + ("#, php-format\n" if "%" in text else "")
        + f"msgid {quoted(text)}\n"
        + 'msgstr ""\n'
        for text, (hint, files) in words().items()
    ]
    return "\n".join([POT_HEAD, *entries])


def quoted(text: str) -> str:
    """A text as .po files have it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def read_po(text: str) -> dict[str, str]:
    """msgid -> msgstr, the head ("") too."""

    def plain(lines: str) -> str:
        whole = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', lines))
        return re.sub(r"\\(.)", lambda mark: "\n" if mark[1] == "n" else mark[1], whole)

    return {plain(match[1]): plain(match[2]) for match in ENTRY.finditer(text)}


def mo(entries: dict[str, str]) -> bytes:
    """Translations in the binary form of gettext: two sorted tables of lengths and places, and the texts."""
    pairs = sorted((a.encode(), b.encode()) for a, b in entries.items() if b)
    places, texts, at = [[], []], b"", 28 + 16 * len(pairs)
    for side in (0, 1):
        for pair in pairs:
            places[side].append((len(pair[side]), at + len(texts)))
            texts += pair[side] + b"\0"
    head = struct.pack("<7I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, at)
    return head + b"".join(struct.pack("<2I", *row) for rows in places for row in rows) + texts


def files() -> Iterator[tuple[str, bytes]]:
    """Everything in the zip, by its path in it."""
    for path in sorted(PLUGIN.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            yield path.relative_to(PLUGIN).as_posix(), path.read_bytes()
            if path.suffix == ".po":
                yield (
                    path.with_suffix(".mo").relative_to(PLUGIN).as_posix(),
                    mo(read_po(path.read_text(encoding="utf-8"))),
                )
    yield "includes/Sdk.php", library().encode()
    yield "LICENSE", (ROOT / "LICENSE").read_bytes()


def build(folder: Path) -> Path:
    """The zip in *folder*, as WordPress takes it: one folder with the plugin's name."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{NAME}-{version()}.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, content in sorted(files()):
            entry = zipfile.ZipInfo(f"{NAME}/{name}", DATE)
            entry.create_system = 3  # Unix, whatever this is built on: the mode is one of it.
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, content)
    return target


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Make the WooCommerce plugin's zip.")
    parser.add_argument("--output", type=Path, default=ROOT / "dist", help="folder of the zip (dist)")
    parser.add_argument("--words", action="store_true", help="write the template of translations instead")
    given = parser.parse_args()
    if given.words:
        target = PLUGIN / "languages" / f"{NAME}.pot"
        target.write_text(pot(), encoding="utf-8")
    else:
        target = build(given.output)
    print(target)  # noqa: T201  # What was made is what it is asked for.


if __name__ == "__main__":
    main()
