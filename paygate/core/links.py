"""Where a payer's browser may be sent, and with what: `callbackUrl` and `cancelUrl`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import SplitResult, urlencode, urlsplit, urlunsplit

from paygate.core import fields
from paygate.core.errors import InvalidInput
from paygate.core.fields import Fields

MAX_URL_CHARS = 2_048
MAX_DOMAINS = 50
CALLBACK_DOMAINS = "callback domains"
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
_HOST = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?\.?|[0-9a-f:.]*:[0-9a-f:.]*", re.ASCII)
# Browsers read a backslash as a slash; the rest breaks out of HTML attributes and headers.
_FORBIDDEN = frozenset('\\"<>^` ')


def redirect_url(given: Fields, name: str, domains: Sequence[str], among: str = CALLBACK_DOMAINS) -> str | None:
    """An https URL (http for this computer), at one of *domains* when there are any; kept as it was written.

    A domain is a host, or `*.` and a domain for all hosts below it; *among*: what the domains are.
    Raises InvalidInput, naming the field.
    """
    url = fields.text(given, name, MAX_URL_CHARS)
    if url is None:
        return None
    parts = _split(url)
    host = (parts.hostname or "").lower() if parts else ""
    if parts is None or not _HOST.fullmatch(host) or parts.scheme not in {"http", "https"}:
        raise InvalidInput(f"{name} must be a complete URL, for example https://shop.example/done.", field=name)
    if parts.username is not None or parts.password is not None:
        raise InvalidInput(f"{name} may not contain a user name or password.", field=name)
    if parts.scheme == "http" and host not in LOCAL_HOSTS:
        raise InvalidInput(f"{name} must use https (http is for localhost only).", field=name)
    if domains and not any(_covers(domain.lower(), host.removesuffix(".")) for domain in domains):
        raise InvalidInput(f"{name} must be on one of this merchant's {among}; {host} is not.", field=name)
    return url


def page_hosts(allowed_origins: Sequence[str]) -> tuple[str, ...]:
    """The hosts of the pages that may use a merchant's pk_live_ keys."""
    return tuple(dict.fromkeys(urlsplit(origin).hostname or "" for origin in allowed_origins))


def domain(text: str) -> str:
    """A callback domain: a host, or `*.` and a domain. Raises InvalidInput (callbackDomains)."""
    found = text.strip().lower().removesuffix(".")
    if len(found) > 253 or not _HOST.fullmatch(found.removeprefix("*.")):
        raise InvalidInput(
            "A callback domain is a host like shop.example, or *.shop.example for all below it.",
            field="callbackDomains",
        )
    return found


def with_query(url: str, **added: str) -> str:
    """*url* with more in its query; what is there stays as it is.

    >>> with_query("https://shop.example/done?cart=7#top", status="success", amount="15000")
    'https://shop.example/done?cart=7&status=success&amount=15000#top'
    """
    parts = urlsplit(url)
    query = "&".join(part for part in (parts.query, urlencode(added)) if part)
    return urlunsplit(parts._replace(query=query))


def _split(url: str) -> SplitResult | None:
    if fields.has_controls(url) or not _FORBIDDEN.isdisjoint(url) or any(c.isspace() for c in url):
        return None
    try:
        parts = urlsplit(url)
        return parts if parts.port != 0 else None
    except ValueError:
        return None


def _covers(domain: str, host: str) -> bool:
    if domain.startswith("*."):
        return host.endswith(domain[1:])
    return host == domain
