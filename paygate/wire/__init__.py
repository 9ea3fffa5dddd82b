"""What every face needs of HTTP, without knowing any face: reading bodies, keys and headers; answering; refusing."""

from paygate.wire.access import authenticate, authenticate_page, preflight
from paygate.wire.addresses import Address, refuse_method, refuse_path
from paygate.wire.answers import encode, json_answer, raw_json
from paygate.wire.edge import Dialect, Edge, Face, MethodNotAllowed
from paygate.wire.limits import count_address
from paygate.wire.noting import DRY_RUN, says
from paygate.wire.payers import Access, merchant_or_payer
from paygate.wire.people import anybody, claim_of, client, for_people, native_of, person, principal
from paygate.wire.refusals import refusal
from paygate.wire.requests import (
    MAX_BODY_BYTES,
    accepted,
    body,
    claim,
    client_address,
    context,
    query,
    request_id,
    wishes,
)
from paygate.wire.uploads import is_form, read_form

__all__ = [
    "DRY_RUN",
    "MAX_BODY_BYTES",
    "Access",
    "Address",
    "Dialect",
    "Edge",
    "Face",
    "MethodNotAllowed",
    "accepted",
    "anybody",
    "authenticate",
    "authenticate_page",
    "body",
    "claim",
    "claim_of",
    "client",
    "client_address",
    "context",
    "count_address",
    "encode",
    "for_people",
    "is_form",
    "json_answer",
    "merchant_or_payer",
    "native_of",
    "person",
    "preflight",
    "principal",
    "query",
    "raw_json",
    "read_form",
    "refusal",
    "refuse_method",
    "refuse_path",
    "request_id",
    "says",
    "wishes",
]
