"""HTTP on the socket: what is no HTTP is refused readably, and whoever is slow on purpose is cut off.

A connection costs nothing to open and something to keep. So a request's head must be there in time and be small, its
body must keep coming, and its answer must be taken; honest slow lines are far within these limits.
"""

from __future__ import annotations

import asyncio
import secrets
from enum import Enum
from typing import Any, ClassVar

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from paygate import telemetry

log = telemetry.logger("serve")

MAX_HEAD_BYTES = 65_536
REASONS = {400: "Bad Request", 408: "Request Timeout", 431: "Request Header Fields Too Large"}
CODES = {400: "INVALID_REQUEST", 408: "REQUEST_TIMEOUT", 431: "HEADERS_TOO_LARGE"}


class Stage(Enum):
    """What a connection waits for from its client."""

    NOTHING = "nothing"
    HEAD = "head"
    BODY = "body"


class Protocol(HttpToolsProtocol):
    """uvicorn's own, with limits on what it waits for."""

    head_s: ClassVar[float] = 10.0
    """From the connection, or the first byte of a later request, until the head is whole."""
    body_s: ClassVar[float] = 300.0
    """From the head until the body is whole."""
    pace_s: ClassVar[float] = 10.0
    pace_bytes: ClassVar[int] = 10_240
    """What must come of a body in each `pace_s`: one kilobyte a second, a tenth of the slowest mobile network."""
    taking_s: ClassVar[float] = 60.0
    """How long nothing of an answer need be taken; many streams are silent, but those wait for us."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._stage, self._watched = Stage.HEAD, Stage.NOTHING
        self._head_bytes = self._body_bytes = self._window_bytes = 0
        self._ends_at = 0.0
        self._waiting: asyncio.TimerHandle | None = None
        self._taking: asyncio.TimerHandle | None = None

    # --- what comes -------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client is there; its first request may not take long."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Something came: count it, and watch what is still to come."""
        before = self._stage
        super().data_received(data)
        if self.transport.is_closing():
            return
        answered = self.cycle is None or self.cycle.response_complete
        if self._stage is Stage.NOTHING and answered and self.timeout_keep_alive_task is None:
            self._stage = Stage.HEAD  # Blank lines before a request end the rest between two, and begin none.
            self._head_bytes = 0 if before is Stage.BODY else self._head_bytes
        # What ends a body that was answered before it was whole is no head, however large a piece it came in.
        if self._stage is Stage.HEAD and before is not Stage.BODY:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self._turn_away(431, f"The request's head is larger than {MAX_HEAD_BYTES} bytes.")
                return
        self._watch()

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        if self._stage is not Stage.HEAD:
            self._stage, self._watched = Stage.HEAD, Stage.NOTHING
        self._head_bytes = 0

    def on_headers_complete(self) -> None:
        """Its head is whole."""
        self._stage, self._body_bytes, self._window_bytes = Stage.BODY, 0, 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of its body."""
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """It is whole."""
        self._stage = Stage.NOTHING
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._stage = self._watched = Stage.NOTHING
        for timer in (self._waiting, self._taking):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    # --- who is slow ------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        """Have a timer for the stage that the connection is in. Most requests come whole, and need none."""
        if self._stage is self._watched:
            return
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        self._watched = self._stage
        if self._stage is Stage.HEAD:
            self._waiting = self.loop.call_later(self.head_s, self._head_is_late)
        elif self._stage is Stage.BODY:
            self._ends_at = self.loop.time() + self.body_s
            self._waiting = self.loop.call_later(self.pace_s, self._look_at_pace)

    def _head_is_late(self) -> None:
        if not self._head_bytes:
            self.transport.close()  # It never said anything, and is not answered.
            return
        self._turn_away(408, f"The request's head was not whole within {self.head_s:g} s.")

    def _look_at_pace(self) -> None:
        came, self._window_bytes = self._body_bytes - self._window_bytes, self._body_bytes
        if self.flow.read_paused:  # It is we who are slow.
            self._ends_at += self.pace_s
        elif came < self.pace_bytes or self.loop.time() >= self._ends_at:
            self._turn_away(408, "The request's body came too slowly.")
            return
        self._waiting = self.loop.call_later(self.pace_s, self._look_at_pace)

    def pause_writing(self) -> None:
        """The client does not take what it asked for."""
        super().pause_writing()
        self._taking = self.loop.call_later(self.taking_s, self._not_taken)

    def resume_writing(self) -> None:
        """It does again."""
        if self._taking is not None:
            self._taking.cancel()
            self._taking = None
        super().resume_writing()

    def _not_taken(self) -> None:
        log.info("cut off", reason="The answer was not taken.", after_s=self.taking_s)
        self.transport.abort()

    # --- saying so --------------------------------------------------------------------------------------------------

    def send_400_response(self, msg: str) -> None:
        """Refuse a request that cannot be parsed, and hang up."""
        self._turn_away(400, "This is not a valid HTTP request; text in addresses must be percent-encoded.", msg)

    def _turn_away(self, status: int, message: str, reason: str | None = None) -> None:
        """Answer in the shape that clients of the API read, with an id to quote, and hang up."""
        request_id = f"req_{secrets.token_hex(12)}"
        cycle = self.cycle
        under_way = cycle is not None and not cycle.response_complete
        if under_way:
            cycle.disconnected = True  # Who reads the body learns that there is nobody any more.
            cycle.message_event.set()
        if under_way and (cycle.response_started or self._stage is not Stage.BODY):
            self.transport.abort()  # An answer here would be taken for the end of another.
        else:
            told = {"error": CODES[status], "message": message, "requestId": request_id}
            body = msgspec.json.encode(told)
            head = f"HTTP/1.1 {status} {REASONS[status]}\r\ncontent-type: application/json\r\n"
            head += f"content-length: {len(body)}\r\nrequest-id: {request_id}\r\ncache-control: no-store\r\n"
            self.transport.write(f"{head}x-content-type-options: nosniff\r\nconnection: close\r\n\r\n".encode() + body)
            self.transport.close()
        log.info("refused", reason=reason or message, request_id=request_id)
