"""What `paygate qr` draws: the text of a code, put together from what the command line says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import click

import emvco
from emvco import explain, slip
from paygate.cli.decode import fields_of
from paygate.core.errors import InvalidInput
from paygate.core.money import read_baht, show
from paygate.services import codes, inputs


@dataclass(frozen=True, slots=True)
class Asked:
    """An ID or a whole code, and the options that belong to what is drawn."""

    given: str
    amount_satang: int | None = None
    ref1: str | None = None
    ref2: str | None = None
    abroad: bool = False
    bank: str | None = None
    truemoney: bool = False
    message: str | None = None
    one_time: str | None = None
    changes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Drawn:
    """The code's text, what it is of for programs, and what people should know of it."""

    payload: str
    answer: dict[str, object]
    warnings: tuple[str, ...] = ()


def read_amount(text: str) -> int:
    """Baht as people type them in satang; as exact as in the API. Raises InvalidInput (amount)."""
    satang = read_baht(text)
    if satang is not None and 1 <= satang <= codes.MAX_AMOUNT_SATANG:
        return satang
    message = "an amount is baht like 150 or 99.50"
    if satang == 0:
        message = "an amount is not zero: leave it out, and the payer types it"
    elif satang is not None:
        message = f"an amount is at most {show(codes.MAX_AMOUNT_SATANG)} baht"
    elif "," in text:
        message = "an amount is written without commas, like 1500.50"
    elif re.fullmatch(r"[0-9]+\.[0-9]{3,}", text, re.ASCII):
        message = "an amount has at most two decimals"
    raise InvalidInput(f"{message}.", field="amount")


def draw(asked: Asked) -> Drawn:
    """Raises click.UsageError for options that do not go together, InvalidInput for what cannot be a code."""
    kinds = {
        "--ref1 and --ref2": asked.ref1 is not None or asked.ref2 is not None,
        "--bank": asked.bank is not None,
        "--truemoney": asked.truemoney,
        "--one-time": asked.one_time is not None,
    }
    if sum(kinds.values()) > 1:
        raise click.UsageError(f"{', '.join(kinds)} are of different codes: give one of them.")
    if asked.message is not None and not asked.truemoney:
        raise click.UsageError("--message is for --truemoney.")
    if asked.abroad and not kinds["--ref1 and --ref2"]:
        raise click.UsageError("--abroad is for a bill payment: it needs --ref1.")
    try:
        if _is_code(asked.given):
            if any(kinds.values()):
                raise click.UsageError("A whole code takes --amount and --set only.")
            return _changed(_whole(asked.given, asked.amount_satang), asked.changes)
        payload, answer = _made(asked)
        doubts = tuple(f"{doubt}; for a biller ID give --ref1" for doubt in _wallet_doubts(payload))
        if asked.changes:
            changed = _changed(payload, asked.changes)
            return replace(changed, warnings=(*doubts, *changed.warnings))
        return Drawn(payload, answer, (*doubts, *_warnings(explain.explain(payload))))
    except emvco.EmvcoError as error:
        where = f" (tag {error.path})" if error.path and asked.changes else ""
        raise InvalidInput(f"This cannot be drawn: {error.message}{where}.") from error


def _is_code(given: str) -> bool:
    """A whole code, be it sound or damaged, and no ID that begins like one."""
    if given.startswith("|") or emvco.detect(given):
        return True
    bare = given.replace("-", "").replace(" ", "")
    is_id = bare.isascii() and bare.isdecimal() and len(bare) <= 15
    return not is_id and (given.startswith("0002") or slip.looks_like(given))


def _whole(given: str, amount_satang: int | None) -> str:
    """A code as it is, or with another amount; a barcode as the bill payment that it is of."""
    found = emvco.detect(given)
    if found is None:
        raise InvalidInput("This code is not sound; `paygate decode` shows where.")
    if found.barcode is not None:
        given = found.barcode.payload()
    payload = emvco.parse(given, strict=False)
    if amount_satang is None:
        return str(payload)
    if payload.is_slip or payload.get("53") != "764":
        raise InvalidInput("--amount is for payment codes in baht.")
    return str(payload.with_amount(amount_satang))


def _made(asked: Asked) -> tuple[str, dict[str, object]]:
    given, satang = asked.given, asked.amount_satang
    if asked.ref1 is not None or asked.ref2 is not None:
        code = codes.Code(biller_id=given, ref1=asked.ref1, ref2=asked.ref2, amount_satang=satang)
        payload = codes.payload(code)
        answer: dict[str, object] = {"billerId": emvco.normalise_biller_id(given), "ref1": asked.ref1}
        answer |= {"ref2": asked.ref2, "amountSatang": satang}
        if asked.abroad:
            payload = emvco.cross_border_payload(given, asked.ref1 or "", asked.ref2, satang)
            answer["crossBorder"] = True
        return payload, answer
    if asked.truemoney:
        payload = emvco.truemoney_payload(given, satang, asked.message)
        return payload, {"truemoney": given, "message": asked.message, "amountSatang": satang}
    if asked.bank is not None:
        proxy = emvco.bank_account(asked.bank, given)
        return emvco.promptpay_payload(proxy, satang), _promptpay(proxy.kind, proxy.digits, satang)
    kind, digits = inputs.proxy(given)
    if asked.one_time is not None:
        payload = emvco.one_time_payload(digits, asked.one_time, satang)
        return payload, _promptpay(kind, digits, satang) | {"oneTimeCode": asked.one_time}
    return emvco.promptpay_payload(digits, satang), _promptpay(kind, digits, satang)


def _promptpay(kind: str, digits: str, satang: int | None) -> dict[str, object]:
    return {"promptpay": digits, "promptpayKind": kind, "amountSatang": satang}


def _changed(payload: str, changes: Sequence[str]) -> Drawn:
    """The code with other values at the tags of --set, and all that can be said against it."""
    values: dict[str, str | None] = {}
    for change in changes:
        path, equals, value = change.partition("=")
        if not equals or path in values:
            raise click.BadParameter("it is TAG=VALUE, for example 59=SHOP, each tag once", param_hint="--set")
        values[path] = value or None
    text = str(emvco.parse(payload).replace(values)) if values else payload
    told = explain.explain(text)
    wrong = next((problem for problem in told.problems if problem.severity == "error"), None)
    if wrong is not None:
        raise InvalidInput(f"This cannot be drawn: {wrong.message} (tag {wrong.path}).")
    return Drawn(text, {"kind": told.kind} | fields_of(told), _warnings(told))


def _warnings(told: explain.Explanation) -> tuple[str, ...]:
    """What may not work everywhere, or is likely a mistake."""
    found = (problem for problem in told.problems if problem.severity == "warning")
    return tuple(f"{problem.message} (tag {problem.path})" if problem.path else problem.message for problem in found)


def _wallet_doubts(payload: str) -> list[str]:
    account = emvco.parse(payload).promptpay
    return [] if account is None or account.proxy.kind != "ewallet" else wallet_doubts(account.proxy.digits)


def wallet_doubts(digits: str) -> list[str]:
    """An e-wallet ID and a biller ID both have 15 digits: is this one likely the latter?"""
    return [] if digits.startswith(_WALLETS) else ["15 digits are read as an e-wallet ID"]


def words(payload: str) -> str:
    """Who is paid and how much, in one line; for a slip, whose it is."""
    told = explain.explain(payload)
    seen = emvco.parse(payload)
    if seen.is_slip:
        return ", ".join(fact.value for fact in told.facts if fact.path)
    asked = next(fact.value for fact in told.facts if fact.path == "54")
    if seen.amount is None:
        asked = "any amount"
    elif seen.get("53") == "764" and seen.amount_satang is not None:
        asked = f"{show(seen.amount_satang)} THB"
    account = seen.promptpay if seen.kind == "promptpay" else None
    if account is not None and account.proxy.kind != "bank_account" and seen.truemoney is None:
        code = "" if account.one_time_code is None else f", one-time code {account.one_time_code}"
        return f"{account.proxy.display}{code}, {asked}"
    return ", ".join([*(fact.value for fact in told.facts if fact.path[:2] in _ACCOUNTS), asked])


_WALLETS = ("004", "140")  # K PLUS and TrueMoney: the providers that are known.
_ACCOUNTS = frozenset(f"{number:02d}" for number in range(2, 52))
