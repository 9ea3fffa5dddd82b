"""Origins: where a page comes from, as a browser says it (`https://shop.example`, RFC 6454 section 7)."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from paygate.core.errors import InvalidInput
from paygate.core.links import LOCAL_HOSTS

MAX_ORIGIN_CHARS = 255
MAX_ORIGINS = 50
_DEFAULT_PORTS = {"https": 443, "http": 80}
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|[0-9a-f:.]*:[0-9a-f:.]*", re.ASCII)


def shown(text: str) -> str | None:
    """*text* in the form that browsers send, or None when it is no origin of a page (`null`, a path, a wildcard)."""
    if len(text) > MAX_ORIGIN_CHARS or not text.isprintable():
        return None
    try:
        parts = urlsplit(text.strip().lower())
        host, port = (parts.hostname or "").encode("idna").decode("ascii"), parts.port
    except (ValueError, UnicodeError):
        return None
    whole = parts.path in {"", "/"} and not (parts.query or parts.fragment or "@" in parts.netloc)
    if parts.scheme not in _DEFAULT_PORTS or not whole or not _HOST.fullmatch(host) or port == 0:
        return None
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port != _DEFAULT_PORTS[parts.scheme] else "")


def allowable(text: str) -> str:
    """An origin that a merchant may allow: https, or http on this computer. Raises InvalidInput."""
    origin = shown(text)
    if origin is None:
        message = "An origin looks like https://shop.example or https://shop.example:8443, without a path."
        raise InvalidInput(message, field="origin")
    if origin.startswith("http:") and (urlsplit(origin).hostname or "") not in LOCAL_HOSTS:
        raise InvalidInput("An origin must use https (http is for localhost only).", field="origin")
    return origin
