"""`paygate qr --csv`: a table of codes becomes a folder of PNG pictures."""

from __future__ import annotations

import csv
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

import emvco
from emvco import qr as pictures
from paygate.cli.output import emit
from paygate.cli.qr_code import read_amount, wallet_doubts
from paygate.core.errors import InvalidInput
from paygate.core.fields import has_controls
from paygate.services import codes
from paygate.services.codes import Code

COLUMNS = ("promptpay", "biller_id", "ref1", "ref2", "amount", "name")
SHOWN_FAULTS = 10
MAX_NAME_BYTES = 200  # Leaves room for .png in any file system.
_COLUMN_OF = {"billerId": "biller_id"}


@dataclass(frozen=True, slots=True)
class _Line:
    """One code: the line of the file that asks for it, its text, and the name of its picture."""

    number: int
    payload: str
    file: str
    doubts: tuple[str, ...] = ()


def draw_all(table: Path, out: Path, *, scale: int, force: bool, as_json: bool) -> None:
    """Draw each line of *table* into *out*, with a progress bar. Nothing is written unless every line is good."""
    lines = _checked(table)
    doubtful = [line for line in lines if line.doubts]
    for line in doubtful[:SHOWN_FAULTS]:
        click.echo(f"Warning: line {line.number}: {'; '.join(line.doubts)}", err=True)
    if len(doubtful) > SHOWN_FAULTS:
        click.echo(f"Warning: and {len(doubtful) - SHOWN_FAULTS:,} more lines.", err=True)
    try:
        out.mkdir(parents=True, exist_ok=True)
        there = set() if force else {entry.name for entry in out.iterdir()}
        taken = next((line for line in lines if line.file in there), None)
        if taken is not None:
            raise click.ClickException(
                f"{out / taken.file} is there already (line {taken.number}); --force overwrites."
            )
        drawn = pictures.render_many((line.payload for line in lines), "png", error="M", scale=scale)
        with click.progressbar(
            zip(lines, drawn, strict=True),
            length=len(lines),
            label="Drawing",
            file=sys.stderr,
            hidden=as_json,
            update_min_steps=max(1, len(lines) // 200),
        ) as progress:
            for line, picture in progress:
                (out / line.file).write_bytes(picture)
    except OSError as error:
        raise click.ClickException(f"The pictures cannot be written: {error}") from error
    emit({"written": len(lines), "folder": str(out)}, [f"Written: {len(lines):,} pictures in {out}"], as_json=as_json)


def _checked(table: Path) -> list[_Line]:
    """Every line, or an error that names the first bad ones."""
    lines: list[_Line] = []
    faults: list[str] = []
    names: dict[str, int] = {}
    for number, row in _rows(table):
        try:
            line = _line(number, row)
            earlier = names.setdefault(unicodedata.normalize("NFC", line.file).casefold(), number)
            if earlier != number:
                raise InvalidInput(f"the name is that of line {earlier} already.", field="name")
            lines.append(line)
        except InvalidInput as error:
            faults.append(f"line {number}, {_COLUMN_OF.get(error.field or '', error.field)}: {error.message}")
    if faults:
        more = [f"and {len(faults) - SHOWN_FAULTS:,} more."] if len(faults) > SHOWN_FAULTS else []
        raise click.ClickException("\n  ".join([f"{table} has faults:", *faults[:SHOWN_FAULTS], *more]))
    if not lines:
        raise click.ClickException(f"{table} has no lines below its header.")
    return lines


def _rows(table: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Each line that is not empty, with its number, by column."""
    reader = None
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = [name.strip().lower() for name in next(reader, [])]
            _check_header(table, header)
            for row in reader:
                if not any(cell.strip() for cell in row):
                    continue
                if len(row) > len(header):
                    raise click.ClickException(f"{table}, line {reader.line_num}: more cells than the header has.")
                yield reader.line_num, {name: cell.strip() for name, cell in zip(header, row, strict=False)}
    except OSError as error:
        raise click.ClickException(f"{table} cannot be read: {error}") from error
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{table} is not UTF-8{_where(table)}; save it as CSV UTF-8.") from error
    except csv.Error as error:
        raise click.ClickException(f"{table}, line {reader.line_num if reader else 1}: {error}.") from error


def _where(table: Path) -> str:
    """The line of the first byte that is not UTF-8: the reader itself takes much at a time and does not know."""
    octets = table.read_bytes()
    try:
        octets.decode()
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        return f" in line {line}"
    return ""


def _check_header(table: Path, header: list[str]) -> None:
    unknown = [name for name in header if name not in COLUMNS]
    if unknown or len(set(header)) < len(header) or not {"promptpay", "biller_id"} & set(header):
        told = f" Not known: {', '.join(unknown)}." if unknown else ""
        raise click.ClickException(
            f"{table}, line 1: a header is wanted, of the columns {', '.join(COLUMNS)}, each at most once,"
            f" with promptpay or biller_id among them.{told}"
        )


def _line(number: int, row: dict[str, str]) -> _Line:
    given = {name: cell for name, cell in row.items() if cell}
    satang = read_amount(given["amount"]) if "amount" in given else None
    code = Code(given.get("promptpay"), given.get("biller_id"), given.get("ref1"), given.get("ref2"), satang)
    payload = codes.payload(code)
    doubts = () if code.promptpay is None else _doubts(code.promptpay)
    return _Line(number, payload, _file(given.get("name", str(number))), doubts)


def _doubts(promptpay: str) -> tuple[str, ...]:
    """What is likely a mistake in an ID that can be one."""
    found = emvco.normalise_proxy(promptpay)
    if found.kind == "ewallet":
        return tuple(f"{one}; a biller ID stands in the column biller_id" for one in wallet_doubts(found.digits))
    return ("the check digit of this national or tax ID is wrong",) if found.check_digit_ok is False else ()


def _file(name: str) -> str:
    """The picture's file name. Raises InvalidInput (name) for one that leads elsewhere or cannot be."""
    if name.startswith(".") or has_controls(name) or any(c in name for c in '/\\:*?"<>|'):
        raise InvalidInput('a name may not begin with a dot, nor contain / \\ : * ? " < > |.', field="name")
    if len(name.encode()) > MAX_NAME_BYTES:
        raise InvalidInput(f"a name has at most {MAX_NAME_BYTES} bytes.", field="name")
    return f"{name}.png"
