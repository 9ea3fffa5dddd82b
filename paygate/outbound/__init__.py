"""The one HTTP client: everything PayGate sends to an address that a merchant chose goes through here."""

from paygate.outbound.addresses import Network
from paygate.outbound.client import Answer, Outbound
from paygate.outbound.errors import (
    AddressRefused,
    BadAnswer,
    ConnectFailed,
    NameNotFound,
    OutboundError,
    Timeout,
    TlsFailed,
)
from paygate.outbound.urls import check_url

__all__ = [
    "AddressRefused",
    "Answer",
    "BadAnswer",
    "ConnectFailed",
    "NameNotFound",
    "Network",
    "Outbound",
    "OutboundError",
    "Timeout",
    "TlsFailed",
    "check_url",
]
