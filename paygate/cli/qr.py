"""`paygate qr`: a PromptPay QR without a payment, a database or a server."""

from __future__ import annotations

import sys
from pathlib import Path

import click

import emvco
from emvco import qr as pictures
from paygate.cli.output import emit, examples, json_option
from paygate.core.money import BAHT, show
from paygate.services import inputs


@click.command(
    epilog=examples(
        "paygate qr 0812345678 --amount 150",
        "paygate qr 1234567890121 --amount 99.50 --png qr.png",
        "paygate qr 081-234-5678 --json",
    )
)
@click.argument("promptpay", metavar="ID")
@click.option("--amount", metavar="BAHT", help="Without it the payer types the amount.")
@click.option("--png", type=click.Path(dir_okay=False, path_type=Path), help="Write a PNG picture to this file.")
@click.option("--svg", type=click.Path(dir_okay=False, path_type=Path), help="Write an SVG picture to this file.")
@json_option
def qr(promptpay: str, amount: str | None, png: Path | None, svg: Path | None, as_json: bool) -> None:
    """Draw the QR that pays the PromptPay ID: mobile, national or tax ID, or e-wallet."""
    kind, digits = inputs.proxy(promptpay)
    satang = None if amount is None else _satang(amount)
    payload = emvco.promptpay_payload(digits, satang)
    symbol = pictures.render(payload)
    try:
        if png:
            png.write_bytes(symbol.png())
        if svg:
            svg.write_text(symbol.svg(), encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"The picture cannot be written: {error}") from error
    asked = f"{show(satang)} THB" if satang else "any amount"
    written = [f"Written: {path}" for path in (png, svg) if path]
    drawn = written or [symbol.terminal(ansi=sys.stdout.isatty())]
    answer = {"payload": payload, "promptpay": digits, "promptpayKind": kind, "amountSatang": satang}
    emit(answer, [*drawn, f"{emvco.normalise_proxy(digits).display}, {asked}", payload], as_json=as_json)


def _satang(text: str) -> int:
    """Baht of the command line in satang; as exact as in the API."""
    match = BAHT.fullmatch(text)
    satang = int(match[2]) * 100 + int((match[3] or "").ljust(2, "0")) if match and len(match[2]) <= 10 else 0
    if match is None or match[1] or not 1 <= satang <= 999_999_999_999:
        raise click.BadParameter("an amount is baht like 150 or 99.50", param_hint="--amount")
    return satang
