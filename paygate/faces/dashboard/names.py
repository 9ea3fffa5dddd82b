"""Fields by the names that a caller knows: services name them in their own words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from paygate.core.errors import Conflict, InvalidInput


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
