"""`paygate qr`: payment QRs without a payment, a database or a server."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

import click

import emvco
from emvco import explain
from emvco import qr as pictures
from paygate.cli.output import emit, examples, json_option
from paygate.cli.qr_many import draw_all
from paygate.core.errors import InvalidInput
from paygate.core.money import read_baht, show
from paygate.services import codes, inputs

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(
    epilog=examples(
        "paygate qr 0812345678 --amount 150",
        "paygate qr 1234567890121 --amount 99.50 --png qr.png",
        "paygate qr 099400016550100 --ref1 INV2026 --ref2 TABLE7 --amount 250 --json",
        "paygate qr 0812345678 --amount 150 --name 'ร้านกาแฟ' --card card.svg --poster counter.svg",
        "paygate qr --csv codes.csv --out pictures/",
    )
)
@click.argument("promptpay", metavar="ID", required=False)
@click.option("--amount", metavar="BAHT", help="Without it the payer types the amount.")
@click.option("--ref1", help="Reference 1 of a bill payment; ID is a biller ID then.")
@click.option("--ref2", help="Reference 2 of a bill payment.")
@click.option("--bank", metavar="CODE", help="ID is an account number at this bank, for example 004. Few apps take it.")
@click.option("--truemoney", is_flag=True, help="ID is the mobile number of a TrueMoney wallet.")
@click.option("--message", help="A message to the owner of a TrueMoney wallet.")
@click.option("--png", type=FILE, help="Write a PNG picture to this file.")
@click.option("--svg", type=FILE, help="Write an SVG picture to this file.")
@click.option("--scale", type=click.IntRange(1, 100), default=8, show_default=True, help="Pixels to a module.")
@click.option("--card", type=FILE, help="Write a payment card to this file: SVG, or PNG if it is named .png.")
@click.option("--poster", type=FILE, help="Write a poster for the counter to this file: SVG or .png.")
@click.option("--paper", type=click.Choice(["A5", "A6"]), default="A5", show_default=True, help="Size of the poster.")
@click.option("--name", help="The account's name, on card and poster.")
@click.option(
    "--language", type=click.Choice(["th", "en"]), default="th", show_default=True, help="Of card and poster."
)
@click.option("--csv", "table", type=FILE, help="Draw each line of this file instead; see below.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for the pictures of --csv.")
@click.option("--force", is_flag=True, help="With --csv: overwrite pictures that are there.")
@json_option
def qr(
    promptpay: str | None,
    amount: str | None,
    ref1: str | None,
    ref2: str | None,
    bank: str | None,
    truemoney: bool,
    message: str | None,
    png: Path | None,
    svg: Path | None,
    scale: int,
    card: Path | None,
    poster: Path | None,
    paper: Literal["A5", "A6"],
    name: str | None,
    language: Literal["th", "en"],
    table: Path | None,
    out: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Draw the QR that pays ID: a PromptPay ID (mobile, national or tax ID, e-wallet), or with --ref1 a biller ID.

    --csv reads a file with a header line and the columns promptpay or biller_id, ref1, ref2, amount (baht) and name (of
    the picture's file, without .png; else the line's number). Nothing is written unless every line is good.
    """
    if table is not None:
        if out is None or promptpay is not None:
            raise click.UsageError("--csv takes --out FOLDER, and no ID.")
        draw_all(table, out, scale=scale, force=force, as_json=as_json)
        return
    if promptpay is None:
        raise click.UsageError("Give an ID, or --csv FILE --out FOLDER.")
    satang = None if amount is None else _satang(amount)
    payload, answer = _payload(promptpay, satang, ref1=ref1, ref2=ref2, bank=bank, truemoney=truemoney, message=message)
    symbol = pictures.render(payload, scale=scale)
    try:
        if png:
            png.write_bytes(symbol.png())
        if svg:
            svg.write_text(symbol.svg(), encoding="utf-8")
        if card or poster:
            made = pictures.card(payload, name=name, reference=ref1, language=language)
            if card:
                card.write_bytes(made.png() if _is_png(card) else made.svg().encode())
            if poster:
                poster.write_bytes(made.poster_png(paper) if _is_png(poster) else made.poster(paper).encode())
    except OSError as error:
        raise click.ClickException(f"The picture cannot be written: {error}") from error
    except emvco.SymbolError as error:
        raise click.ClickException(f"{error.message[:1].upper()}{error.message[1:]}.") from error
    written = [f"Written: {path}" for path in (png, svg, card, poster) if path]
    drawn = written or [symbol.terminal(ansi=sys.stdout.isatty())]
    emit({"payload": payload, **answer}, [*drawn, _words(payload), payload], as_json=as_json)


def _payload(
    given: str,
    satang: int | None,
    *,
    ref1: str | None,
    ref2: str | None,
    bank: str | None,
    truemoney: bool,
    message: str | None,
) -> tuple[str, dict[str, object]]:
    """The QR's text, and what it is of."""
    if sum((ref1 is not None or ref2 is not None, bank is not None, truemoney)) > 1:
        raise click.UsageError("--ref1 and --ref2, --bank, and --truemoney are of different codes: give one of them.")
    if message is not None and not truemoney:
        raise click.UsageError("--message is for --truemoney.")
    try:
        if ref1 is not None or ref2 is not None:
            made = codes.payload(codes.Code(biller_id=given, ref1=ref1, ref2=ref2, amount_satang=satang))
            return made, {"billerId": emvco.normalise_biller_id(given), "ref1": ref1, "ref2": ref2} | _amount(satang)
        if truemoney:
            made = emvco.truemoney_payload(given, satang, message)
            return made, {"truemoney": given, "message": message} | _amount(satang)
        if bank is not None:
            proxy = emvco.bank_account(bank, given)
            return emvco.promptpay_payload(proxy, satang), _promptpay(proxy.kind, proxy.digits, satang)
    except emvco.EmvcoError as error:
        raise InvalidInput(f"This cannot be drawn: {error.message}.") from error
    kind, digits = inputs.proxy(given)
    return emvco.promptpay_payload(digits, satang), _promptpay(kind, digits, satang)


def _promptpay(kind: str, digits: str, satang: int | None) -> dict[str, object]:
    return {"promptpay": digits, "promptpayKind": kind} | _amount(satang)


def _amount(satang: int | None) -> dict[str, object]:
    return {"amountSatang": satang}


def _words(payload: str) -> str:
    """Who is paid and how much, in one line."""
    told = explain.explain(payload)
    seen = emvco.parse(payload)
    asked = "any amount" if seen.amount_satang is None else f"{show(seen.amount_satang)} THB"
    account = seen.promptpay
    if account is not None and account.proxy.kind != "bank_account" and seen.truemoney is None:
        return f"{account.proxy.display}, {asked}"
    return ", ".join([*(f.value for f in told.facts if f.path.startswith(("29", "30"))), asked])


def _satang(text: str) -> int:
    """Baht of the command line in satang; as exact as in the API."""
    satang = read_baht(text)
    if satang is None or not 1 <= satang <= codes.MAX_AMOUNT_SATANG:
        raise click.BadParameter("an amount is baht like 150 or 99.50", param_hint="--amount")
    return satang


def _is_png(path: Path) -> bool:
    return path.suffix.lower() == ".png"
