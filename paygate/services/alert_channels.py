"""How the operator is told: LINE (Messaging API), mail or a webhook, as the settings say; and which alarm goes where.

LINE: https://developers.line.biz/en/reference/messaging-api/#send-push-message, with `X-Line-Retry-Key`, so that a try
that was taken without our hearing of it is not shown twice (409 then). LINE Notify ended in 2025.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from paygate.core import webhooks
from paygate.core.alarms import Alarm
from paygate.core.errors import PayGateError
from paygate.core.events import timestamp
from paygate.core.fields import has_controls
from paygate.db.alerts import Alert
from paygate.outbound import BadAnswer

if TYPE_CHECKING:
    from paygate.outbound import VendorClient
    from paygate.outbound.mail import MailServer

LINE, MAIL, WEBHOOK = "line", "mail", "webhook"
CHANNELS = (LINE, MAIL, WEBHOOK)
LANGUAGES = ("th", "en")
LINE_URL = "https://api.line.me"
LINE_TEXT = 5_000  # The longest text of a message.
TIMEOUT_S = 15.0
KEPT_ANSWER = 200
PREFIX = "PAYGATE_ALERT_"
KNOWN = frozenset(
    {
        "PAYGATE_ALERT_LINE_TOKEN",
        "PAYGATE_ALERT_LINE_TO",
        "PAYGATE_ALERT_LINE_URL",
        "PAYGATE_ALERT_MAIL_SERVER",
        "PAYGATE_ALERT_MAIL_FROM",
        "PAYGATE_ALERT_MAIL_TO",
        "PAYGATE_ALERT_WEBHOOK_URL",
        "PAYGATE_ALERT_WEBHOOK_SECRET",
        "PAYGATE_ALERT_ROUTES",
        "PAYGATE_ALERT_LANGUAGE",
    }
)
_ADDRESS = re.compile(r"[^\s@,<>\"]{1,64}@[^\s@,<>\"]{1,190}", re.ASCII)
_LINE_ID = re.compile(r"[UCR][0-9a-f]{32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Line:
    """A LINE Official Account that may push to somebody, or to a group."""

    token: str = field(repr=False)
    to: str
    url: str = LINE_URL


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail server (`smtp://` or `smtps://`, perhaps with user and password), from whom and to whom."""

    server: str = field(repr=False)
    sender: str
    receivers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hook:
    """An address of the operator's own that is posted to, signed as webhooks of merchants are."""

    url: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Channels:
    """Every way of telling that is set up; `routes`: alarm -> ways, for those that do not go to all."""

    line: Line | None = None
    mail: Mail | None = None
    hook: Hook | None = None
    routes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    language: str = "th"

    @property
    def ready(self) -> tuple[str, ...]:
        """Those that are set up."""
        found = ((LINE, self.line), (MAIL, self.mail), (WEBHOOK, self.hook))
        return tuple(name for name, way in found if way is not None)

    def of(self, alarm: str) -> tuple[str, ...]:
        """By which an alarm is told."""
        return self.routes.get(alarm, self.ready)


@dataclass(frozen=True, slots=True)
class Reading:
    """Channels, with sentences about what is wrong in the settings. No secret is repeated."""

    channels: Channels
    problems: tuple[str, ...]


def choose(values: Mapping[str, str]) -> Reading:
    """Read what the settings say."""
    problems: list[str] = []
    given = {name.removeprefix(PREFIX): value for name, value in values.items() if name in KNOWN}
    line = _line(given, problems)
    mail = _mail(given, problems)
    hook = _hook(given, problems)
    language = given.get("LANGUAGE", LANGUAGES[0])
    if language not in LANGUAGES:
        problems.append(f"{PREFIX}LANGUAGE must be th or en.")
    found = Channels(line, mail, hook, language=language)
    routes = _routes(given.get("ROUTES", ""), found.ready, problems)
    return Reading(Channels(line, mail, hook, routes, language), tuple(problems))


def _together(given: Mapping[str, str], names: tuple[str, ...], problems: list[str]) -> bool:
    there = [name for name in names if name in given]
    if there and len(there) < len(names):
        problems.append(f"{' and '.join(PREFIX + name for name in names)} go together.")
    return len(there) == len(names)


def _line(given: Mapping[str, str], problems: list[str]) -> Line | None:
    if not _together(given, ("LINE_TOKEN", "LINE_TO"), problems):
        return None
    token, to, url = given["LINE_TOKEN"], given["LINE_TO"], given.get("LINE_URL", LINE_URL).rstrip("/")
    if not token.isascii() or not token.isprintable() or " " in token:
        problems.append(f"{PREFIX}LINE_TOKEN must be a channel access token.")
    if not _LINE_ID.fullmatch(to):
        problems.append(f"{PREFIX}LINE_TO must be an id of a user, group or room: U, C or R and 32 hex digits.")
    _check_url("LINE_URL", url, problems)
    return Line(token, to, url)


def _mail(given: Mapping[str, str], problems: list[str]) -> Mail | None:
    if not _together(given, ("MAIL_SERVER", "MAIL_FROM", "MAIL_TO"), problems):
        return None
    receivers = tuple(part for part in re.split(r"[,\s]+", given["MAIL_TO"]) if part)
    for name, addresses in (("MAIL_FROM", (given["MAIL_FROM"],)), ("MAIL_TO", receivers)):
        if not addresses or not all(_ADDRESS.fullmatch(one) for one in addresses):
            problems.append(f"{PREFIX}{name} must be mail addresses, separated by commas.")
    mail = Mail(given["MAIL_SERVER"], given["MAIL_FROM"], receivers)
    try:
        read_server(mail.server)
    except ValueError:
        problems.append(f"{PREFIX}MAIL_SERVER must look like smtps://user:password@mail.example.com:465.")
    return mail


def _hook(given: Mapping[str, str], problems: list[str]) -> Hook | None:
    if not _together(given, ("WEBHOOK_URL", "WEBHOOK_SECRET"), problems):
        return None
    _check_url("WEBHOOK_URL", given["WEBHOOK_URL"], problems)
    try:
        webhooks.sign([given["WEBHOOK_SECRET"]], event_id="test", event_type="test", timestamp_s=0, body=b"")
    except PayGateError:
        problems.append(f"{PREFIX}WEBHOOK_SECRET must be whsec_ and the base64 of 32 bytes.")
    return Hook(given["WEBHOOK_URL"], given["WEBHOOK_SECRET"])


def _routes(text: str, ready: tuple[str, ...], problems: list[str]) -> dict[str, tuple[str, ...]]:
    """`balance_break=line,mail day_open=mail`; an alarm that is not named goes everywhere, `=none` nowhere."""
    found: dict[str, tuple[str, ...]] = {}
    for part in text.split():
        alarm, _, named = part.partition("=")
        ways = tuple(way for way in named.split(",") if way)
        if ways == ("none",):
            ways = ()
        elif not ways or alarm in found:
            ways = ("?",)
        if alarm not in set(Alarm) or not set(ways) <= set(ready):
            problems.append(
                f"{PREFIX}ROUTES must be like {Alarm.BALANCE_BREAK}=line,mail {Alarm.DAY_OPEN}=none, with ways that are"
                f" set up ({', '.join(ready) or 'there is none'})."
            )
            break
        found[alarm] = ways
    return found


def _check_url(name: str, url: str, problems: list[str]) -> None:
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or has_controls(url) or " " in url:
        problems.append(f"{PREFIX}{name} must be an address like https://alerts.example.com/paygate.")


def read_server(text: str) -> MailServer:
    """A mail server as the settings write it. Raises ValueError."""
    from paygate.outbound.mail import MailServer  # noqa: PLC0415  # Only who sends mail imports smtplib.

    parts = urlsplit(text)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or parts.path not in {"", "/"} or parts.query:
        raise ValueError
    tls = parts.scheme == "smtps"
    user = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    return MailServer(parts.hostname, parts.port or (465 if tls else 587), tls, user, password)


async def send(
    channels: Channels, http: VendorClient, alert: Alert, account: str | None, in_transaction: Callable[[], bool]
) -> None:
    """Tell one message by its channel. Raises OutboundError when it was not taken."""
    if alert.channel == LINE and channels.line is not None:
        await _push(channels.line, http, alert)
    elif alert.channel == MAIL and channels.mail is not None:
        await _write(channels.mail, alert, in_transaction)
    elif alert.channel == WEBHOOK and channels.hook is not None:
        await _post(channels.hook, http, alert, account)
    else:
        raise BadAnswer(f"{alert.channel} is not set up in this process.")


async def _push(line: Line, http: VendorClient, alert: Alert) -> None:
    text = f"{alert.title}\n{alert.body}"[:LINE_TEXT]
    body = {"to": line.to, "messages": [{"type": "text", "text": text}]}
    answer = await http.send(
        "POST",
        f"{line.url}/v2/bot/message/push",
        headers={
            "Content-Type": "application/json",
            "Authorization": f"Bearer {line.token}",
            "X-Line-Retry-Key": str(alert.id),
        },
        body=json.dumps(body, ensure_ascii=False).encode(),
        timeout_s=TIMEOUT_S,
    )
    # 409: this very message was taken before.
    if answer.status not in {200, 409}:
        raise BadAnswer(f"LINE answered {answer.status}: {_head(answer.body)}")


async def _write(mail: Mail, alert: Alert, in_transaction: Callable[[], bool]) -> None:
    from paygate.outbound.mail import Letter  # noqa: PLC0415
    from paygate.outbound.mail import send as hand_in  # noqa: PLC0415

    domain = mail.sender.partition("@")[2]
    subject = f"PayGate: {alert.title.splitlines()[0]}"
    letter = Letter(mail.sender, mail.receivers, subject, f"{alert.title}\n\n{alert.body}\n", f"<{alert.id}@{domain}>")
    await hand_in(read_server(mail.server), letter, timeout_s=TIMEOUT_S, in_transaction=in_transaction)


async def _post(hook: Hook, http: VendorClient, alert: Alert, account: str | None) -> None:
    told = {
        "id": str(alert.id),
        "alarm": alert.alarm,
        "word": alert.word,
        "accountId": account,
        "count": alert.count,
        "title": alert.title,
        "body": alert.body,
        "createdAt": timestamp(alert.created_at),
    }
    raw = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    headers = webhooks.sign(
        [hook.secret], event_id=str(alert.id), event_type="alert", timestamp_s=int(time.time()), body=raw
    )
    answer = await http.send("POST", hook.url, headers=headers, body=raw, timeout_s=TIMEOUT_S)
    if not 200 <= answer.status < 300:
        raise BadAnswer(f"The webhook answered {answer.status}.")


def _head(body: bytes) -> str:
    text = body[:KEPT_ANSWER].decode("utf-8", "replace")
    return "".join(c if c.isprintable() else " " for c in text)
