"""How many webhooks may be under way at once: no receiver, however slow, takes the room of the others.

Each endpoint has a lane. It starts narrow, widens with every success up to 8, and falls to 1 with a failure, so that a
dead receiver holds one connection, not eight. All lanes share a budget of quick requests; one that has waited for
longer than a second no longer counts against it, only against the number of open connections.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from uuid import UUID

WIDEST = 8
NEW = 2
QUICK_REQUESTS = 64
ALL_REQUESTS = 256
SLOW_AFTER_S = 1.0
REMEMBERED = 4_096


class Lanes:
    """The lanes of one process. Times are of one monotonic clock, in seconds."""

    def __init__(self) -> None:
        self._width: OrderedDict[UUID, int] = OrderedDict()  # The endpoint heard of last is last.
        self._began_s: defaultdict[UUID, list[float]] = defaultdict(list)

    def room(self, now_s: float) -> int:
        """How many more requests may start now."""
        began = [began_s for lane in self._began_s.values() for began_s in lane]
        quick = sum(1 for began_s in began if now_s - began_s < SLOW_AFTER_S)
        return max(0, min(QUICK_REQUESTS - quick, ALL_REQUESTS - len(began)))

    def rooms(self) -> dict[UUID, int]:
        """How many more may start for each endpoint that this process knows; any other has room for NEW."""
        known = {endpoint: width - len(self._began_s.get(endpoint, ())) for endpoint, width in self._width.items()}
        return {endpoint: max(0, room) for endpoint, room in known.items()}

    def enter(self, endpoint: UUID, now_s: float) -> None:
        """A request starts."""
        self._width.setdefault(endpoint, NEW)
        self._began_s[endpoint].append(now_s)

    def leave(self, endpoint: UUID, began_s: float, *, delivered: bool) -> None:
        """The request that began then has ended."""
        lane = self._began_s[endpoint]
        lane.remove(began_s)
        if not lane:
            del self._began_s[endpoint]
        self._width[endpoint] = min(WIDEST, self._width[endpoint] * 2) if delivered else 1
        self._width.move_to_end(endpoint)
        oldest = next(iter(self._width))
        if len(self._width) > REMEMBERED and oldest not in self._began_s:
            del self._width[oldest]
