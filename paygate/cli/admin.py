"""`paygate admin`: people who run the platform."""

from __future__ import annotations

import sys

import click

from paygate.cli.output import emit, examples, json_option, password_option, read_password
from paygate.cli.session import run
from paygate.core import ids
from paygate.services import users


@click.group()
def admin() -> None:
    """Admins of the platform."""


@admin.command(
    epilog=examples(
        "paygate admin create admin@example.com",
        'echo "$PASSWORD" | paygate admin create admin@example.com --password-stdin --json',
    )
)
@click.argument("email")
@password_option
@json_option
def create(email: str, password_stdin: bool, as_json: bool) -> None:
    """Create an admin who logs in with EMAIL and a password of at least 10 characters."""
    if password_stdin:
        password = read_password()
    elif sys.stdin.isatty():
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        raise click.UsageError("Give the password on standard input, with --password-stdin.")
    admin_id = ids.show("usr", run(lambda ctx: users.create_admin(ctx, email=email, password=password)))
    emit({"adminId": admin_id}, [f"Admin {admin_id} may log in."], as_json=as_json)
