"""The outbox: an event and one delivery per endpoint that wants it, in the statement of the change itself."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from paygate.core.events import Announcement
from paygate.core.formats import spoken_in
from paygate.db.pool import Conn
from paygate.db.sql import Sql

# Part of a larger statement. No event id: nothing is appended.
APPEND = """event AS (
           INSERT INTO events (merchant_id, mode, id, type, subject_id, sequence, body, created_at)
           SELECT :event_merchant_id::bigint, :event_mode::text, :event_id::uuid, :event_type::text,
                  :event_subject_id::uuid, :event_sequence::integer, :event_body::text, :event_at::timestamptz
            WHERE :event_id IS NOT NULL
           ),
           outbox AS (
           INSERT INTO deliveries (merchant_id, mode, event_id, endpoint_id, run_at, created_at)
           SELECT e.merchant_id, e.mode, :event_id, e.id, :event_at, :event_at
             FROM endpoints e
            WHERE e.merchant_id = :event_merchant_id
              AND e.mode = :event_mode
              AND e.disabled_at IS NULL
              AND e.events && ARRAY['*', :event_type]
              AND e.format = ANY(:event_formats::text[])        -- Not of what its format has no words for.
           )"""


ANNOUNCE = Sql(f"WITH {APPEND} SELECT 1")

TELL_ONE = Sql("""
      WITH event AS (
           INSERT INTO events (merchant_id, mode, id, type, subject_id, sequence, body, created_at)
           VALUES (:event_merchant_id, :event_mode, :event_id, :event_type, :event_subject_id, :event_sequence,
                   :event_body, :event_at)
           )
    INSERT INTO deliveries (merchant_id, mode, event_id, endpoint_id, run_at, created_at)
    VALUES (:event_merchant_id, :event_mode, :event_id, :endpoint_id, :event_at, :event_at)
""")


async def announce(conn: Conn, event: Announcement) -> None:
    """Append an event that no other statement brings, for every endpoint that wants it."""
    await conn.execute(*ANNOUNCE.bind(**append_values(event)))


async def tell_one(conn: Conn, event: Announcement, endpoint_id: UUID) -> None:
    """Append an event for one endpoint, whatever it wants to hear."""
    values = append_values(event)
    del values["event_formats"]
    await conn.execute(*TELL_ONE.bind(**values, endpoint_id=endpoint_id))


def append_values(event: Announcement | None) -> dict[str, Any]:
    """The parameters of APPEND."""
    return {
        "event_merchant_id": event and event.merchant_id,
        "event_mode": event and event.mode,
        "event_id": event and event.id,
        "event_type": event and event.type,
        "event_subject_id": event and event.subject_id,
        "event_sequence": event and event.sequence,
        "event_body": event and event.body,
        "event_at": event and event.at,
        "event_formats": list(spoken_in(event.type)) if event else [],
    }
