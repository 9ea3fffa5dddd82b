"""A slip verifier on this host, for tests: it speaks EasySlip's v1 interface and says of each slip what it is told.

async with slip_bank() as bank:
    bank.knows(payload, 150)          # a transfer to the account of tests/worlds.py, just now
    bank.says(payload, 404, {"status": 404, "message": "slip_not_found"})
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qs, urlsplit

import emvco

BANGKOK = timezone(timedelta(hours=7))
KEY = "a-key-of-the-vendor"
OWN_ACCOUNT = "xxx-x-x3456-x"  # 406-1-23456-7, as K PLUS masks it.


@dataclass
class SlipBank:
    """`asked` are the payloads in the order of asking. Until `freely` is set, nobody gets an answer."""

    port: int = 0
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    freely: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def env(self) -> dict[str, str]:
        """The settings of an operator who uses it."""
        return {
            "PAYGATE_SLIP_VERIFIERS": "easyslip",
            "PAYGATE_EASYSLIP_URL": self.url,
            "PAYGATE_EASYSLIP_KEY": KEY,
        }

    def says(self, payload: str, status: int, answer: Any) -> None:
        """Answer so whenever this slip is asked about."""
        self.answers[payload] = (status, answer)

    def fails(self, payload: str, message: str, status: int = 404) -> None:
        """One of the documented failures."""
        self.says(payload, status, {"status": status, "message": message})

    def knows(self, payload: str, baht: float | str, at: datetime | None = None, **changes: Any) -> None:
        """A transfer of the slip *payload* as its bank has it; *changes* go into its data."""
        slip = emvco.parse(payload).slip
        assert slip is not None
        data: dict[str, Any] = {
            "payload": payload,
            "transRef": slip.reference,
            "date": (at or datetime.now(UTC)).astimezone(BANGKOK).isoformat(),
            "countryCode": "TH",
            "amount": {"amount": baht, "local": {"amount": 0, "currency": ""}},
            "fee": 0,
            "ref1": "",
            "ref2": "",
            "ref3": "",
            "sender": {
                "bank": {"id": slip.bank_code, "name": "ธนาคาร", "short": "BANK"},
                "account": {
                    "name": {"th": "นาย ทดสอบ ร", "en": "MR. TEST R"},
                    "bank": {"type": "BANKAC", "account": "xxx-x-x7788-x"},
                },
            },
            "receiver": received_by("014", OWN_ACCOUNT),
        }
        self.says(payload, 200, {"status": 200, "data": data | changes})

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                method, path, _ = head.decode("latin-1").split(" ", 2)
                payload = parse_qs(urlsplit(path).query).get("payload", [""])[0]
                self.asked.append(payload)
                assert method == "GET"
                await self.freely.wait()
                status, answer = self.answers.get(payload, (404, {"status": 404, "message": "slip_not_found"}))
                body = answer if isinstance(answer, bytes) else json.dumps(answer, ensure_ascii=False).encode()
                kind = "Content-Type: application/json; charset=utf-8"
                writer.write(f"HTTP/1.1 {status} X\r\n{kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def received_by(bank: str | None, account: str | None, mobile: str | None = None) -> dict[str, Any]:
    """The receiver of a transfer, as masked as the bank shows it."""
    shown: dict[str, Any] = {"name": {"th": "บจก. เพย์เกต"}}
    if account is not None:
        shown["bank"] = {"type": "BANKAC", "account": account}
    if mobile is not None:
        shown["proxy"] = {"type": "MSISDN", "account": mobile}
    return {"bank": {"id": bank or "", "name": "", "short": ""}, "account": shown}


@asynccontextmanager
async def slip_bank(*, hangs: bool = False) -> AsyncIterator[SlipBank]:
    """The verifier on a free port; *hangs*: nobody gets an answer before `freely` is set."""
    bank = SlipBank()
    if not hangs:
        bank.freely.set()
    server = await asyncio.start_server(bank.serve, "127.0.0.1", 0)
    bank.port = server.sockets[0].getsockname()[1]
    try:
        yield bank
    finally:
        bank.freely.set()
        server.close()
        await server.wait_closed()
