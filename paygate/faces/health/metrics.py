"""GET /metrics: the installation's numbers in the text format of Prometheus.

The totals are of all processes together, so each server shows the same; collect from one.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

import paygate
from paygate import wire
from paygate.core import ids
from paygate.core.errors import Forbidden, Unauthorized
from paygate.services import metrics
from paygate.services.metrics import Seen
from paygate.telemetry import BUCKETS_S

COUNTERS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "paygate_payments": ("Payments that came to stand at a status; PENDING: made.", ("mode", "status")),
    "paygate_payments_refused": ("Payments not made because of a limit: full, share, browser, address.", ("reason",)),
    "paygate_rate_limited": ("Requests refused because of a rate limit, by what it counts.", ("limit",)),
    "paygate_evidence": ("Evidence that was decided, by channel and outcome.", ("kind", "outcome")),
    "paygate_sources_refused": ("Messages that no source signed: signature, key, unknown.", ("reason",)),
    "paygate_verifier_failures": ("Slip verifiers that could not say: auth, quota...", ("verifier", "reason")),
    "paygate_notices_ignored": ("Bank notices that say nothing of money that came in.", ("bank", "reason")),
}
HISTOGRAMS: Mapping[str, str] = {
    "paygate_evidence_to_paid_seconds": "From when evidence came in until its payment was PAID.",
    "paygate_webhook_dwell_seconds": "From when something happened until its receiver had the webhook.",
}
# What a proxy adds: behind one, everybody comes from a private address.
FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")


async def show(request: Request) -> Response:
    """GET /metrics: with the token if there is one, else from this computer only."""
    ctx = wire.context(request)
    _admit(request, ctx.metrics_token)
    registry = CollectorRegistry()
    registry.register(_Shown(await metrics.look(ctx)))
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _admit(request: Request, token: str | None) -> None:
    if token is not None:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        good = hmac.compare_digest(given.strip().encode(), token.encode())
        if scheme.lower() != "bearer" or not good:
            raise Unauthorized("Metrics need the header Authorization: Bearer with PAYGATE_METRICS_TOKEN.")
        return
    try:
        here = ipaddress.ip_address(wire.client_address(request) or "").is_loopback
    except ValueError:
        here = False
    if not here or any(name in request.headers for name in FORWARDED):
        raise Forbidden("Metrics are shown to this computer only. To have them elsewhere, set PAYGATE_METRICS_TOKEN.")


class _Shown(Collector):
    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    def collect(self) -> Iterator[Metric]:
        info = InfoMetricFamily("paygate", "This gateway.")
        info.add_metric([], {"version": paygate.__version__})
        yield info
        for name, (about, labels) in COUNTERS.items():
            counter = CounterMetricFamily(name, about, labels=labels)
            for (series, given), value in self._seen.totals.items():
                if series == f"{name}_total":
                    counter.add_metric([dict(given).get(label, "") for label in labels], value)
            yield counter
        for name, about in HISTOGRAMS.items():
            yield self._histogram(name, about)
        yield from self._gauges()

    def _histogram(self, name: str, about: str) -> Metric:
        ends = [*(f"{end:g}" for end in BUCKETS_S), "+Inf"]
        cumulated, buckets = 0, []
        for end in ends:
            cumulated += self._seen.totals.get((f"{name}_bucket", (("le", end),)), 0)
            buckets.append((end, float(cumulated)))
        family = HistogramMetricFamily(name, about)
        family.add_metric([], buckets, sum_value=self._seen.totals.get((f"{name}_sum", ()), 0) / 1_000_000)
        return family

    def _gauges(self) -> Iterator[Metric]:
        reviews = GaugeMetricFamily(
            "paygate_reviews_open", "Questions that wait for a person.", labels=("queue", "mode", "reason")
        )
        for one in self._seen.reviews:
            reviews.add_metric([one.queue, one.mode, one.reason], one.open)
        yield reviews
        names = ("account", "mode", "baht")
        held = GaugeMetricFamily(
            "paygate_slots_held",
            "Amounts from baht.00 to baht.99 that payments hold, where most.",
            labels=names,
        )
        free = GaugeMetricFamily("paygate_slots_free", "And those that are left of the hundred.", labels=names)
        total = GaugeMetricFamily("paygate_account_slots_held", "All amounts that payments hold.", labels=names[:2])
        accounts: dict[tuple[str, str], int] = {}
        for place in self._seen.slots:
            account = ids.show("acc", place.account_id)
            held.add_metric([account, place.mode, str(place.baht)], place.held)
            free.add_metric([account, place.mode, str(place.baht)], 100 - place.held)
            accounts[account, place.mode] = place.all_held
        for (account, mode), count in accounts.items():
            total.add_metric([account, mode], count)
        yield from (held, free, total)
        weights = GaugeMetricFamily(
            "paygate_account_weight", "A central account's part of new payments beside the others'.", labels=names[:2]
        )
        paused = GaugeMetricFamily(
            "paygate_account_paused", "1: it gets no new payments until it is resumed.", labels=names[:2]
        )
        for share in self._seen.shares:
            weights.add_metric([ids.show("acc", share.account_id), share.mode], share.weight)
            paused.add_metric([ids.show("acc", share.account_id), share.mode], int(share.paused))
        yield from (weights, paused)
        alarms = GaugeMetricFamily(
            "paygate_account_alarms",
            "Notices that break a central account's chain of balances; texts that nobody could read, when many.",
            labels=(*names[:2], "alarm"),
        )
        for raised in self._seen.alarms:
            alarms.add_metric([ids.show("acc", raised.account_id), raised.mode, raised.alarm], raised.count)
        yield alarms
