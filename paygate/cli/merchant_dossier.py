"""`paygate merchant dossier`, `document`, `check`, `forget`: who a merchant is, and who looked at that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from paygate.cli.output import emit, examples, json_option, person, read_id, table
from paygate.cli.payouts import BY
from paygate.cli.session import run
from paygate.core import ids
from paygate.core.dossiers import DOCUMENTS, KINDS, MAX_DOCUMENT_BYTES
from paygate.db.dossiers import Document
from paygate.services import dossiers
from paygate.services.dossiers import Dossier


@click.command(
    epilog=examples(
        "paygate merchant dossier mer_0c...",
        'paygate merchant dossier mer_0c... --kind person --legal-name "สมหญิง ใจดี" --tax-id 1101700207366',
        'paygate merchant dossier mer_0c... --address "1 ถ.สุขุมวิท กรุงเทพฯ" --business กาแฟ --contact-name สมหญิง'
        " --contact-phone 0812345678",
    )
)
@click.argument("merchant_id")
@click.option("--kind", type=click.Choice(KINDS), help="Whom the ID is of.")
@click.option("--legal-name", help="As on the ID card, or in the company register.")
@click.option("--tax-id", help="National ID, or the company's tax ID: 13 digits.")
@click.option("--address", help="Of the person, or of the registered office.")
@click.option("--business", help="What the merchant sells.")
@click.option("--contact-name", help="Whom to call.")
@click.option("--contact-phone", help="Where, 0812345678.")
@BY
@json_option
def dossier(merchant_id: str, by: str | None, as_json: bool, **told: str | None) -> None:
    """Show who a merchant is, or say so. A change undoes an earlier check."""
    number = ids.read_merchant(merchant_id)
    given = {name: text for name, text in told.items() if text is not None}
    found = (
        run(lambda ctx: dossiers.change(ctx, number, given, person(by)))
        if given
        else run(lambda ctx: dossiers.show(ctx, number))
    )
    _tell(found, as_json)


@click.command(
    epilog=examples(
        'paygate merchant check mer_0c... --note "ID card against face and DBD register" --by Malee',
    )
)
@click.argument("merchant_id")
@click.option("--note", required=True, help="What you looked at.")
@BY
@json_option
def check(merchant_id: str, note: str, by: str | None, as_json: bool) -> None:
    """Say that you compared what a merchant told with its documents."""
    number = ids.read_merchant(merchant_id)
    _tell(run(lambda ctx: dossiers.check(ctx, number, note, person(by))), as_json)


@click.command(
    epilog=examples('paygate merchant forget mer_0c... --reason "It asked us to, and the five years are over"')
)
@click.argument("merchant_id")
@click.option("--reason", required=True, help="Why.")
@BY
@json_option
def forget(merchant_id: str, reason: str, by: str | None, as_json: bool) -> None:
    """Forget who a merchant is, documents and all; not of one that takes payments. Its books stay."""
    number = ids.read_merchant(merchant_id)
    run(lambda ctx: dossiers.forget(ctx, number, reason, person(by)))
    emit({"merchantId": merchant_id, "forgotten": True}, [f"What {merchant_id} told is forgotten."], as_json=as_json)


@click.group()
def document() -> None:
    """Documents of a merchant: ID card, company certificate, bank book. They are kept encrypted."""


@document.command(epilog=examples("paygate merchant document add mer_0c... --kind id_card card.jpg"))
@click.argument("merchant_id")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--kind", required=True, type=click.Choice(DOCUMENTS), help="What it shows.")
@BY
@json_option
def add(merchant_id: str, file: Path, kind: str, by: str | None, as_json: bool) -> None:
    """Keep a PDF, JPEG, PNG or WebP of at most 5 MiB."""
    number = ids.read_merchant(merchant_id)
    with file.open("rb") as opened:
        content = opened.read(MAX_DOCUMENT_BYTES + 1)
    done = run(lambda ctx: dossiers.add(ctx, number, kind, file.name, content, person(by)))
    emit(_document(done), [f"Document {ids.show('doc', done.id)} ({kind}) is kept."], as_json=as_json)


@document.command("open", epilog=examples("paygate merchant document open mer_0c... doc_01... --output card.jpg"))
@click.argument("merchant_id")
@click.argument("document_id")
@click.option("--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Write it here.")
@BY
@json_option
def open_(merchant_id: str, document_id: str, output: Path, by: str | None, as_json: bool) -> None:
    """Write a document to a file. That you opened it is in the audit log."""
    number, one = ids.read_merchant(merchant_id), read_id("doc", document_id)
    found, content = run(lambda ctx: dossiers.open_document(ctx, number, one, person(by)))
    output.touch(mode=0o600)
    output.write_bytes(content)
    emit({**_document(found), "file": str(output)}, [f"{found.name} is in {output}."], as_json=as_json)


@document.command(epilog=examples('paygate merchant document remove mer_0c... doc_01... --reason "Of another shop"'))
@click.argument("merchant_id")
@click.argument("document_id")
@click.option("--reason", required=True, help="Why.")
@BY
@json_option
def remove(merchant_id: str, document_id: str, reason: str, by: str | None, as_json: bool) -> None:
    """Forget a document."""
    number, one = ids.read_merchant(merchant_id), read_id("doc", document_id)
    run(lambda ctx: dossiers.remove(ctx, number, one, reason, person(by)))
    emit({"documentId": document_id, "removed": True}, [f"{document_id} is forgotten."], as_json=as_json)


def _tell(found: Dossier, as_json: bool) -> None:
    facts, check_ = found.facts, found.check
    shown = (
        ("kind", facts.kind),
        ("legal name", facts.legal_name),
        ("tax ID", facts.tax_id),
        ("address", facts.address),
        ("business", facts.business),
        ("contact", " ".join(part for part in (facts.contact_name, facts.contact_phone) if part)),
        ("checked", f"{check_.at:%Y-%m-%d} by {check_.by}: {check_.note}" if check_ else None),
    )
    rows = [
        [ids.show("doc", one.id), one.kind, one.name, f"{one.created_at:%Y-%m-%d}", one.added_by]
        for one in found.documents
    ]
    lines = [f"{name:<12}{value or '-'}" for name, value in shown]
    lines += ["", *table(["DOCUMENT", "KIND", "FILE", "SINCE", "BY"], rows)]
    lines += ["", f"Missing for approval: {', '.join(found.missing)}." if found.missing else "Nothing is missing."]
    emit(shape(found), lines, as_json=as_json)


def shape(found: Dossier) -> dict[str, Any]:
    """For programs."""
    facts = found.facts
    return {
        "merchantId": ids.show_merchant(found.merchant_id),
        "kind": facts.kind,
        "legalName": facts.legal_name,
        "taxId": facts.tax_id,
        "address": facts.address,
        "business": facts.business,
        "contactName": facts.contact_name,
        "contactPhone": facts.contact_phone,
        "documents": [_document(one) for one in found.documents],
        "checkedAt": found.check.at if found.check else None,
        "checkedBy": found.check.by if found.check else None,
        "note": found.check.note if found.check else None,
        "missing": list(found.missing),
    }


def _document(one: Document) -> dict[str, Any]:
    return {
        "documentId": ids.show("doc", one.id),
        "kind": one.kind,
        "name": one.name,
        "mediaType": one.media_type,
        "bytes": one.size_bytes,
        "sha256": one.digest.hex(),
        "addedBy": one.added_by,
        "createdAt": one.created_at,
    }
