"""The vendors and banks that resolve slips, as servers on this machine that speak their documented shapes.

    with VendorServer("slipok") as vendor:
        vendor.add(Transfer("014", "2026052012345678AbCdEf", amount="150.00"))
        server(env=vendor.env)                        # PAYGATE_SLIP_VERIFIERS and all that it needs.
        vendor.does = Case.DOWN                       # From now on.

Each runs in a thread of its own, so that synchronous and asynchronous tests may use it. `asked` are the questions, the
ones for tokens in `tokens`. Names and numbers are invented.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Self

from aiohttp import web

from emvco import parse
from emvco.slip import slip_payload
from paygate.banks.slips import SlipRef
from paygate.banks.slips.contract import Case

BANGKOK = timezone(timedelta(hours=7))
KEY = "key-of-the-operator"
SECRET = "secret-of-the-operator"
OTHER_REF = "20260520zzzzzzzzzzzzzzz"

NEEDS: dict[str, dict[str, str]] = {
    "easyslip": {"KEY": KEY},
    "easyslip2": {"KEY": KEY},
    "slipok": {"KEY": KEY, "BRANCH": "12345"},
    "slip2go": {"KEY": KEY},
    "scb": {"KEY": KEY, "SECRET": SECRET},
    "kbank": {"KEY": KEY, "SECRET": SECRET, "PARTNER_ID": "PTR0000001", "PARTNER_SECRET": "partner-secret"},
}


@dataclass
class Transfer:
    """A transfer that the vendor's bank knows. `amount` is JSON text."""

    bank: str
    ref: str
    amount: str = "150.00"
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    receiving_bank: str = "014"
    receiver_account: str | None = "xxx-x-x3456-x"  # Of 406-1-23456-7.
    receiver_proxy: tuple[str, str] | None = None  # ("MSISDN", "xxx-xxx-5678")
    receiver_name: str = "บจก. เพย์เกต"
    payer_name: str = "นาย สมมุติ ท"
    payer_account: str = "xxx-x-x9876-x"
    ref1: str | None = None
    ref2: str | None = None
    to_merchant_id: str | None = None
    currency: str = "764"
    country: str = "TH"

    @property
    def slip(self) -> SlipRef:
        """What the payer's slip shows."""
        return SlipRef(slip_payload(self.bank, self.ref), self.bank, self.ref)


@dataclass
class Asked:
    """One question as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def content(self) -> Any:
        """Its JSON."""
        return json.loads(self.body)


class Raw(float):
    """A number that is printed in JSON as it is written."""

    def __new__(cls, text: str) -> Raw:
        number = super().__new__(cls, text)
        number.text = text  # type: ignore[attr-defined]
        return number

    def __repr__(self) -> str:
        return str(self.text)  # type: ignore[attr-defined]


def dumped(value: Any) -> bytes:
    """JSON in which a Raw stands as it was written."""
    if isinstance(value, Raw):
        return repr(value).encode()
    if isinstance(value, dict):
        return b"{" + b",".join(json.dumps(k).encode() + b":" + dumped(v) for k, v in value.items()) + b"}"
    if isinstance(value, list):
        return b"[" + b",".join(dumped(v) for v in value) + b"]"
    return json.dumps(value, ensure_ascii=False).encode()


Answer = tuple[int, Any]


def changed(transfer: Transfer, case: Case) -> dict[str, Any]:
    """The facts as the case has them: reference, bank, amount, currency."""
    told: dict[str, Any] = {"ref": transfer.ref, "bank": transfer.bank, "amount": Raw(transfer.amount)}
    told |= {"currency": transfer.currency, "country": transfer.country}
    match case:
        case Case.WRONG_REF:
            told["ref"] = OTHER_REF
        case Case.WRONG_BANK:
            told["bank"] = "002" if transfer.bank != "002" else "004"
        case Case.OVER_PRECISE:
            told["amount"] = Raw("150.005")
        case Case.NO_AMOUNT:
            told["amount"] = None
        case Case.FOREIGN:
            told |= {"currency": "840", "country": "US"}
    return told


TELLING = {
    *(Case.SUCCESS, Case.DUPLICATE, Case.WRONG_REF, Case.WRONG_BANK, Case.OVER_PRECISE, Case.NO_AMOUNT, Case.FOREIGN)
}


def banks_own(transfer: Transfer, told: dict[str, Any]) -> dict[str, Any]:
    """SCB's and KBank's shape; SlipOK's within its own."""
    local = transfer.at.astimezone(BANGKOK)
    proxy = transfer.receiver_proxy or (None, None)
    return {
        "language": "TH",
        "transRef": told["ref"],
        "sendingBank": told["bank"],
        "receivingBank": transfer.receiving_bank,
        "transDate": f"{local:%Y%m%d}",
        "transTime": f"{local:%H:%M:%S}",
        "sender": {
            "displayName": transfer.payer_name,
            "name": "MR. SOMMUT T",
            "proxy": {"type": None, "value": None},
            "account": {"type": "BANKAC", "value": transfer.payer_account},
        },
        "receiver": {
            "displayName": transfer.receiver_name,
            "name": "PAYGATE CO LTD",
            "proxy": {"type": proxy[0], "value": proxy[1]},
            "account": {"type": "BANKAC", "value": transfer.receiver_account},
        },
        "amount": told["amount"],
        "paidLocalAmount": told["amount"],
        "paidLocalCurrency": told["currency"],
        "countryCode": told["country"],
        "transFeeAmount": 0,
        "ref1": transfer.ref1 or "",
        "ref2": transfer.ref2 or "",
        "ref3": "",
        "toMerchantId": transfer.to_merchant_id or "",
    }


def easy_party(transfer: Transfer, bank: str, *, receiver: bool) -> dict[str, Any]:
    """A payer or receiver of EasySlip."""
    account: dict[str, Any] = {"name": {"th": transfer.receiver_name if receiver else transfer.payer_name}}
    shown = transfer.receiver_account if receiver else transfer.payer_account
    if shown:
        account["bank"] = {"type": "BANKAC", "account": shown}
    if receiver and transfer.receiver_proxy:
        account["proxy"] = {"type": transfer.receiver_proxy[0], "account": transfer.receiver_proxy[1]}
    return {"bank": {"id": bank, "name": "ธนาคาร", "short": "BANK"}, "account": account}


def easy(transfer: Transfer, told: dict[str, Any]) -> dict[str, Any]:
    """EasySlip's slip, both versions."""
    receiver = easy_party(transfer, transfer.receiving_bank, receiver=True)
    if transfer.to_merchant_id:
        receiver["merchantId"] = transfer.to_merchant_id
    amount = {"amount": told["amount"], "local": {"amount": 0, "currency": ""}}
    if told["currency"] != "764":
        amount["local"] = {"amount": told["amount"], "currency": told["currency"]}
    return {
        "payload": slip_payload(told["bank"], told["ref"]),
        "transRef": told["ref"],
        "date": transfer.at.astimezone(BANGKOK).isoformat(timespec="seconds"),
        "countryCode": told["country"],
        "amount": amount,
        "fee": 0,
        "ref1": transfer.ref1 or "",
        "ref2": transfer.ref2 or "",
        "ref3": "",
        "sender": easy_party(transfer, told["bank"], receiver=False),
        "receiver": receiver,
    }


def easyslip(transfer: Transfer, case: Case) -> Answer | None:
    """Version 1."""
    data = easy(transfer, changed(transfer, case))
    if case is Case.DUPLICATE:
        return 400, {"status": 400, "message": "duplicate_slip", "data": data}
    if case in TELLING:
        return 200, {"status": 200, "data": data}
    said = {
        Case.NOT_SLIP: (400, "invalid_payload"),
        Case.NOT_FOUND: (404, "slip_not_found"),
        Case.PENDING: (404, "slip_pending"),
        Case.DUPLICATE_BARE: (400, "duplicate_slip"),
        Case.AUTH: (401, "unauthorized"),
        Case.QUOTA: (403, "quota_exceeded"),
        Case.RATE: (429, "too_many_requests"),
        Case.DOWN: (500, "api_server_error"),
        Case.NEW_CODE: (400, "something_new"),
    }[case]
    return said[0], {"status": said[0], "message": said[1]}


def easyslip2(transfer: Transfer, case: Case) -> Answer | None:
    """Version 2."""
    if case in TELLING:
        raw = easy(transfer, changed(transfer, case))
        data = {
            "remark": None,
            "isDuplicate": case is Case.DUPLICATE,
            "matchedAccount": None,
            "amountInSlip": raw["amount"]["amount"],
            "rawSlip": raw,
        }
        return 200, {"success": True, "data": data, "message": "Slip verified successfully"}
    said = {
        Case.NOT_FOUND: (404, "SLIP_NOT_FOUND"),
        Case.PENDING: (404, "SLIP_PENDING"),
        Case.AUTH: (401, "INVALID_API_KEY"),
        Case.QUOTA: (403, "QUOTA_EXCEEDED"),
        Case.RATE: (429, "TOO_MANY_REQUESTS"),
        Case.DOWN: (500, "API_SERVER_ERROR"),
        Case.NEW_CODE: (409, "SOMETHING_NEW"),
    }.get(case)
    return said and (said[0], {"success": False, "error": {"code": said[1], "message": "words"}})


def slipok(transfer: Transfer, case: Case) -> Answer | None:
    """SlipOK."""
    own = banks_own(transfer, changed(transfer, case))
    stamp = transfer.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    data = {"success": True, "message": "✅", "rqUID": "783_20260520_v4UIS1K2Mobile", "transTimestamp": stamp, **own}
    if case is Case.DUPLICATE:
        return 400, {"code": 1012, "message": "สลิปซ้ำ สลิปนี้เคยส่งเข้ามาในระบบเมื่อ ...", "data": data}
    if case in TELLING:
        return 200, {"success": True, "data": data}
    late = {"qrcodeData": transfer.slip.payload, "bankCode": "014", "bankName": "ไทยพาณิชย์", "delay": 5}
    said: tuple[int, dict[str, Any]] = {
        Case.NOT_SLIP: (1008, {}),
        Case.NOT_FOUND: (1011, {}),
        Case.PENDING: (1010, {"data": late}),
        Case.DUPLICATE_BARE: (1012, {}),
        Case.AUTH: (1002, {}),
        Case.QUOTA: (1004, {}),
        Case.RATE: (0, {}),
        Case.DOWN: (1009, {}),
        Case.NEW_CODE: (1099, {}),
    }[case]
    return (429 if case is Case.RATE else 400), {"code": said[0], "message": "ข้อความ", **said[1]}


def slip2go(transfer: Transfer, case: Case) -> Answer | None:
    """Slip2Go."""
    told = changed(transfer, case)
    if case is Case.FOREIGN:
        return None  # It has no field for a currency.
    sender, receiver = (
        easy_party(transfer, told["bank"], receiver=False),
        easy_party(transfer, transfer.receiving_bank, receiver=True),
    )
    for party in (sender, receiver):
        party["account"]["name"] = party["account"]["name"]["th"]
    data = {
        "referenceId": "92887bd5-60d3-4744-9a98-b8574ea00000-00",
        "decode": slip_payload(told["bank"], told["ref"]),
        "transRef": told["ref"],
        "dateTime": transfer.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "amount": told["amount"],
        "ref1": transfer.ref1,
        "ref2": transfer.ref2,
        "ref3": None,
        "receiver": receiver,
        "sender": sender,
    }
    if case in TELLING:
        code = "200501" if case is Case.DUPLICATE else "200000"
        return 200, {"code": code, "message": "Slip found", "data": data}
    said = {
        Case.NOT_FOUND: (200, "200404"),
        Case.DUPLICATE_BARE: (200, "200501"),
        Case.AUTH: (401, "401001"),
        Case.RATE: (429, "429001"),
        Case.DOWN: (200, "200502"),
        Case.NEW_CODE: (200, "200999"),
    }.get(case)
    return said and (said[0], {"code": said[1], "message": "words"})


def scb(transfer: Transfer, case: Case) -> Answer | None:
    """SCB's slip verification."""
    if case in TELLING - {Case.DUPLICATE}:
        own = banks_own(transfer, changed(transfer, case))
        if isinstance(own["amount"], Raw):
            own["amount"] = own["amount"].text  # type: ignore[attr-defined]
        return 200, {"status": {"code": 1000, "description": "Success"}, "data": own}
    said = {
        Case.NOT_FOUND: (404, 1104),
        Case.AUTH: (401, 9500),
        Case.RATE: (429, None),
        Case.DOWN: (500, 9700),
        Case.NEW_CODE: (400, 1234),
    }.get(case)
    return said and (said[0], {"status": {"code": said[1], "description": "words"}})


def kbank(transfer: Transfer, case: Case) -> Answer | None:
    """KBank's slip verification."""
    if case in TELLING - {Case.DUPLICATE}:
        own = banks_own(transfer, changed(transfer, case))
        ids = {"rqUID": "783", "kbankTxnId": "KTX1", "statusCode": "0000", "statusMessage": "SUCCESS"}
        return 200, {**ids, "data": own}
    match case:
        case Case.AUTH:
            return 401, {"code": "openapi_error", "message": "Invalid ApiKey for given resource"}
        case Case.RATE:
            return 429, {"code": "openapi_error", "message": "The rate limit is exceeded By App"}
        case Case.DOWN:
            return 504, {"code": "openapi_error", "message": "Gateway Timeout"}
        case Case.NEW_CODE:
            return 200, {"rqUID": "783", "statusCode": "1013", "statusMessage": "words", "data": None}
    return None


SHAPES: dict[str, Callable[[Transfer, Case], Answer | None]] = {
    "easyslip": easyslip,
    "easyslip2": easyslip2,
    "slipok": slipok,
    "slip2go": slip2go,
    "scb": scb,
    "kbank": kbank,
}


class VendorServer:
    """One vendor on a free port. Of transfers that were not added it says that there is no such slip."""

    def __init__(self, name: str, *, token_s: int = 1_800) -> None:
        self.name = name
        self.transfers: dict[tuple[str, str], Transfer] = {}
        self.does: Case = Case.SUCCESS
        self.script: list[
            web.Response | float | None
        ] = []  # For the next questions: an answer; a pause; None: hang up.
        self.asked: list[Asked] = []
        self.tokens: list[Asked] = []
        self.token_s = token_s
        self.revoked: set[str] = set()
        self.no_tokens = False  # The bank's token service is down.
        self.inquiries: Callable[[Asked], Answer] | None = None  # Answers what is no slip: a bank's other questions.
        self.url = ""
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name=f"vendor {name}", daemon=True)

    @property
    def options(self) -> dict[str, str]:
        """What a verifier is made with."""
        return {"url": self.url, **{name.lower(): value for name, value in NEEDS[self.name].items()}}

    @property
    def env(self) -> dict[str, str]:
        """The settings that make PayGate ask here."""
        given = {f"PAYGATE_{self.name.upper()}_{name}": value for name, value in NEEDS[self.name].items()}
        return {"PAYGATE_SLIP_VERIFIERS": self.name, f"PAYGATE_{self.name.upper()}_URL": self.url, **given}

    def add(self, transfer: Transfer) -> Transfer:
        """The bank behind the vendor knows this transfer from now on."""
        self.transfers[transfer.bank, transfer.ref] = transfer
        return transfer

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10), "the vendor does not start"
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        self._ready.set()
        await self._stop.wait()
        await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        asked = Asked(
            request.method,
            request.path,
            dict(request.query),
            {name.lower(): value for name, value in request.headers.items()},
            await request.read(),
        )
        if request.path.endswith("/oauth/token"):
            self.tokens.append(asked)
            if self.no_tokens:
                return self._json(503, {})
            return self._json(*self._token(asked))
        self.asked.append(asked)
        if self.script:
            step = self.script.pop(0)
            if isinstance(step, web.Response):
                return step
            if step is None:
                assert request.transport is not None
                request.transport.close()
                return web.Response()
            await asyncio.sleep(step)
        return self._json(*self._said(asked))

    def _json(self, status: int, content: Any) -> web.Response:
        return web.Response(status=status, body=dumped(content), content_type="application/json")

    def _token(self, asked: Asked) -> Answer:
        token = f"token-{len(self.tokens)}"
        if self.name == "scb":
            if asked.content != {"applicationKey": KEY, "applicationSecret": SECRET}:
                return 401, {"status": {"code": 9500, "description": "Invalid apikey provided"}}
            data = {"accessToken": token, "tokenType": "Bearer", "expiresIn": self.token_s, "expiresAt": 0}
            return 200, {"status": {"code": 1000, "description": "Success"}, "data": data}
        if asked.body != b"grant_type=client_credentials" or not asked.headers["authorization"].startswith("Basic "):
            return 401, {"code": "openapi_error", "message": "Invalid Consumer Secret"}
        return 200, {"access_token": token, "expires_in": str(self.token_s), "token_type": "Bearer"}

    def _said(self, asked: Asked) -> Answer:
        if (refusal := self._refusal(asked)) is not None:
            return refusal
        ref = self._wanted(asked)
        if ref is None:
            assert self.inquiries is not None, f"the vendor is not asked for this: {asked.path}"
            return self.inquiries(asked)
        found = self.transfers.get(ref)
        case = self.does if found is not None or self.does not in TELLING else Case.NOT_FOUND
        answer = SHAPES[self.name](found or Transfer(*ref), case)
        return answer or (404, {"statusCode": "4040", "statusMessage": "no such slip"})

    def _refusal(self, asked: Asked) -> Answer | None:
        """Whoever does not show the operator's key is refused."""
        shown = asked.headers.get("authorization", "")
        match self.name:
            case "slipok":
                return None if asked.headers.get("x-authorization") == KEY else (401, {"code": 1002, "message": ""})
            case "scb":
                known = {f"Bearer token-{n + 1}" for n in range(len(self.tokens))} - self.revoked
                if shown in known and asked.headers.get("resourceownerid") == KEY and asked.headers.get("requestuid"):
                    return None
                return 401, {"status": {"code": 9300, "description": "Invalid/expired temporary token"}}
            case "kbank":
                known = {f"Bearer token-{n + 1}" for n in range(len(self.tokens))} - self.revoked
                return None if shown in known else (401, {"code": "openapi_error", "message": "Access Token expired"})
        return None if shown == f"Bearer {KEY}" else (401, {"message": "unauthorized", "status": 401})

    def _wanted(self, asked: Asked) -> tuple[str, str] | None:
        """Bank and reference of the slip that is asked for."""
        match self.name:
            case "easyslip":
                payload = asked.query["payload"]
            case "easyslip2":
                payload = asked.content["payload"]
            case "slipok":
                payload = asked.content["data"]
            case "slip2go":
                payload = asked.content["payload"]["qrCode"]
            case "scb":
                head, _, ref = asked.path.rpartition("/")
                return (asked.query["sendingBank"], ref) if head.endswith("/transactions") else None
            case _:
                data = asked.content.get("data") if asked.path.endswith("/verify") else None
                return data and (data["sendingBank"], data["transRef"])
        slip = parse(payload).slip
        assert slip is not None and slip.bank_code is not None
        return slip.bank_code, slip.reference


# --- what banks say of their own callbacks -------------------------------------------------------------------------

BILLER = "099400016550100"
KBANK_MERCHANT = "KB102057149704"


@dataclass
class Paid:
    """A payment that SCB knows. `amount` as SCB writes it, text."""

    transaction_id: str
    ref1: str
    amount: str = "150.00"
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    ref2: str | None = None
    biller: str = BILLER
    sending_bank: str = "014"
    reverse_flag: str = ""
    currency: str = "764"

    @property
    def row(self) -> dict[str, Any]:
        """As the inquiry tells it."""
        return {
            "eventCode": "00300100",
            "transactionType": "Domestic Transfers",
            "reverseFlag": self.reverse_flag,
            "receivingBankCode": "014",
            "equivalentAmount": "",
            **self.confirmation,
        }

    @property
    def confirmation(self) -> dict[str, Any]:
        """As SCB tells us by itself."""
        return {
            "payeeProxyId": self.biller,
            "payeeProxyType": "BILLERID",
            "payeeAccountNumber": "4061234567",
            "payeeName": "PayGate",
            "payerProxyId": "0800000000",
            "payerProxyType": "MSISDN",
            "payerAccountNumber": "0123456789",
            "payerName": "สมมุติ ทดสอบ",
            "sendingBankCode": self.sending_bank,
            "receivingBankCode": "014",
            "amount": self.amount,
            "transactionId": self.transaction_id,
            "transactionDateandTime": self.at.astimezone(BANGKOK).isoformat(timespec="milliseconds"),
            "billPaymentRef1": self.ref1,
            "billPaymentRef2": self.ref2,
            "billPaymentRef3": "PGT",
            "currencyCode": self.currency,
            "channelCode": "PMH",
            "transactionType": "Domestic Transfers",
        }


class ScbBook:
    """What SCB knows: `vendor.inquiries = book`. Without a payment it says so in one of its two ways."""

    def __init__(self) -> None:
        self.paid: list[Paid] = []
        self.says_none_with_404 = False

    def __call__(self, asked: Asked) -> Answer:
        assert asked.path == "/v1/payment/billpayment/inquiry" and asked.query["eventCode"] == "00300100"
        rows = [
            paid.row
            for paid in self.paid
            if paid.ref1 == asked.query["reference1"]
            and asked.query.get("reference2") in {None, paid.ref2}
            and f"{paid.at.astimezone(BANGKOK):%Y-%m-%d}" == asked.query["transactionDate"]
        ]
        if not rows and self.says_none_with_404:
            return 404, {"status": {"code": 1104, "description": "Requested entity record does not exist"}}
        return 200, {"status": {"code": 1000, "description": "Success"}, "data": rows}


class KBankBook:
    """What KBank knows of QRs: partnerTxnUid -> the fields of its state."""

    def __init__(self) -> None:
        self.qrs: dict[str, dict[str, Any]] = {}

    def __call__(self, asked: Asked) -> Answer:
        assert asked.path == "/v1/qrpayment/v4/inquiry"
        given = asked.content
        assert given["partnerId"] == "PTR0000001" and given["partnerSecret"] == "partner-secret"
        head = {"partnerTxnUid": given["partnerTxnUid"], "partnerId": given["partnerId"]}
        qr = self.qrs.get(given["origPartnerTxnUid"])
        if qr is None:
            said = {"errorCode": "invalid_origPartnerTxnUid", "errorDesc": "origPartnerTxnUid does not exist."}
            return 200, {**head, "statusCode": "10", **said}
        merchant = {"merchantId": given["merchantId"], "txnCurrencyCode": "THB", "loyaltyId": None}
        return 200, {**head, "statusCode": "00", "errorCode": None, "errorDesc": None, **merchant, **qr}
