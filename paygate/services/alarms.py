"""Alarms about accounts: the same for `/metrics` and for `paygate account show`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from paygate.core.alarms import Alarm, unread_rising
from paygate.db import alarms as rows
from paygate.db import closes
from paygate.db.pool import Conn


@dataclass(frozen=True, slots=True)
class Raised:
    """How much there is of an alarm on an account; 0: none."""

    account_id: UUID
    mode: str
    alarm: Alarm
    count: int
    receiving_id: UUID


async def look(conn: Conn, owner: int, receiving_id: UUID | None = None) -> Sequence[Raised]:
    """Every alarm of an owner's accounts in force, or of one account, raised or not."""
    unread: Counter[tuple[str, UUID]] = Counter()
    for source in await rows.texts(conn, owner, receiving_id=receiving_id):
        if unread_rising(source.unread, source.texts):
            unread[source.mode, source.receiving_id] += source.unread
    late = await closes.overdue(conn, receiving_id) if owner == closes.CENTRAL else {}
    raised = []
    for one in await rows.breaks(conn, owner, receiving_id):
        found = [(Alarm.BALANCE_BREAK, one.breaks), (Alarm.UNREAD_NOTICES, unread[one.mode, one.receiving_id])]
        if owner == closes.CENTRAL and one.mode == closes.MODE:
            found.append((Alarm.DAY_OPEN, late.get(one.receiving_id, 0)))
        raised += [Raised(one.id, one.mode, alarm, count, one.receiving_id) for alarm, count in found]
    return raised
