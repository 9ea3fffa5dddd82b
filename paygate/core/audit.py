"""The audit log: what a row says, byte for byte, and how the rows of one merchant hang together.

Each row carries the SHA-256 of its own canonical bytes, which hold the hash of the row before it. So a row that is
changed, taken out or put in breaks the chain from there on; a tail that is cut off is missed by the chain's head.

The canonical bytes are JSON with sorted keys, no spaces and UTF-8 unescaped; columns that are NULL are left out, so
that a column may be added later and older rows say what they said:

>>> from datetime import UTC, datetime
>>> at = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
>>> print(canonical(Record(41, 1, at, "cli", "shop.open", "shop:1", None, '{"n": 1}', None, b"")).decode())
{"action":"shop.open","actor":"cli","after":{"n":1},"at":"2026-11-20T05:00:00.000000Z","id":1,"merchantId":41,"prevHash":"","subject":"shop:1"}
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface
from typing import Any, TypeAlias
from uuid import UUID

from paygate.core.errors import Bug

FIRST_ID = 1
NO_HASH = b""  # What the first row has before it.

Address: TypeAlias = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Record:
    """One row without its own hash. `before` and `after` are JSON texts without fractions; `at` is aware."""

    merchant_id: int
    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    before: str | None
    after: str | None
    address: Address | IPv4Interface | IPv6Interface | None
    prev_hash: bytes
    request_id: str | None = None  # The request that it was done by; older rows have it in `after`.
    credential: str | None = None  # What is to be seen of the key that acted: `sk_live_...a1b2`.


@dataclass(frozen=True, slots=True)
class Sealed:
    """A row as it is stored: what it says, and the hash that it carries."""

    record: Record
    hash: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain ends: the last row's number and hash, sealed with the installation's key."""

    merchant_id: int
    last_id: int
    last_hash: bytes
    seal: str


def canonical(record: Record) -> bytes:
    """The bytes that are hashed. Raises Bug for a value that this version would not have written."""
    members: dict[str, Any] = {
        "merchantId": record.merchant_id,
        "id": record.id,
        "at": record.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "actor": record.actor,
        "action": record.action,
        "subject": record.subject,
        "prevHash": record.prev_hash.hex(),
    }
    if record.before is not None:
        members["before"] = _read(record.before)
    if record.after is not None:
        members["after"] = _read(record.after)
    if record.address is not None:
        members["address"] = _address(record.address)
    if record.request_id is not None:
        members["requestId"] = record.request_id
    if record.credential is not None:
        members["credential"] = record.credential
    return _dumps(members).encode()


def digest(record: Record) -> bytes:
    """The hash that a row with these facts carries."""
    return hashlib.sha256(canonical(record)).digest()


def seal_purpose(head_of: int, last_id: int, last_hash: bytes) -> str:
    """What the installation's key signs for the end of a chain: who can write to the database alone cannot make it."""
    return f"audit head:{head_of}:{last_id}:{last_hash.hex()}"


def genuine(row: Sealed) -> bool:
    """Whether a row is what was written: its hash is that of its facts."""
    try:
        return row.hash == digest(row.record)
    except (Bug, ValueError, RecursionError):  # It holds what this version never writes.
        return False


def dumps(value: Any) -> str:
    """A value for `before` or `after`, in its one canonical form. Raises Bug for what has no exact form."""
    return _dumps(plain(value))


def plain(value: Any) -> Any:
    """*value* in JSON's own types; ids and times as text. Raises Bug for what has no exact form, a float above all."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Mapping):
        return {str(name): plain(member) for name, member in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        members = [plain(member) for member in value]
        return members if isinstance(value, list | tuple) else sorted(members)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    raise Bug(f"The audit log takes no {type(value).__name__}.")


def faults_of(before: Sealed | None, row: Sealed) -> Iterator[str]:
    """What is wrong with a row that stands behind *before* (None: it is the first of its chain)."""
    expected_id = before.record.id + 1 if before else FIRST_ID
    if row.record.id > expected_id:
        yield f"rows {expected_id} to {row.record.id - 1} are missing before it"
    elif row.record.id < expected_id:
        yield "its number is below the first"
    elif row.record.prev_hash != (before.hash if before else NO_HASH):
        yield "it does not follow the row before it"
    if not genuine(row):
        yield "it was changed after it was written"


def faults_at_end(last: Sealed | None, head: Head | None, seal: str | None) -> Iterator[str]:
    """What is wrong at the end of a chain; *seal* is what the installation's key makes of the head."""
    if head is None:
        yield "the chain has no head"
        return
    if head.seal != seal:
        yield "the head was not sealed by this installation"
    last_id, last_hash = (last.record.id, last.hash) if last else (FIRST_ID - 1, NO_HASH)
    if last_id < head.last_id:
        yield f"rows {last_id + 1} to {head.last_id} are missing at the end"
    elif last_id > head.last_id:
        yield f"rows {head.last_id + 1} to {last_id} stand behind the head"
    elif last_hash != head.last_hash:
        yield "the last row is not the one that the head names"


def _address(address: Address | IPv4Interface | IPv6Interface) -> str:
    """A form that no release of Python prints differently."""
    length = "" if address.max_prefixlen == _prefix(address) else f"/{_prefix(address)}"
    return (str(IPv4Address(int(address))) if address.version == 4 else address.packed.hex(":", 2)) + length


def _prefix(address: Address | IPv4Interface | IPv6Interface) -> int:
    if isinstance(address, IPv4Interface | IPv6Interface):
        return address.network.prefixlen
    return address.max_prefixlen


def _read(text: str) -> Any:
    return plain(json.loads(text, parse_float=Decimal))


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
