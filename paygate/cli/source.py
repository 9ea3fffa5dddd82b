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


@source.command(epilog=examples("paygate source rotate src_01...", "paygate source rotate src_01... --json"))
@click.argument("source_id")
@json_option
def rotate(source_id: str, as_json: bool) -> None:
    """Give a source another secret, shown this once. What is signed with the old one is not believed any more."""
    number = read_id("src", source_id)
    new = run(lambda ctx: sources.rotate(ctx, number))
    answer = {"sourceId": ids.show("src", new.id), "secret": new.secret, "url": new.url}
    emit(answer, [f"Source {source_id}", f"  send to  {new.url}", f"  secret   {new.secret}"], as_json=as_json)


@source.command(epilog=examples("paygate source disable src_01..."))
@click.argument("source_id")
@json_option
def disable(source_id: str, as_json: bool) -> None:
    """Believe nothing of a source from now on."""
    _switch(source_id, as_json, disabled=True)


@source.command(epilog=examples("paygate source enable src_01..."))
@click.argument("source_id")
@json_option
def enable(source_id: str, as_json: bool) -> None:
    """Believe a source again."""
    _switch(source_id, as_json, disabled=False)


def _switch(source_id: str, as_json: bool, *, disabled: bool) -> None:
    number = read_id("src", source_id)
    run(lambda ctx: sources.disable(ctx, number, disabled=disabled))
    lines = [f"Source {source_id} is {'not believed any more' if disabled else 'believed again'}."]
    emit({"sourceId": source_id, "disabled": disabled}, lines, as_json=as_json)


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
