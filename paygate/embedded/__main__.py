"""`python -m paygate.embedded keep DATA_DIR`: the keeper of one data folder's PostgreSQL.

Started by whoever first uses the database. By hand it is of use only for looking at what it says: without users it
stops again at once.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from paygate.embedded.folder import open_folder
from paygate.embedded.keeper import keep


def main() -> int:
    """Parse the command line and keep; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m paygate.embedded", description=__doc__)
    parser.add_argument("command", choices=["keep"])
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("--lock-fd", type=int, default=None, help="descriptor of the keeper lock, already held")
    options = parser.parse_args()
    return keep(open_folder(options.data_dir), options.lock_fd)


if __name__ == "__main__":
    sys.exit(main())
