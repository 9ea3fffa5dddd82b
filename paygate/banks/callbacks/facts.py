"""What asks a bank about its own callback."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from paygate.banks.transport import Http
from paygate.core.hints import Arrival, Hint


class Inquiry(Protocol):
    """Asks the bank that sent a callback."""

    async def arrivals(self, http: Http, hint: Hint, payee: str, heard_at: datetime) -> Sequence[Arrival]:
        """The transfers to *payee* that the hint, heard then, may be about; none when the bank knows none. Raises
        VerifierError."""
        ...
