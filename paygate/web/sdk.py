"""`/sdk/...` and `/paygate-widget.js`: what merchants run, out of sdk/, with this host's address in it."""

from __future__ import annotations

import functools
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from paygate import wire
from paygate.core.errors import Bug, NotFound
from paygate.web import pages

_BESIDE: Final = Path(__file__).parents[2] / "sdk"
_INSTALLED: Final = Path(__file__).parents[1] / "_data" / "sdk"
FOLDER: Final = _INSTALLED if _INSTALLED.is_dir() else _BESIDE
PLACEHOLDER: Final = "https://paygate.invalid"
# Within quotes of three languages: nothing that could end them.
_HARMLESS: Final = ":/[]@$&()*+,;=%~"


@dataclass(frozen=True, slots=True)
class Library:
    """One file as it is served: of which file in sdk/ it is made, and what it is."""

    source: str
    media_type: str
    module: bool = False  # As an ES module, of a CommonJS file.


JAVASCRIPT: Final = "text/javascript"
TEXT: Final = "text/plain"  # A browser shows it; a server never runs it.
LIBRARIES: Final = {
    "paygate-node.js": Library("paygate-node.js", JAVASCRIPT),
    "paygate-node.mjs": Library("paygate-node.js", JAVASCRIPT, module=True),
    "paygate-node.d.ts": Library("paygate-node.d.ts", TEXT),
    "paygate-node.d.mts": Library("paygate-node.d.ts", TEXT, module=True),
    "PayGate.php": Library("PayGate.php", TEXT),
    "PayGate.py": Library("PayGate.py", TEXT),
}


WIDGET: Final = "paygate-widget.js"
WORDS: Final = "const WORDS = {};"


async def widget(request: Request) -> Response:
    """GET /paygate-widget.js, for pages of any origin."""
    content, tag = _widget(wire.context(request).public_url)
    answer = asset(request, content, tag, JAVASCRIPT)
    answer.headers.update({"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"})
    return answer


async def library(request: Request) -> Response:
    """GET /sdk/{name}"""
    await wire.count_address(request)
    name = request.path_params["name"]
    if name not in LIBRARIES:
        raise NotFound(f"There is no such library. There are {', '.join(LIBRARIES)}.")
    content, tag = _filled(name, wire.context(request).public_url)
    return asset(request, content, tag, LIBRARIES[name].media_type)


def asset(request: Request, content: bytes, tag: str, media_type: str) -> Response:
    """A public file that browsers and proxies may keep for an hour, and then ask about by its *tag*."""
    headers = {
        "ETag": tag,
        "Cache-Control": "public, max-age=3600",
        "Cross-Origin-Resource-Policy": "cross-origin",  # A shop's own pages may load it.
    }
    if tag in [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]:
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=media_type)


@functools.cache
def _filled(name: str, public_url: str) -> tuple[bytes, str]:
    found = LIBRARIES[name]
    text = (FOLDER / found.source).read_text(encoding="utf-8")
    if found.module:
        text = as_module(text)
    return _tagged(text.replace(PLACEHOLDER, _quoted(public_url)))


@functools.cache
def _widget(public_url: str) -> tuple[bytes, str]:
    """The widget with its words, without what only we read: comments and the space before a line."""
    text = (FOLDER / WIDGET).read_text(encoding="utf-8").replace(PLACEHOLDER, _quoted(public_url))
    words = {language: dict(pages.words("widget", language)) for language in pages.LANGUAGES}
    said = json.dumps(words, ensure_ascii=False, separators=(",", ":"))
    lines = (line.strip() for line in _swapped(text, WORDS, f"const WORDS = {said};").splitlines())
    return _tagged("\n".join(line for line in lines if line and not line.startswith(("// ", "/** "))))


def _quoted(public_url: str) -> str:
    return quote(public_url, safe=_HARMLESS)


def _tagged(text: str) -> tuple[bytes, str]:
    content = text.encode()
    return content, f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def as_module(text: str) -> str:
    """A CommonJS file of ours, or its types, as an ES module: the class is the default, its errors are named."""
    names = ", ".join(sorted(set(re.findall(r"class (\w+Error) extends ", text))))
    if "export = PayGate;" in text:
        types = "\n".join(
            f"export declare const {name}: typeof PayGate.{name};\nexport type {name} = PayGate.{name};"
            for name in names.split(", ")
        )
        return _swapped(text, "export = PayGate;", f"export default PayGate;\nexport {{ PayGate }};\n{types}")
    text = _swapped(text, "const crypto = require('node:crypto');", "import crypto from 'node:crypto';")
    text = _swapped(text, "const PayGate = require('./paygate-node.js');", "import PayGate from './paygate-node.mjs';")
    return _swapped(text, "module.exports = PayGate;", f"export default PayGate;\nexport {{ PayGate, {names} }};")


def _swapped(text: str, old: str, new: str) -> str:
    if text.count(old) != 1:
        raise Bug(f"The library does not have exactly one {old!r}.")
    return text.replace(old, new)
