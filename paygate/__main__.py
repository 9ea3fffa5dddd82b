"""`paygate` and `python -m paygate`."""

from __future__ import annotations

from paygate.cli.main import cli


def main() -> None:
    """Run the command line; exits with its status."""
    cli(prog_name="paygate")


if __name__ == "__main__":
    main()
