"""A code in words, and its problems pointed at under the text: what a terminal or a page shows about it.

>>> print(render(explain("00020101021229370016A000000677010111011300668123456785303764540550.005802TH63045197")))
PromptPay credit transfer
<BLANKLINE>
  Pays to    081-234-5678 (mobile)
  Amount     50.00 THB
  Use        one payment (dynamic)
<BLANKLINE>
  00020101021229370016A000000677010111011300668123456785303764540550.005802TH63045197
<BLANKLINE>
  No problems.
>>> print(render(explain("|099400016550100"), width=40))
Not a payment code
<BLANKLINE>
  |099400016550100
                  ^1
<BLANKLINE>
  1 error wrong_parts: there are four parts: biller ID, reference 1, reference 2, amount
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Final, NamedTuple
from unicodedata import category, combining, east_asian_width

from emvco import amount, banks, fields, reader, tags, vat
from emvco.acquirer import PaymentInnovation
from emvco.barcode import Barcode
from emvco.detection import detect
from emvco.errors import EmvcoError, InputError, StructureError
from emvco.payload import Payload
from emvco.promptpay import PromptPay
from emvco.reader import Parts
from emvco.report import Problem, validate
from emvco.tlv import DataObject, join

TITLES: Final = {
    "promptpay": "PromptPay credit transfer",
    "bill_payment": "PromptPay bill payment",
    "slip": "Transfer slip of a bank",
    "truemoney_slip": "Transfer slip of TrueMoney",
    "barcode": "Bill payment barcode",
    "emvco": "EMVCo payment code",
    "damaged": "Damaged payment code: do not pay it",
    "unknown": "Not a payment code",
}
_KINDS: Final = {
    "mobile": "mobile",
    "national_id": "national or tax ID",
    "ewallet": "e-wallet",
    "bank_account": "bank account",
}
_ADDITIONAL: Final = (
    "Bill number",
    "Mobile",
    "Store",
    "Loyalty number",
    "Reference",
    "Customer",
    "Terminal",
    "Purpose",
    "App asks for",
    "Tax ID",
    "Channel",
)
_CURRENCIES: Final = {
    "764": "THB",
    "156": "CNY",
    "344": "HKD",
    "360": "IDR",
    "392": "JPY",
    "410": "KRW",
    "418": "LAK",
} | {
    "458": "MYR",
    "608": "PHP",
    "702": "SGD",
    "704": "VND",
    "840": "USD",
    "978": "EUR",
    "986": "BRL",
    "116": "KHR",
}


class Fact(NamedTuple):
    """One line about a code: what it is about, what it says, and the tag that says it."""

    label: str
    value: str
    path: str = ""


class Explanation(NamedTuple):
    """A code in words.

    `text`      as it was given; problems' offsets count in it
    `kind`      as `detect` has it, or "damaged" (cut off, altered, wrong CRC), or "unknown"
    `facts`     what it says, in the order in which people want to know it
    `problems`  what is wrong with it, worst first
    `objects`   every data object with path and name, templates opened; empty for barcodes and what cannot be read
    """

    text: str
    kind: str
    facts: tuple[Fact, ...]
    problems: tuple[Problem, ...]
    objects: tuple[Fact, ...]

    @property
    def title(self) -> str:
        """The kind in words."""
        return TITLES[self.kind]

    @property
    def is_sound(self) -> bool:
        """Is there no error? Warnings and infos may be there."""
        return all(problem.severity != "error" for problem in self.problems)


def explain(text: str | Payload, profile: str | None = None) -> Explanation:
    """Look at any text a camera may see. Never raises for what is in the text.

    *profile* as in `validate`; None takes THAI for codes of Thailand (58=TH) and EMVCO for others.
    """
    text = fields.code_text(text)
    found = detect(text)
    if found is None:
        return _damaged(text, profile)
    if found.payload is None:
        facts = () if found.barcode is None else tuple(_barcode(found.barcode))
        return Explanation(text, found.kind, facts, tuple(validate(text)), ())
    payload = found.payload
    if profile is None:
        profile = "THAI" if payload.is_slip or payload.get("58") in {tags.THAILAND, None} else "EMVCO"
    facts = tuple(_slip(payload) if payload.is_slip else _payment(payload))
    return Explanation(text, found.kind, facts, tuple(validate(text, profile)), tuple(_objects(payload)))


def _damaged(text: str, profile: str | None) -> Explanation:
    """What can be seen of a code that `detect` refuses; no facts, because nobody should act on them."""
    problems = tuple(validate(text, "THAI" if profile is None else profile))
    objects: list[DataObject] = []
    children: dict[str, tuple[DataObject, ...]] = {}
    with suppress(StructureError):  # It stands among the problems.
        reader.walk(text, objects, children)
    if len(objects) < 2:
        return Explanation(text, "unknown", (), problems, ())
    payload = Payload(text, parts=Parts(tuple(objects), children, ()))
    return Explanation(text, "damaged", (), problems, tuple(_objects(payload)))


def _barcode(found: Barcode) -> Iterator[Fact]:
    yield Fact("Biller", found.biller_id)
    yield Fact("Reference 1", found.ref1)
    if found.ref2 is not None:
        yield Fact("Reference 2", found.ref2)
    yield Fact("Amount", "typed by the payer" if found.amount_satang is None else _baht(found.amount_satang))


def _slip(payload: Payload) -> Iterator[Fact]:
    bank, wallet = payload.slip, payload.truemoney_slip
    if bank is not None:
        name = None if bank.bank_code is None else banks.name_of(bank.bank_code)
        if bank.bank_code is not None:
            yield Fact("Sent from", f"{name or 'a bank that is not in the table'} ({bank.bank_code})", "00/01")
        yield Fact("Reference", bank.reference, "00/02")
    if wallet is not None:
        yield Fact("Event", wallet.event, "00/02")
        yield Fact("Transaction", wallet.transaction_id, "00/03")
        yield Fact("Date", wallet.date.isoformat(), "00/04")
    yield Fact("Proves", "nothing by itself: the bank must be asked")


def _payment(payload: Payload) -> Iterator[Fact]:
    yield from _account(payload)
    yield _amount(payload)
    initiation = {tags.STATIC: "many payments (static)", tags.DYNAMIC: "one payment (dynamic)"}
    yield Fact("Use", initiation.get(payload.get("01") or "", "not said"), "01")
    seller = payload.merchant
    if seller is not None:
        for label, value, path in (
            ("Merchant", seller.name, "59"),
            ("City", seller.city, "60"),
            ("Postal code", seller.postal_code, "61"),
            ("Category", seller.category, "52"),
        ):
            if value is not None:
                yield Fact(label, value, path)
    template = payload.language
    if template is not None:
        name = template.name if template.city is None else f"{template.name}, {template.city}"
        yield Fact(f"In {template.language.upper()}", name, "64")
    data = payload.additional
    if data is not None:
        for number, (label, value) in enumerate(zip(_ADDITIONAL, data, strict=True), 1):
            if value is not None:
                yield Fact(label, "asked by the app" if value == "***" else value, f"62/{number:02d}")
    yield from _rest(payload)


def _account(payload: Payload) -> Iterator[Fact]:
    try:
        transfer, bill = payload.promptpay, payload.bill_payment
    except EmvcoError:
        return
    if transfer is not None:
        yield from _transfer(payload, transfer)
    if bill is not None:
        yield Fact("Biller", bill.biller_id + (" (cross-border)" if bill.cross_border else ""), "30/01")
        yield Fact("Reference 1", bill.ref1, "30/02")
        if bill.ref2 is not None:
            yield Fact("Reference 2", bill.ref2, "30/03")
    yield from _beside(payload)
    if transfer is None and bill is None:
        for thing in payload:
            if thing.id in tags.ACCOUNTS:
                yield Fact("Account", payload.get(f"{thing.id}/00") or thing.value, thing.id)


def _beside(payload: Payload) -> Iterator[Fact]:
    """The message of tag 81, and tag 31; what is broken stands among the problems."""
    found = None
    with suppress(EmvcoError):
        if payload.message is not None:
            yield Fact("Message", payload.message, tags.MESSAGE)
    with suppress(EmvcoError):
        found = payload.acquirer
    if isinstance(found, PaymentInnovation):
        labels, values = ("API", "Service provider", "Transaction"), tuple(found)
    elif found is not None:
        bank = banks.name_of(found.acquirer)
        labels = ("Acquirer", "Merchant reference", "Order reference")
        values = (f"{bank} ({found.acquirer})" if bank else found.acquirer, *found[1:])
    else:
        return
    paths = ("31/01", "31/02", "31/03" if isinstance(found, PaymentInnovation) else "31/04")
    yield from (
        Fact(label, value, path) for label, value, path in zip(labels, values, paths, strict=True) if value is not None
    )


def _transfer(payload: Payload, transfer: PromptPay) -> Iterator[Fact]:
    proxy, wallet = transfer.proxy, None
    display, kind = proxy.display, _KINDS[proxy.kind]
    if proxy.kind == "bank_account":
        display, bank = proxy.digits[3:], banks.name_of(proxy.digits[:3])
        kind = f"account at {bank or 'bank ' + proxy.digits[:3]}"
    with suppress(EmvcoError):  # A broken message stands among the problems.
        wallet = payload.truemoney
    if wallet is not None:
        display, kind = wallet.mobile, "TrueMoney wallet"
    yield Fact("Pays to", f"{display} ({kind})", "29")
    if transfer.one_time_code is not None:
        yield Fact("One-time code", transfer.one_time_code, "29/05")


def _amount(payload: Payload) -> Fact:
    if payload.amount is None:
        return Fact("Amount", "typed by the payer", "54")
    try:
        satang = payload.amount_satang
    except EmvcoError:
        satang = None
    if satang is not None:
        return Fact("Amount", _baht(satang), "54")
    currency = payload.get("53") or ""
    return Fact("Amount", f"{payload.amount} {_CURRENCIES.get(currency, currency)}".strip(), "54")


def _rest(payload: Payload) -> Iterator[Fact]:
    """Tip and VAT, as far as they are sound; what is broken stands among the problems."""
    currency = payload.get("53") or ""
    fixed = payload.get("56") if payload.get("55") == "02" else None
    if fixed is not None and currency != tags.BAHT:  # As it is written: not every currency has hundredths.
        if amount.first_wrong(fixed) is None:
            yield Fact("Tip", f"{fixed} {_CURRENCIES.get(currency, currency)}".strip(), "55")
    else:
        with suppress(EmvcoError):
            tip = payload.tip
            if tip is not None:
                baht = "" if tip.amount_satang is None else _baht(tip.amount_satang)
                yield Fact("Tip", baht or (f"{tip.percent} %" if tip.percent else "asked by the app"), "55")
    tax = None
    with suppress(EmvcoError):
        tax = payload.vat
    if tax is not None:
        rate = "" if tax.rate is None else f" at {tax.rate} %"
        yield Fact("VAT", f"{_baht(tax.amount_satang)}{rate}, branch {tax.branch}", tags.VAT)


def _objects(payload: Payload) -> Iterator[Fact]:
    def inside(things: Iterable[DataObject], parent: str) -> Iterator[Fact]:
        for thing in things:
            path = join(parent, thing.id)
            yield Fact(_name(path, payload), thing.value, path)
            yield from inside(payload.children(path), path)

    return inside(payload, "")


def _name(path: str, payload: Payload) -> str:
    """What the specification calls the data object."""
    if payload.is_slip:
        return {"00": "Slip", "51": "Country Code", "91": "CRC"}.get(path, "")
    head, _, last = path.partition("/")
    if head == "62" and last:
        return tags.ADDITIONAL[last].name if last in tags.ADDITIONAL else ""
    if head == "64" and last:
        return tags.LANGUAGE[last].name if last in tags.LANGUAGE else ""
    if last:
        known = {} if head == tags.VAT and vat.is_foreign(payload.children(head)) else tags.THAI
        return known.get(path, "Globally Unique Identifier" if last == "00" else "")
    if path in tags.ROOT:
        return tags.ROOT[path].name
    return tags.THAI.get(path, "Merchant Account" if path in tags.ACCOUNTS else "")


def _baht(satang: int) -> str:
    return f"{satang // 100:,}.{satang % 100:02d} THB"


# --- for a terminal ------------------------------------------------------------------------------------------------


def render(explanation: Explanation, width: int = 100, objects: bool = False) -> str:
    """Title, facts, the text with a number under each problem's place, the problems by number.

    *width* is that of the terminal in columns; *objects* adds every data object. No colours: whoever prints adds them.
    """
    fields.require_view(explanation, Explanation, "", "the explanation")
    _require_width(width)
    label_width = max((_columns(fact.label) for fact in explanation.facts), default=0) + 3
    lines = [explanation.title, ""]
    lines += [f"  {_padded(fact.label, label_width)} {visible(fact.value)}" for fact in explanation.facts]
    lines += [""] * bool(explanation.facts)
    if objects and explanation.objects:
        lines += [*(_object_line(fact) for fact in explanation.objects), ""]
    lines += [f"  {line}" for line in point(explanation.text, explanation.problems, width - 4)]
    lines.append("")
    for number, problem in enumerate(explanation.problems, 1):
        where = f" (tag {problem.path})" if problem.path else ""
        lines.append(f"  {number} {problem.severity} {problem.code}{where}: {problem.message}")
    if not explanation.problems:
        lines.append("  No problems.")
    return "\n".join(lines)


def point(text: str | Payload, problems: Iterable[Problem], width: int = 96) -> list[str]:
    """*text* in lines of at most *width* columns, each with "^1" under the place of problem 1 and so on below it.

    White space and control characters are shown as signs; Thai vowels above and below take no column of their own.
    """
    text = fields.code_text(text)
    _require_width(width)
    marks: dict[int, int] = {}
    for number, problem in enumerate(fields.iterator(problems, "problems"), 1):
        fields.require_view(problem, Problem, "", "each of the problems")
        marks[number] = problem.offset
    lines: list[str] = []
    start = 0
    while start < len(text) or not lines:
        end, used = start, 0
        while end < len(text) and used + _columns(visible(text[end])) <= max(width, 8):
            used += _columns(visible(text[end]))
            end += 1
        lines.append(visible(text[start:end]))
        last = end == len(text)
        here = [
            (offset, number) for number, offset in marks.items() if start <= offset < end or (last and offset >= end)
        ]
        lines += _pointers([(_columns(visible(text[start:offset])), number) for offset, number in sorted(here)])
        start = max(end, start + 1)
    return lines


def _require_width(width: object) -> None:
    if type(width) is not int:
        raise InputError("wrong_type", None, "", "the width is a whole number of columns")


def _pointers(places: list[tuple[int, int]]) -> list[str]:
    """Rows of "^1"; a mark that would touch the one before goes to the next row."""
    rows: list[str] = []
    for column, number in places:
        row = next((i for i, line in enumerate(rows) if len(line) < column or not line), len(rows))
        if row == len(rows):
            rows.append("")
        rows[row] = f"{rows[row].ljust(column)}^{number}"
    return rows


def _object_line(fact: Fact) -> str:
    depth = fact.path.count("/")
    tag = fact.path.rpartition("/")[2]
    return (
        f"  {'   ' * depth}{tag} {len(fact.value):02d} {visible(fact.value)}{f'  {fact.label}' if fact.label else ''}"
    )


def visible(text: str) -> str:
    """For a terminal. Control characters as their pictures, other invisible ones as a middle dot."""
    fields.require_text(text, "", "the text")
    return "".join(_sign(character) for character in text)


def _sign(character: str) -> str:
    if character < " ":
        return chr(0x2400 + ord(character))
    if character == "\x7f":
        return "\u2421"
    return "\u00b7" if category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"} and character != " " else character


def _columns(text: str) -> int:
    """How wide a terminal shows it: Thai vowels and tone marks above and below have no width, Chinese has two."""
    return sum(
        0 if combining(c) or category(c) in {"Mn", "Me"} else 2 if east_asian_width(c) in "WF" else 1 for c in text
    )


def _padded(text: str, width: int) -> str:
    return text + " " * max(0, width - _columns(text))
