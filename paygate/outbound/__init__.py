"""What goes out: to addresses that merchants chose (Outbound), and to the operator's own vendors (VendorClient)."""

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
from paygate.outbound.vendors import VendorAnswer, VendorClient

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
    "VendorAnswer",
    "VendorClient",
    "check_url",
]
