"""`paygate decode`: what a payment code says, in words, and what is wrong with it, pointed at under the text."""

from __future__ import annotations

import errno
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import click

import emvco
from emvco import explain
from emvco.explain import Explanation
from emvco.report import Problem
from paygate.banks.slips import picture
from paygate.cli.output import emit, examples, json_option

MAX_TEXT_CHARS = 7_089
_BLANK = " \t\r\n"
MAX_FILE_BYTES = 50_000_000
_VIEWS: tuple[Callable[[emvco.Payload], Any], ...] = (
    lambda payload: payload.promptpay,
    lambda payload: payload.truemoney,
    lambda payload: payload.bill_payment,
    lambda payload: payload.slip,
    lambda payload: payload.truemoney_slip,
)
_PARTS = ("merchant", "additional", "language", "tip", "vat", "acquirer")


@click.command(
    epilog=examples(
        "paygate decode 00020101021229370016A000000677010111011300668123456785303764540550.005802TH63045197",
        "paygate decode slip.jpg",
        "paygate qr 0812345678 --amount 150 --json | jq -r .payload | paygate decode - --json",
    )
)
@click.argument("code", metavar="PAYLOAD|IMAGE")
@click.option("--objects", is_flag=True, help="Show every data object as well.")
@json_option
def decode(code: str, objects: bool, as_json: bool) -> None:
    """Say what a payment QR, slip or bill barcode says: its text, a picture of it, or - for text on standard input.

    The exit status is 0 for a sound code, 1 for anything else.
    """
    first, *others = _looked_at(code)
    seen = [first, *others]
    answer = {
        "kind": first.kind,
        "valid": first.kind != "unknown" and first.is_sound,
        "fields": fields_of(first),
        "problems": [problem._asdict() for problem in first.problems],
        "payload": first.text,
    }
    if others:
        answer["others"] = [one.text for one in others]
    if objects:
        answer["objects"] = [{"path": one.path, "name": one.label, "value": one.value} for one in first.objects]
    width = shutil.get_terminal_size((100, 24)).columns
    emit(answer, "\n\n".join(explain.render(one, width, objects) for one in seen).split("\n"), as_json=as_json)
    sys.exit(0 if answer["valid"] else 1)


def fields_of(seen: Explanation) -> dict[str, object]:
    """What a code says, for programs: only what is there, amounts in satang. Empty for what is no code."""
    found = emvco.detect(seen.text)
    if found is None:
        return {}
    if found.barcode is not None:
        return dict(_named(found.barcode))
    payload = found.payload
    values: dict[str, object] = {}
    if payload is None:
        return values
    for view in _VIEWS:
        with suppress(emvco.EmvcoError):  # What is broken stands among the problems.
            values |= _named(view(payload))
    with suppress(emvco.EmvcoError):
        values["amountSatang"] = payload.amount_satang
    values |= {"amount": payload.amount, "currency": payload.get("53"), "country": payload.get("58")}
    for name in _PARTS:
        values[name] = dict(_named(_part(payload, name))) or None
    if not payload.is_slip:
        values["dynamic"] = payload.is_dynamic
        with suppress(emvco.EmvcoError):
            values["message"] = payload.message
    return {name: value for name, value in values.items() if value is not None}


def _looked_at(code: str) -> list[Explanation]:
    """Each code of the text or picture, those that are of ours first."""
    texts = [] if code == "-" else _of_picture(code)
    # A picture's text is what it is; a shell or a paste may put something around.
    seen = [explain.explain(text) for text in texts] or [_bare(_typed() if code == "-" else code)]
    return sorted(seen, key=lambda one: one.kind == "unknown")


def _bare(text: str) -> Explanation:
    """The code without the blanks and line ends around it, which are said."""
    code = text.strip(_BLANK)
    seen = explain.explain(code)
    said = []
    if not text.startswith(code):
        said.append(Problem("stripped_before", "info", 0, "", "blanks before the code were left out"))
    if not text.endswith(code):
        said.append(Problem("stripped_after", "info", len(code), "", "blanks after the code were left out"))
    return seen._replace(problems=(*seen.problems, *said))


def _typed() -> str:
    """The code on stdin. No symbol holds more than 7,089 characters (ISO/IEC 18004)."""
    text = sys.stdin.read(MAX_TEXT_CHARS + 2).removesuffix("\n").removesuffix("\r")
    if len(text) > MAX_TEXT_CHARS:
        raise click.ClickException(f"No code has more than {MAX_TEXT_CHARS:,} characters.")
    return text


def _of_picture(code: str) -> list[str]:
    """The codes in the picture of this name; none when there is no such file."""
    try:
        path = Path(code)
        if not path.is_file():
            if path.suffix.lower() in {".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff"}:
                raise click.ClickException(f"There is no file {code}.")
            return []
        if path.stat().st_size > MAX_FILE_BYTES:
            raise click.ClickException(f"{code} is larger than {MAX_FILE_BYTES // 1_000_000} MB.")
        content = path.read_bytes()
    except ValueError:  # A NUL: no name of a file.
        return []
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return []
        raise click.ClickException(f"{code} cannot be read: {error}") from error
    texts = picture.read_codes(content)
    if not texts:
        raise click.ClickException(f"There is no readable code in {code}.")
    return texts


def _part(payload: emvco.Payload, name: str) -> Any:
    with suppress(emvco.EmvcoError):
        return getattr(payload, name)
    return None


def _named(view: Any) -> Iterator[tuple[str, object]]:
    """The members of a named tuple in camelCase; a proxy as its kind and digits."""
    for name, value in {} if view is None else view._asdict().items():
        if isinstance(value, emvco.Proxy):
            yield from (("proxyKind", value.kind), ("proxy", value.digits))
        elif value is not None:
            head, *tail = name.split("_")
            yield head + "".join(part.capitalize() for part in tail), str(value) if isinstance(value, date) else value
