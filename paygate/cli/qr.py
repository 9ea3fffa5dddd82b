"""`paygate qr`: payment QRs without a payment, a database or a server."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import click
from click.core import ParameterSource

import emvco
from emvco import explain
from emvco import qr as pictures
from paygate.cli.output import emit, examples, json_option
from paygate.cli.qr_code import Asked, draw, read_amount, words
from paygate.cli.qr_many import draw_all
from paygate.core.errors import InvalidInput

FILE = click.Path(dir_okay=False, path_type=Path)


def _ending(*endings: str) -> Callable[[click.Context, click.Parameter, Path | None], Path | None]:
    """A file's name tells what is in it: no PNG is written into a .gif. A name without ending is good for any."""

    def check(_: click.Context, __: click.Parameter, path: Path | None) -> Path | None:
        if path is not None and path.suffix and path.suffix.lower() not in endings:
            raise click.BadParameter(f"the file's name ends in {' or '.join(endings)}")
        return path

    return check


@click.command(
    epilog=examples(
        "paygate qr 0812345678 --amount 150",
        "paygate qr 1234567890121 --amount 99.50 --png qr.png",
        "paygate qr 099400016550100 --ref1 INV2026 --ref2 TABLE7 --amount 250 --json",
        "paygate qr 099400016550100 --ref1 INV2026 --amount 250 --abroad",
        "paygate qr 0812345678 --amount 107 --set 59='COFFEE SHOP' --set 60=BANGKOK --set 64/00=TH --set 64/01=ร้านกาแฟ",
        "paygate qr 0812345678 --amount 150 --name 'ร้านกาแฟ' --card card.svg --poster counter.svg",
        "paygate qr --csv codes.csv --out pictures/",
    )
)
@click.argument("promptpay", metavar="ID", required=False)
@click.option("--amount", metavar="BAHT", help="Without it the payer types the amount.")
@click.option("--ref1", help="Reference 1 of a bill payment; ID is a biller ID then.")
@click.option("--ref2", help="Reference 2 of a bill payment.")
@click.option("--abroad", is_flag=True, help="A bill payment that is paid from abroad (cross-border).")
@click.option("--bank", metavar="CODE", help="ID is an account number at this bank, for example 004. Few apps take it.")
@click.option("--truemoney", is_flag=True, help="ID is the mobile number of a TrueMoney wallet.")
@click.option("--message", help="A message to the owner of a TrueMoney wallet.")
@click.option(
    "--one-time", metavar="CODE", help="The payer shows this code: 10 characters that the payer's bank has given (OTA)."
)
@click.option(
    "--set",
    "changes",
    metavar="TAG=VALUE",
    multiple=True,
    help="Put this value at a tag, for example 59=SHOP, 62/07=T001; no value drops it. May be given many times.",
)
@click.option("--png", type=FILE, callback=_ending(".png"), help="Write a PNG picture to this file.")
@click.option("--svg", type=FILE, callback=_ending(".svg"), help="Write an SVG picture to this file.")
@click.option("--scale", type=click.IntRange(1, 100), default=8, show_default=True, help="Pixels to a module.")
@click.option(
    "--card",
    type=FILE,
    callback=_ending(".svg", ".png"),
    help="Write a payment card to this file: SVG, or PNG if it is named .png.",
)
@click.option(
    "--poster",
    type=FILE,
    callback=_ending(".svg", ".png"),
    help="Write a poster for the counter to this file: SVG or .png.",
)
@click.option("--paper", type=click.Choice(["A5", "A6"]), default="A5", show_default=True, help="Size of the poster.")
@click.option("--name", help="The account's name, on card and poster; else the one in tag 64, if any.")
@click.option(
    "--language", type=click.Choice(["th", "en"]), default="th", show_default=True, help="Of card and poster."
)
@click.option("--csv", "table", type=FILE, help="Draw each line of this file instead; see above.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for the pictures of --csv.")
@click.option("--force", is_flag=True, help="With --csv: overwrite pictures that are there.")
@json_option
def qr(
    promptpay: str | None,
    amount: str | None,
    ref1: str | None,
    ref2: str | None,
    abroad: bool,
    bank: str | None,
    truemoney: bool,
    message: str | None,
    one_time: str | None,
    changes: tuple[str, ...],
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

    ID may also be the text of a code that is there already, of any kind (a slip, too; a barcode as its QR): it is drawn
    as it is, or with another --amount, or with other values at some tags by --set.

    --csv reads a file with a header line and the columns promptpay or biller_id, ref1, ref2, amount (baht) and name (of
    the picture's file, without .png; else the line's number). Nothing is written unless every line is good.
    """
    if table is not None:
        if out is None or promptpay is not None:
            raise click.UsageError("--csv takes --out FOLDER, and no ID.")
        single = [amount, ref1, ref2, bank, message, one_time, png, svg, card, poster, name, *changes]
        if abroad or truemoney or any(given is not None for given in single) or _typed("paper", "language"):
            raise click.UsageError("--csv takes --out, --scale, --force and --json; the rest stands in the file.")
        draw_all(table, out, scale=scale, force=force, as_json=as_json)
        return
    if promptpay is None:
        raise click.UsageError("Give an ID, or --csv FILE --out FOLDER.")
    _refuse_idle(png or svg, card or poster, poster)
    satang = None if amount is None else _satang(amount)
    drawn = draw(Asked(promptpay, satang, ref1, ref2, abroad, bank, truemoney, message, one_time, changes))
    payload = drawn.payload
    try:
        symbol = pictures.render(payload, scale=scale)
        made = _card(payload, name, language) if card or poster else None
        if png:
            png.write_bytes(symbol.png())
        if svg:
            svg.write_text(symbol.svg(), encoding="utf-8")
        if card and made:
            card.write_bytes(made.png() if _is_png(card) else made.svg().encode())
        if poster and made:
            poster.write_bytes(made.poster_png(paper) if _is_png(poster) else made.poster(paper).encode())
    except OSError as error:
        raise click.ClickException(f"The picture cannot be written: {error}") from error
    except emvco.SymbolError as error:
        raise click.ClickException(f"{error.message[:1].upper()}{error.message[1:]}.") from error
    written = [f"Written: {path}" for path in (png, svg, card, poster) if path]
    shown = written or [symbol.terminal(ansi=sys.stdout.isatty())]
    for warning in drawn.warnings:
        click.echo(f"Warning: {warning}", err=True)
    said = [explain.visible(words(payload)), explain.visible(payload)]
    emit({"payload": payload, **drawn.answer}, [*shown, *said], as_json=as_json)


def _satang(text: str) -> int:
    """Baht of the command line in satang."""
    try:
        return read_amount(text)
    except InvalidInput as error:
        raise click.BadParameter(error.message, param_hint="--amount") from error


def _typed(*names: str) -> list[str]:
    """Those of the options with a default that were given."""
    context = click.get_current_context()
    return [name for name in names if context.get_parameter_source(name) is not ParameterSource.DEFAULT]


def _refuse_idle(picture: Path | None, card: Path | None, poster: Path | None) -> None:
    """Raises click.UsageError for options of pictures that nobody asked for: none is dropped silently."""
    for name, has_use, use in (
        ("scale", picture is not None, "--png, --svg and --csv"),
        ("name", card is not None, "--card and --poster"),
        ("language", card is not None, "--card and --poster"),
        ("paper", poster is not None, "--poster"),
        ("out", False, "--csv"),
        ("force", False, "--csv"),
    ):
        if not has_use and _typed(name):
            raise click.UsageError(f"--{name} is for {use}.")


def _card(payload: str, name: str | None, language: Literal["th", "en"]) -> pictures.Card:
    """The card with all references, and if no name is given the one in the code."""
    seen = emvco.parse(payload)
    bill = seen.bill_payment if seen.kind == "bill_payment" else None
    references = None if bill is None else " / ".join(reference for reference in bill[1:3] if reference)
    if name is None and seen.language is not None:
        name = seen.language.name
    return pictures.card(seen, name=name, reference=references, language=language)


def _is_png(path: Path) -> bool:
    return path.suffix.lower() == ".png"
