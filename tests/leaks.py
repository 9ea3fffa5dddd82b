"""Searches the logs of every server of the suite for every secret that was made in it.

`WATCH` remembers secrets where they are made in the tests' own process, knows the forms of those that other processes
make, and hears all that is logged; a fixture asks it at the end of the session.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import argon2
import pytest

from paygate import telemetry
from paygate.core import keys, webhooks

SHORTEST = 12  # What is shorter is in some log by chance.
CLIENT = '"room":"httpx2"'  # The tests' own client, in the process of a server, tells what it asks for.
FORMS = re.compile(r"sk_(?:live|test)_[0-9A-Za-z]{33}|whsec_[0-9A-Za-z+/=]{40,}|_secret_[0-9A-Za-z_-]{20,}")


class Watch:
    """Secrets and logs, and whether one is in the other."""

    def __init__(self) -> None:
        self._secrets: set[str] = set()
        self._heard: list[str] = []
        self._read: dict[Path, int] = {}

    def remember(self, secret: str) -> None:
        """A secret that was made."""
        if len(secret) >= SHORTEST:
            self._secrets.add(secret)

    def hear(self, text: str) -> None:
        """Something that was logged."""
        self._heard.append(text)

    def read(self, log: Path) -> None:
        """What was written to a log since it was last read."""
        with log.open(encoding="utf-8", errors="replace") as file:
            file.seek(self._read.get(log, 0))
            self._heard.append(file.read())
            self._read[log] = file.tell()

    def found(self) -> list[str]:
        """Lines with a secret in them; the secret is shown, since it is one of a test."""
        text = "\n".join(self._heard)
        guilty = {match.group() for match in FORMS.finditer(text)} | {one for one in self._secrets if one in text}
        return [f"{one}: {next(line for line in text.splitlines() if one in line)}" for one in sorted(guilty)]

    @property
    def size(self) -> tuple[int, int]:
        """How many secrets are remembered, and how many characters were heard."""
        return len(self._secrets), sum(map(len, self._heard))


WATCH = Watch()


@contextmanager
def watching(watch: Watch) -> Iterator[None]:
    """Have *watch* remember what secrets are made of now on, and hear what this process logs."""
    with pytest.MonkeyPatch.context() as patch:

        def remembered(make: Callable[..., str]) -> Callable[..., str]:
            def made(*args: Any, **kwargs: Any) -> str:
                secret = make(*args, **kwargs)
                watch.remember(secret)
                return secret

            return made

        def hashed(self: argon2.PasswordHasher, password: str | bytes, **kwargs: Any) -> str:
            watch.remember(password if isinstance(password, str) else password.decode())
            return hash_password(self, password, **kwargs)

        def written(self: Any, text: str) -> int:
            if CLIENT not in text:
                watch.hear(text)
            return write(self, text)

        hash_password, write = argon2.PasswordHasher.hash, telemetry._Stderr.write
        patch.setattr(keys, "make", remembered(keys.make))
        patch.setattr(webhooks, "new_secret", remembered(webhooks.new_secret))
        patch.setattr(secrets, "token_urlsafe", remembered(secrets.token_urlsafe))
        patch.setattr(argon2.PasswordHasher, "hash", hashed)
        patch.setattr(telemetry._Stderr, "write", written)
        yield
