"""What several modules of this face do alike: fields by the names that a caller knows, and answers that are kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from starlette.responses import Response

from paygate import wire
from paygate.core.errors import Conflict, InvalidInput
from paygate.services.once import Answered
from paygate.services.payments import Replayed


@contextmanager
def known_as(**names: str) -> Iterator[None]:
    """A refusal that names a field of *names* names it as the caller does."""
    try:
        yield
    except InvalidInput as error:
        if error.field not in names:
            raise
        raise InvalidInput(error.message, field=names[error.field]) from error
    except Conflict as error:
        if error.field not in names:
            raise
        raise Conflict(error.message, field=names[error.field]) from error


def once_answer(done: Answered[Any] | Replayed) -> Response:
    """The answer of what was done under an Idempotency-Key, now or before."""
    again = {"Idempotent-Replayed": "true"} if isinstance(done, Replayed) else {}
    return wire.raw_json(done.body, done.status, again)
