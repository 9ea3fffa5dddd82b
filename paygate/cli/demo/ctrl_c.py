"""Ctrl-C, a polite kill or a closed terminal, heard only where nothing is half done."""

from __future__ import annotations

import signal
from types import FrameType, TracebackType
from typing import Self

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
IMPATIENT = 3


class Ear:
    """While open, remembers that somebody asked to stop; `heed` then raises KeyboardInterrupt, once.

    What cleans up afterwards is not disturbed by further ones; whoever asks a third time is obeyed at once.
    """

    def __init__(self) -> None:
        self._asked = 0
        self._heeded = False
        self._before = {number: signal.getsignal(number) for number in SIGNALS}

    def heed(self) -> None:
        """A place where stopping is safe. Raises KeyboardInterrupt."""
        if self._asked and not self._heeded:
            self._heeded = True
            raise KeyboardInterrupt

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        self._asked += 1
        if self._asked >= IMPATIENT:
            raise KeyboardInterrupt

    def __enter__(self) -> Self:
        for number in SIGNALS:
            signal.signal(number, self._hear)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
