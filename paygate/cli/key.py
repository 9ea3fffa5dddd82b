"""`paygate key`: API keys of merchants."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import click

from paygate.cli.output import emit, examples, json_option, moment, read_id, table
from paygate.cli.session import run
from paygate.core import ids, networks, scopes
from paygate.core.keys import Kind, Mode, shown
from paygate.core.scopes import Scope
from paygate.db.keys import KeyRow
from paygate.services import keys
from paygate.services.keys import Grant

ALL = ", ".join(Scope)
UNITS = {"m": "minutes", "h": "hours", "d": "days"}


class Span(click.ParamType[timedelta]):
    """A span of time: `30m`, `24h`, `90d`; `0` is none."""

    name = "span"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """What click calls."""
        match = re.fullmatch(r"([0-9]{1,6})([mhd])", value, re.ASCII)
        if match is None and value != "0":
            self.fail(f"{value!r} is not a span like 30m, 24h or 90d.", param, ctx)
        return timedelta(**{UNITS[match[2]]: int(match[1])}) if match else timedelta(0)


@click.group()
def key() -> None:
    """API keys of merchants."""


@key.command(
    epilog=examples(
        "paygate key create --merchant mer_0c...",
        "paygate key create --merchant mer_0c... --scope payments:read --scope webhooks:read --expires 90d",
        "paygate key create --merchant mer_0c... --allow-network 203.0.113.0/24",
        "paygate key create --merchant mer_0c... --kind public --test",
    )
)
@click.option("--merchant", required=True, help="The merchant's id.")
@click.option("--kind", type=click.Choice(["secret", "public"]), default="secret", show_default=True)
@click.option("--test", is_flag=True, help="A key of the test mode; without it, live.")
@click.option("--scope", multiple=True, metavar="SCOPE", help=f"What it may do (may be repeated): {ALL}; else all.")
@click.option(
    "--allow-network", multiple=True, metavar="CIDR", help="Where its requests must come from (may be repeated)."
)
@click.option("--expires", type=Span(), help="Good for so long: 30m, 24h, 90d. Without it, until it is revoked.")
@json_option
def create(
    merchant: str,
    kind: Kind,
    test: bool,
    scope: tuple[str, ...],
    allow_network: tuple[str, ...],
    expires: timedelta | None,
    as_json: bool,
) -> None:
    """Create a key. A secret one is shown this once."""
    merchant_id = ids.read_merchant(merchant)
    grant = Grant(scopes.read(scope), networks.read(allow_network), expires)
    mode: Mode = "test" if test else "live"
    new = run(lambda ctx: keys.create(ctx, merchant_id=merchant_id, kind=kind, mode=mode, grant=grant))
    key_id = ids.show("key", new.id)
    lines = [f"Key {key_id}: {new.text}", *(["Keep it: it is not shown again."] if kind == "secret" else [])]
    emit({"keyId": key_id, "key": new.text}, lines, as_json=as_json)


@key.command(
    epilog=examples(
        "paygate key rotate key_01...",
        "paygate key rotate key_01... --overlap 7d --json",
        "paygate key rotate key_01... --overlap 0    # it may have leaked",
    )
)
@click.argument("key_id")
@click.option("--overlap", type=Span(), default="24h", show_default=True, help="The old key works on for so long.")
@click.option("--expires", type=Span(), help="The new key is good for so long; without it, for as long as the old was.")
@json_option
def rotate(key_id: str, overlap: timedelta, expires: timedelta | None, as_json: bool) -> None:
    """Create a key in the place of another, which may do the same; both work meanwhile."""
    number = read_id("key", key_id)
    done = run(lambda ctx: keys.rotate(ctx, number, overlap=overlap, lifetime=expires))
    new_id, until = ids.show("key", done.key.id), moment(done.old_expires_at)
    answer = {
        "keyId": new_id,
        "key": done.key.text,
        "expiresAt": done.expires_at,
        "oldKeyId": ids.show("key", number),
        "oldKeyExpiresAt": done.old_expires_at,
    }
    keep = ["Keep it: it is not shown again."] if done.key.row.public_key is None else []
    lines = [f"Key {new_id}: {done.key.text}", *keep, f"The old key works until {until}."]
    emit(answer, lines, as_json=as_json)


@key.command(epilog=examples("paygate key revoke key_01..."))
@click.argument("key_id")
@json_option
def revoke(key_id: str, as_json: bool) -> None:
    """Make a key worthless at once, in every process."""
    number = read_id("key", key_id)
    run(lambda ctx: keys.revoke(ctx, number))
    emit({"keyId": ids.show("key", number), "revoked": True}, [f"Key {key_id} is revoked."], as_json=as_json)


@key.command("list", epilog=examples("paygate key list --merchant mer_0c..."))
@click.option("--merchant", required=True, help="The merchant's id.")
@json_option
def list_(merchant: str, as_json: bool) -> None:
    """List a merchant's keys. Secret ones show their last four characters only."""
    merchant_id = ids.read_merchant(merchant)
    found = run(lambda ctx: keys.list_keys(ctx, merchant_id))
    rows = [
        [
            ids.show("key", k.id),
            _text(k),
            _state(k),
            " ".join(k.scopes),
            moment(k.last_used_at) if k.last_used_at else "never",
            moment(k.created_at),
        ]
        for k in found
    ]
    lines = table(["KEY ID", "KEY", "STATE", "SCOPES", "LAST USED", "CREATED"], rows)
    emit({"keys": [_shape(k) for k in found]}, lines, as_json=as_json)


def _text(k: KeyRow) -> str:
    return k.public_key or shown(k.kind, k.mode, k.last4)


def _state(k: KeyRow) -> str:
    if k.revoked_at or k.expired:
        return "revoked" if k.revoked_at else "expired"
    return f"until {moment(k.expires_at)}" if k.expires_at else "in use"


def _shape(k: KeyRow) -> dict[str, Any]:
    return {
        "keyId": ids.show("key", k.id),
        "kind": k.kind,
        "mode": k.mode,
        "key": _text(k),
        "last4": k.last4,
        "scopes": list(k.scopes),
        "allowNetworks": [str(network) for network in k.allow_networks],
        "lastUsedAt": k.last_used_at,
        "expiresAt": k.expires_at,
        "revokedAt": k.revoked_at,
        "replacedBy": ids.show("key", k.replaced_by) if k.replaced_by else None,
        "createdAt": k.created_at,
    }
