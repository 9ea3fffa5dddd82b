"""What pages say that the code decides: numbers, names and tables, for the texts of templates/docs to fill in.

A text has `{{ tolerance }}` or `{{ error_table }}`; nothing that can be found here is written there by hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from paygate.banks.slips.picture import MAX_SLIP_BYTES
from paygate.core import amount_tokens, people
from paygate.core import slips as slip_rules
from paygate.core.events import EVENT_TYPES
from paygate.core.fees import CENTRAL_PLANS
from paygate.core.limits import DEFAULTS, UNITS, Counted, Limit
from paygate.core.money import show
from paygate.core.payments import QUARANTINE_OTHER, QUARANTINE_PAID, TAGS_SATANG, VERIFYING_TIME, Oddity, Status
from paygate.core.payouts import PayoutStatus
from paygate.core.scopes import Scope
from paygate.core.webhooks import RETRY_DELAYS_S, TOLERANCE_S
from paygate.outbound.client import TOTAL_TIMEOUT_S
from paygate.services.deliveries import PATIENCE_S
from paygate.services.destinations import WAIT
from paygate.services.endpoints import MOST_ENDPOINTS, OVERLAP
from paygate.web import pages
from paygate.web.docs.reference import Reference
from paygate.wire.requests import MAX_BODY_BYTES, MAX_KEY_CHARS

CATALOGUE: Final = "docs-facts"
_UNITS: Final = {
    "en": {86_400: "day", 3_600: "hour", 60: "minute", 1: "second"},
    "th": {86_400: "วัน", 3_600: "ชั่วโมง", 60: "นาที", 1: "วินาที"},
}
_SIZES: Final = ((1_048_576, "MiB"), (1_024, "KiB"))


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the operator chose and pages tell of; `errors` is what the native face answers: (status, code) each."""

    url: str
    errors: Sequence[tuple[int, str]]
    low_satang: int
    high_satang: int
    rate_limits: Mapping[Counted, Limit]
    plan_fee_bps: Mapping[str, int]
    notice_ceiling_satang: int
    keep_evidence_days: int
    min_settlement_satang: int


def span(time: timedelta | float, lang: str) -> str:
    """A length of time as people say it: `5 minutes`, `5 นาที`; in the largest unit that leaves no rest."""
    seconds = int(time.total_seconds() if isinstance(time, timedelta) else time)
    unit = next(size for size in _UNITS[lang] if seconds % size == 0 and seconds >= size)
    many = seconds // unit
    return f"{many:,} {_UNITS[lang][unit]}" + ("s" if lang == "en" and many != 1 else "")


def size(count: int) -> str:
    """`5 MiB`."""
    most, name = next(one for one in _SIZES if count % one[0] == 0)
    return f"{count // most} {name}"


def rate(limit: Limit | None, lang: str) -> str:
    """`100 a second, 300 at once`."""
    if limit is None:
        return {"en": "no limit", "th": "ไม่จำกัด"}[lang]
    per = _UNITS[lang][limit.per_s if limit.per_s in UNITS.values() else 1]
    if lang == "th":
        return f"{limit.count} ครั้งต่อ{per} พร้อมกันได้ {limit.burst} ครั้ง"
    return f"{limit.count} a {per}, {limit.burst} at once".replace("a hour", "an hour")


def percent(bps: int) -> str:
    """`2.5%`, of hundredths of a percent."""
    return f"{bps / 100:g}%"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of Markdown."""
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in (head, ["---"] * len(head), *rows)
    )


def facts(chosen: Chosen, reference: Reference, lang: str) -> Mapping[str, object]:
    """Everything that a text in *lang* may name."""
    return {
        "host": chosen.url,
        "low": show(chosen.low_satang),
        "high": show(chosen.high_satang),
        "notice_ceiling": show(chosen.notice_ceiling_satang),
        "min_settlement": show(chosen.min_settlement_satang),
        "body_size": size(MAX_BODY_BYTES),
        "slip_size": size(MAX_SLIP_BYTES),
        "most_slips": slip_rules.MAX_SLIPS,
        "most_blanks": slip_rules.MAX_BLANKS,
        "most_endpoints": MOST_ENDPOINTS,
        "most_payments": reference.limit("NewPayments", "payments", "maxItems"),
        "key_chars": MAX_KEY_CHARS,
        "tags": len(TAGS_SATANG),
        "tries": len(RETRY_DELAYS_S) + 1,
        "tolerance_s": TOLERANCE_S,
        "play": play(reference, lang),
        **_times(chosen, reference, lang),
        **_tables(chosen, reference, lang),
    }


def _times(chosen: Chosen, reference: Reference, lang: str) -> Mapping[str, str]:
    expiry = "expiryMinutes"
    times: Mapping[str, timedelta | float] = {
        "retry_days": 86_400 * (sum(RETRY_DELAYS_S) // 86_400),
        "tolerance": TOLERANCE_S,
        "delivery_timeout": TOTAL_TIMEOUT_S,
        "patience": PATIENCE_S,
        "secret_overlap": OVERLAP,
        "idempotency_kept": timedelta(hours=24),  # As db/idempotency.py and the API's document say.
        "slip_wait": VERIFYING_TIME,
        "expiry": 60 * reference.limit("NewPayment", expiry, "examples")[0],
        "longest_expiry": 60 * reference.limit("NewPayment", expiry, "maximum"),
        "held_paid": QUARANTINE_PAID,
        "held_other": QUARANTINE_OTHER,
        "token_longest": amount_tokens.LONGEST,
        "access_time": people.ACCESS,
        "login_idle": people.IDLE_OF_MERCHANTS,
        "login_longest": people.LONGEST_OF_MERCHANTS,
        "destination_wait": WAIT,
    }
    kept = chosen.keep_evidence_days
    return {
        **{name: span(time, lang) for name, time in times.items()},
        "keep_days": span(timedelta(days=kept), lang) if kept else pages.words(CATALOGUE, lang)["never_kept"],
    }


def _tables(chosen: Chosen, reference: Reference, lang: str) -> Mapping[str, str]:
    words = pages.words(CATALOGUE, lang)

    def head(*names: str) -> list[str]:
        return [words[f"head.{name}"] for name in names]

    def meanings(kind: str, names: Sequence[str]) -> str:
        return table(head("name", "means"), [[f"`{name}`", words.get(f"{kind}.{name}", "")] for name in names])

    errors = [[str(status), f"`{code}`", words.get(f"error.{code}", "")] for status, code in sorted(set(chosen.errors))]
    events = [[f"[`{one}`](/docs/events#{anchor(one)})", words.get(f"event.{one}", "")] for one in EVENT_TYPES]
    limits = [
        [words.get(f"counted.{one}", str(one)), rate(chosen.rate_limits.get(one), lang), rate(DEFAULTS[one], lang)]
        for one in Counted
    ]
    plans = [
        [plan.capitalize(), percent(bps), words["flow.central" if plan in CENTRAL_PLANS else "flow.direct"]]
        for plan, bps in chosen.plan_fee_bps.items()
        if plan != "platform"
    ]
    return {
        "error_table": table(head("status", "code", "means"), errors),
        "status_table": meanings("status", list(Status)),
        "exception_table": meanings("oddity", list(Oddity)),
        "payout_table": meanings("payout", list(PayoutStatus)),
        "event_table": table(head("name", "means"), events),
        "scope_table": scope_table(reference, lang),
        "retry_table": table(
            head("try", "after"), [[str(n), span(after, lang)] for n, after in enumerate(RETRY_DELAYS_S, 2)]
        ),
        "limit_table": table(head("counted", "limit", "default"), limits),
        "plan_table": table(head("plan", "fee", "money"), plans),
    }


PLAY: Final = "/api/v1/test/payment/{paymentId}/pay"


def play(reference: Reference, lang: str) -> str:
    """How a test payment is paid: by its call, where this version has one."""
    words = pages.words(CATALOGUE, lang)
    for one in reference.operations:
        if one.path == PLAY:
            return words["play.call"].replace("{call}", f"[`{one.method} {one.path}`](/docs/api/{one.page}#{one.id})")
    return words["play.bridge"]


def scope_table(reference: Reference, lang: str) -> str:
    """Each scope with the operations that need it."""
    words = pages.words(CATALOGUE, lang)
    rows = []
    for scope in Scope:
        needed = [one for one in reference.operations if one.scope == scope]
        calls = ", ".join(f"[`{one.method} {one.path}`](/docs/api/{one.page}#{one.id})" for one in needed)
        rows.append([f"`{scope}`", words.get(f"scope.{scope}", ""), calls])
    return table([words["head.scope"], words["head.means"], words["head.calls"]], rows)


def anchor(event_type: str) -> str:
    """Where an event stands on its page."""
    return event_type.replace(".", "-")
