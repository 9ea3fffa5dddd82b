"""`paygate review`: what only a person can decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from paygate.cli.output import emit, examples, json_option, moment, person, read_baht_option, read_id, read_owner, table
from paygate.cli.session import run
from paygate.core import ids
from paygate.core.credits import BANGKOK, Credit
from paygate.core.errors import InvalidInput
from paygate.core.events import timestamp
from paygate.core.matching import Reason
from paygate.core.money import show
from paygate.core.reviews import Action, Hint
from paygate.db.reviews import Listed, Review
from paygate.services import reviews
from paygate.services.review_actions import Wish
from paygate.services.reviews import Detail, Resolved

OWNER = click.option("--owner", default="central", show_default=True, help="Whose queue: central, or a merchant's id.")


@click.group()
def review() -> None:
    """The review queue: money, slips and texts that only a person can decide."""


@review.command(
    "list",
    epilog=examples(
        "paygate review list",
        "paygate review list --reason ORPHAN --json",
        "paygate review list --owner mer_0c... --closed",
    ),
)
@OWNER
@click.option("--mode", type=click.Choice(["live", "test"]), help="Only this mode; without it, both.")
@click.option("--reason", type=click.Choice([r.value for r in Reason], case_sensitive=False), help="Only this reason.")
@click.option("--closed", is_flag=True, help="Those that are decided, the latest first.")
@click.option("--after", help="Those behind this review: the last one of the list before.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="At most so many.")
@json_option
def list_(
    owner: str, mode: str | None, reason: str | None, closed: bool, after: str | None, limit: int, as_json: bool
) -> None:
    """List what waits for a person, the oldest first."""
    owner_id, last = read_owner(owner), read_id("rev", after) if after else None
    page = run(
        lambda ctx: reviews.list_reviews(
            ctx, owner_id, mode=mode, is_open=not closed, reason=reason, after=last, limit=limit
        )
    )
    rows = [_row(listed) for listed in page.reviews]
    lines = table(["REVIEW", "MODE", "SINCE", "REASON", f"{'AMOUNT':>12}", "PAYER OR TEXT"], rows)
    if page.more:
        lines.append(f"There are more: --after {_id(page.reviews[-1].review)}")
    emit({"reviews": [_listed(one) for one in page.reviews], "more": page.more}, lines, as_json=as_json)


@review.command(
    "show", epilog=examples("paygate review show rev_01...", "paygate review show rev_01... --picture slip.jpg")
)
@click.argument("review_id")
@OWNER
@click.option(
    "--picture", type=click.Path(path_type=Path, dir_okay=False), help="Write the slip's picture to this file."
)
@json_option
def show_(review_id: str, owner: str, picture: Path | None, as_json: bool) -> None:
    """Show one review: its money, who told of it, which payments may be meant and why, and what can be done."""
    number, owner_id = read_id("rev", review_id), read_owner(owner)
    if picture is not None:
        data = run(lambda ctx: reviews.picture(ctx, owner_id, number))
        picture.write_bytes(data)
    detail = run(lambda ctx: reviews.get(ctx, owner_id, number))
    emit(_detail(detail), _lines(detail), as_json=as_json)


@review.command(
    epilog=examples(
        'paygate review resolve rev_01... --action match --payment 01998c... --reason "Same payer, named on the slip"',
        'paygate review resolve rev_01... --action combine --payment 01998c... --credit crd_02... --reason "Two parts"',
        'paygate review resolve rev_01... --action match --payment 01998c... --amount 160 --reason "10 baht too much"',
        'paygate review resolve rev_01... --action refund-orphan --reason "Nobody ordered this" --by Somchai',
        "paygate review resolve rev_01... --action match --payment 01998c... --amount 150.00 \\",
        '    --occurred-at 2026-11-20T10:15 --reason "Read on the slip, seen in the bank app"',
    )
)
@click.argument("review_id")
@OWNER
@click.option("--action", "action", required=True, type=click.Choice([a.value for a in Action]), help="What to do.")
@click.option("--reason", required=True, help="Why, in your words; kept in the audit log.")
@click.option("--payment", help="The payment that the money pays, or that fails: its transaction id.")
@click.option("--credit", "credits", multiple=True, help="Another credit to combine with; may be repeated.")
@click.option("--amount", help="The amount in baht: to accept too much, or as a slip or text shows it.")
@click.option("--occurred-at", help="When the money moved, as a slip or text shows it; Thai time unless it says so.")
@click.option("--by", help="Who decides; without it, the user of this host.")
@json_option
def resolve(
    review_id: str,
    owner: str,
    action: str,
    reason: str,
    payment: str | None,
    credits: Sequence[str],
    amount: str | None,
    occurred_at: str | None,
    by: str | None,
    as_json: bool,
) -> None:
    """Decide a review. Nothing is done by halves: money, payment, ledger and audit log, or none of it."""
    number, owner_id = read_id("rev", review_id), read_owner(owner)
    wish = Wish(
        action=Action(action),
        actor=person(by),
        words=reason,
        payment_id=_payment_id(payment),
        credit_ids=tuple(read_id("crd", text) for text in credits),
        amount_satang=_satang(amount),
        occurred_at=_moment(occurred_at),
    )
    done = run(lambda ctx: reviews.resolve(ctx, owner_id, number, wish))
    lines = [f"Review {ids.show('rev', number)}: {done.action}."]
    if done.payment_id is not None:
        lines.append(f"Payment {done.payment_id} is {done.payment_status}.")
    lines += [f"Credit {ids.show('crd', credit_id)} is {done.credit_state}." for credit_id in done.credit_ids]
    emit(_resolved(done), lines, as_json=as_json)


def _payment_id(text: str | None) -> UUID | None:
    return None if text is None else ids.read_uuid(text)


def _satang(text: str | None) -> int | None:
    return None if text is None else read_baht_option(text)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput("The time is like 2026-11-20T10:15, Thai time.", field="occurred_at") from None
    return found if found.tzinfo else found.replace(tzinfo=BANGKOK)


def _id(one: Review) -> str:
    return ids.show("rev", one.id)


def _row(listed: Listed) -> list[str]:
    one = listed.review
    amount = "" if listed.amount_satang is None else f"{show(listed.amount_satang):>12}"
    about = listed.payer_name or " ".join(one.detail.split())[:60]
    reason = f"{one.reason}{' !' if one.alarm else ''}"
    if one.resolution is not None:
        reason += f" -> {one.resolution}"
    return [_id(one), one.mode, moment(one.opened_at), reason, amount, about]


def _lines(d: Detail) -> list[str]:
    one = d.review
    lines = [f"Review {_id(one)}: {one.reason}{', an alarm' if one.alarm else ''}, {one.mode}", ""]
    lines.append(f"  since      {moment(one.opened_at)}")
    if one.closed_at is not None:
        lines.append(
            f"  closed     {moment(one.closed_at)}: {one.resolution}, by {one.resolved_by or 'later evidence'}"
        )
        lines += [f"             {one.resolve_reason}"] if one.resolve_reason else []
    if one.detail:
        lines += [f"  detail     {line}" for line in one.detail.splitlines()]
    if d.credit is not None:
        lines += _credit_lines(d, d.credit)
    if d.slip is not None and d.payment is not None:
        lines.append(
            f"  slip       {d.slip.outcome}, for payment {d.payment.id} of {show(d.payment.payable_satang)} THB"
        )
        lines.append(f"  reference  {d.slip.sending_bank} {d.slip.trans_ref}")
        lines += _facts(d.slip.facts) if d.slip.facts else ["  its bank   was not asked, or did not say"]
        lines += ["  picture    --picture FILE writes it"] if d.slip.has_picture else []
    if d.hints:
        head = ["PAYMENT", "STATUS", f"{'ASKS FOR':>12}", "MERCHANT", "WHY"]
        rows = [
            [
                str(h.payment.id),
                h.status,
                f"{show(h.payment.payable_satang):>12}",
                d.merchants.get(h.payment.merchant_id, ""),
                ", ".join(h.why) + (f" ({ids.show('crd', h.with_credit)})" if h.with_credit else ""),
            ]
            for h in d.hints
        ]
        lines += ["", *table(head, rows)]
    elif d.credit is not None and d.actions:
        lines += ["", "No payment fits."]
    if d.actions:
        lines += ["", f'Next: paygate review resolve {_id(one)} --action {"|".join(d.actions)} --reason "..."']
    return lines


def _credit_lines(d: Detail, credit: Credit) -> list[str]:
    lines = [
        f"  credit     {ids.show('crd', credit.id)}, {credit.state}{f', {credit.reason}' if credit.reason else ''}",
        f"  amount     {show(credit.amount_satang)} THB",
        f"  moved      {moment(credit.occurred_at)[:10] if credit.day_only else moment(credit.occurred_at)}",
    ]
    if d.payer is not None and any((d.payer.name, d.payer.account, d.payer.sending_bank)):
        lines.append(f"  payer      {' '.join(x for x in (d.payer.name, d.payer.account, d.payer.sending_bank) if x)}")
    lines += [f"  reference  {namespace} {ref}" for namespace, ref in credit.references]
    lines += [f"  reference  {credit.ref1} {credit.ref2 or ''}".rstrip()] if credit.ref1 else []
    lines += [
        f"  told by    {t.channel}, rank {t.rank}, {moment(t.observed_at)}{f', {t.kind} source' if t.kind else ''}"
        for t in d.told
    ]
    return lines


def _facts(facts: Mapping[str, Any]) -> list[str]:
    """What the slip's bank said of the transfer."""
    moved = moment(datetime.fromisoformat(facts["occurredAt"]))
    to = (facts["receivingBank"], facts["receiverAccount"], facts["receiverProxy"], facts["toMerchantId"])
    who = (facts["payerName"], facts["payerAccount"])
    return [
        f"  its bank   {show(facts['amountSatang'])} {facts['currency']} at {moved}, says {facts['provider']}",
        f"  payer      {' '.join(x for x in who if x) or 'not told'}",
        f"  receiver   {' '.join(x for x in to if x) or 'not told'}",
    ]


def _listed(listed: Listed) -> dict[str, Any]:
    return _review(listed.review) | {
        "amountSatang": listed.amount_satang,
        "occurredAt": timestamp(listed.occurred_at),
        "payerName": listed.payer_name,
    }


def _review(one: Review) -> dict[str, Any]:
    return {
        "reviewId": _id(one),
        "mode": one.mode,
        "reason": one.reason,
        "detail": one.detail,
        "alarm": one.alarm,
        "openedAt": timestamp(one.opened_at),
        "closedAt": timestamp(one.closed_at),
        "resolution": one.resolution,
        "resolvedBy": one.resolved_by,
        "resolveReason": one.resolve_reason,
    }


def _detail(d: Detail) -> dict[str, Any]:
    credit, slip = d.credit, d.slip
    return _review(d.review) | {
        "actions": list(d.actions),
        "credit": credit
        and {
            "creditId": ids.show("crd", credit.id),
            "amountSatang": credit.amount_satang,
            "occurredAt": timestamp(credit.occurred_at),
            "dayOnly": credit.day_only,
            "state": credit.state,
            "reason": credit.reason,
            "rank": credit.rank,
            "references": [{"namespace": namespace, "reference": ref} for namespace, ref in credit.references],
            "ref1": credit.ref1,
            "ref2": credit.ref2,
            "transactionId": credit.payment_id and str(credit.payment_id),
            "payer": d.payer and {"bank": d.payer.sending_bank, "name": d.payer.name, "account": d.payer.account},
            "told": [
                {
                    "channel": t.channel,
                    "rank": t.rank,
                    "occurredAt": timestamp(t.occurred_at),
                    "observedAt": timestamp(t.observed_at),
                    "source": ids.show("src", t.source_id) if t.kind else None,
                }
                for t in d.told
            ],
        },
        "candidates": [_hint(h, d.merchants) for h in d.hints],
        "slip": slip
        and {
            "slipId": ids.show("slip", slip.id),
            "transactionId": str(slip.payment_id),
            "payload": slip.payload,
            "sendingBank": slip.sending_bank,
            "transRef": slip.trans_ref,
            "facts": slip.facts,
            "hasPicture": slip.has_picture,
            "outcome": slip.outcome,
            "reason": slip.reason,
            "createdAt": timestamp(slip.created_at),
        },
    }


def _hint(h: Hint, merchants: dict[int, str]) -> dict[str, Any]:
    return {
        "transactionId": str(h.payment.id),
        "merchantId": ids.show_merchant(h.payment.merchant_id),
        "merchantName": merchants.get(h.payment.merchant_id),
        "orderId": h.payment.order_id,
        "status": h.status,
        "payableSatang": h.payment.payable_satang,
        "createdAt": timestamp(h.payment.created_at),
        "expiresAt": timestamp(h.payment.expires_at),
        "why": list(h.why),
        "withCredit": h.with_credit and ids.show("crd", h.with_credit),
    }


def _resolved(done: Resolved) -> dict[str, Any]:
    return {
        "reviewId": ids.show("rev", done.review_id),
        "action": done.action,
        "transactionId": done.payment_id and str(done.payment_id),
        "status": done.payment_status,
        "creditIds": [ids.show("crd", credit_id) for credit_id in done.credit_ids],
        "creditState": done.credit_state,
    }
