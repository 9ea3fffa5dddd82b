"""A process that uses the embedded database: says `ready DSN`, stays until its input ends, leaves, says `left`."""

import sys
from pathlib import Path

from paygate.embedded import EmbeddedError, acquire

try:
    lease = acquire(Path(sys.argv[1]), timeout_s=30)
except EmbeddedError as error:
    print("refused", str(error).replace("\n", " | "), flush=True)
    sys.exit(1)
if "watch" in sys.argv:
    lease.watch()
print("ready", lease.dsn, flush=True)
sys.stdin.read()
lease.close()
print("left", flush=True)
