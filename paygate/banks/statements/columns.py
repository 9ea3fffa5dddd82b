"""Which column is what: by the words of the header, or by a profile where a bank's header says too little."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from paygate.banks.statements.cells import plain
from paygate.core.errors import InvalidInput

HEADER_WITHIN = 60
"""Rows of titles that may stand before the header."""


class Role(StrEnum):
    """What a column holds."""

    DATE = "date"
    TIME = "time"
    VALUE_DATE = "valuedate"
    IN = "in"
    OUT = "out"
    AMOUNT = "amount"  # Both directions in one column.
    MARK = "mark"  # CR/DR beside it.
    BALANCE = "balance"
    TEXT = "text"  # The bank's own word for the transaction.
    DETAILS = "details"  # What payers may have written.
    CHANNEL = "channel"
    REFERENCE = "reference"
    REF1 = "ref1"
    REF2 = "ref2"


# Tried in this order: "ยอดเงินคงเหลือ" is no amount, "วันที่ทำรายการ" no description, "Credit Card No." no credit.
WORDS: tuple[tuple[Role | None, str], ...] = (
    (
        None,
        r"เลขที่บัญชี|account|บัตร|card|สาขา|branch|เช็ค|cheque|check no|teller|currency|สกุลเงิน|ลำดับ|ผู้ทำรายการ|fee|ธรรมเนียม",
    ),
    (Role.BALANCE, r"คงเหลือ|balance"),
    (Role.REF1, r"(ref|reference|อ้างอิง)\W*(no\W*)?1\b"),
    (Role.REF2, r"(ref|reference|อ้างอิง)\W*(no\W*)?2\b"),
    (None, r"(ref|reference|อ้างอิง)\W*(no\W*)?3\b"),
    (Role.REFERENCE, r"อ้างอิง|reference|\bref\b|transaction id|txn id|เลขที่รายการ"),
    (Role.CHANNEL, r"ช่องทาง|channel"),
    (Role.VALUE_DATE, r"^วันที่มีผล|^value date|^eff"),
    (Role.TIME, r"^เวลา|^time|^txn time|^transaction time"),
    (Role.DATE, r"วันที่|วันเวลา|\bdate\b|วัน/เดือน/ปี"),
    (Role.TIME, r"เวลา|\btime\b"),
    (Role.DETAILS, r"รายละเอียด|detail|หมายเหตุ|note|memo|remark|ผู้โอน|ผู้รับ|payer|sender|counter"),
)
OUT_WORDS = re.compile(r"เดบิต|หักบัญชี|ถอน|withdraw|debit|เงินออก|หัก|จ่าย|paid out|money out|\bdr\b")
IN_WORDS = re.compile(r"เครดิต|เข้าบัญชี|ฝาก|deposit|credit|เงินเข้า|รับ|paid in|money in|\bcr\b")
AMOUNT_WORDS = re.compile(r"จำนวน|amount|ยอดเงิน")
MARK_WORDS = re.compile(r"^(type|ประเภท|dr\W*/?\W*cr|cr\W*/?\W*dr|d/c|c/d|sign|indicator|transaction type)\W*$")
TEXT_WORDS = re.compile(r"รายการ|description|particular|transaction|narrative|คำอธิบาย")


@dataclass(frozen=True, slots=True)
class Profile:
    """What the operator knows about a bank's file. `columns`: a role's name -> place from 0, or words of the header.

    `header_line` is the line of the header from 1 (0: there is none); what is None is found out.
    """

    columns: Mapping[str, int | str] = field(default_factory=dict)
    delimiter: str | None = None
    encoding: str | None = None
    header_line: int | None = None

    @classmethod
    def of(cls, text: str) -> Profile:
        """From `date=0,time=1,in=Money In,balance=5` or the same as a JSON object; `delimiter`, `encoding` and
        `header` may stand among the columns. Raises InvalidInput.
        """
        given = _pairs(text)
        delimiter, encoding, header = (
            given.pop("delimiter", None),
            given.pop("encoding", None),
            given.pop("header", None),
        )
        known = [role.value for role in Role]
        for name in given:
            if name not in known:
                raise InvalidInput(f"There is no column {name!r}; there are {', '.join(known)}.", field="columns")
        if header is not None and not isinstance(header, int):
            raise InvalidInput("header is the number of a line.", field="columns")
        if delimiter is not None and (not isinstance(delimiter, str) or len(delimiter) != 1 or delimiter in '"\r\n\0'):
            raise InvalidInput("delimiter is one character.", field="columns")
        if encoding is not None:
            try:
                "".encode(str(encoding))
            except LookupError:
                raise InvalidInput(f"There is no encoding {str(encoding)!r}.", field="columns") from None
        return cls(given, delimiter, None if encoding is None else str(encoding), header)

    def dumps(self) -> str:
        """As text that `of` reads."""
        rest = {"delimiter": self.delimiter, "encoding": self.encoding, "header": self.header_line}
        return json.dumps({**self.columns, **{k: v for k, v in rest.items() if v is not None}}, ensure_ascii=False)


def _pairs(text: str) -> dict[str, int | str]:
    if text.lstrip().startswith("{"):
        try:
            loaded = json.loads(text)
        except (ValueError, RecursionError):
            raise InvalidInput("The columns are not a JSON object.", field="columns") from None
        pairs = {str(name): value for name, value in loaded.items()}
    else:
        split = [part.partition("=") for part in text.split(",") if part.strip()]
        pairs = {name.strip(): value.strip() if name.strip() != "delimiter" else value for name, _, value in split}
    read: dict[str, int | str] = {}
    for name, value in pairs.items():
        if isinstance(value, bool) or not isinstance(value, int | str) or value == "":
            raise InvalidInput(
                f"{name} needs the place of a column (0, 1, 2...) or words of its header.", field="columns"
            )
        read[name.lower()] = int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value
    return read


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a file: role -> places (several only for text). `first_row` is the first row after the header."""

    places: Mapping[Role, tuple[int, ...]]
    first_row: int

    def cell(self, row: Sequence[str], role: Role) -> str:
        """A role's cell of a row; empty where there is none."""
        found = self.places.get(role)
        return row[found[0]] if found and found[0] < len(row) else ""

    @property
    def score(self) -> int:
        """How much of a statement it has."""
        return len(self.places)


def role_of(cell: str) -> Role | None:
    """What a header's cell promises."""
    text = " ".join(plain(cell).lower().split())
    if not text or len(text) > 60:
        return None
    for role, words in WORDS:
        if re.search(words, text):
            return role
    goes, comes = OUT_WORDS.search(text), IN_WORDS.search(text)
    if MARK_WORDS.match(text):
        return Role.MARK
    if goes and comes:
        return Role.AMOUNT
    if goes or comes:
        return Role.OUT if goes else Role.IN
    if AMOUNT_WORDS.search(text):
        return Role.AMOUNT
    return Role.TEXT if TEXT_WORDS.search(text) else None


def roles_of(row: Sequence[str]) -> dict[Role, tuple[int, ...]]:
    """The roles of a row, were it the header."""
    places: dict[Role, tuple[int, ...]] = {}
    roles = [role_of(cell) for cell in row]
    if roles.count(Role.AMOUNT) > 1:  # "Debit/Credit" beside "Amount" says which of them it was.
        both = next(
            (n for n, cell in enumerate(row) if roles[n] is Role.AMOUNT and OUT_WORDS.search(cell.lower())), None
        )
        if both is not None and Role.MARK not in roles:
            roles[both] = Role.MARK
    for place, role in enumerate(roles):
        if role in (Role.TEXT, Role.DETAILS) or (role is not None and role not in places):
            places[role] = (*places.get(role, ()), place)
    return places


def is_whole(places: Mapping[Role, tuple[int, ...]]) -> bool:
    """Whether these columns are enough for a statement: a day and some money."""
    return Role.DATE in places and bool({Role.AMOUNT, Role.IN} & places.keys())


def find(rows: Sequence[Sequence[str]], profile: Profile) -> Layout | None:
    """The layout that the profile says, or that the best header row of *rows* promises; None when there is none."""
    if profile.header_line == 0 or (profile.columns and all(isinstance(v, int) for v in profile.columns.values())):
        header = _header_row(rows, profile)
        return _told(profile, [], header + 1) if profile.columns else None
    best: Layout | None = None
    places_of = (_header_row(rows, profile),) if profile.header_line else range(min(len(rows), HEADER_WITHIN))
    for number in places_of:
        if number >= len(rows):
            return None
        layout = _told(profile, rows[number], number + 1) if profile.columns else None
        places = roles_of(rows[number])
        if layout is None and not profile.columns and is_whole(places):
            layout = Layout(places, number + 1)
        if layout is not None and (best is None or layout.score > best.score):
            best = layout
    return best


def _header_row(rows: Sequence[Sequence[str]], profile: Profile) -> int:
    """The place of the header among *rows*; -1 when there is none to be skipped."""
    if profile.header_line is not None:
        return profile.header_line - 1
    return next((n for n, row in enumerate(rows[:HEADER_WITHIN]) if is_whole(roles_of(row))), -1)


def _told(profile: Profile, header: Sequence[str], first_row: int) -> Layout | None:
    """The layout of a profile: places as they are, words looked up in the header, the rest as the header promises."""
    names = [" ".join(plain(cell).lower().split()) for cell in header]
    places = {role: at for role, at in roles_of(header).items() if role.value not in profile.columns}
    taken: set[int] = set()
    for name, value in profile.columns.items():
        wanted = " ".join(plain(str(value)).lower().split())
        place = value if isinstance(value, int) else next((n for n, text in enumerate(names) if text == wanted), None)
        if place is None:
            return None
        places[Role(name)] = (place,)
        taken.add(place)
    told = {role for role in places if role.value in profile.columns}
    rest = {role: tuple(p for p in at if p not in taken) for role, at in places.items() if role not in told}
    kept = {role: at for role, at in places.items() if role in told} | {role: at for role, at in rest.items() if at}
    return Layout(kept, first_row) if is_whole(kept) else None
