"""The root of the command line. Commands are imported when they are asked for, so that `paygate qr` starts quickly."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any

import click

from paygate import __version__
from paygate.core.errors import Bug, PayGateError
from paygate.embedded import EmbeddedError
from paygate.environment import merged

# name: (where it is, what it is for)
COMMANDS = {
    "serve": ("paygate.cli.serve:serve", "Run the gateway."),
    "worker": ("paygate.cli.worker:worker", "Run the background work alone."),
    "demo": ("paygate.cli.demo:demo", "Play a whole payment in the terminal."),
    "admin": ("paygate.cli.admin:admin", "Admins of the platform."),
    "user": ("paygate.cli.user:user", "People who log in, and help for those who cannot."),
    "account": ("paygate.cli.account:account", "Accounts on which money arrives."),
    "merchant": ("paygate.cli.merchant:merchant", "Merchants and their approval."),
    "plan": ("paygate.cli.plan:plan", "Plans of merchants, and what they cost."),
    "source": ("paygate.cli.source:source", "Sources of bank news."),
    "test": ("paygate.cli.simulate:test", "Play the bank for test payments."),
    "webhook": ("paygate.cli.webhook:webhook", "Webhook endpoints of merchants."),
    "key": ("paygate.cli.key:key", "API keys of merchants."),
    "balance": ("paygate.cli.balance:balance", "What a merchant has with us."),
    "link": ("paygate.cli.link:link", "Payment links: prices with an address."),
    "settlement": ("paygate.cli.settlement:settlement", "Merchants' money on its way out."),
    "refund": ("paygate.cli.refund:refund", "Money back to payers."),
    "invoice": ("paygate.cli.invoice:invoice", "Fee invoices of direct merchants."),
    "credit": ("paygate.cli.credit:credit", "Money that arrived."),
    "review": ("paygate.cli.review:review", "What only a person can decide."),
    "reconcile": ("paygate.cli.reconcile:reconcile", "Compare a bank's statement with what is known."),
    "close": ("paygate.cli.close:close", "The daily close of the central accounts."),
    "alert": ("paygate.cli.alert:alert", "Alarms told by LINE, mail or webhook."),
    "evidence": ("paygate.cli.evidence:evidence", "Evidence for a bank or the police."),
    "ledger": ("paygate.cli.ledger:ledger", "The double-entry ledger."),
    "audit": ("paygate.cli.audit:audit", "The log of who did what."),
    "log": ("paygate.cli.log:log", "What became of requests, payments and webhooks."),
    "db": ("paygate.cli.db:db", "The database's schema."),
    "qr": ("paygate.cli.qr:qr", "Draw payment QRs: one, or a whole CSV file."),
    "notice": ("paygate.cli.notice:notice", "Say what a bank's text would be read as."),
    "decode": ("paygate.cli.decode:decode", "Say what a payment code or slip says."),
}


class Root(click.Group):
    """Finds commands in COMMANDS, and turns expected errors into one clear line and exit status 1."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which an operator needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, purpose) for name, (_, purpose) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run it."""
        try:
            return super().invoke(ctx)
        except Bug:
            raise
        except PayGateError as error:
            raise click.ClickException(error.message) from error
        except EmbeddedError as error:
            raise click.ClickException(str(error)) from error


@click.group(
    cls=Root,
    epilog="""\b
Examples:
  paygate demo
  paygate serve
  paygate merchant create --email shop@example.com --name "Coffee Shop" --plan free --approve
""",
)
@click.version_option(__version__, prog_name="paygate")
def cli() -> None:
    """PayGate: a self-hosted PromptPay payment gateway.

    Settings come from the environment or a .env file in the current folder. Commands work beside a running server.
    Without PAYGATE_DATABASE_URL they use the PostgreSQL in PAYGATE_DATA_DIR, and start it if nobody else has.
    """
    # For all that reads the environment itself: the embedded PostgreSQL, server processes.
    for name, value in merged(os.environ, Path()).items():
        os.environ.setdefault(name, value)
