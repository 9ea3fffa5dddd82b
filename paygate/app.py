"""The server: one list of addresses, who says no, and what runs beside the requests. Reading it shows the surface."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware

import paygate
from paygate import telemetry, web, workers
from paygate.core.money import MAX_AMOUNT_SATANG, MIN_AMOUNT_SATANG
from paygate.core.people import May
from paygate.core.shapes import Schema
from paygate.db.pool import Database
from paygate.environment import SettingsError
from paygate.faces import bank_in, dashboard, health, v1
from paygate.faces.dashboard.admin_money import Window
from paygate.services.context import Context
from paygate.settings import Settings
from paygate.web import account, checkout, example, forwarder, invoices, link, pages, refund, sdk, simulator
from paygate.wire import Address, Dialect, Edge, for_people, openapi, preflight, refuse_method, refuse_path
from paygate.wire.operations import Handler

log = telemetry.logger("app")

STOP_S = 20.0  # A webhook under way may take its 15 s.

# The native handlers, at addresses for people who log in, and what each is for: services are not written twice.
NATIVE_IN_PERSON: dict[str, dict[str, tuple[Handler, May]]] = {
    "/api/transactions": {"GET": (v1.transactions.listed, May.SEE_PAYMENTS)},
    "/api/payment/{payment_id}": {"GET": (v1.payments.get, May.SEE_PAYMENTS)},
    "/api/payment/{payment_id}/cancel": {"POST": (v1.payments.cancel, May.MAKE_PAYMENTS)},
    "/api/payment-links": {
        "GET": (v1.links.listed, May.SEE_PAYMENTS),
        "POST": (v1.links.create, May.MAKE_PAYMENTS),
    },
    "/api/payment-links/{link_id}": {
        "GET": (v1.links.get, May.SEE_PAYMENTS),
        "PATCH": (v1.links.update, May.MAKE_PAYMENTS),
    },
    "/api/payment/{payment_id}/refund": {"POST": (v1.refunds.create, May.MOVE_MONEY)},
    "/api/refunds": {"GET": (v1.refunds.listed, May.SEE_MONEY)},
    "/api/refunds/{refund_id}": {"GET": (v1.refunds.get, May.SEE_MONEY)},
    "/api/refunds/{refund_id}/cancel": {"POST": (v1.refunds.cancel, May.MOVE_MONEY)},
    "/api/refunds/{refund_id}/payee": {"POST": (v1.refunds.say_payee, May.MOVE_MONEY)},
    "/api/refunds/{refund_id}/payee-link": {"POST": (v1.refunds.ask_payer, May.MOVE_MONEY)},
    "/api/refunds/{refund_id}/complete": {"POST": (v1.refunds.complete, May.MOVE_MONEY)},
    "/api/balance": {"GET": (v1.settlements.balance, May.SEE_MONEY)},
    "/api/settlements": {
        "GET": (v1.settlements.listed, May.SEE_MONEY),
        "POST": (v1.settlements.create, May.MOVE_MONEY),
    },
    "/api/settlements/{settlement_id}": {"GET": (v1.settlements.get, May.SEE_MONEY)},
    "/api/settlements/{settlement_id}/cancel": {"POST": (v1.settlements.cancel, May.MOVE_MONEY)},
    "/api/webhooks/endpoints": {
        "GET": (v1.webhooks.listed, May.SEE_WEBHOOKS),
        "POST": (v1.webhooks.create, May.CHANGE_WEBHOOKS),
    },
    "/api/webhooks/endpoints/{endpoint_id}": {
        "GET": (v1.webhooks.get, May.SEE_WEBHOOKS),
        "PATCH": (v1.webhooks.update, May.CHANGE_WEBHOOKS),
        "DELETE": (v1.webhooks.delete, May.CHANGE_WEBHOOKS),
    },
    "/api/webhooks/endpoints/{endpoint_id}/rotate": {"POST": (v1.webhooks.rotate, May.CHANGE_WEBHOOKS)},
    "/api/webhooks/endpoints/{endpoint_id}/test": {"POST": (v1.webhooks.send_test, May.SEND_WEBHOOKS)},
    "/api/webhooks/events": {"GET": (v1.webhooks.events, May.SEE_WEBHOOKS)},
    "/api/webhooks/events/redeliver": {"POST": (v1.webhooks.redeliver_span, May.SEND_WEBHOOKS)},
    "/api/webhooks/events/{event_id}": {"GET": (v1.webhooks.event, May.SEE_WEBHOOKS)},
    "/api/webhooks/events/{event_id}/redeliver": {"POST": (v1.webhooks.redeliver, May.SEND_WEBHOOKS)},
    "/api/webhooks/deliveries": {"GET": (v1.webhooks.deliveries, May.SEE_WEBHOOKS)},
}
IN_PERSON = [
    Address(path, **{method: for_people(handler, act) for method, (handler, act) in calls.items()})
    for path, calls in NATIVE_IN_PERSON.items()
]


def payouts(path: str, place: str, window: Window[Any]) -> list[Address]:
    """The addresses of a desk."""
    one = f"{path}/{{{place}}}"
    return [
        Address(path, GET=window.listed),
        Address(f"{path}/export", GET=window.export),
        Address(one, GET=window.get),
        Address(f"{one}/approve", POST=window.approve),
        Address(f"{one}/claim", POST=window.claim),
        Address(f"{one}/payout-qr", GET=window.payout_qr),
        Address(f"{one}/release", POST=window.release),
        Address(f"{one}/reject", POST=window.reject),
        Address(f"{one}/complete", POST=window.complete),
        Address(f"{one}/return", POST=window.bounce),
    ]


ADDRESSES = [
    Address("/api/v1/payment/create", POST=v1.payments.create, OPTIONS=preflight),
    Address("/api/v1/payment/batch", POST=v1.batches.create),
    Address("/api/v1/payment/order/{order_id:path}", GET=v1.payments.get_by_order),
    Address("/api/v1/payment/{payment_id}", GET=v1.payments.get, OPTIONS=preflight),
    Address("/api/v1/payment/{payment_id}/cancel", POST=v1.payments.cancel),
    Address("/api/v1/payment/{payment_id}/events", GET=v1.streams.events, OPTIONS=preflight),
    Address("/api/v1/payment/{payment_id}/slip", POST=v1.slips.hand_in, OPTIONS=preflight),
    Address("/api/v1/payment-links", GET=v1.links.listed, POST=v1.links.create),
    Address("/api/v1/payment-links/{link_id}", GET=v1.links.get, PATCH=v1.links.update),
    Address("/api/v1/test/payment/{payment_id}/pay", POST=v1.simulator.pay),
    Address("/api/v1/transactions", GET=v1.transactions.listed),
    Address("/api/v1/payment/{payment_id}/refund", POST=v1.refunds.create),
    Address("/api/v1/refunds", GET=v1.refunds.listed),
    Address("/api/v1/refunds/{refund_id}", GET=v1.refunds.get, OPTIONS=preflight),
    Address("/api/v1/refunds/{refund_id}/cancel", POST=v1.refunds.cancel),
    Address("/api/v1/refunds/{refund_id}/payee", POST=v1.refunds.say_payee, OPTIONS=preflight),
    Address("/api/v1/refunds/{refund_id}/payee-link", POST=v1.refunds.ask_payer),
    Address("/api/v1/refunds/{refund_id}/complete", POST=v1.refunds.complete),
    Address("/api/v1/logs", GET=v1.logs.listed),
    Address("/api/v1/balance", GET=v1.settlements.balance),
    Address("/api/v1/settlements", GET=v1.settlements.listed, POST=v1.settlements.create),
    Address("/api/v1/settlements/{settlement_id}", GET=v1.settlements.get),
    Address("/api/v1/settlements/{settlement_id}/cancel", POST=v1.settlements.cancel),
    Address("/api/v1/webhooks/endpoints", GET=v1.webhooks.listed, POST=v1.webhooks.create),
    Address(
        "/api/v1/webhooks/endpoints/{endpoint_id}",
        GET=v1.webhooks.get,
        PATCH=v1.webhooks.update,
        DELETE=v1.webhooks.delete,
    ),
    Address("/api/v1/webhooks/endpoints/{endpoint_id}/rotate", POST=v1.webhooks.rotate),
    Address("/api/v1/webhooks/endpoints/{endpoint_id}/test", POST=v1.webhooks.send_test),
    Address("/api/v1/webhooks/events", GET=v1.webhooks.events),
    Address("/api/v1/webhooks/events/redeliver", POST=v1.webhooks.redeliver_span),
    Address("/api/v1/webhooks/events/{event_id}", GET=v1.webhooks.event),
    Address("/api/v1/webhooks/events/{event_id}/redeliver", POST=v1.webhooks.redeliver),
    Address("/api/v1/webhooks/deliveries", GET=v1.webhooks.deliveries),
    Address("/api/v1/qr", POST=v1.codes.draw),
    Address("/qr/{name}", GET=v1.pictures.picture),
    Address("/pay/{payment_id}", GET=checkout.show),
    Address("/payment/{payment_id}", GET=checkout.show),
    Address("/pay/{payment_id}/cancel", POST=checkout.cancel),
    Address("/pay/{payment_id}/slip", POST=checkout.send_slip),
    Address("/pay/{payment_id}/renew", POST=checkout.renew),
    Address("/link/{link_id}", GET=link.show, POST=link.pay),
    Address("/refund/{link}", GET=refund.show, POST=refund.give),
    Address("/simulator/{payment_id}", GET=simulator.show),
    Address("/simulator/{payment_id}/play", POST=simulator.play),
    Address("/simulator/{payment_id}/slips/{name}", GET=simulator.slip),
    Address("/logo/{name}", GET=checkout.logo),
    Address("/favicon.ico", GET=pages.icon),
    Address("/api/auth/register", POST=dashboard.auth.register),
    Address("/api/auth/login", POST=dashboard.auth.login),
    Address("/api/auth/admin/login", POST=dashboard.auth.admin_login),
    Address("/api/auth/refresh", POST=dashboard.auth.refresh),
    Address("/api/auth/logout", POST=dashboard.auth.logout),
    Address("/api/auth/me", GET=dashboard.auth.me),
    Address("/api/auth/sessions", GET=dashboard.auth.session_list),
    Address("/api/auth/sessions/{session_id}", DELETE=dashboard.auth.session_end),
    Address("/api/auth/password", POST=dashboard.auth.change_password),
    Address("/api/auth/password/reset", POST=dashboard.auth.reset_password),
    Address("/api/auth/totp/setup", POST=dashboard.auth.totp_setup),
    Address("/api/auth/totp/enable", POST=dashboard.auth.totp_enable),
    Address("/api/auth/totp/disable", POST=dashboard.auth.totp_disable),
    Address("/api/auth/totp/recovery-codes", POST=dashboard.auth.totp_recovery),
    Address("/api/merchant/me", GET=dashboard.own.show, PATCH=dashboard.own.update),
    Address("/api/merchant/account", GET=dashboard.admin_plans.show_own, PUT=dashboard.admin_plans.change_own),
    Address("/api/api-keys", GET=dashboard.own.key_list, POST=dashboard.own.key_create),
    Address("/api/api-keys/{key_id}", DELETE=dashboard.own.key_revoke),
    Address("/api/payment/create-link", POST=dashboard.payments.create_link),
    Address("/api/stats", GET=dashboard.stats.look),
    Address(
        "/api/payout-destination", GET=dashboard.own_money.destination, POST=dashboard.own_money.change_destination
    ),
    Address("/api/statements/{month}", GET=dashboard.own_money.own_statement),
    Address("/api/invoices", GET=dashboard.invoices.own_list),
    Address("/api/invoices/{invoice_id}", GET=dashboard.invoices.own_get),
    Address("/api/invoices/{invoice_id}/print", GET=invoices.own_print),
    Address("/api/invoices/{invoice_id}/pay", POST=dashboard.invoices.own_pay),
    Address("/api/reviews", GET=dashboard.reviews.own_list),
    Address("/api/reviews/{review_id}", GET=dashboard.reviews.own_get),
    Address("/api/reviews/{review_id}/picture", GET=dashboard.reviews.own_picture),
    Address("/api/reviews/{review_id}/resolve", POST=dashboard.reviews.own_resolve),
    Address("/api/audit", GET=dashboard.audit.own),
    Address("/api/team", GET=dashboard.team.listed),
    Address("/api/team/invitations", POST=dashboard.team.invite),
    Address("/api/team/invitations/{invitation_id}", DELETE=dashboard.team.revoke),
    Address("/api/team/accept", POST=dashboard.team.accept),
    Address("/api/team/{user_id}", PATCH=dashboard.team.change_role, DELETE=dashboard.team.remove),
    *IN_PERSON,
    Address("/api/admin/merchants", GET=dashboard.admin.merchant_list, POST=dashboard.admin_merchants.create),
    Address("/api/admin/merchants/{merchant_id}", GET=dashboard.admin.merchant),
    Address("/api/admin/merchants/{merchant_id}/statements/{month}", GET=dashboard.own_money.statement),
    Address(
        "/api/admin/merchants/{merchant_id}/payout-destination",
        GET=dashboard.admin_destinations.show,
        POST=dashboard.admin_destinations.change,
    ),
    Address("/api/admin/merchants/{merchant_id}/approve", POST=dashboard.admin.approve),
    Address("/api/admin/merchants/{merchant_id}/suspend", POST=dashboard.admin.suspend),
    Address("/api/admin/merchants/{merchant_id}/users/{user_id}/reset-link", POST=dashboard.admin.reset_link),
    Address("/api/admin/merchants/{merchant_id}/users/{user_id}/reset-totp", POST=dashboard.admin.reset_totp),
    Address("/api/admin/users", GET=dashboard.admin_people.listed),
    Address("/api/admin/merchants/{merchant_id}/team", GET=dashboard.admin_people.team_shown),
    Address("/api/admin/merchants/{merchant_id}/invitations", POST=dashboard.admin_people.invite),
    Address("/api/admin/merchants/{merchant_id}/invitations/{invitation_id}", DELETE=dashboard.admin_people.revoke),
    Address(
        "/api/admin/merchants/{merchant_id}/users/{user_id}",
        PATCH=dashboard.admin_people.change_role,
        DELETE=dashboard.admin_people.remove,
    ),
    Address("/api/admin/merchants/{merchant_id}/users/{user_id}/disable", POST=dashboard.admin_people.disable),
    Address("/api/admin/merchants/{merchant_id}/users/{user_id}/enable", POST=dashboard.admin_people.enable),
    Address(
        "/api/admin/merchants/{merchant_id}/users/{user_id}/sessions",
        GET=dashboard.admin_people.session_list,
        DELETE=dashboard.admin_people.session_end_all,
    ),
    Address(
        "/api/admin/merchants/{merchant_id}/users/{user_id}/sessions/{session_id}",
        DELETE=dashboard.admin_people.session_end,
    ),
    *payouts("/api/admin/settlements", "settlement_id", dashboard.admin_money.SETTLEMENT_WINDOW),
    *payouts("/api/admin/refunds", "refund_id", dashboard.admin_money.REFUND_WINDOW),
    Address("/api/admin/merchants/{merchant_id}/settlements", POST=dashboard.admin_behalf.settle),
    Address("/api/admin/settlements/{settlement_id}/cancel", POST=dashboard.admin_behalf.cancel_settlement),
    Address("/api/admin/payment/{payment_id}/refund", POST=dashboard.admin_behalf.refund),
    Address("/api/admin/refunds/{refund_id}/cancel", POST=dashboard.admin_behalf.cancel_refund),
    Address("/api/admin/refunds/{refund_id}/payee", POST=dashboard.admin_behalf.say_payee),
    Address("/api/admin/refunds/{refund_id}/payee-link", POST=dashboard.admin_behalf.ask_payer),
    Address("/api/admin/invoices", GET=dashboard.invoices.listed, POST=dashboard.admin_invoices.issue),
    Address("/api/admin/invoices/{invoice_id}", GET=dashboard.invoices.get),
    Address("/api/admin/invoices/{invoice_id}/print", GET=invoices.print_one),
    Address("/api/admin/reviews", GET=dashboard.reviews.listed),
    Address("/api/admin/reviews/{review_id}", GET=dashboard.reviews.get),
    Address("/api/admin/reviews/{review_id}/picture", GET=dashboard.reviews.picture),
    Address("/api/admin/reviews/{review_id}/resolve", POST=dashboard.reviews.resolve),
    Address("/api/admin/credits", GET=dashboard.admin_evidence.credit_list),
    Address("/api/admin/credits/{credit_id}", GET=dashboard.admin_evidence.credit_get),
    Address(
        "/api/admin/accounts", GET=dashboard.admin_evidence.account_list, POST=dashboard.admin_evidence.account_add
    ),
    Address("/api/admin/accounts/{account_id}", GET=dashboard.admin_evidence.account_get),
    Address("/api/admin/accounts/{account_id}/retire", POST=dashboard.admin_evidence.account_retire),
    Address("/api/admin/accounts/{account_id}/pause", POST=dashboard.admin_evidence.account_pause),
    Address("/api/admin/accounts/{account_id}/resume", POST=dashboard.admin_evidence.account_resume),
    Address("/api/admin/accounts/{account_id}/weight", PUT=dashboard.admin_evidence.account_weigh),
    Address("/api/admin/sources", GET=dashboard.admin_evidence.source_list, POST=dashboard.admin_evidence.source_add),
    Address("/api/admin/sources/{source_id}/rotate", POST=dashboard.admin_evidence.source_rotate),
    Address("/api/admin/sources/{source_id}/disable", POST=dashboard.admin_evidence.source_disable),
    Address("/api/admin/sources/{source_id}/enable", POST=dashboard.admin_evidence.source_enable),
    Address("/api/admin/statements", POST=dashboard.admin_evidence.statement_upload),
    Address("/api/admin/statements/{statement_id}", GET=dashboard.admin_evidence.statement_get),
    Address("/api/admin/audit", GET=dashboard.audit.listed),
    Address("/api/admin/audit/verify", GET=dashboard.audit.verify),
    Address("/api/admin/health", GET=dashboard.admin_evidence.health),
    Address(
        "/api/admin/merchants/{merchant_id}/freeze",
        GET=dashboard.admin_duties.freeze_shown,
        POST=dashboard.admin_duties.freeze,
    ),
    Address("/api/admin/merchants/{merchant_id}/unfreeze", POST=dashboard.admin_duties.unfreeze),
    Address(
        "/api/admin/merchants/{merchant_id}/dossier",
        GET=dashboard.admin_dossiers.show,
        PATCH=dashboard.admin_dossiers.change,
        DELETE=dashboard.admin_dossiers.forget,
    ),
    Address("/api/admin/merchants/{merchant_id}/dossier/check", POST=dashboard.admin_dossiers.check),
    Address("/api/admin/merchants/{merchant_id}/documents", POST=dashboard.admin_dossiers.add),
    Address(
        "/api/admin/merchants/{merchant_id}/documents/{document_id}",
        GET=dashboard.admin_dossiers.open_document,
        DELETE=dashboard.admin_dossiers.remove,
    ),
    Address("/api/admin/closes", GET=dashboard.admin_closes.listed, POST=dashboard.admin_closes.run),
    Address("/api/admin/closes/explain", POST=dashboard.admin_closes.explain),
    Address("/api/admin/evidence-export", POST=dashboard.admin_exports.make),
    Address("/api/admin/alerts", GET=dashboard.admin_alerts.listed),
    Address("/api/admin/alerts/test", POST=dashboard.admin_alerts.test),
    Address(
        "/api/admin/merchants/{merchant_id}/plan",
        GET=dashboard.admin_plans.show,
        PUT=dashboard.admin_plans.change,
        DELETE=dashboard.admin_plans.withdraw,
    ),
    Address("/api/admin/merchants/{merchant_id}/account", PUT=dashboard.admin_plans.change_account),
    Address(
        "/api/admin/invoices/{invoice_id}/withholding",
        PUT=dashboard.admin_tax.withhold,
        DELETE=dashboard.admin_tax.withdraw,
    ),
    Address("/api/admin/invoices/{invoice_id}/pay", POST=dashboard.admin_invoices.pay),
    Address("/api/admin/plans", GET=dashboard.admin_plans.rates),
    Address("/api/admin/plans/{plan}", PUT=dashboard.admin_plans.set_rate),
    Address("/api/bank/{source}", POST=bank_in.receive),
    Address("/account/password", GET=account.password),
    Address("/forwarder", GET=forwarder.show_page, POST=forwarder.read),
    Address("/forwarder/paygate-forward.py", GET=forwarder.script),
    Address("/paygate-widget.js", GET=sdk.widget),
    Address("/sdk/{name}", GET=sdk.library),
    Address("/payment-example.html", GET=example.show),
    Address("/", GET=web.home.show),
    Address("/docs", GET=web.docs.start),
    Address("/docs/search", GET=web.docs.find),
    Address("/docs/search.json", GET=web.docs.index),
    Address("/docs/assets/{name}", GET=web.docs.asset),
    Address("/docs/{name:path}", GET=web.docs.page),
    Address("/api/health", GET=health.overview),
    Address("/api/health/live", GET=health.live),
    Address("/api/health/ready", GET=health.ready),
    Address("/metrics", GET=health.metrics),
    Address("/openapi.json", GET=openapi.show),
]

# What each handler does, for the document; pages for people and preflights are no part of it.
OPERATIONS = {
    **v1.OPERATIONS,
    **{
        address.handlers[method]: dashboard.in_person(v1.OPERATIONS[handler], act)
        for address in IN_PERSON
        for method, (handler, act) in NATIVE_IN_PERSON[address.path].items()
    },
    **dashboard.OPERATIONS,
    **invoices.OPERATIONS,
    **bank_in.OPERATIONS,
    **health.OPERATIONS,
    **openapi.OPERATIONS,
}
UNTOLD = {*web.HANDLERS, preflight}
TAGS = {
    "payments": "Made, read, cancelled; slips.",
    "payment links": "Prices with an address, for anybody to pay.",
    "test mode": "Playing the bank for payments of test keys.",
    "refunds": "Money back to payers.",
    "money out": "Balances and settlements: a Free merchant takes its money out.",
    "webhooks": "Endpoints, what they are told, and telling it again.",
    "logs": "What happened, for whoever looks for a mistake.",
    "QR codes": "Pictures, with and without a payment.",
    "dashboard": "A merchant in the hands of its own people.",
    "team": "Who else works for the merchant: invited, given a role, removed.",
    "logins": "People come in, stay in, go out; passwords and one-time codes.",
    "operator": "What the operator does with money and with what is known of it.",
    "merchants": "What the operator does with merchants and their people.",
    "duties": "What an operator owes to others: payers, banks, the law.",
    "bank in": "Evidence that money arrived.",
    "health": "For load balancers and Prometheus.",
    "about": "This document.",
}

# Who says no, by the beginning of the path; the last one takes whatever is left.
DIALECTS = [
    Dialect("/api/bank", bank_in.refuse, bank_in.BankProblem),
    Dialect("/api/health", health.refuse, health.HealthProblem),
    Dialect("/forwarder", web.refuse),
    Dialect("/pay", web.refuse_checkout),
    Dialect("/payment", web.refuse_checkout),
    Dialect("/payment-example.html", web.refuse),
    Dialect("/link", web.refuse),
    Dialect("/refund", web.refuse),
    Dialect("/simulator", web.refuse),
    Dialect("/logo", web.refuse),
    Dialect("/favicon.ico", web.refuse),
    Dialect("/account", web.refuse),
    Dialect("/docs", web.refuse),
    Dialect("/", web.refuse),
    Dialect("/api/v1", v1.refuse, v1.Problem),
    Dialect("/api", dashboard.refuse, v1.Problem),
    Dialect("", v1.refuse, v1.Problem, page=web.refuse),
]


def create_app() -> Starlette:
    """The application that uvicorn runs, by this process's environment. Raises SettingsError."""
    return build(Settings.from_env(os.environ))


def build(settings: Settings) -> Starlette:
    """The application for *settings*. Its start raises Unavailable when the database is away."""
    telemetry.configure(settings.log_level)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        if settings.database_url is None:
            raise SettingsError(["PAYGATE_DATABASE_URL is not set; `paygate serve` sets it for its processes."])
        db = await Database.open(settings.database_url, size=settings.db_pool_size)
        ctx = app.state.ctx = settings.context(db)
        try:
            async with _background(ctx, wanted=not settings.no_worker):
                yield
        finally:
            await ctx.close()
            await db.close()

    app = Starlette(
        routes=ADDRESSES,
        middleware=[Middleware(Edge, dialects=DIALECTS, https=settings.public_url.startswith("https://"))],
        exception_handlers={404: refuse_path, 405: refuse_method},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    made = app.state.document = openapi.Document(
        partial(document, settings.public_url, settings.min_amount_satang, settings.max_amount_satang)
    )
    app.state.docs = web.docs.Site(lambda: (made.made(), chosen(settings)))
    return app


def chosen(settings: Settings) -> web.docs.Chosen:
    """What the pages of /docs tell of this installation."""
    return web.docs.Chosen(
        url=settings.public_url,
        errors=[*v1.errors.TABLE.values(), *dashboard.errors.TABLE.values()],
        low_satang=settings.min_amount_satang,
        high_satang=settings.max_amount_satang,
        rate_limits=settings.rate_limits,
        plan_fee_bps=settings.plan_fee_bps,
        notice_ceiling_satang=settings.notice_ceiling_satang,
        keep_evidence_days=settings.keep_evidence_days,
        min_settlement_satang=settings.settlements.min_satang,
    )


def document(url: str, low_satang: int = MIN_AMOUNT_SATANG, high_satang: int = MAX_AMOUNT_SATANG) -> Schema:
    """The API's document, for an installation at *url* that takes payments from *low_satang* to *high_satang*."""
    about = openapi.About(
        url,
        paygate.__version__,
        low_satang,
        high_satang,
        title="PayGate",
        description="A PromptPay payment gateway. Amounts are JSON numbers of baht. Every answer carries a"
        " `Request-Id`. Refusals have an `error` for programs and a `message` for people.",
        tags=TAGS,
    )
    return openapi.document(about, ADDRESSES, OPERATIONS, DIALECTS, v1.SENT)


@asynccontextmanager
async def _background(ctx: Context, *, wanted: bool) -> AsyncIterator[None]:
    """The work that nobody waits for, beside the requests; at the end what is in hand is finished.

    Not *wanted*: only what this process counts is kept, since nobody else can."""
    stop = asyncio.Event()
    work = asyncio.create_task(workers.run(ctx, stop) if wanted else workers.count_only(ctx, stop), name="workers")
    work.add_done_callback(_told)
    try:
        yield
    finally:
        stop.set()
        _, unfinished = await asyncio.wait({work}, timeout=STOP_S)
        if unfinished:
            log.warning("background work was cut off", after_s=STOP_S)
            work.cancel()


def _told(work: asyncio.Task[None]) -> None:
    if not work.cancelled() and (error := work.exception()) is not None:
        log.error("background work ended", exc_info=error)
