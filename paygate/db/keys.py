"""API keys: who is asking, and the operator's side of them. Keys themselves are never stored, only their SHA-256."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from paygate.core.fees import CENTRAL_PLANS
from paygate.core.keys import Kind, Mode
from paygate.core.networks import Network
from paygate.core.principals import Principal, ReceivingAccount
from paygate.core.scopes import EVERYTHING, Scope
from paygate.db.plans import PLAN, RATE, TERMS
from paygate.db.pool import Conn
from paygate.db.sql import Sql

# The accounts of a merchant's plan: of `f.owner_id`, in `f.mode`.
_ACCOUNTS = """
           (SELECT coalesce(json_agg(a ORDER BY a.created_at, a.id), '[]')
              FROM (SELECT DISTINCT ON (v.receiving_id)
                           v.id, v.receiving_id, v.proxy_kind, v.proxy, v.biller_id, v.name, v.amount_tagging,
                           v.virtual, v.created_at, coalesce(w.weight, 1) AS weight,
                           EXISTS (SELECT 1 FROM sources s
                                    WHERE s.merchant_id = v.merchant_id AND s.mode = v.mode
                                      AND s.receiving_id = v.receiving_id AND s.disabled_at IS NULL) AS heard
                      FROM accounts v
                 LEFT JOIN account_shares w ON w.merchant_id = v.merchant_id AND w.mode = v.mode
                                           AND w.receiving_id = v.receiving_id
                     WHERE v.merchant_id = f.owner_id
                       AND v.mode = f.mode
                       AND v.retired_at IS NULL
                       AND w.paused_at IS NULL
                  ORDER BY v.receiving_id, v.created_at DESC, v.id DESC) a) AS accounts"""

# The key, its merchant and the accounts of its plan, in one round trip that writes nothing.
AUTHENTICATE = Sql(f"""
    SELECT f.*,{_ACCOUNTS}
      FROM (SELECT k.merchant_id, k.mode, k.id, k.kind, k.scopes, k.allow_networks, k.last4, m.name, m.status,
                   {PLAN} AS plan, {RATE} AS fee_bps, m.overpay, m.expiry_minutes, m.callback_domains,
                   m.allowed_origins, m.signed_amounts,
                   CASE WHEN {PLAN} = ANY (:central_plans::text[]) THEN 0 ELSE k.merchant_id END AS owner_id,
                   k.last_used_at IS NULL OR k.last_used_at < clock_timestamp() - interval '1 minute' AS stale
              FROM key_directory d
              JOIN api_keys k ON k.merchant_id = d.merchant_id AND k.mode = d.mode AND k.id = d.key_id
              JOIN merchants m ON m.merchant_id = k.merchant_id
         {TERMS}
             WHERE d.key_hash = :key_hash
               AND k.revoked_at IS NULL
               AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp())) f
""")  # noqa: S608 - text of our own

# The same without a key, for what a merchant's payer may do in its name.
AS_MERCHANT = Sql(f"""
    SELECT f.*,{_ACCOUNTS}
      FROM (SELECT m.merchant_id, :mode::text AS mode, :id::uuid AS id, :kind::text AS kind, '{{}}'::text[] AS scopes,
                   '{{}}'::cidr[] AS allow_networks, NULL::text AS last4, m.name, m.status,
                   {PLAN} AS plan, {RATE} AS fee_bps, m.overpay, m.expiry_minutes, m.callback_domains,
                   m.allowed_origins, m.signed_amounts,
                   CASE WHEN {PLAN} = ANY (:central_plans::text[]) THEN 0 ELSE m.merchant_id END AS owner_id
              FROM merchants m
         {TERMS}
             WHERE m.merchant_id = :merchant_id) f
""")  # noqa: S608

# Asked for at most once a minute for a key; a row that somebody else is touching is left to them, so that a busy key
# is never a hot row. In AUTHENTICATE itself this would double the cost of every request.
TOUCH = Sql("""
      WITH mine AS (
           SELECT merchant_id, mode, id
             FROM api_keys
            WHERE merchant_id = :merchant_id
              AND mode = :mode
              AND id = :id
              AND (last_used_at IS NULL OR last_used_at < clock_timestamp() - interval '1 minute')
              FOR NO KEY UPDATE SKIP LOCKED
           )
    UPDATE api_keys k SET last_used_at = clock_timestamp()
      FROM mine
     WHERE k.merchant_id = mine.merchant_id AND k.mode = mine.mode AND k.id = mine.id
""")

INSERT = Sql("""
      WITH listed AS (
           INSERT INTO key_directory (key_hash, merchant_id, mode, key_id)
           VALUES (:key_hash, :merchant_id, :mode, :id)
           )
    INSERT INTO api_keys (merchant_id, mode, id, kind, key_hash, public_key, last4, scopes, allow_networks, expires_at,
                          amount_secret)
    VALUES (:merchant_id, :mode, :id, :kind, :key_hash, :public_key, :last4, :scopes, :networks,
            coalesce(clock_timestamp() + :lifetime::interval, :expires_at), :amount_secret)
 RETURNING expires_at
""")

# Revoking twice keeps the first moment.
REVOKE = Sql("""
    UPDATE api_keys SET revoked_at = coalesce(revoked_at, clock_timestamp())
     WHERE merchant_id = :merchant_id AND mode = :mode AND id = :id
 RETURNING 1
""")

FIND = Sql("SELECT merchant_id, mode FROM key_directory WHERE key_id = :id")

LIST = Sql("""
    SELECT merchant_id, mode, id, kind, public_key, last4, scopes, allow_networks, last_used_at, expires_at, revoked_at,
           replaced_by, created_at, coalesce(expires_at <= clock_timestamp(), false) AS expired
      FROM api_keys
     WHERE merchant_id = :merchant_id
  ORDER BY mode, kind DESC, created_at, id
""")

LOCK = Sql("""
    SELECT merchant_id, mode, id, kind, public_key, last4, scopes, allow_networks, last_used_at, expires_at, revoked_at,
           replaced_by, created_at, coalesce(expires_at <= clock_timestamp(), false) AS expired
      FROM api_keys
     WHERE merchant_id = :merchant_id AND mode = :mode AND id = :id
       FOR NO KEY UPDATE
""")

# An overlap never makes a key live longer than it would have.
REPLACE = Sql("""
    UPDATE api_keys
       SET replaced_by = :replaced_by, expires_at = least(expires_at, clock_timestamp() + :overlap::interval)
     WHERE merchant_id = :merchant_id AND mode = :mode AND id = :id
 RETURNING expires_at
""")


AMOUNT_SECRETS = Sql("""
    SELECT n.now_at, k.id, k.amount_secret
      FROM (SELECT clock_timestamp() AS now_at) n
 LEFT JOIN api_keys k ON k.merchant_id = :merchant_id AND k.mode = :mode AND k.kind = 'secret'
                     AND k.amount_secret IS NOT NULL AND k.scopes && :scopes::text[] AND k.revoked_at IS NULL
                     AND (k.expires_at IS NULL OR k.expires_at > n.now_at)
""")


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key as the database keeps it. `public_key` is its text, for pk_ keys only."""

    merchant_id: int
    mode: Mode
    id: UUID
    kind: Kind
    key_hash: bytes
    public_key: str | None
    last4: str
    scopes: tuple[str, ...] = EVERYTHING
    networks: tuple[Network, ...] = ()  # Empty: from anywhere.
    lifetime: timedelta | None = None  # Expires so long after it was stored;
    expires_at: datetime | None = None  # without one, then; without either, never.
    amount_secret: bytes | None = None  # Of secret keys: what they sign amounts with, sealed.


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key as its owner sees it in a list."""

    merchant_id: int
    mode: Mode
    id: UUID
    kind: Kind
    public_key: str | None
    last4: str
    scopes: tuple[str, ...]
    allow_networks: tuple[Network, ...]
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None
    replaced_by: UUID | None
    created_at: datetime
    expired: bool

    @property
    def in_force(self) -> bool:
        """Whether requests may use it."""
        return self.revoked_at is None and not self.expired


async def authenticate(conn: Conn, key_hash: bytes) -> Principal | None:
    """Whom the key with this SHA-256 stands for; None when it is unknown, revoked or expired.

    A suspended or not yet approved merchant is returned too: the caller says what it may still do.
    """
    row = await conn.fetchrow(*AUTHENTICATE.bind(key_hash=key_hash, central_plans=sorted(CENTRAL_PLANS)))
    if row is None:
        return None
    if row["stale"]:
        await conn.execute(*TOUCH.bind(merchant_id=row["merchant_id"], mode=row["mode"], id=row["id"]))
    return _principal(row)


async def as_merchant(conn: Conn, merchant_id: int, mode: Mode, kind: Kind) -> Principal | None:
    """A merchant as if one of its keys had asked, with no scope at all; None when there is no such merchant."""
    row = await conn.fetchrow(
        *AS_MERCHANT.bind(
            merchant_id=merchant_id, mode=mode, kind=kind, id=UUID(int=0), central_plans=sorted(CENTRAL_PLANS)
        )
    )
    return _principal(row) if row else None


async def insert(conn: Conn, key: NewKey) -> datetime | None:
    """Store a new key and the way to it: when it expires."""
    expires_at: datetime | None = await conn.fetchval(
        *INSERT.bind(
            merchant_id=key.merchant_id,
            mode=key.mode,
            id=key.id,
            kind=key.kind,
            key_hash=key.key_hash,
            public_key=key.public_key,
            last4=key.last4,
            scopes=list(key.scopes),
            networks=list(key.networks),
            lifetime=key.lifetime,
            expires_at=key.expires_at,
            amount_secret=key.amount_secret,
        )
    )
    return expires_at


async def find(conn: Conn, key_id: UUID) -> tuple[int, Mode] | None:
    """Whose key this is: merchant and mode."""
    row = await conn.fetchrow(*FIND.bind(id=key_id))
    return (row["merchant_id"], row["mode"]) if row else None


async def revoke(conn: Conn, merchant_id: int, mode: Mode, key_id: UUID) -> bool:
    """Make a key worthless from the next request on; False when there is no such key."""
    return await conn.fetchval(*REVOKE.bind(merchant_id=merchant_id, mode=mode, id=key_id)) is not None


async def listed(conn: Conn, merchant_id: int) -> Sequence[KeyRow]:
    """All keys of a merchant, revoked ones too."""
    rows = await conn.fetch(*LIST.bind(merchant_id=merchant_id))
    return [_key(row) for row in rows]


async def lock(conn: Conn, merchant_id: int, mode: Mode, key_id: UUID) -> KeyRow | None:
    """A key, which nobody else changes until this transaction ends."""
    row = await conn.fetchrow(*LOCK.bind(merchant_id=merchant_id, mode=mode, id=key_id))
    return _key(row) if row else None


async def replace(conn: Conn, old: KeyRow, new_id: UUID, overlap: timedelta) -> datetime:
    """Say which key took the place of *old*, and let *old* expire after *overlap*: when that is."""
    expires_at: datetime = await conn.fetchval(
        *REPLACE.bind(merchant_id=old.merchant_id, mode=old.mode, id=old.id, replaced_by=new_id, overlap=overlap)
    )
    return expires_at


async def amount_secrets(conn: Conn, merchant_id: int, mode: Mode) -> tuple[Sequence[tuple[UUID, bytes]], datetime]:
    """Key and sealed secret of each key in force that may create payments, and the moment at which that is so."""
    scopes = [*EVERYTHING, Scope.PAYMENTS_WRITE]
    rows = await conn.fetch(*AMOUNT_SECRETS.bind(merchant_id=merchant_id, mode=mode, scopes=scopes))
    return [(row["id"], row["amount_secret"]) for row in rows if row["id"] is not None], rows[0]["now_at"]


def _key(row: Any) -> KeyRow:
    return KeyRow(**{**row, "scopes": tuple(row["scopes"]), "allow_networks": tuple(row["allow_networks"])})


def _principal(row: Any) -> Principal:
    return Principal(
        merchant_id=row["merchant_id"],
        mode=row["mode"],
        kind=row["kind"],
        key_id=row["id"],
        merchant_name=row["name"],
        status=row["status"],
        plan=row["plan"],
        fee_bps=row["fee_bps"],
        overpay=row["overpay"],
        expiry_minutes=row["expiry_minutes"],
        callback_domains=tuple(row["callback_domains"]),
        allowed_origins=tuple(row["allowed_origins"]),
        scopes=tuple(row["scopes"]),
        accounts=tuple(_account(row["owner_id"], account) for account in json.loads(row["accounts"])),
        networks=tuple(row["allow_networks"]),
        signed_amounts=row["signed_amounts"],
        last4=row["last4"],
    )


def _account(owner_id: int, account: dict[str, Any]) -> ReceivingAccount:
    return ReceivingAccount(
        owner_id=owner_id,
        id=UUID(account["id"]),
        receiving_id=UUID(account["receiving_id"]),
        proxy_kind=account["proxy_kind"],
        proxy=account["proxy"],
        biller_id=account["biller_id"],
        name=account["name"],
        amount_tagging=account["amount_tagging"],
        virtual=account["virtual"],
        heard=account["heard"],
        weight=account["weight"],
    )
