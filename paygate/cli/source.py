"""`paygate source`: who may say that money arrived."""

from __future__ import annotations

import click

from paygate.cli.output import emit, examples, json_option, owner_text, read_id, read_owner, table
from paygate.cli.session import run
from paygate.core import ids
from paygate.services import sources


@click.group()
def source() -> None:
    """Sources of bank news: each speaks for one account, with a secret of its own."""


@source.command(
    epilog=examples(
        "paygate source add --account acc_01... --kind generic",
        "paygate source add --account acc_01... --kind scb",
        "paygate source add --account acc_01... --kind kbank --bank-merchant KB102057149704",
    )
)
@click.option("--account", required=True, help="The account's id, from `paygate account add` or `list`.")
@click.option("--kind", required=True, type=click.Choice(sources.READ_KINDS), help="The language it speaks.")
@click.option("--bank-merchant", help="For kbank: the merchant id that KBank's callbacks name.")
@json_option
def add(account: str, kind: str, bank_merchant: str | None, as_json: bool) -> None:
    """Add a source to an account. Its secret is shown this once."""
    account_id = read_id("acc", account)
    new = run(lambda ctx: sources.add(ctx, account_id=account_id, kind=kind, bank_merchant=bank_merchant))
    answer = {"sourceId": ids.show("src", new.id), "secret": new.secret, "url": new.url}
    lines = [
        f"Source {answer['sourceId']}",
        f"  send to  {new.url}",
        f"  secret   {new.secret}",
        *_how(kind),
    ]
    emit(answer, lines, as_json=as_json)


def _how(kind: str) -> list[str]:
    if kind in sources.CALLBACK_KINDS:
        return [
            "Give the bank this address as it is; the key in it is the secret, and is not shown again.",
            "The bank is asked about each callback before it is believed: until "
            f"PAYGATE_{kind.upper()}_KEY and what belongs to it are set, they wait.",
        ]
    return [
        "Keep the secret: it is not shown again. Header: X-PayGate-Signature: t=<unix>,v1=<hex HMAC-SHA256 of t.body>"
    ]


@source.command("list", epilog=examples("paygate source list", "paygate source list --owner central --json"))
@click.option("--owner", help="central, or a merchant's id; without it, all.")
@json_option
def list_(owner: str | None, as_json: bool) -> None:
    """List the sources, without their secrets."""
    owner_id = None if owner is None else read_owner(owner)
    found = run(lambda ctx: sources.list_sources(ctx, owner_id))
    answer = [
        {
            "sourceId": ids.show("src", s.id),
            "owner": owner_text(s.merchant_id),
            "mode": s.mode,
            "kind": s.kind,
            "receivingId": str(s.receiving_id),
            "disabled": s.disabled,
            "createdAt": s.created_at,
        }
        for s in found
    ]
    rows = [
        [ids.show("src", s.id), owner_text(s.merchant_id), s.mode, s.kind, "disabled" if s.disabled else "in use"]
        for s in found
    ]
    emit({"sources": answer}, table(["SOURCE", "OWNER", "MODE", "KIND", "STATE"], rows), as_json=as_json)
