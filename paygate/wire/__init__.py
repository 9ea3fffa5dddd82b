"""What every face needs of HTTP, without knowing any face: reading bodies, keys and headers; answering; refusing."""

from paygate.wire.access import authenticate, authenticate_page, client_address, preflight
from paygate.wire.addresses import Address, refuse_method, refuse_path
from paygate.wire.answers import encode, json_answer, raw_json
from paygate.wire.edge import Dialect, Edge, Face, MethodNotAllowed
from paygate.wire.requests import MAX_BODY_BYTES, accepted, body, claim, context, query

__all__ = [
    "MAX_BODY_BYTES",
    "Address",
    "Dialect",
    "Edge",
    "Face",
    "MethodNotAllowed",
    "accepted",
    "authenticate",
    "authenticate_page",
    "body",
    "claim",
    "client_address",
    "context",
    "encode",
    "json_answer",
    "preflight",
    "query",
    "raw_json",
    "refuse_method",
    "refuse_path",
]
