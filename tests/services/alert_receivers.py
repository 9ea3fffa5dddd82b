"""Those who are told of alarms, as servers on this machine that speak their documented shapes.

LINE: POST /v2/bot/message/push with a bearer token and X-Line-Retry-Key (docs "Send push message", "Retry failed API
requests"): 200 {"sentMessages": [...]}; 409 {"message", "sentMessages"} with X-Line-Accepted-Request-Id for a retry key
that was taken; 401 and 429 with {"message"}. SMTP: RFC 5321, as far as a client with one message needs it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from aiohttp import web

from paygate.core import webhooks

TOKEN = "channel-access-token"
TO = "U" + "0123456789abcdef" * 2
SECRET = webhooks.new_secret(b"s" * 32)


@dataclass
class LineServer:
    """api.line.me. `down`: so many requests are answered with 500; `deaf`: it takes the next one, and hangs up."""

    base: str = ""
    shown: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    down: int = 0
    deaf: int = 0
    slowly_s: Callable[[], float] = lambda: 0.0  # How long it thinks, once it has the message.
    _taken: dict[str, str] = field(default_factory=dict)

    async def push(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return web.json_response({"message": "Authentication failed"}, status=401)
        key, body = request.headers["x-line-retry-key"], await request.json()
        self.keys.append(key)
        if self.down:
            self.down -= 1
            return web.json_response({"message": "Internal error"}, status=500)
        if key in self._taken:
            told = {"message": "The retry key is already accepted", "sentMessages": [{"id": self._taken[key]}]}
            return web.json_response(told, status=409, headers={"X-Line-Accepted-Request-Id": self._taken[key]})
        assert body["to"] == TO and [one["type"] for one in body["messages"]] == ["text"]
        self._taken[key] = f"request-{len(self._taken)}"
        self.shown.append(body["messages"][0]["text"])
        await asyncio.sleep(self.slowly_s())
        if self.deaf:
            self.deaf -= 1
            transport = request.transport
            assert transport is not None
            transport.close()
        return web.json_response({"sentMessages": [{"id": "461230966842064897", "quoteToken": "IStG5h1Tz7b..."}]})


@dataclass
class HookServer:
    """A webhook of the operator."""

    url: str = ""
    heard: list[dict[str, Any]] = field(default_factory=list)
    status: int = 204
    slowly_s: Callable[[], float] = lambda: 0.0

    async def post(self, request: web.Request) -> web.Response:
        raw = await request.read()
        now_s = int(request.headers["webhook-timestamp"])
        assert all(webhooks.verify_delivery(SECRET, dict(request.headers), raw, now_s).values())
        self.heard.append(json.loads(raw))
        assert request.headers["webhook-id"] == self.heard[-1]["id"]
        await asyncio.sleep(self.slowly_s())
        return web.Response(status=self.status)


@dataclass
class SmtpServer:
    """A mail server without TLS. `refuse`: it takes no message."""

    port: int = 0
    letters: list[EmailMessage] = field(default_factory=list)
    receivers: list[list[str]] = field(default_factory=list)
    refuse: bool = False
    slowly_s: Callable[[], float] = lambda: 0.0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said: list[str] = []

        def say(text: str) -> None:
            writer.write(f"{text}\r\n".encode())

        say("220 mail.test ESMTP")
        while line := (await reader.readline()).decode():
            verb = line.strip().split(" ")[0].upper()
            if verb == "EHLO":
                writer.write(b"250-mail.test\r\n250-8BITMIME\r\n250 SIZE 1000000\r\n")
            elif verb == "RCPT":
                said.append(line.strip())
                say("250 OK")
            elif verb == "DATA":
                say("354 go on")
                raw = b""
                while not raw.endswith(b"\r\n.\r\n"):
                    raw += await reader.readline()
                if self.refuse:
                    say("451 4.3.0 try again later")
                    continue
                self.letters.append(cast(EmailMessage, message_from_bytes(raw[:-3], policy=policy.default)))
                self.receivers.append(said[:])
                await asyncio.sleep(self.slowly_s())
                say("250 queued")
            elif verb == "QUIT":
                say("221 bye")
                break
            else:
                say("250 OK")
        writer.close()


@dataclass
class Receivers:
    """All three of them."""

    line: LineServer
    mail: SmtpServer
    hook: HookServer

    @property
    def settings(self) -> dict[str, str]:
        """What an operator would set."""
        return {
            "PAYGATE_ALERT_LINE_TOKEN": TOKEN,
            "PAYGATE_ALERT_LINE_TO": TO,
            "PAYGATE_ALERT_LINE_URL": self.line.base,
            "PAYGATE_ALERT_MAIL_SERVER": f"smtp://127.0.0.1:{self.mail.port}",
            "PAYGATE_ALERT_MAIL_FROM": "paygate@pay.example",
            "PAYGATE_ALERT_MAIL_TO": "malee@pay.example, somchai@pay.example",
            "PAYGATE_ALERT_WEBHOOK_URL": self.hook.url,
            "PAYGATE_ALERT_WEBHOOK_SECRET": SECRET,
        }


@asynccontextmanager
async def receiving() -> AsyncIterator[Receivers]:
    """They listen."""
    found = Receivers(LineServer(), SmtpServer(), HookServer())
    app = web.Application()
    app.router.add_post("/v2/bot/message/push", found.line.push)
    app.router.add_post("/hook", found.hook.post)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    mail = await asyncio.start_server(found.mail.talk, "127.0.0.1", 0)
    found.mail.port = mail.sockets[0].getsockname()[1]
    found.line.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    found.hook.url = f"{found.line.base}/hook"
    try:
        yield found
    finally:
        mail.close()
        await mail.wait_closed()
        await runner.cleanup()
