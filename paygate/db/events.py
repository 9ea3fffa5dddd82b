"""The outbox: an event and one delivery per endpoint that wants it, in the statement of the change itself."""

from __future__ import annotations

from typing import Any

from paygate.core.events import Announcement

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
           )"""


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
    }
