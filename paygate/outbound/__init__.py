"""What goes out: to addresses that merchants chose (Outbound), and to the operator's own vendors (VendorClient).

The clients are imported when somebody first asks for one: aiohttp takes a fifth of a second, and most commands send
nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from paygate.outbound.addresses import Network
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

if TYPE_CHECKING:
    from paygate.outbound.client import Answer, Outbound
    from paygate.outbound.vendors import VendorAnswer, VendorClient

_LATE = {
    "Answer": "paygate.outbound.client",
    "Outbound": "paygate.outbound.client",
    "VendorAnswer": "paygate.outbound.vendors",
    "VendorClient": "paygate.outbound.vendors",
}

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


def __getattr__(name: str) -> Any:
    """The clients, late."""
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_LATE[name]), name)
