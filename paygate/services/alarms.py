"""Alarms about accounts: the same for `/metrics` and for `paygate account show`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from paygate.core.alarms import Alarm, unread_rising
from paygate.db import alarms as rows
from paygate.db.pool import Conn


@dataclass(frozen=True, slots=True)
class Raised:
    """How much there is of an alarm on an account; 0: none."""

    account_id: UUID
    mode: str
    alarm: Alarm
    count: int


async def look(conn: Conn, owner: int, receiving_id: UUID | None = None) -> Sequence[Raised]:
    """Every alarm of an owner's accounts in force, or of one account, raised or not."""
    unread: Counter[tuple[str, UUID]] = Counter()
    for source in await rows.texts(conn, owner, receiving_id=receiving_id):
        if unread_rising(source.unread, source.texts):
            unread[source.mode, source.receiving_id] += source.unread
    raised = []
    for one in await rows.breaks(conn, owner, receiving_id):
        raised.append(Raised(one.id, one.mode, Alarm.BALANCE_BREAK, one.breaks))
        raised.append(Raised(one.id, one.mode, Alarm.UNREAD_NOTICES, unread[one.mode, one.receiving_id]))
    return raised
