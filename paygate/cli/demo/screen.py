"""What the demo looks like: numbered steps that tick themselves off, on a terminal, in a log file, or in a pipe."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from io import TextIOWrapper
from typing import TextIO

import click

SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
FRAME_S = 0.08
CLEAR = "\r\x1b[2K"


class Screen:
    """Writes to *out*; colours and movement on a terminal only (and no colours with NO_COLOR).

    *heed* is called before each step, and by whatever waits in between: it may raise KeyboardInterrupt.
    """

    def __init__(self, out: TextIO, environ: Mapping[str, str], heed: Callable[[], None]) -> None:
        self.heed = heed
        if isinstance(out, TextIOWrapper):
            out.reconfigure(errors="replace")  # A terminal without Thai or ticks shows question marks, and goes on.
        self._out = out
        self._moves = out.isatty() and environ.get("TERM") != "dumb"
        self.colour = self._moves and not environ.get("NO_COLOR")
        self._began_s = time.monotonic()
        self._number = 0
        self.steps: list[dict[str, object]] = []
        self.failed: str | None = None

    @property
    def seconds(self) -> float:
        """How long the demo has run."""
        return round(time.monotonic() - self._began_s, 2)

    def title(self, english: str, thai: str) -> None:
        """The first line."""
        self.line()
        self.line(f"  {self._styled(english, bold=True)}  {self._styled(thai, dim=True)}")
        self.line()

    def line(self, text: str = "") -> None:
        """One line, or several."""
        self._out.write(text + "\n")
        self._out.flush()

    def detail(self, label: str, text: str) -> None:
        """A fact below a step."""
        self.line(f"       {self._styled(f'{label:<12}', dim=True)} {text}")

    def ticked(self, text: str) -> None:
        """A smaller thing that is good."""
        self.line(f"       {self._styled('✓', fg='green')} {text}")

    def block(self, text: str) -> None:
        """Lines that stand for themselves, such as a QR."""
        self.line()
        for row in text.splitlines():
            self.line(f"       {row}")
        self.line()

    def good(self, text: str) -> str:
        """A word to be glad of."""
        return self._styled(text, fg="green", bold=True)

    @contextmanager
    def step(self, english: str, thai: str) -> Iterator[None]:
        """Something that takes a moment: moving while it does, ticked with its time when it is done, crossed out when
        it raises."""
        self.heed()
        self._number += 1
        words = f"{self._number:>2}  {english} · {self._styled(thai, dim=True)}"
        began_s = time.monotonic()
        try:
            with self._moving(english):
                yield
        except BaseException:
            self.failed = english
            self.line(f"  {self._styled('✗', fg='red', bold=True)} {words}")
            raise
        took_s = time.monotonic() - began_s
        self.steps.append({"step": english, "seconds": round(took_s, 3)})
        self.line(f"  {self._styled('✓', fg='green', bold=True)} {words}  {self._styled(f'{took_s:.2f} s', dim=True)}")

    @contextmanager
    def _moving(self, english: str) -> Iterator[None]:
        if not self._moves:
            yield
            return
        done = threading.Event()
        # What wraps cannot be wiped away: one row, without Thai, whose width only the terminal knows.
        words = f"{self._number:>2}  {english} ..."[: shutil.get_terminal_size().columns - 5]

        def spin() -> None:
            frame = 0
            while not done.is_set():
                self._out.write(f"{CLEAR}  {self._styled(SPINNER[frame % len(SPINNER)], fg='cyan')} {words}")
                self._out.flush()
                frame += 1
                done.wait(FRAME_S)

        spinner = threading.Thread(target=spin, name="spinner", daemon=True)
        spinner.start()
        try:
            yield
        finally:
            done.set()
            spinner.join()
            self._out.write(CLEAR)

    def _styled(self, text: str, *, fg: str | None = None, bold: bool | None = None, dim: bool | None = None) -> str:
        return click.style(text, fg=fg, bold=bold, dim=dim) if self.colour else text
