"""Workers that are cheap to kill: `python -m tests.workers.a_nursery DSN`.

Everything is imported once; for each line on stdin a child is forked that works until it is killed, and its process id
is printed. The end of stdin ends the nursery, and its children with it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from tests.workers.a_worker import main


def nursery(dsn: str) -> None:
    children: list[int] = []
    for _ in sys.stdin:
        child = os.fork()
        if not child:
            asyncio.run(main(dsn))
            os._exit(0)
        children.append(child)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
    for child in children:
        try:
            os.kill(child, signal.SIGKILL)
        except ProcessLookupError:
            continue


if __name__ == "__main__":
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # Nobody waits for them.
    nursery(sys.argv[1])
