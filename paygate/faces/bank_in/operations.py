"""What the bank's face does, for the API's document."""

from __future__ import annotations

from collections.abc import Mapping

from paygate.banks import generic
from paygate.banks.notices import body as notices
from paygate.core import errors
from paygate.core.shapes import Schema
from paygate.faces.bank_in import handlers
from paygate.faces.bank_in.answers import Received, Rehearsed
from paygate.wire.operations import BANK, BINARY, JSON, Body, Handler, Operation, Part, reply

NOTICES: Schema = {
    "type": "array",
    "minItems": 1,
    "maxItems": notices.MAX_AT_ONCE,
    "items": {"$ref": f"#/components/schemas/{notices.SHAPE.name}"},
}
CALLBACK: Schema = {"type": "object", "description": "What SCB or KBank posts, as their documents have it."}
IN_THE_BANKS_FORM: Schema = {
    "type": "object",
    "description": "What SCB (`resCode`) or KBank (`statusCode`) waits for after its callback.",
    "properties": {"resCode": {"type": "string"}, "statusCode": {"type": "string"}},
    "anyOf": [{"required": ["resCode"]}, {"required": ["statusCode"]}],
}

OPERATIONS: Mapping[Handler, Operation] = {
    handlers.receive: Operation(
        id="tellOfMoney",
        tag="bank in",
        summary="Say that money arrived",
        about="For the operator's own bridge, a phone that forwards the bank's texts, a statement file, or the bank"
        " itself. The source's kind decides what the body is. Everything but a bank's own callback is signed.",
        who=BANK,
        path=(Part("source", "The source's id.", {"type": "string"}, "src_06nz0nc5vj7r4gjx7c79l6za"),),
        query=handlers.QUERY,
        body=Body(
            {
                JSON: (generic.SHAPE, notices.SHAPE, NOTICES, CALLBACK),
                "application/octet-stream": (BINARY,),
            }
        ),
        replies=(
            reply(200, "It is kept, and this became of it.", Received, Rehearsed, IN_THE_BANKS_FORM),
            reply(400, "A bank's callback cannot be read.", IN_THE_BANKS_FORM),
            reply(503, "Too many callbacks of this bank wait.", IN_THE_BANKS_FORM, headers=("Retry-After",)),
        ),
        refusals=(
            errors.InvalidInput("amount is required: a number of baht.", field="amount"),
            errors.Unauthorized(
                "X-PayGate-Signature is missing, older or newer than 5 minutes, or not of these bytes."
            ),
            errors.NotFound("No such source."),
        ),
    ),
}
