"""What the operator can see: one JSON line per thing worth knowing, on stderr; and what is counted, for `/metrics`.

`bind` adds a fact (request_id, merchant, payment) to every later line of the same request; asyncio tasks inherit it.
Lines never hold secrets, bodies, query strings or personal data, and what has the form of a secret is hidden. Other
libraries' logs come out in the same form.

`count_...` and `observe_...` only add to numbers in this process's memory; `counted` hands them over, and
`services.metrics` adds them to the installation's totals. Labels are words of a closed set, never what somebody sent.
"""

from __future__ import annotations

import io
import json
import logging
import re
import sys
import threading
import traceback
from bisect import bisect_left
from contextlib import suppress
from typing import Any, TextIO

import msgspec
import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
# uvicorn's own access log has query strings, which may hold a client secret; ours has not.
_SILENT = ("uvicorn.access",)

BUCKETS_S = (
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    30.0,
    60.0,
    300.0,
    1_800.0,
    7_200.0,
    86_400.0,
)
"""Upper ends of the histograms' buckets, in seconds: a decision takes milliseconds, a webhook's last try a day."""

MOST_SERIES = 1_000
"""Of one process. A label that somebody could invent would fill the memory; what is beyond is counted as "other"."""

Series = tuple[str, tuple[tuple[str, str], ...]]
"""A name and its labels. A histogram is counters: NAME_bucket with the label `le` (not cumulative), and NAME_sum,
in microseconds: what is added up for ever is added up exactly."""

# What no line shows, whoever put it there: keys, signing secrets, client secrets, the database's password.
_SECRETS = re.compile(
    r"(\bsk_(?:live|test)_)[0-9A-Za-z]{8,}"
    r"|(\bwhsec_)[0-9A-Za-z+/=]{8,}"
    r"|(_secret_)[0-9A-Za-z_-]{8,}"
    r"|(\bpostgres(?:ql)?://[^:@/\s\"]*:)[^@/\s\"]+(?=@)"
)

bind = structlog.contextvars.bind_contextvars
clear = structlog.contextvars.clear_contextvars


def bound(name: str) -> Any:
    """A fact that lines have now, for example the `request_id`; None where there is none, as in background work."""
    return structlog.contextvars.get_contextvars().get(name)


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
        text = msgspec.json.encode(line, enc_hook=str).decode()
    except (UnicodeEncodeError, msgspec.MsgspecError):
        text = json.dumps(line, default=str)  # Slower, but there is no text it cannot write.
    return _SECRETS.sub(lambda found: f"{next(filter(None, found.groups()))}***", text)


_configure_structlog("info")  # structlog's own default would write to stdout, which belongs to the CLI.

_tally: dict[Series, int] = {}
_tally_lock = threading.Lock()


def count_login(outcome: str) -> None:
    """Somebody tried to log in: `good`, `refused`, `code` (a one-time code was missing or wrong)."""
    _add("paygate_logins_total", 1, outcome=outcome)


def count_evidence(kind: str, outcome: str) -> None:
    """One piece of evidence was decided. *kind*: its channel (`sms`, `slip`...); *outcome*: the word.

    `evidence.record` counts what it decides; what never gets there (IGNORED, VERIFYING) is counted by who reads it.
    """
    _add("paygate_evidence_total", 1, kind=kind, outcome=outcome)


def count_notice(bank: str, reason: str) -> None:
    """A bank's notice was ignored. *bank*: its short name (`KBANK`), `unknown` if none; *reason*: otp, outgoing..."""
    _add("paygate_notices_ignored_total", 1, bank=bank, reason=reason)


def count_payment(mode: str, status: str, number: int = 1) -> None:
    """Payments came to stand at *status* (PENDING: they were made)."""
    _add("paygate_payments_total", number, mode=mode, status=status)


def count_refused(reason: str) -> None:
    """A payment was not made: `full`, `browser`, `share`, `address`."""
    _add("paygate_payments_refused_total", 1, reason=reason)


def count_limited(limit: str) -> None:
    """A request was refused because of a rate limit: `key`, `source`, `address`."""
    _add("paygate_rate_limited_total", 1, limit=limit)


def count_unbelieved(reason: str) -> None:
    """A message to a source's address was not its own: `signature`, `key`, or `unknown` (no such source)."""
    _add("paygate_sources_refused_total", 1, reason=reason)


def count_verifier_failure(verifier: str, reason: str) -> None:
    """A slip verifier could not say what a slip is: auth and quota are for the operator to mend."""
    _add("paygate_verifier_failures_total", 1, verifier=verifier, reason=reason)


def observe_evidence_to_paid(seconds: float) -> None:
    """From when evidence came in until the payment was PAID and committed."""
    _observe("paygate_evidence_to_paid_seconds", seconds)


def observe_webhook_dwell(seconds: float) -> None:
    """From when an event happened until its receiver had it."""
    _observe("paygate_webhook_dwell_seconds", seconds)


def counted() -> dict[Series, int]:
    """What was counted since the last call."""
    with _tally_lock:
        given = dict(_tally)
        _tally.clear()
    return given


def uncounted(given: dict[Series, int]) -> None:
    """Take back what `counted` gave: it could not be kept."""
    for (name, labels), value in given.items():
        _add(name, value, **dict(labels))


def _observe(name: str, seconds: float) -> None:
    place = bisect_left(BUCKETS_S, seconds)
    _add(f"{name}_bucket", 1, le=f"{BUCKETS_S[place]:g}" if place < len(BUCKETS_S) else "+Inf")
    _add(f"{name}_sum", round(max(seconds, 0.0) * 1_000_000))  # Two clocks may disagree by a little.


def _add(name: str, value: int, **labels: str) -> None:
    with _tally_lock:
        series = (name, tuple(sorted(labels.items())))
        if series not in _tally and len(_tally) >= MOST_SERIES:
            series = (name, tuple((label, "other") for label in sorted(labels)))
        _tally[series] = _tally.get(series, 0) + value
