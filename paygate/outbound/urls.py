"""What a receiver's URL may look like, judged without a network: syntax, scheme, literal addresses.

Parsed by yarl, which is also what the client parses with: two parsers that disagree about the host are the classic way
around such a check.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from yarl import URL

from paygate.core.errors import InvalidInput
from paygate.outbound.addresses import Address, Network, is_allowed, legacy_ipv4, parse, refusal

MAX_URL_CHARS = 2_048
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
_LOOPBACK = parse("127.0.0.1")
_AUTHORITY = re.compile(r"[A-Za-z]+://([^/?#]*)", re.ASCII)


def check_url(url: str, *, live: bool, allow_networks: Sequence[Network]) -> str:
    """The URL in normal form, or InvalidInput (field "url") saying why no webhook may go there.

    Names are not resolved: what is behind them is checked at every connection. `live` demands https, except towards
    `allow_networks`; a live http URL with a name passes only when there are such networks, and is then refused at the
    connection unless its address lies in one.
    """
    parsed = _parse(url)
    host = (parsed.raw_host or "").removesuffix(".")
    literal = _literal(host)
    target = literal or (_LOOPBACK if host == "localhost" or host.endswith(".localhost") else None)
    if target is not None and (reason := refusal(target, allow_networks)):
        raise _invalid(
            f"The URL leads to {reason}, which webhooks may not reach unless the operator allows its network"
            " (PAYGATE_WEBHOOK_ALLOW_NETWORKS)."
        )
    if live and parsed.scheme == "http":
        opened = is_allowed(target, allow_networks) if target else bool(allow_networks)
        if not opened:
            raise _invalid("A live webhook URL must use https.")
    return str(parsed.with_host(str(literal) if literal else host).with_fragment(None))


def _parse(url: str) -> URL:
    if len(url) > MAX_URL_CHARS:
        raise _invalid(f"The URL is longer than {MAX_URL_CHARS} characters.")
    # isprintable is False for control and format characters, line ends and lone surrogates.
    if not url.isprintable() or " " in url or "\\" in url:
        raise _invalid("The URL contains spaces, backslashes or control characters.")
    authority = _AUTHORITY.match(url)
    if authority is None:
        raise _invalid("The URL must start with https:// and name a host.")
    if "@" in authority[1]:
        raise _invalid("The URL may not contain a user name or password.")
    try:
        parsed = URL(url)
    except ValueError as error:
        raise _invalid("The URL is not valid.") from error
    if parsed.scheme not in {"http", "https"}:
        raise _invalid("The URL must start with https:// and name a host.")
    if parsed.port == 0:
        raise _invalid("The URL's port is not valid.")
    return parsed


def _literal(host: str) -> Address | None:
    """The address that the host is, in whatever notation; None for a name. Refuses what is neither."""
    try:
        if ":" in host:
            if "%" in host:
                raise _invalid("The URL's address may not carry a zone.")
            return parse(host)
        address = legacy_ipv4(host)
    except ValueError as error:
        raise _invalid("The URL's host is neither a name nor an address.") from error
    if address is None and (len(host) > 253 or not all(_LABEL.fullmatch(label) for label in host.split("."))):
        raise _invalid("The URL's host is not a valid name.")
    return address


def _invalid(message: str) -> InvalidInput:
    return InvalidInput(message, field="url")
