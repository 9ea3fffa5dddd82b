"""Connections and transactions. Every other module of this room takes a connection; this one gives it.

A transaction is a function of a connection that may run several times: it is run again when PostgreSQL breaks a
deadlock, or when another transaction was quicker (Moved, a unique key). So it has no effect outside the database.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any, TypeAlias, TypeVar

import asyncpg

from paygate.core.errors import Bug, Moved, Unavailable

Conn: TypeAlias = Any
"""An asyncpg connection, or its proxy from the pool (asyncpg has no types)."""
Result = TypeVar("Result")

TRIES = 10
ACQUIRE_TIMEOUT_S = 10.0  # A request that waits longer for a connection is better told to come back.
COMMAND_TIMEOUT_S = 20.0
CONNECT_TIMEOUT_S = 5.0
# The session settings of every connection. A statement that waits for a lock for longer than this is in trouble.
SERVER_SETTINGS = {
    "application_name": "paygate",
    "timezone": "UTC",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "60s",
}

AGAIN = (
    Moved,
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.UniqueViolationError,
)
AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # The server ended the session between two statements.
    asyncpg.CannotConnectNowError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InsufficientPrivilegeError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.LockNotAvailableError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InsufficientResourcesError,
    OSError,
    TimeoutError,
)

_open: ContextVar[bool] = ContextVar("paygate_transaction_open", default=False)


def in_transaction() -> bool:
    """Whether this task has a database transaction open: then nothing may go out to the network."""
    return _open.get()


async def _know_types(conn: Conn) -> None:
    """Have asyncpg look up the array types once per connection, instead of in the first payment's transaction."""
    await conn.fetchval(
        "SELECT cardinality($1::bigint[]) + cardinality($2::text[]) + cardinality($3::uuid[])", [], [], []
    )


async def _no_reset(_: Any) -> None:
    """Nothing in PayGate leaves state in a session, so the pool's reset round trip would be for nothing."""


class Database:
    """A pool of connections to one PostgreSQL."""

    def __init__(self, pool: asyncpg.Pool, size: int) -> None:
        self._pool = pool
        self._turn = asyncio.Semaphore(size)  # First come, first served: the pool alone lets newcomers overtake.

    @classmethod
    async def open(cls, dsn: str, *, size: int = 10) -> Database:
        """Connect. Raises Unavailable with the reason when the database is away."""
        try:
            pool = await asyncpg.create_pool(
                dsn,
                min_size=1,
                max_size=size,
                timeout=CONNECT_TIMEOUT_S,
                command_timeout=COMMAND_TIMEOUT_S,
                server_settings=SERVER_SETTINGS,
                init=_know_types,
                reset=_no_reset,
            )
        except (*AWAY, asyncpg.PostgresError, ValueError) as e:
            raise Unavailable(f"The database cannot be reached: {str(e) or type(e).__name__}") from e
        return cls(pool, size)

    async def close(self) -> None:
        """Finish what is under way, at most 10 s, and disconnect."""
        try:
            await asyncio.wait_for(self._pool.close(), 10)
        except TimeoutError:
            self._pool.terminate()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Conn]:
        """A connection for reading. Raises Unavailable when the database is away, also in the middle."""
        try:
            async with asyncio.timeout(ACQUIRE_TIMEOUT_S):
                await self._turn.acquire()
        except TimeoutError:
            raise Unavailable() from None
        try:
            async with self._pool.acquire(timeout=ACQUIRE_TIMEOUT_S) as conn:
                spoilt = False
                try:
                    yield conn
                except (asyncpg.InternalClientError, TimeoutError, asyncio.CancelledError):
                    spoilt = True  # Out of step with its server, or in the middle: nobody shall get it again.
                    raise
                finally:
                    if spoilt or (not conn.is_closed() and conn.is_in_transaction()):
                        conn.terminate()
        except AWAY as e:
            if isinstance(e, ValueError):  # asyncpg's word for a wrong argument: our fault, not the database's.
                raise
            raise Unavailable() from e
        finally:
            self._turn.release()

    async def transaction(self, work: Callable[[Conn], Awaitable[Result]]) -> Result:
        """Run *work* in one transaction and commit; run it again when another transaction was quicker.

        Raises what *work* raises (then nothing is written), and Unavailable when the database is away. After an
        Unavailable from the commit itself the outcome is unknown: the caller's repeat must be harmless.
        """
        for attempt in range(1, TRIES + 1):
            token = _open.set(True)
            try:
                async with self.connection() as conn, conn.transaction():
                    return await work(conn)
            except AGAIN as e:
                if attempt == TRIES:
                    raise (Bug(str(e)) if isinstance(e, asyncpg.UniqueViolationError) else Unavailable()) from e
            finally:
                _open.reset(token)
            await asyncio.sleep(0.002 * attempt)
        raise Unavailable()
