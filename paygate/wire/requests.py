"""What a request holds: its body (never more than allowed), its Idempotency-Key, its query, what it accepts."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Protocol

from starlette.requests import Request

from paygate.core import origins
from paygate.core.audit import Address
from paygate.core.errors import InvalidInput, TooLarge
from paygate.db.payments import Claim
from paygate.services.context import Context

MAX_BODY_BYTES = 1_048_576
MAX_KEY_CHARS = 255
_WEIGHT = re.compile(r"q=(0(\.[0-9]{0,3})?|1(\.0{0,3})?)", re.ASCII)  # RFC 9110 12.4.2


class Asking(Protocol):
    """Whoever asks: a merchant by a key, or the payer of one payment."""

    @property
    def merchant_id(self) -> int:
        """Whose things it is about."""
        ...

    @property
    def mode(self) -> str:
        """live or test."""
        ...

    @property
    def kind(self) -> str:
        """The kind of credential: secret or public."""
        ...


def context(request: Request) -> Context:
    """What services are given."""
    ctx: Context = request.app.state.ctx
    return ctx


def request_id(request: Request) -> str:
    """How the request is named in the log, and in what its answer says."""
    name: str = request.scope["paygate.request_id"]
    return name


def page_of(request: Request) -> str | None:
    """The origin of the page that asks; None outside browsers."""
    said = request.headers.getlist("origin")
    return origins.shown(said[0]) if len(said) == 1 else None


def client_address(request: Request) -> str | None:
    """The network address that the request came from; behind a trusted proxy, the one that it names."""
    return request.client.host if request.client else None


def network_address(request: Request) -> Address | None:
    """The same, for the audit log; None for what is no address of a network, as a socket's name."""
    try:
        return ip_address(client_address(request) or "")
    except ValueError:
        return None


async def body(request: Request, most_bytes: int = MAX_BODY_BYTES) -> bytes:
    """The body. Raises TooLarge as soon as it is longer than *most_bytes*, or says that it will be."""
    announced = request.headers.get("content-length", "0")
    if announced.isascii() and announced.isdigit() and int(announced[:20]) > most_bytes:
        raise TooLarge(f"The body is larger than {most_bytes} bytes.")
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most_bytes:
            raise TooLarge(f"The body is larger than {most_bytes} bytes.")
        parts.append(part)
    return b"".join(parts)


def claim(request: Request, principal: Asking, raw: bytes) -> Claim | None:
    """The request's Idempotency-Key with its scope; None when there is none. Raises InvalidInput for a bad one."""
    given = request.headers.getlist("idempotency-key")
    if not given:
        return None
    key = given[0]
    if len(given) > 1 or not 1 <= len(key) <= MAX_KEY_CHARS or not all("\x20" <= c <= "\x7e" for c in key):
        message = f"Idempotency-Key must be one header of 1 to {MAX_KEY_CHARS} printable ASCII characters."
        raise InvalidInput(message, field="Idempotency-Key")
    path = f"{request.method} {request.scope['path']}"
    return Claim(principal.merchant_id, principal.mode, principal.kind, path, key, hashlib.sha256(raw).digest())


def wishes(request: Request, header: str) -> dict[str, float]:
    """What an `Accept` header of the request names, in small letters, with how much it is wanted (0 to 1)."""
    wanted: dict[str, float] = {}
    for part in ",".join(request.headers.getlist(header)).lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        weights = [value for value in parameters if value.startswith("q=")]
        if name:
            wanted[name] = float(weights[0][2:]) if weights and _WEIGHT.fullmatch(weights[0]) else 1.0
    return wanted


def accepted(request: Request, offered: Sequence[str]) -> str:
    """The media type of *offered* that the request's `Accept` prefers; the first one when it has no preference."""
    wanted = wishes(request, "accept")

    def weight(kind: str) -> float:
        return next((wanted[n] for n in (kind, f"{kind.partition('/')[0]}/*", "*/*") if n in wanted), 0.0)

    return max(offered, key=weight)


def query(request: Request) -> Mapping[str, str]:
    """The query's values, the last of each name; empty ones left out. Raises InvalidInput for a NUL."""
    values = {name: value for name, value in request.query_params.multi_items() if value}
    for name, value in values.items():
        if "\x00" in value:
            raise InvalidInput("Text may not contain the NUL character.", field=name)
    return values
