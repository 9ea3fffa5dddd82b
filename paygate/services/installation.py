"""The first thing every process does with a database: is this our key, and is the platform complete?"""

from __future__ import annotations

from uuid import UUID

from paygate.core.errors import Bug, PayGateError, Unavailable
from paygate.core.ledger import PLATFORM
from paygate.db import installation
from paygate.db.pool import Conn
from paygate.services import audit
from paygate.services.context import Context
from paygate.services.specimens import WALLET

PURPOSE = "installation"
SERVER = "server"
KNOWN_TEXT = "paygate"
TRIES = 5
# A fixed id makes several processes that start at once make one account. The e-wallet ID belongs to nobody.
TEST_ACCOUNT_ID = UUID("00000000-0000-7000-8000-000000000000")
TEST_NAME = "PayGate TEST"


class WrongKey(PayGateError):
    """The database's secrets were sealed with another PAYGATE_SECRET_KEY."""


async def check(ctx: Context) -> None:
    """Mark a fresh database as this key's, and see to the platform's virtual account for test keys.

    Raises WrongKey when the database was made with another PAYGATE_SECRET_KEY, Unavailable when it is away.
    """
    ours, sealed = ctx.key.id.hex(), ctx.seal(KNOWN_TEXT, PURPOSE)

    async def work(conn: Conn) -> tuple[str, bytes] | None:
        await installation.make_test_account(conn, TEST_ACCOUNT_ID, WALLET, TEST_NAME)
        return await installation.claim(conn, ours, sealed)

    for _ in range(TRIES):
        found = await ctx.db.transaction(work)
        if found is not None:
            return _compare(ctx, ours, *found)
    raise Unavailable()


async def remember_limit(ctx: Context) -> int | None:
    """Keep the limit above which two people approve a payout, as a server that starts was told: a command without the
    setting is held to it, too. What it was before; None: nothing, or the same."""
    satang = ctx.settlements.second_above_satang

    async def work(conn: Conn) -> int | None:
        changed, before = await installation.keep_second_above(conn, satang)
        if changed:
            await audit.append(
                conn,
                ctx,
                merchant_id=PLATFORM,
                actor=SERVER,
                action="installation.second_approval",
                subject="installation",
                before={"above_satang": before},
                after={"above_satang": satang},
            )
        return before

    return await ctx.db.transaction(work)


def _compare(ctx: Context, ours: str, key_id: str, key_check: bytes) -> None:
    if key_id != ours:
        raise WrongKey(
            f"This database was made with another PAYGATE_SECRET_KEY (key {key_id}; the present one is {ours})."
            " Its secrets cannot be read without it: start with that key, in PAYGATE_SECRET_KEY or in the data"
            " folder's secret.key."
        )
    if ctx.unseal(key_check, PURPOSE) != KNOWN_TEXT:
        raise Bug("The installation's check text is not the known one.")
