"""What banks write to their customers when money moves: SMS, app notices, LINE and mail, in Thai and English.

    read("17/05/68 16:28 บช X-1234 เงินเข้า 411.72 คงเหลือ 5,302.72 บ.", "KBank", received_at) -> Notice(kind="credit")

Only senders of the allow-list are read, by the sentences of that bank alone, each from its first word to its last. A
text that no sentence fits is ignored when it is plain why (money out, a one-time password, an advertisement), and
"unread" otherwise: a person looks at it, nothing is guessed. Formats: the modules of this package, one per bank.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

from paygate.banks.notices import baac, bay, bbl, gsb, kbank, ktb, scb, senders, truemoney, ttb, words
from paygate.banks.notices.forms import ELLIPSIS, Form, Found
from paygate.banks.notices.text import BANGKOK, MAX_CHARS, Source, moment, normalise, satang

FORMS: Final[dict[str, tuple[Form, ...]]] = {
    "KBANK": kbank.FORMS,
    "LINEBK": kbank.FORMS,
    "SCB": scb.FORMS,
    "KTB": ktb.FORMS,
    "BBL": bbl.FORMS,
    "BAY": bay.FORMS,
    "TTB": ttb.FORMS,
    "GSB": gsb.FORMS,
    "BAAC": baac.FORMS,
    "TRUEMONEY": truemoney.FORMS,
}

Kind = Literal["credit", "ignored", "unread"]
Direction = Literal["in", "out", "none"]


@dataclass(frozen=True, slots=True)
class Notice:
    """What one text says. Amounts in satang, moments aware; None where the text is silent.

    `reason` says why it is ignored or unread, in a code word; None for a credit. `truncated`: the bank's sentence goes
    on behind the end of the text. `time_source` is "text" when the text has a clock, "day" when it has but a day other
    than that of receipt, else the moment of receipt counts.
    """

    kind: Kind
    bank: str | None
    bank_code: str | None
    channel: str | None
    direction: Direction
    occurred_at: datetime
    time_source: Source
    amount_satang: int | None = None
    account_mask: str | None = None
    counterparty: str | None = None
    balance_satang: int | None = None
    reason: str | None = None
    truncated: bool = False


def read(text: str, sender: str, received_at: datetime) -> Notice:
    """Read *text* as written by *sender* (any name of a bank) and received by the phone at *received_at* (aware).

    Never raises for any text or sender.
    """
    received_at = received_at.astimezone(BANGKOK)
    line = normalise(text)
    known = senders.find(sender)
    if known is None:
        reason = "SPOOFED" if words.claims_money(line) else "UNKNOWN_SENDER"
        return Notice("ignored", None, None, None, "none", received_at, "received", reason=reason)
    blank = Notice("unread", known.bank, known.code or None, known.channel, "none", received_at, "received")
    if len(text) > MAX_CHARS or not line:
        return replace(blank, reason=words.NOT_UNDERSTOOD)
    found = _sentence(FORMS[known.bank], line)
    failed = found is not None and words.says_failed(line, found.pieces.get("payer"))
    if found is not None and failed is False:
        return _credit(blank, found)
    if failed:
        return replace(blank, kind="ignored", reason=words.FAILED)
    reason = words.NOT_UNDERSTOOD if failed is None else words.reason_of(line)
    if reason == words.NOT_UNDERSTOOD:
        return replace(blank, reason=reason, truncated=bool(ELLIPSIS.search(line)))
    ignored = replace(blank, kind="ignored", reason=reason)
    return _outgoing(ignored, line) if reason == words.OUTGOING else ignored


def _sentence(forms: tuple[Form, ...], line: str) -> Found | None:
    """The sentence that *line* is: whole in any form before cut off in any."""
    for form in forms:
        if found := form.read(line):
            return found
    for form in forms:
        if found := form.read_cut(line):
            return found
    return None


def _credit(blank: Notice, found: Found) -> Notice:
    pieces = found.pieces
    amount_satang = satang(pieces["amount"])
    if amount_satang == 0:
        return replace(blank, reason=words.NOT_UNDERSTOOD)
    return replace(
        _dated(blank, pieces.get("moment")),
        kind="credit",
        direction="in",
        amount_satang=amount_satang,
        account_mask=pieces.get("mask"),
        counterparty=pieces.get("payer"),
        balance_satang=satang(pieces["balance"]) if "balance" in pieces else None,
        truncated=found.truncated,
    )


def _outgoing(ignored: Notice, line: str) -> Notice:
    facts = words.outgoing(line)
    return replace(
        _dated(ignored, facts.moment),
        direction="out",
        amount_satang=satang(facts.amount) if facts.amount else None,
        account_mask=facts.mask,
        balance_satang=satang(facts.balance) if facts.balance else None,
    )


def _dated(notice: Notice, text: str | None) -> Notice:
    dated = moment(text, notice.occurred_at) if text else None
    if dated is None:
        return notice
    return replace(notice, occurred_at=dated[0], time_source=dated[1])


def facts(notice: Notice) -> dict[str, object]:
    """What a notice says, as answers show it: times in Bangkok, to the second."""
    return {
        "kind": notice.kind,
        "bank": notice.bank,
        "bankCode": notice.bank_code,
        "channel": notice.channel,
        "direction": notice.direction,
        "amountSatang": notice.amount_satang,
        "accountMask": notice.account_mask,
        "counterparty": notice.counterparty,
        "occurredAt": notice.occurred_at.astimezone(BANGKOK).replace(microsecond=0).isoformat(),
        "timeSource": notice.time_source,
        "balanceSatang": notice.balance_satang,
        "reason": notice.reason,
        "truncated": notice.truncated,
    }
