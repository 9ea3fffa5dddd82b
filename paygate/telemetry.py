"""What the operator can see: one JSON line per thing worth knowing, on stderr.

`bind` adds a fact (request_id, merchant, payment) to every later line of the same request; asyncio tasks inherit it.
Lines never hold secrets, bodies, query strings or personal data. Other libraries' logs come out in the same form.
"""

from __future__ import annotations

import io
import json
import logging
import sys
import traceback
from contextlib import suppress
from typing import TextIO

import msgspec
import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
# uvicorn's own access log has query strings, which may hold a client secret; ours has not.
_SILENT = ("uvicorn.access",)

bind = structlog.contextvars.bind_contextvars
clear = structlog.contextvars.clear_contextvars


def configure(level: str) -> None:
    """Set this process's logging up: *level* is debug, info, warning or error, and what is less is not written."""
    _configure_structlog(level)
    root = logging.getLogger()
    root.handlers[:] = [_Forward()]
    # Libraries say a lot at debug that is of no use here.
    root.setLevel(max(LEVELS[level], logging.INFO))
    for name in ("uvicorn", "uvicorn.error", "uvicorn.asgi", *_SILENT):
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = name not in _SILENT


def _configure_structlog(level: str) -> None:
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            _exception,
            structlog.processors.JSONRenderer(serializer=_json),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(_Stderr()),
    )


def logger(room: str) -> FilteringBoundLogger:
    """The logger of one room: `log = telemetry.logger("faces.v1")`, then `log.info("made", amount_satang=100)`."""
    made: FilteringBoundLogger = structlog.get_logger(room=room)
    return made


class _Stderr(io.TextIOBase, TextIO):
    """Where stderr is now. A log that nobody can read any more (a closed pipe, a closed file) stops no payment."""

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError):
            return sys.stderr.write(text)
        return 0

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.flush()


class _Forward(logging.Handler):
    """Hands the standard library's log records to structlog."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            error = record.exc_info[1] if record.exc_info else None
            logger(record.name).log(record.levelno, record.getMessage(), **({"exc_info": error} if error else {}))
        except Exception:  # noqa: BLE001 - logging's own rule: a line that cannot be written never breaks the work
            self.handleError(record)


def _exception(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    error = line.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, BaseException):
        line["exception"] = "".join(traceback.format_exception(error))
    return line


def _json(line: EventDict, **_: object) -> str:
    try:
        return msgspec.json.encode(line, enc_hook=str).decode()
    except (UnicodeEncodeError, msgspec.MsgspecError):
        return json.dumps(line, default=str)  # Slower, but there is no text it cannot write.


_configure_structlog("info")  # structlog's own default would write to stdout, which belongs to the CLI.
