"""`/sdk/...`: the libraries for merchants' servers, out of sdk/, with this host's address in them."""

from __future__ import annotations

import functools
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from paygate import wire
from paygate.core.errors import Bug, NotFound

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
    content = text.replace(PLACEHOLDER, quote(public_url, safe=_HARMLESS)).encode()
    return content, f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def as_module(text: str) -> str:
    """A CommonJS file of ours, or its types, as an ES module: the class is the default, its errors are named."""
    names = ", ".join(sorted(set(re.findall(r"class (\w+Error) extends ", text))))
    if "export = PayGate;" in text:
        types = "\n".join(
            f"export declare const {name}: typeof PayGate.{name};\nexport type {name} = PayGate.{name};"
            for name in names.split(", ")
        )
        return _swapped(text, "export = PayGate;", f"export default PayGate;\n{types}")
    text = _swapped(text, "const crypto = require('node:crypto');", "import crypto from 'node:crypto';")
    text = _swapped(text, "const PayGate = require('./paygate-node.js');", "import PayGate from './paygate-node.mjs';")
    return _swapped(text, "module.exports = PayGate;", f"export default PayGate;\nexport {{ {names} }};")


def _swapped(text: str, old: str, new: str) -> str:
    if text.count(old) != 1:
        raise Bug(f"The library does not have exactly one {old!r}.")
    return text.replace(old, new)
