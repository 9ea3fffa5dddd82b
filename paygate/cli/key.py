"""`paygate key`: API keys of merchants."""

from __future__ import annotations

from typing import Any

import click

from paygate.cli.output import emit, examples, json_option, read_id, table
from paygate.cli.session import run
from paygate.core import ids
from paygate.core.keys import PREFIX, Kind
from paygate.db.keys import KeyRow
from paygate.services import keys


@click.group()
def key() -> None:
    """API keys of merchants."""


@key.command(
    epilog=examples(
        "paygate key create --merchant mer_0c...", "paygate key create --merchant mer_0c... --kind public --test"
    )
)
@click.option("--merchant", required=True, help="The merchant's id.")
@click.option("--kind", type=click.Choice(["secret", "public"]), default="secret", show_default=True)
@click.option("--test", is_flag=True, help="A key of the test mode; without it, live.")
@json_option
def create(merchant: str, kind: Kind, test: bool, as_json: bool) -> None:
    """Create a key. A secret one is shown this once."""
    merchant_id = ids.read_merchant(merchant)
    new = run(lambda ctx: keys.create(ctx, merchant_id=merchant_id, kind=kind, mode="test" if test else "live"))
    key_id = ids.show("key", new.id)
    lines = [f"Key {key_id}: {new.text}", *(["Keep it: it is not shown again."] if kind == "secret" else [])]
    emit({"keyId": key_id, "key": new.text}, lines, as_json=as_json)


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
    rows = [[ids.show("key", k.id), _text(k), _state(k), k.created_at.strftime("%Y-%m-%d %H:%M UTC")] for k in found]
    lines = table(["KEY ID", "KEY", "STATE", "CREATED"], rows)
    emit({"keys": [_shape(k) for k in found]}, lines, as_json=as_json)


def _text(k: KeyRow) -> str:
    return k.public_key or f"{PREFIX[k.kind, k.mode]}...{k.last4}"


def _state(k: KeyRow) -> str:
    return "revoked" if k.revoked_at else "in use"


def _shape(k: KeyRow) -> dict[str, Any]:
    return {
        "keyId": ids.show("key", k.id),
        "kind": k.kind,
        "mode": k.mode,
        "key": _text(k),
        "last4": k.last4,
        "scopes": list(k.scopes),
        "lastUsedAt": k.last_used_at,
        "expiresAt": k.expires_at,
        "revokedAt": k.revoked_at,
        "createdAt": k.created_at,
    }
