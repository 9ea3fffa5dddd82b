"""`paygate demo`: a whole payment in the terminal, on real parts."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import click

from paygate.cli.demo.ctrl_c import Ear
from paygate.cli.demo.screen import Screen
from paygate.cli.demo.stage import DemoFailed
from paygate.cli.demo.story import play
from paygate.cli.output import examples, json_option

__all__ = ["demo"]


@click.command(epilog=examples("paygate demo", "paygate demo --keep", "paygate demo --data ./demo-data --json"))
@click.option("--keep", is_flag=True, help="Leave the server running, with keys and examples, until Ctrl-C.")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Play in this folder and leave it; without it, in a temporary one that is removed.",
)
@json_option
def demo(keep: bool, data: Path | None, as_json: bool) -> None:
    """Play a payment from nothing to settled books: database, server, QR, bank credit, PAID, webhook, ledger.

    Needs no settings and reads none; nothing is left behind unless you name a folder. No real money can move: the QR
    names a PromptPay ID that nobody has.
    """
    # With --json, standard output is the program's; people may still watch on the other one.
    ear = Ear()
    screen = Screen(sys.stderr if as_json else sys.stdout, os.environ, ear.heed)
    try:
        with ear:
            played = play(screen, data=data, keep=keep, announce=_print_json if as_json else None)
    except DemoFailed as error:
        if as_json:
            _print_json({"ok": False, "failedStep": screen.failed, "reason": error.message})
        raise
    except KeyboardInterrupt:
        screen.line("Stopped; everything is cleaned up. · หยุดและเก็บกวาดเรียบร้อย")
        raise SystemExit(130) from None
    if as_json:
        _print_json(played)


def _print_json(answer: dict[str, object]) -> None:
    click.echo(json.dumps(answer, ensure_ascii=False))
    sys.stdout.flush()
