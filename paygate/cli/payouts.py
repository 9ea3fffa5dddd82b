"""What people do with payouts on the command line: the same words for settlements and for refunds."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from emvco import qr
from paygate.cli.output import emit, examples, json_option, person, read_id, table
from paygate.cli.session import run
from paygate.core import ids, money
from paygate.core.errors import InvalidInput
from paygate.core.payouts import OPEN, Kind, PayoutStatus
from paygate.services.context import Context
from paygate.services.payout_files import bulk_csv
from paygate.services.payouts import Desk, Detail, Place

BY = click.option("--by", help="Who acts; without it, the user of this host.")
REASON = click.option("--reason", required=True, help="Why, in your words; the merchant reads it.")
OWN_REASON = click.option("--reason", required=True, help="Why, in your words; for the audit log alone.")
STATUS = click.Choice([s.value for s in PayoutStatus], case_sensitive=False)

Told = Callable[[Kind], Mapping[str, Any]]
"""What a program is told of a payout."""


def add_verbs(group: click.Group, desk: Desk[Kind], told: Told[Kind]) -> None:
    """Give *group* the commands of *desk*."""
    _add_reading(group, desk, told)
    _add_paying(group, desk, told)
    _add_export(group, desk, told)
    _add_complete(group, desk, told)
    _add_deciding(group, desk, told)


def _add_reading(group: click.Group, desk: Desk[Kind], told: Told[Kind]) -> None:
    noun, example = desk.noun, f"{desk.prefix}_01..."

    @group.command(
        "list",
        epilog=examples(
            f"paygate {noun} list",
            f"paygate {noun} list --status APPROVED --json",
            f"paygate {noun} list --merchant mer_0c... --status COMPLETED",
        ),
        help=f"List {noun}s: the open ones, or those that stand as you say.",
    )
    @click.option("--status", "statuses", multiple=True, type=STATUS, help="Only those (may be repeated).")
    @click.option("--merchant", help="Only this merchant's.")
    @click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="At most so many.")
    @json_option
    def list_(statuses: Sequence[str], merchant: str | None, limit: int, as_json: bool) -> None:
        wanted = [PayoutStatus(status.upper()) for status in statuses] or list(OPEN)
        owner = ids.read_merchant(merchant) if merchant else None
        found = run(lambda ctx: desk.list_payouts(ctx, wanted, merchant_id=owner, limit=limit))
        head = [noun.upper(), "STATUS", "DUE", f"{'AMOUNT':>14}", "MERCHANT", "TO", "BY"]
        lines = table(head, [_row(desk, detail) for detail in found])
        emit({f"{noun}s": [_shape(detail, told) for detail in found]}, lines, as_json=as_json)

    @group.command("show", epilog=examples(f"paygate {noun} show {example}"), help=f"Show one {noun}.")
    @click.argument("payout_id", metavar="ID")
    @json_option
    def show(payout_id: str, as_json: bool) -> None:
        number = read_id(desk.prefix, payout_id)
        detail = run(lambda ctx: desk.show(ctx, number))
        one = detail.payout
        named = (("approved by", one.approved_by), ("and by", one.second_by), ("claimed by", one.claimed_by))
        lines = [
            f"{noun.capitalize()} {ids.show(desk.prefix, one.id)}: {one.status}, {money.show(one.amount_satang)} THB.",
            f"  merchant {ids.show_merchant(one.merchant_id)} {detail.merchant_name}",
            f"  goes to {place_text(detail.place)}",
            *(f"  {word} {who}" for word, who in named if who),
            *([f"  bank reference {one.bank_reference}"] if one.bank_reference else []),
            *([f"  reason: {one.reason}"] if one.reason else []),
        ]
        emit(_shape(detail, told), lines, as_json=as_json)


def _add_paying(group: click.Group, desk: Desk[Kind], told: Told[Kind]) -> None:
    noun, example = desk.noun, f"{desk.prefix}_01..."

    @group.command(
        "pay",
        epilog=examples(f"paygate {noun} pay {example}", f"paygate {noun} pay {example} {example} --by Somchai"),
        help=f"Claim approved {noun}s to pay them now. Nobody else can, until you complete or release them.",
    )
    @click.argument("payout_ids", metavar="ID...", nargs=-1, required=True)
    @BY
    @json_option
    def pay(payout_ids: Sequence[str], by: str | None, as_json: bool) -> None:
        numbers = [read_id(desk.prefix, text) for text in payout_ids]

        async def all_of(ctx: Any) -> list[Kind]:
            return [await desk.claim(ctx, number, person(by)) for number in numbers]

        claimed = run(all_of)
        lines = [
            f"{noun.capitalize()} {ids.show(desk.prefix, one.id)} is yours: {money.show(one.amount_satang)} THB."
            for one in claimed
        ]
        lines.append(f"Next: paygate {noun} qr, or paygate {noun} export; then paygate {noun} complete.")
        emit({f"{noun}s": [dict(told(one)) for one in claimed]}, lines, as_json=as_json)

    @group.command(
        "qr",
        epilog=examples(f"paygate {noun} qr {example}", f"paygate {noun} qr {example} --json"),
        help=f"Draw the QR that pays a {noun}, to be scanned with your bank's app. Only for whoever claimed it.",
    )
    @click.argument("payout_id", metavar="ID")
    @BY
    @json_option
    def qr_(payout_id: str, by: str | None, as_json: bool) -> None:
        number = read_id(desk.prefix, payout_id)
        order = run(lambda ctx: desk.instruction(ctx, number, person(by)))
        lines = [
            qr.render(order.qr_payload).terminal(ansi=sys.stdout.isatty()),
            f"{money.show(order.payout.amount_satang)} THB to {place_text(order.place)}",
            f"Then: paygate {noun} complete {payout_id} --reference THE_BANKS_REFERENCE",
        ]
        if order.place.proxy is None:
            lines.append(f"Some banks' apps refuse a QR of a bank account: then type it, or use paygate {noun} export.")
        answer = {**told(order.payout), "qrPayload": order.qr_payload, "destination": _to(order.place)}
        emit(answer, lines, as_json=as_json)


def _add_export(group: click.Group, desk: Desk[Kind], told: Told[Kind]) -> None:
    noun = desk.noun

    @group.command(
        "export",
        epilog=examples(f"paygate {noun} export --output payouts.csv", f"paygate {noun} export --by Somchai"),
        help="Write what you claimed as CSV, for your bank's bulk transfer.",
    )
    @click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write here, not to the terminal.")
    @BY
    @json_option
    def export(output: Path | None, by: str | None, as_json: bool) -> None:
        found = run(lambda ctx: desk.claimed_by(ctx, person(by)))
        frozen = run(lambda ctx: desk.frozen_claims(ctx, person(by)))
        total_satang = sum(one.payout.amount_satang for one in found)
        text = bulk_csv(desk, found)
        lines = [text.rstrip("\r\n")]
        if output is not None:
            output.write_text(text, encoding="utf-8-sig", newline="")  # Spreadsheets need the mark to read Thai.
            lines = [f"{len(found)} payouts, {money.show(total_satang)} THB, are in {output}."]
        for one in frozen:
            click.echo(f"Left out, since the merchant's payouts are frozen: {ids.show(desk.prefix, one.id)}", err=True)
        rows = [{**told(one.payout), "destination": _to(one.place)} for one in found]
        answer = {f"{noun}s": rows, "count": len(found), "total": money.baht(total_satang)}
        answer["frozen"] = [ids.show(desk.prefix, one.id) for one in frozen]
        emit(answer, lines, as_json=as_json)


def _add_complete(group: click.Group, desk: Desk[Kind], told: Told[Kind]) -> None:
    noun, example = desk.noun, f"{desk.prefix}_01..."

    @group.command(
        "complete",
        epilog=examples(
            f"paygate {noun} complete {example} --reference 2026112012345678",
            f"paygate {noun} complete {example} --reference 2026112012345678 --from acc_01...",
        ),
        help=f"Say that a claimed {noun} was paid. The merchant is told.",
    )
    @click.argument("payout_id", metavar="ID")
    @click.option("--reference", required=True, help="The transfer's reference, as your bank shows it; used once.")
    @click.option(
        "--from", "account", help="The central account that it left from, acc_...; without it, the first one."
    )
    @click.option(
        "--sent-before-freeze", is_flag=True, help="The merchant's payouts are frozen, but this one had been sent."
    )
    @BY
    @json_option
    def complete(
        payout_id: str, reference: str, account: str | None, sent_before_freeze: bool, by: str | None, as_json: bool
    ) -> None:
        number, left = read_id(desk.prefix, payout_id), None if account is None else read_id("acc", account)
        done = run(
            lambda ctx: desk.complete(
                ctx, number, person(by), reference, sent_before_freeze=sent_before_freeze, account_id=left
            )
        )
        tell(desk, told, done, as_json)


def _add_deciding(group: click.Group, desk: Desk[Kind], told: Told[Kind]) -> None:
    noun, example = desk.noun, f"{desk.prefix}_01..."

    @group.command(
        "approve",
        epilog=examples(f"paygate {noun} approve {example}", f"paygate {noun} approve {example} --by Somchai"),
        help="Say yes. Where it goes is frozen; above PAYGATE_SECOND_APPROVAL a second person must say yes too.",
    )
    @click.argument("payout_id", metavar="ID")
    @BY
    @json_option
    def approve(payout_id: str, by: str | None, as_json: bool) -> None:
        number = read_id(desk.prefix, payout_id)

        async def say_yes(ctx: Context) -> Kind:
            known = (await desk.show(ctx, number)).payout
            if by is None and known.approved_by is not None and known.status is PayoutStatus.REQUESTED:
                raise InvalidInput("Somebody said yes already. Say who is the second person: --by NAME.", field="by")
            return await desk.approve(ctx, number, person(by))

        done = run(say_yes)
        waits = done.status is PayoutStatus.REQUESTED
        tell(desk, told, done, as_json, "It waits for the approval of a second person." if waits else None)

    for name, verb, purpose, why in (
        ("reject", desk.reject, "Say no before anybody claimed it: the merchant has the money again.", "Wrong account"),
        ("release", desk.release, "Give a claim back. Only when you know that nothing was sent.", "The app was down"),
        ("return", desk.bounce, f"Say that the bank brought a completed {noun} back.", "The account is closed"),
    ):
        _add_reasoned(group, desk, told, name, verb, purpose, why)


def _add_reasoned(
    group: click.Group, desk: Desk[Kind], told: Told[Kind], name: str, verb: Any, purpose: str, why: str
) -> None:
    @group.command(
        name, epilog=examples(f'paygate {desk.noun} {name} {desk.prefix}_01... --reason "{why}"'), help=purpose
    )
    @click.argument("payout_id", metavar="ID")
    @(OWN_REASON if name == "release" else REASON)
    @BY
    @json_option
    def command(payout_id: str, reason: str, by: str | None, as_json: bool) -> None:
        number = read_id(desk.prefix, payout_id)
        tell(desk, told, run(lambda ctx: verb(ctx, number, person(by), reason)), as_json)


def tell(desk: Desk[Kind], told: Told[Kind], one: Kind, as_json: bool, more: str | None = None) -> None:
    """Say how a payout stands now."""
    name, amount = f"{desk.noun.capitalize()} {ids.show(desk.prefix, one.id)}", money.show(one.amount_satang)
    line = f"{name}: {one.status}, {amount} THB."
    emit(dict(told(one)), [line, *([more] if more else [])], as_json=as_json)


def place_text(place: Place | None) -> str:
    """Where money goes, in one line."""
    if place is None:
        return "not known yet"
    parts = [f"PromptPay {place.proxy}"] if place.proxy else []
    parts += [f"bank {place.bank_code} {place.number}"] if place.number else []
    return f"{', '.join(parts)} ({place.name})"


def _row(desk: Desk[Kind], detail: Detail[Kind]) -> list[str]:
    one = detail.payout
    who = one.claimed_by or one.second_by or one.approved_by or ""
    amount, place = f"{money.show(one.amount_satang):>14}", place_text(detail.place)
    return [ids.show(desk.prefix, one.id), one.status, one.due, amount, detail.merchant_name, place, who]


def _to(place: Place | None) -> dict[str, Any] | None:
    if place is None:
        return None
    return {"promptpay": place.proxy, "bank": place.bank_code, "number": place.number, "name": place.name}


def _shape(detail: Detail[Kind], told: Told[Kind]) -> dict[str, Any]:
    one = detail.payout
    return {
        **told(one),
        "merchantId": ids.show_merchant(one.merchant_id),
        "merchantName": detail.merchant_name,
        "destination": _to(detail.place),
        "approvedBy": one.approved_by,
        "secondBy": one.second_by,
        "claimedBy": one.claimed_by,
        "claimedAt": one.claimed_at,
    }
