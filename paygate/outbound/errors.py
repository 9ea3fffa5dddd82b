"""Why a request got no answer.

OutboundError            `permanent`: the same request can never succeed while URL and settings stay as they are
+-- AddressRefused       the URL or an address behind its name may not be reached
+-- NameNotFound         the host name has no address (now)
+-- ConnectFailed        nobody accepts the connection
+-- TlsFailed            the certificate or the handshake is bad
+-- Timeout              no status line within the time allowed
+-- BadAnswer            the connection broke, or what came was not HTTP
"""

from __future__ import annotations

from paygate.core.errors import PayGateError


class OutboundError(PayGateError):
    """No HTTP status came back; `message` is fit for the delivery log that the merchant reads."""

    default = "The request could not be sent."

    def __init__(self, message: str | None = None, *, permanent: bool = False) -> None:
        self.permanent = permanent
        super().__init__(message)


class AddressRefused(OutboundError):
    """The URL or an address behind its name may not be reached."""

    default = "This address may not be reached."


class NameNotFound(OutboundError):
    """The host name has no address."""

    default = "The host name could not be resolved."


class ConnectFailed(OutboundError):
    """No connection could be made."""

    default = "The connection could not be made."


class TlsFailed(OutboundError):
    """The receiver's certificate or TLS handshake is bad."""

    default = "The TLS connection could not be made."


class Timeout(OutboundError):
    """No status line came within the time allowed."""

    default = "No answer came in time."


class BadAnswer(OutboundError):
    """The connection broke before a status came, or what came was not HTTP."""

    default = "The connection was closed without an answer."
