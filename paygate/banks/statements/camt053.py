"""ISO 20022 CAMT.053, any version: read as a stream, by a parser that refuses document types and entities.

`defusedxml` guards the parser; what an entry means is ISO 20022's message definition report, "BankToCustomerStatement".
Libraries that offer CAMT bring a web framework along, or read the file whole.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from paygate.banks.statements.table import MAX_ROWS
from paygate.core.credits import BANGKOK
from paygate.core.errors import InvalidInput, TooLarge
from paygate.core.money import show
from paygate.core.statements import Direction, Line, Problem, Statement, Trouble

CURRENCY = "THB"
LONGEST_TEXT = 300
MAX_DEPTH = 40
MAX_SATANG = 10**15
AMOUNT = re.compile(r"\d{1,13}(?:\.\d{1,5})?", re.ASCII)
BOOKED = {"BOOK", ""}
NO_REFERENCE = {"NOTPROVIDED", "NONREF", "NOREF"}


@dataclass(slots=True)
class _Reading:
    lines: list[Line] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    accounts: set[str] = field(default_factory=set)
    balances: list[tuple[str, date | None, int]] = field(default_factory=list)
    period: list[date] = field(default_factory=list)
    entries: int = 0


def looks_like(raw: bytes) -> bool:
    """Whether it begins like XML."""
    head = raw[:200]
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        head = head.replace(b"\x00", b"")[2:]
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<"


def read(raw: bytes) -> Statement:
    """The statement of one account in baht. Raises InvalidInput and TooLarge."""
    reading = _Reading()
    try:
        for kind, element in _elements(raw):
            if kind == "Ntry":
                _entry(reading, element)
            elif kind == "Bal":
                _balance(reading, element)
            elif kind == "Acct":
                reading.accounts.add(_text(element, "Id/Othr/Id") or _text(element, "Id/IBAN"))
            else:
                _period(reading, element)
    except DefusedXmlException as error:
        raise InvalidInput("The XML has a document type or entities: that is no bank's statement.") from error
    except (ParseError, ValueError, LookupError, RecursionError) as error:
        raise InvalidInput(f"The file is not well-formed XML: {error}") from error
    return _statement(reading)


def _elements(raw: bytes) -> Iterator[tuple[str, Element]]:
    """Entries, balances, the account and the period, each when it is complete, with names without namespaces."""
    is_statement = False
    path: list[Element] = []
    for event, element in iterparse(io.BytesIO(raw), events=("start", "end"), forbid_dtd=True):
        name = _name(element)
        if event == "start":
            path.append(element)
            is_statement = is_statement or name == "BkToCstmrStmt"
            if len(path) > MAX_DEPTH:
                raise InvalidInput("The XML is nested too deeply.")
            if len(path) == 3 and not is_statement:
                break
            continue
        path.pop()
        if path and _name(path[-1]) == "Stmt" and name in ("Ntry", "Bal", "Acct", "FrToDt"):
            yield name, element
            path[-1].remove(element)  # A long statement does not stay in memory.
    if not is_statement:
        raise InvalidInput("The XML is no CAMT.053 statement (BkToCstmrStmt).")


def _name(element: Element) -> str:
    """Its name without the namespace, which has the version in it."""
    return element.tag.rpartition("}")[2]


def _find(element: Element, path: str) -> Element | None:
    for name in path.split("/"):
        found = next((child for child in element if _name(child) == name), None)
        if found is None:
            return None
        element = found
    return element


def _text(element: Element, path: str) -> str:
    found = _find(element, path)
    return " ".join((found.text or "").split()) if found is not None else ""


def _all(element: Element, name: str) -> list[Element]:
    return [child for child in element if _name(child) == name]


def _satang(element: Element | None) -> int | str:
    """An Amt in satang, or what is wrong with it."""
    text = (element.text or "").strip() if element is not None else ""
    if element is None or not AMOUNT.fullmatch(text):
        return "The amount cannot be read."
    if element.get("Ccy") != CURRENCY:
        return f"An amount in {(element.get('Ccy') or '?')[:3]!r}."
    try:
        satang = Decimal(text) * 100
    except InvalidOperation:
        return "The amount cannot be read."
    if satang != satang.to_integral_value() or satang >= MAX_SATANG:
        return "The amount cannot be read."
    return int(satang)


def _moment(element: Element, name: str) -> tuple[date, datetime | None] | None:
    """`BookgDt` or `ValDt`: (day in Bangkok, moment when a time is told)."""
    day, moment = _text(element, f"{name}/Dt"), _text(element, f"{name}/DtTm")
    try:
        if moment:
            at = datetime.fromisoformat(moment)
            at = at.replace(tzinfo=BANGKOK) if at.tzinfo is None else at.astimezone(BANGKOK)
            return at.date(), at
        return (date.fromisoformat(day[:10]), None) if day else None
    except (ValueError, OverflowError):
        return None


def _entry(reading: _Reading, entry: Element) -> None:
    reading.entries += 1
    number = reading.entries
    if number > MAX_ROWS:
        raise TooLarge(f"A statement may have {MAX_ROWS:,} lines.")
    status = _text(entry, "Sts/Cd") or _text(entry, "Sts")
    if status not in BOOKED:
        return  # Pending, or for information: no money has moved yet.
    amount = _satang(_find(entry, "Amt"))
    mark, booked, value = _text(entry, "CdtDbtInd"), _moment(entry, "BookgDt"), _moment(entry, "ValDt")
    when = booked or value
    if isinstance(amount, str) or mark not in ("CRDT", "DBIT") or when is None:
        trouble = Trouble.FOREIGN if isinstance(amount, str) and amount.startswith("An") else Trouble.ROW
        what = amount if isinstance(amount, str) else "The direction or the day cannot be read."
        reading.problems.append(Problem(number, trouble, f"{what} The entry is not used."))
        return
    if amount == 0:
        return
    direction = Direction.IN if mark == "CRDT" else Direction.OUT  # Of reversals as well: it is what moved now.
    day, at = when
    value_day = value[0] if value and value[0] != day else None
    parts = [part for details in _all(entry, "NtryDtls") for part in _all(details, "TxDtls")]
    amounts = [
        _satang(_find(p, "Amt") if _find(p, "Amt") is not None else _find(p, "AmtDtls/TxAmt/Amt")) for p in parts
    ]
    single = [n for n in amounts if isinstance(n, int) and n > 0]
    if len(parts) > 1 and len(single) == len(parts) and sum(single) == amount:
        for part, satang in zip(parts, single, strict=True):
            reading.lines.append(_line(number, at, day, satang, direction, part, None, value_day))
        return
    own = _text(entry, "AcctSvcrRef") or _text(entry, "NtryRef")
    detail = parts[0] if len(parts) == 1 else entry
    reading.lines.append(
        _line(number, at, day, amount, direction, detail, own, value_day, _text(entry, "AddtlNtryInf"))
    )


def _line(
    number: int,
    at: datetime | None,
    day: date,
    amount_satang: int,
    direction: Direction,
    detail: Element,
    own_reference: str | None,
    value_day: date | None,
    more: str = "",
) -> Line:
    names = ("Refs/AcctSvcrRef", "Refs/TxId", "Refs/EndToEndId")
    found = [own_reference or "", *(_text(detail, name) for name in names)]
    reference = next((text for text in found if text and text.upper() not in NO_REFERENCE and len(text) <= 64), None)
    remittance = _find(detail, "RmtInf")
    words = [_text(detail, "AddtlTxInf"), more]
    if remittance is not None:
        words += [" ".join((note.text or "").split()) for note in _all(remittance, "Ustrd")]
    ref1 = _text(detail, "RmtInf/Strd/CdtrRefInf/Ref").upper()
    return Line(
        number,
        at,
        day,
        amount_satang,
        direction,
        None,
        " ".join(word for word in words if word)[:LONGEST_TEXT],
        None,
        reference,
        ref1 if 0 < len(ref1) <= 20 else None,
        value_day=value_day,
    )


def _balance(reading: _Reading, element: Element) -> None:
    kind = _text(element, "Tp/CdOrPrtry/Cd")
    amount = _satang(_find(element, "Amt"))
    if kind not in ("OPBD", "PRCD", "CLBD") or isinstance(amount, str):
        return
    day = _moment(element, "Dt") or _moment_of(element)
    signed = -amount if _text(element, "CdtDbtInd") == "DBIT" else amount
    reading.balances.append((kind, day[0] if day else None, signed))


def _moment_of(element: Element) -> tuple[date, None] | None:
    try:
        return date.fromisoformat(_text(element, "Dt")[:10]), None
    except ValueError:
        return None


def _period(reading: _Reading, element: Element) -> None:
    for name in ("FrDtTm", "ToDtTm", "FrDt", "ToDt"):
        text = _text(element, name)
        try:
            if text:
                at = datetime.fromisoformat(text)
                reading.period.append((at if at.tzinfo is None else at.astimezone(BANGKOK)).date())
        except (ValueError, OverflowError):
            reading.problems.append(Problem(0, Trouble.ROW, "The period cannot be read."))


def _statement(reading: _Reading) -> Statement:
    if len(reading.accounts) > 1:
        raise InvalidInput("There are statements of several accounts in this file: send one account at a time.")
    if not reading.lines and not reading.problems and not reading.balances:
        raise InvalidInput("There is no transaction in this file.")
    opening = next((satang for kind, _, satang in reading.balances if kind in ("OPBD", "PRCD")), None)
    closing = next((satang for kind, _, satang in reversed(reading.balances) if kind == "CLBD"), None)
    moved = sum(n.amount_satang if n.direction is Direction.IN else -n.amount_satang for n in reading.lines)
    if opening is not None and closing is not None and opening + moved != closing:
        expected = show(opening + moved)
        message = f"The closing balance should be {expected} and is {show(closing)}: an entry is missing, or wrong."
        reading.problems.append(Problem(0, Trouble.BALANCE, message))
    lines = sorted(reading.lines, key=lambda line: (line.day, line.at is not None, line.at or 0))
    days = sorted(reading.period) or sorted(d for k, d, _ in reading.balances if d and k == "CLBD")
    period = (days[0], days[-1]) if days else None
    if period and lines and not reading.period:
        period = min(period[0], lines[0].day), max(period[1], lines[-1].day)
    account = next(iter(reading.accounts), "")
    return Statement(
        tuple(lines),
        tuple(reading.problems),
        account.replace("-", "").replace(" ", "") or None,
        opening,
        closing,
        period,
        "camt053",
    )
