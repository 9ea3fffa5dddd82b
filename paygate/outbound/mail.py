"""Mail to the operator, by its own mail server (RFC 5321, RFC 6409), in a thread: smtplib blocks."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage

from paygate.core.errors import Bug
from paygate.outbound.errors import BadAnswer, ConnectFailed, OutboundError, TlsFailed

MAX_WORDS = 300


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in. `tls`: from the first byte (smtps); else STARTTLS where the server offers it."""

    host: str
    port: int
    tls: bool
    user: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Letter:
    """One message. `message_id`: the same over retries, so that a mailbox can know it again."""

    sender: str
    receivers: Sequence[str]
    subject: str
    text: str
    message_id: str


async def send(server: MailServer, letter: Letter, *, timeout_s: float, in_transaction: Callable[[], bool]) -> None:
    """Hand a letter in. Raises an OutboundError when the server did not take it for every receiver."""
    if in_transaction():
        raise Bug("Mail was about to be sent while a database transaction is open.")
    await asyncio.to_thread(_send, server, letter, timeout_s)


def _send(server: MailServer, letter: Letter, timeout_s: float) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = letter.sender, ", ".join(letter.receivers), letter.subject
    message["Message-ID"], message["Auto-Submitted"] = letter.message_id, "auto-generated"
    message.set_content(letter.text)
    try:
        with _connect(server, timeout_s) as smtp:
            if server.user is not None:
                smtp.login(server.user, server.password or "")
            refused = smtp.send_message(message, letter.sender, list(letter.receivers))
    except ssl.SSLError as error:
        raise TlsFailed(f"TLS failed: {error.reason or error}") from error
    except smtplib.SMTPException as error:
        raise BadAnswer(_words(error)) from error
    except (OSError, UnicodeError) as error:
        raise ConnectFailed(f"The mail server cannot be reached: {str(error)[:MAX_WORDS]}") from error
    if refused:
        raise BadAnswer(f"The mail server refused {len(refused)} of {len(letter.receivers)} receivers.")


def _connect(server: MailServer, timeout_s: float) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if server.tls:
        return smtplib.SMTP_SSL(server.host, server.port, timeout=timeout_s, context=context)
    smtp = smtplib.SMTP(server.host, server.port, timeout=timeout_s)
    try:
        smtp.ehlo()
        if smtp.has_extn("starttls"):
            smtp.starttls(context=context)
            smtp.ehlo()
        elif server.user is not None:
            raise OutboundError("The mail server offers no TLS: no password is sent to it.")
    except BaseException:
        smtp.close()
        raise
    return smtp


def _words(error: smtplib.SMTPException) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        return f"The mail server answered {error.smtp_code} {text}"[:MAX_WORDS]
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "The mail server refused all receivers."
    return f"The mail server did not take it: {error}"[:MAX_WORDS]
