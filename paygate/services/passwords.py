"""Passwords: how they are kept, and compared without telling whether there is anybody to compare with."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from paygate.core.errors import InvalidInput

MIN_PASSWORD_CHARS = 10
MAX_PASSWORD_CHARS = 1_024
# OWASP's smallest recommended argon2id: 19 MiB, 2 passes, 1 lane. About 40 ms, so a login is no lever against the host.
HASHER = PasswordHasher(memory_cost=19_456, time_cost=2, parallelism=1)
# Of 32 random bytes that nobody kept. Whoever does not exist has this one, so that they take as long as anybody else.
NOBODYS = "$argon2id$v=19$m=19456,t=2,p=1$P30OlQJMUKyuZ9LsTIqdVg$Um39bAAVCDTH9EFLC1s1iI1PtdtwZbz94ELo3dfGHAI"
# Threads of their own, few: a flood of logins shall fill neither the memory nor the threads that draw QR codes.
_THREADS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")


async def hash_password(password: str, field: str = "password") -> str:
    """The argon2id text of a password of 10 to 1,024 characters. Raises InvalidInput (*field*)."""
    if not MIN_PASSWORD_CHARS <= len(password) <= MAX_PASSWORD_CHARS:
        raise InvalidInput(
            f"The password must have {MIN_PASSWORD_CHARS} to {MAX_PASSWORD_CHARS} characters.", field=field
        )
    try:
        material = password.encode()
    except UnicodeEncodeError:
        raise InvalidInput("The password is not valid text.", field=field) from None
    return await asyncio.get_running_loop().run_in_executor(_THREADS, HASHER.hash, material)


async def matches(password_hash: str | None, password: str) -> bool:
    """Whether it is the password; None (nobody, or no password yet) takes as long, and never is."""
    material = password.encode(errors="replace")[: MAX_PASSWORD_CHARS * 4]
    same = await asyncio.get_running_loop().run_in_executor(_THREADS, _verify, password_hash or NOBODYS, material)
    return same and password_hash is not None


def _verify(password_hash: str, material: bytes) -> bool:
    try:
        return HASHER.verify(password_hash, material)
    except (VerificationError, InvalidHashError):
        return False
