"""SCB's own slip verification: `GET /v1/payment/billpayment/transactions/{transRef}?sendingBank=NNN`.

Source: https://developer.scb, "Slip Verification". The bank itself answers, so its word is of rank A.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote

from paygate.banks import answers
from paygate.banks.apis import scb as api
from paygate.banks.slips import shapes
from paygate.banks.slips.asking import echoed, translated
from paygate.banks.slips.facts import SlipFacts, SlipRef, Vendor
from paygate.banks.transport import Http
from paygate.core.canonical import JsonValue

NAME = api.NAME


class ScbVerifier:
    """`key`, `secret`: those of an application at SCB. `api` keeps the token, for the inquiry of callbacks too."""

    name = NAME

    def __init__(self, options: Mapping[str, str]) -> None:
        self.api = api.ScbApi(options)

    async def check(self, http: Http, slip: SlipRef) -> SlipFacts:
        """Raises VerifierError."""
        ref, bank = quote(slip.trans_ref, safe=""), quote(slip.sending_bank, safe="")
        path = f"/v1/payment/billpayment/transactions/{ref}?sendingBank={bank}"
        return echoed(NAME, slip, translated(NAME, translate, *await self.api.get(http, path)))


def translate(status: int, answer: JsonValue) -> SlipFacts:
    """What an answer says. Raises VerifierError, Unreadable."""
    data = answers.record(api.successful(status, answer), "the slip")
    return replace(shapes.banks_own(NAME, data), rank="A")


VENDOR = Vendor(NAME, ScbVerifier, api.URL, needs=("key", "secret"))
