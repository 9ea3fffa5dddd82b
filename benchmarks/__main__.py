"""`python -m benchmarks` runs the canonical workload (spine); `python -m benchmarks NAME [OPTIONS]` another one."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path

CANONICAL = "spine"
NAMES = sorted(
    module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]) if not module.name.startswith("_")
)


def main(arguments: list[str]) -> int:
    """Run `benchmarks.NAME.main(OPTIONS)`."""
    name = arguments[0] if arguments else CANONICAL
    if name not in NAMES:
        print(f"usage: python -m benchmarks [{'|'.join(NAMES)}] [options]", file=sys.stderr)
        return 2
    return int(importlib.import_module(f"benchmarks.{name}").main(arguments[1:]) or 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
