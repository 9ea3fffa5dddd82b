"""`paygate merchant`: who takes payments."""

from __future__ import annotations

from typing import IO, Any

import click

from paygate.cli.merchant_dossier import check, document, dossier, forget
from paygate.cli.merchant_duties import freeze, frozen, unfreeze
from paygate.cli.merchant_money import payout_destination, statement
from paygate.cli.output import emit, examples, json_option, password_option, read_password, table
from paygate.cli.session import run
from paygate.core import ids
from paygate.core.fees import CENTRAL_PLANS
from paygate.db.merchants import Merchant
from paygate.services import logos, merchants
from paygate.services.licence import NOTICE
from paygate.services.plans import PLANS


@click.group()
def merchant() -> None:
    """Merchants and their approval."""


merchant.add_command(payout_destination)
merchant.add_command(statement)
merchant.add_command(freeze)
merchant.add_command(unfreeze)
merchant.add_command(frozen)
merchant.add_command(dossier)
merchant.add_command(document)
merchant.add_command(check)
merchant.add_command(forget)


@merchant.command(
    epilog=examples(
        'paygate merchant create --email shop@example.com --name "Coffee Shop" --plan free --approve',
        'paygate merchant create --email shop@example.com --name "ร้านกาแฟ" --plan pro --promptpay 0899999999 --approve',
        "paygate merchant create --email a@b.co --name T --plan pro --promptpay 0899999999 --bank 004 --number 1234567",
    )
)
@click.option("--email", required=True, help="The owner's address, for logging in.")
@click.option("--name", required=True, help="What payers read.")
@click.option("--plan", required=True, type=click.Choice(PLANS), help="free: by the central account.")
@click.option("--promptpay", help="On a direct plan: the merchant's own PromptPay ID.")
@click.option("--bank", help="Code of the bank behind it, 3 digits (014 is SCB), with --number.")
@click.option("--number", help="Account number; what the bank tells is compared with it.")
@password_option
@click.option("--approve", is_flag=True, help="May take real payments at once.")
@json_option
def create(
    email: str,
    name: str,
    plan: str,
    promptpay: str | None,
    bank: str | None,
    number: str | None,
    password_stdin: bool,
    approve: bool,
    as_json: bool,
) -> None:
    """Create a merchant with its four keys. The keys are shown this once."""
    password = read_password() if password_stdin else None
    new = run(
        lambda ctx: merchants.create(
            ctx,
            email=email,
            name=name,
            plan=plan,
            promptpay=promptpay,
            bank=bank,
            number=number,
            password=password,
            approve=approve,
        )
    )
    answer = {
        "merchantId": ids.show_merchant(new.merchant_id),
        "liveSecretKey": new.live_secret_key,
        "livePublicKey": new.live_public_key,
        "testSecretKey": new.test_secret_key,
        "testPublicKey": new.test_public_key,
    }
    if plan in CENTRAL_PLANS:
        click.echo(f"NOTICE: {NOTICE}", err=True)
    elif number is None:
        click.echo(_warning(new.merchant_id, "account" if promptpay is None else "bank_account"), err=True)
    lines = [
        f"Merchant {answer['merchantId']}" + ("" if approve else ", waiting for approval"),
        f"  live secret key  {new.live_secret_key}",
        f"  live public key  {new.live_public_key}",
        f"  test secret key  {new.test_secret_key}",
        f"  test public key  {new.test_public_key}",
        "Keep the secret keys: they are not shown again.",
    ]
    emit(answer, lines, as_json=as_json)


@merchant.command("list", epilog=examples("paygate merchant list", "paygate merchant list --json"))
@json_option
def list_(as_json: bool) -> None:
    """List all merchants."""
    found = run(merchants.list_merchants)
    rows = [[ids.show_merchant(m.merchant_id), m.status, m.plan, m.email, m.name] for m in found]
    lines = table(["MERCHANT", "STATUS", "PLAN", "E-MAIL", "NAME"], rows)
    emit({"merchants": [_shape(m) for m in found]}, lines, as_json=as_json)


@merchant.command(epilog=examples("paygate merchant show mer_0c..."))
@click.argument("merchant_id")
@json_option
def show(merchant_id: str, as_json: bool) -> None:
    """Show one merchant."""
    number = ids.read_merchant(merchant_id)
    _tell(run(lambda ctx: merchants.show(ctx, number)), as_json)


@merchant.command(
    epilog=examples(
        "paygate merchant approve mer_0c...",
        'paygate merchant approve mer_0c... --unchecked "My own shop"',
    )
)
@click.argument("merchant_id")
@click.option("--unchecked", metavar="REASON", help="Approve although it is not known who it is; say why.")
@json_option
def approve(merchant_id: str, unchecked: str | None, as_json: bool) -> None:
    """Let a waiting or suspended merchant take payments, once it is known who it is: paygate merchant dossier."""
    number = ids.read_merchant(merchant_id)
    _tell(run(lambda ctx: merchants.approve(ctx, number, unchecked=unchecked)), as_json)


@merchant.command(epilog=examples('paygate merchant suspend mer_0c... --reason "Sells what it may not"'))
@click.argument("merchant_id")
@click.option("--reason", required=True, help="Why, for the audit log.")
@json_option
def suspend(merchant_id: str, reason: str, as_json: bool) -> None:
    """Stop a merchant's keys at once; its open payments stay payable."""
    number = ids.read_merchant(merchant_id)
    _tell(run(lambda ctx: merchants.suspend(ctx, number, reason)), as_json)


@merchant.command(
    epilog=examples(
        "paygate merchant origins mer_0c... --add https://shop.example",
        "paygate merchant origins mer_0c... --remove https://old.example --add https://new.example:8443",
        "paygate merchant origins mer_0c... --list --json",
    )
)
@click.argument("merchant_id")
@click.option("--add", multiple=True, metavar="ORIGIN", help="Allow pages of this origin (may be repeated).")
@click.option("--remove", multiple=True, metavar="ORIGIN", help="Allow them no more (may be repeated).")
@click.option("--list", "only_list", is_flag=True, help="Change nothing; this is so without --add and --remove, too.")
@json_option
def origins(merchant_id: str, add: tuple[str, ...], remove: tuple[str, ...], only_list: bool, as_json: bool) -> None:
    """Say on which pages a merchant's pk_live_ keys work; pk_test_ keys work on any."""
    if only_list and (add or remove):
        raise click.UsageError("--list does not go with --add or --remove.")
    number = ids.read_merchant(merchant_id)
    allowed = run(lambda ctx: merchants.change_origins(ctx, number, add=add, remove=remove))
    lines = list(allowed) or ["No origin: pk_live_ keys of this merchant work nowhere."]
    emit({"merchantId": merchant_id, "allowedOrigins": list(allowed)}, lines, as_json=as_json)


@merchant.command(
    epilog=examples(
        "paygate merchant callbacks mer_0c... --add shop.example",
        "paygate merchant callbacks mer_0c... --remove old.example --add '*.shop.example'",
        "paygate merchant callbacks mer_0c... --list --json",
    )
)
@click.argument("merchant_id")
@click.option("--add", multiple=True, metavar="HOST", help="Allow this host, or *.HOST for all below it (repeatable).")
@click.option("--remove", multiple=True, metavar="HOST", help="Allow it no more (may be repeated).")
@click.option("--list", "only_list", is_flag=True, help="Change nothing; this is so without --add and --remove, too.")
@json_option
def callbacks(merchant_id: str, add: tuple[str, ...], remove: tuple[str, ...], only_list: bool, as_json: bool) -> None:
    """Say on which hosts a merchant's callbackUrl and cancelUrl may be."""
    if only_list and (add or remove):
        raise click.UsageError("--list does not go with --add or --remove.")
    number = ids.read_merchant(merchant_id)
    domains = run(lambda ctx: merchants.change_callbacks(ctx, number, add=add, remove=remove))
    lines = list(domains) or ["No host: secret keys may name any, pk_live_ keys those of the allowed origins."]
    emit({"merchantId": merchant_id, "callbackDomains": list(domains)}, lines, as_json=as_json)


@merchant.command(
    epilog=examples("paygate merchant amounts mer_0c... --signed", "paygate merchant amounts mer_0c... --any")
)
@click.argument("merchant_id")
@click.option("--signed/--any", "signed", required=True, help="Only with an amountToken, or as the page says.")
@json_option
def amounts(merchant_id: str, signed: bool, as_json: bool) -> None:
    """Say whether pages (pk_ keys) may name an amount that the merchant's server has not signed."""
    number = ids.read_merchant(merchant_id)
    run(lambda ctx: merchants.require_signed_amounts(ctx, number, wanted=signed))
    told = "need an amountToken that its server signed" if signed else "may name any amount"
    emit({"merchantId": merchant_id, "signedAmounts": signed}, [f"Pages of {merchant_id} {told}."], as_json=as_json)


@merchant.command(
    epilog=examples(
        "paygate merchant page mer_0c... --logo logo.png",
        "paygate merchant page mer_0c... --renewal",
        "paygate merchant page mer_0c... --no-logo --no-renewal --json",
    )
)
@click.argument("merchant_id")
@click.option("--logo", type=click.File("rb"), help="A JPEG, PNG or WebP picture; best square, 144 pixels or more.")
@click.option("--no-logo", is_flag=True, help="Show no logo.")
@click.option(
    "--renewal/--no-renewal",
    default=None,
    help="Whether a payer whose QR has expired may make a new one (a new payment).",
)
@json_option
def page(merchant_id: str, logo: IO[bytes] | None, no_logo: bool, renewal: bool | None, as_json: bool) -> None:
    """Say how the payers' page of a merchant looks; without options, show how."""
    if logo is not None and no_logo:
        raise click.UsageError("--logo does not go with --no-logo.")
    number = ids.read_merchant(merchant_id)
    content = logo.read(logos.MAX_LOGO_BYTES + 1) if logo is not None else None
    set_up = run(lambda ctx: logos.set_page(ctx, number, logo=content, drop_logo=no_logo, allow_renewal=renewal))
    lines = [
        f"Logo: {'shown' if set_up.logo else 'none'}",
        f"New QR after expiry: {'the payer may make one' if set_up.allow_renewal else 'no'}",
    ]
    answer = {"merchantId": merchant_id, "logo": set_up.logo, "allowRenewal": set_up.allow_renewal}
    emit(answer, lines, as_json=as_json)


LACKING = {
    "account": "It has no account yet that its money could arrive on, so it takes no live payments. Add it:",
    "bank_account": "No bank account is known behind its PromptPay ID: the bank's notices and slips cannot be compared"
    " with it. Add it:",
}


def _tell(m: Merchant, as_json: bool) -> None:
    lines = [f"Merchant {ids.show_merchant(m.merchant_id)} ({m.name}, {m.plan}): {m.status}."]
    emit(_shape(m), [*lines, *([_warning(m.merchant_id, m.lacks)] if m.lacks else [])], as_json=as_json)


def _warning(merchant_id: int, lacks: str) -> str:
    more = f"paygate plan account {ids.show_merchant(merchant_id)} --promptpay ID --bank CODE --number NUMBER"
    return f"WARNING: {LACKING[lacks]} {more}"


def _shape(m: Merchant) -> dict[str, Any]:
    return {
        "merchantId": ids.show_merchant(m.merchant_id),
        "name": m.name,
        "email": m.email,
        "plan": m.plan,
        "feeBps": m.fee_bps,
        "status": m.status,
        "lacks": m.lacks,
        "approvedAt": m.approved_at,
        "createdAt": m.created_at,
    }
