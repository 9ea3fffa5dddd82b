"""Answers of commands: lines for people, or with --json one line of JSON for programs; and options many share."""

from __future__ import annotations

import getpass
import json
import os
import sys
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

import click

from paygate.core import ids
from paygate.core.credits import BANGKOK
from paygate.core.errors import InvalidInput, NotFound
from paygate.core.events import timestamp
from paygate.core.money import read_baht

NO_WIDTH = frozenset({"Mn", "Me", "Cf"})
Function = TypeVar("Function", bound=Callable[..., Any])


def json_option(function: Function) -> Function:
    """`--json`, as the parameter *as_json*."""
    return click.option("--json", "as_json", is_flag=True, help="Answer with one line of JSON.")(function)


def password_option(function: Function) -> Function:
    """`--password-stdin`, as the parameter *password_stdin*."""
    return click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")(function)


def examples(*lines: str) -> str:
    """An epilog of --help that click does not wrap."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def emit(answer: Mapping[str, Any], lines: Sequence[str], *, as_json: bool) -> None:
    """Print an answer: *answer* as JSON, or *lines*."""
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False, default=_plain))
    else:
        click.echo("\n".join(lines))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows under a head, in columns; a sentence when there are none."""
    if not rows:
        return ["There are none."]
    widths = [max(columns(row[i]) for row in (head, *rows)) for i in range(len(head))]
    return [
        "  ".join(cell + " " * (width - columns(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (head, *rows)
    ]


def columns(text: str) -> int:
    """How wide a terminal draws *text*: Thai vowels and tone marks above and below take no column, CJK takes two."""
    return sum(
        0 if unicodedata.category(c) in NO_WIDTH else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


def moment(at: datetime, *, seconds: bool = False) -> str:
    """A moment in an answer for people: Bangkok's clock and its offset from UTC, as the bank's app shows it."""
    return at.astimezone(BANGKOK).strftime("%Y-%m-%d %H:%M:%S +07:00" if seconds else "%Y-%m-%d %H:%M +07:00")


def read_password() -> str:
    """The first line of standard input, without its line end."""
    return sys.stdin.readline().rstrip("\r\n")


def person(by: str | None) -> str:
    """Who acts, for the audit log: whom `--by` names, else the user of this host."""
    if by and by.strip():
        return f"cli:{' '.join(by.split())}"
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):  # A container's user without a name.
        return f"cli:uid {os.getuid()}"


def read_baht_option(text: str) -> int:
    """An amount that somebody typed, `1,500` or `99.50`, in satang. Raises InvalidInput (amount)."""
    found = read_baht(text.replace(",", ""))
    if not found:
        raise InvalidInput("The amount is baht, for example 150.00.", field="amount")
    return found


def owner_text(merchant_id: int) -> str:
    """`central` for the platform, else the merchant's id."""
    return "central" if merchant_id == 0 else ids.show_merchant(merchant_id)


def read_owner(text: str) -> int:
    """The reverse of `owner_text`. Raises NotFound."""
    return 0 if text == "central" else ids.read_merchant(text)


def read_id(prefix: str, text: str) -> UUID:
    """An id that somebody typed. Raises NotFound, saying what was looked for."""
    try:
        return ids.read(prefix, text)
    except NotFound:
        raise NotFound(f"{text!r} is not an id of the form {prefix}_...") from None


def _plain(value: object) -> str | int | float | None:
    if isinstance(value, datetime):
        return timestamp(value)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(type(value).__name__)
