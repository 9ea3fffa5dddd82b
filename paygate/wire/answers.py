"""Answers: JSON with exact decimals (150, 147.5), made once."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from starlette.responses import Response

_ENCODER = msgspec.json.Encoder(decimal_format="number")


def encode(content: object) -> bytes:
    """UTF-8 JSON; Decimal as a number, UUID as text, msgspec.Raw as it is."""
    return _ENCODER.encode(content)


def json_answer(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """*content* as a JSON answer."""
    return raw_json(encode(content), status, headers)


def raw_json(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """JSON that is bytes already, for example an answer that was kept."""
    return Response(body, status, headers, media_type="application/json")
