"""KBank's own slip verification: `POST /v1/verslip/kbank/verify`. Source: https://apiportal.kasikornbank.com

Only statusCode 0000 is documented, for success. Of any other the data is ignored, and it is asked again later: whether
it means "no such slip" is not public. The bank itself answers, so its word is of rank A.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from paygate.banks import answers
from paygate.banks.apis import kbank as api
from paygate.banks.slips import shapes
from paygate.banks.slips.asking import by_status, echoed, refused, translated
from paygate.banks.slips.facts import ErrorKind, SlipFacts, SlipRef, Vendor
from paygate.banks.transport import Http
from paygate.core.canonical import JsonValue

NAME = api.NAME
PATH = "/v1/verslip/kbank/verify"
SUCCESS = "0000"


class KBankVerifier:
    """`key`, `secret`: consumer id and secret of an application at KBank. `api` keeps the token."""

    name = NAME

    def __init__(self, options: Mapping[str, str]) -> None:
        self.api = api.KBankApi(options)

    async def check(self, http: Http, slip: SlipRef) -> SlipFacts:
        """Raises VerifierError."""
        content = {
            "rqUID": api.request_id(),
            "rqDt": api.request_time(),
            "data": {"sendingBank": slip.sending_bank, "transRef": slip.trans_ref},
        }
        return echoed(NAME, slip, translated(NAME, translate, *await self.api.post(http, PATH, content)))


def translate(status: int, answer: JsonValue) -> SlipFacts:
    """What an answer says. Raises VerifierError, Unreadable."""
    body = answers.optional(answer)
    said = answers.code(body.get("statusCode"))
    if status == 200 and said == SUCCESS:
        data = answers.record(body.get("data"), "the slip")
        return replace(shapes.banks_own(NAME, data, tx_id=body.get("kbankTxnId")), rank="A")
    if status == 200 and said:
        raise refused(NAME, ErrorKind.UNKNOWN, said)
    raise by_status(NAME, status, said)


VENDOR = Vendor(
    NAME, KBankVerifier, api.URL, needs=("key", "secret"), also=("cert", "cert_key", "partner_id", "partner_secret")
)
