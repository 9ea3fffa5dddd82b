"""Slips: handed in by the merchant's server or the payer's page, answered with how their checking stands."""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from paygate import wire
from paygate.banks.slips.picture import MAX_PAYLOAD_CHARS, MAX_SLIP_BYTES
from paygate.core import fields, ids
from paygate.core import shapes as declare
from paygate.core.errors import InvalidInput, TooLarge
from paygate.core.fields import Fields
from paygate.core.payments import Payment
from paygate.core.scopes import Scope
from paygate.core.shapes import Schema, Shape
from paygate.core.slips import SlipOutcome
from paygate.faces.v1 import shapes
from paygate.faces.v1.payments import replayed
from paygate.services import slips
from paygate.services.slip_outcomes import Verification

FORM_BYTES = 16_384  # What a form has around its file.


async def hand_in(request: Request) -> Response:
    """POST /api/v1/payment/{id}/slip: 202 while it is being checked, 200 with the outcome when there is one."""
    ctx = wire.context(request)
    payment_id = ids.read_uuid(request.path_params["payment_id"])
    access = await wire.merchant_or_payer(request, payment_id, Scope.PAYMENTS_WRITE)
    form = wire.is_form(request)
    raw = await wire.body(request, MAX_SLIP_BYTES + (FORM_BYTES if form else 0))
    picture, text = _picture(request, raw) if form else (None, _payload(raw))
    # A form that is sent again has another boundary between its parts: what counts is what is in it.
    same = raw if not form else b"file:" + picture if picture is not None else b"payload:" + text.encode()
    claim = wire.claim(request, access, same)
    known = await slips.begin(ctx, access.payment, claim)
    if known is not None:
        return wire.raw_json(known.body, known.status, replayed(known))
    given = await slips.look(picture) if picture is not None else slips.read_text(text)

    def answer(payment: Payment, verification: Verification) -> tuple[int, bytes]:
        status = 202 if verification.status is SlipOutcome.VERIFYING else 200
        return status, shapes.slip(ctx, payment, verification, public=access.is_payer)

    done = await slips.hand_in(ctx, access.payment, given, claim, answer)
    return wire.raw_json(done.body, done.status, replayed(done))


def _picture(request: Request, raw: bytes) -> tuple[bytes | None, str]:
    form = wire.read_form(request.headers["content-type"], raw)
    content = form.files.get("file")
    if content is not None:
        if len(content) > MAX_SLIP_BYTES:
            raise TooLarge(f"The file is larger than {MAX_SLIP_BYTES} bytes.", field="file")
        return content, ""
    if "file" in form.texts or "payload" not in form.texts:
        raise InvalidInput("file is required: the picture of the slip, JPEG, PNG or WebP.", field="file")
    return None, _checked(form.texts["payload"])


def _payload(raw: bytes) -> str:
    return PAYLOAD.read(fields.json_object(raw))


def _text(given: Fields) -> str:
    payload = given.get("payload")
    if not isinstance(payload, str):
        raise InvalidInput("payload is required: the text of the slip's mini QR. Or send its picture.", field="payload")
    return _checked(payload)


def _checked(text: str) -> str:
    if not 1 <= len(text) <= MAX_PAYLOAD_CHARS or fields.has_controls(text.strip()):
        raise InvalidInput(f"payload must be the text of a QR, 1 to {MAX_PAYLOAD_CHARS} characters.", field="payload")
    return text


PAYLOAD = replace(
    declare.custom(
        "payload",
        _text,
        {"type": "string", "minLength": 1, "maxLength": MAX_PAYLOAD_CHARS},
        "The text of the slip's mini QR.",
        example="0041000600000101030020220111510000000000000005102TH9104ABCD",
    ),
    required=True,
)
SLIP_TEXT = Shape("SlipText", "A slip as the text of its mini QR.", (PAYLOAD,))
SLIP_FORM: Schema = {
    "type": "object",
    "properties": {
        "file": {
            "type": "string",
            "format": "binary",
            "description": f"The picture of the slip: JPEG, PNG or WebP, at most {MAX_SLIP_BYTES} bytes.",
        },
        "payload": {"type": "string", "description": "Or the text of its mini QR."},
    },
}
