"""Pages: HTML from templates/, in Thai and English, without a request to anybody else."""

from paygate.web import account, checkout, docs, example, forwarder, home, invoices, link, pages, refund, sdk, simulator
from paygate.web.errors import refuse, refuse_checkout

HANDLERS = (
    account.password,
    forwarder.show_page,
    forwarder.read,
    forwarder.script,
    sdk.library,
    sdk.widget,
    example.show,
    checkout.show,
    checkout.cancel,
    checkout.send_slip,
    checkout.renew,
    checkout.logo,
    *docs.HANDLERS,
    home.show,
    link.show,
    link.pay,
    refund.show,
    refund.give,
    simulator.show,
    simulator.play,
    simulator.slip,
    pages.icon,
)
"""For people: no part of the API's document."""

__all__ = [
    "HANDLERS",
    "account",
    "checkout",
    "docs",
    "example",
    "forwarder",
    "home",
    "invoices",
    "link",
    "pages",
    "refund",
    "refuse",
    "refuse_checkout",
    "sdk",
    "simulator",
]
