"""A payment code, read and checked: `parse(text) -> Payload`, and `str(payload) == text` to the last character.

Three layers, in this order: structure (tlv), CRC, EMVCo's rules for fields. What a code means in Thailand is the fourth
and is asked for by name: `payload.promptpay`, `payload.bill_payment`, `payload.amount_satang`.

>>> payload = parse("00020101021229370016A000000677010111011300668123456785303764540550.005802TH63045197")
>>> payload.promptpay
PromptPay(proxy=Proxy(kind='mobile', digits='0066812345678'), one_time_code=None)
>>> payload.amount_satang, payload.is_dynamic, payload.bill_payment
(5000, True, None)
>>> payload.get("29/01")
'0066812345678'
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from emvco import amount, billpayment, crc, promptpay, rules, tags, tlv
from emvco.billpayment import BillPayment
from emvco.errors import ChecksumError, EmvcoError, FieldError, SchemeError, StructureError
from emvco.promptpay import PromptPay
from emvco.tlv import DataObject

# All white space of Unicode, then marks that editors and chat programs leave: BOM, zero width space, word joiner, NUL.
_AROUND = (
    " \t\n\v\f\r\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff\u200b\u2060\x00"
)


class Repair(NamedTuple):
    """Something that lenient reading put right; `offset` counts in the text that was given."""

    code: str
    offset: int
    message: str


@dataclass(frozen=True, slots=True)
class Payload:
    """A payment code. Immutable, hashable; offsets count characters of `str(payload)`.

    `text`      the payload itself, after any repair
    `objects`   its data objects in their order, unknown ones included, the CRC last
    `repairs`   what lenient reading put right; always empty when strict
    `problems`  EMVCo's rules that the code breaks; always empty when strict, because then the first one was raised
    """

    text: str
    objects: tuple[DataObject, ...]
    repairs: tuple[Repair, ...] = ()
    problems: tuple[FieldError, ...] = field(default=(), compare=False)
    _children: Mapping[str, tuple[DataObject, ...]] = field(default_factory=dict, repr=False, compare=False)

    def __str__(self) -> str:
        return self.text

    def __iter__(self) -> Iterator[DataObject]:
        return iter(self.objects)

    def children(self, path: str) -> tuple[DataObject, ...]:
        """The data objects in the template at *path*, as in "29" or "62/50"; none if it is not a template here."""
        return self._children.get(path, ())

    def find(self, path: str) -> DataObject | None:
        """The data object at *path*, as in "54" or "29/01"."""
        parent, _, tag = path.rpartition("/")
        inside: Sequence[DataObject] = self.children(parent) if parent else self.objects
        return next((thing for thing in inside if thing.id == tag), None)

    def get(self, path: str) -> str | None:
        """The value at *path*, as in "54" or "29/01"."""
        found = self.find(path)
        return None if found is None else found.value

    @property
    def is_dynamic(self) -> bool:
        """Does the code say that it is for one payment (01=12)? Nothing enforces it: no Thai code ever expires."""
        return self.get("01") == tags.DYNAMIC

    @property
    def amount(self) -> str | None:
        """The amount as it stands in tag 54, in the currency of tag 53; None if the payer types it."""
        return self.get("54")

    @property
    def amount_satang(self) -> int | None:
        """The amount in satang; None if the payer types it. Raises EmvcoError if it is not a sound amount in baht."""
        found = self.find("54")
        if found is None:
            return None
        self._require("53", tags.BAHT, "the currency is not baht (764)")
        for problem in self.problems:
            if problem.path == "54":
                raise problem
        return amount.read(found.value, found.value_offset)

    @property
    def promptpay(self) -> PromptPay | None:
        """The credit transfer of tag 29; None if there is none. Raises SchemeError if it is not a valid one."""
        account = self._thai_account(tags.CREDIT_TRANSFER)
        return None if account is None else promptpay.read_account(self.children(account.id), account.value_offset)

    @property
    def bill_payment(self) -> BillPayment | None:
        """The bill payment of tag 30; None if there is none. Raises SchemeError if it is not a valid one."""
        account = self._thai_account(tags.BILL_PAYMENT)
        return None if account is None else billpayment.read_account(self.children(account.id), account.value_offset)

    def _thai_account(self, tag: str) -> DataObject | None:
        """Tag 29 or 30 if it claims to be Thai; other countries use the same numbers with their own identifiers."""
        account = self.find(tag)
        if account is None:
            return None
        aid = self.get(f"{tag}/00")
        if aid is None and self.get("58") == tags.THAILAND:
            raise SchemeError("missing", account.value_offset, f"{tag}/00", "the AID is mandatory")
        if aid is None or not aid.upper().startswith(tags.THAI_RID):
            return None
        self._require("53", tags.BAHT, "the currency is not baht (764)")
        self._require("58", tags.THAILAND, "the country is not Thailand (TH)")
        return account

    def _require(self, tag: str, value: str, message: str) -> None:
        found = self.find(tag)
        if found is None or found.value != value:
            offset = self.objects[-1].offset if found is None else found.value_offset
            raise SchemeError("not_thai", offset, tag, message)


def parse(text: str, strict: bool = True) -> Payload:
    """Read an EMVCo merchant-presented payload.

    Strict refuses whatever is not exactly right: StructureError, ChecksumError or FieldError (all EmvcoError), each
    with an offset in *text*. Any ASCII character replaced by another is noticed, but for the case of the CRC's letters.

    Lenient (`strict=False`) reads more and reports it: white space, byte order marks and the like around the code are
    dropped and a CRC that lost its leading zeros is filled up (`repairs`), broken EMVCo rules are listed (`problems`).
    A wrong structure or a wrong CRC is refused all the same.
    """
    if strict:
        payload = _read(text)
        if payload.problems:
            raise min(payload.problems, key=lambda problem: problem.offset or 0)
        return payload
    bare = text.lstrip(_AROUND)
    lead = len(text) - len(bare)
    bare = bare.rstrip(_AROUND)
    repairs: list[Repair] = []
    if lead:
        repairs.append(Repair("stripped_before", 0, f"{lead} invisible characters before the code"))
    if lead + len(bare) < len(text):
        after = len(text) - lead - len(bare)
        repairs.append(Repair("stripped_after", lead + len(bare), f"{after} invisible characters after the code"))
    try:
        try:
            payload = _read(bare)
        except StructureError as error:
            payload = _with_full_crc(bare, error)
            repairs.append(Repair("crc_padded", lead + len(bare) - 1, "the CRC had lost its leading zeros"))
    except EmvcoError as error:
        raise error.moved(lead) from None
    return Payload(payload.text, payload.objects, tuple(repairs), payload.problems, payload._children)


def _read(text: str) -> Payload:
    """Structure and CRC must be right; broken rules are collected."""
    objects, children = _structure(text)
    signature = objects[-1]
    try:
        expected = crc.checksum(text[: signature.value_offset])
    except UnicodeEncodeError as error:
        raise StructureError("not_unicode", error.start, "", "a lone surrogate is not a character") from None
    if signature.value != expected and not (signature.value.isascii() and signature.value.upper() == expected):
        raise ChecksumError("wrong_crc", signature.value_offset, crc.TAG, "the CRC is not that of the text")
    problems = tuple(rules.problems(objects, children))
    return Payload(text, objects, (), problems, children)


def _structure(text: str) -> tuple[tuple[DataObject, ...], dict[str, tuple[DataObject, ...]]]:
    """All data objects, and those inside templates by path. Goes from left to right, so the first error is raised."""
    if not text:
        raise StructureError("empty", 0, "", "there is no text")
    objects: list[DataObject] = []
    children: dict[str, tuple[DataObject, ...]] = {}
    for thing in tlv.scan(text):
        end = thing.value_offset + len(thing.value)
        if not objects and thing.id != "00":
            raise StructureError("no_format", 0, thing.id, "a payload begins with tag 00")
        if thing.id in tags.TEMPLATES:
            children[thing.id] = tlv.read(text, thing.value_offset, end, thing.id)
            if thing.id == "62":
                children.update(_systems(text, children["62"]))
        elif thing.id == crc.TAG:
            if len(thing.value) != 4:
                raise StructureError("bad_crc_length", thing.offset + 2, crc.TAG, "the length of the CRC is 04")
            if end != len(text):
                raise StructureError("after_crc", end, "", "something follows the CRC, which must be last")
        objects.append(thing)
    if objects[-1].id != crc.TAG:
        raise StructureError("no_crc", len(text), crc.TAG, "the CRC is missing")
    return tuple(objects), children


def _systems(text: str, additional: Sequence[DataObject]) -> Iterator[tuple[str, tuple[DataObject, ...]]]:
    """The payment systems' own templates inside tag 62."""
    for thing in additional:
        if thing.id in tags.SYSTEM_TEMPLATES:
            path = tlv.join("62", thing.id)
            yield path, tlv.read(text, thing.value_offset, thing.value_offset + len(thing.value), path)


def _with_full_crc(text: str, error: StructureError) -> Payload:
    """Some generators write the CRC as a number: "0376" becomes "376". Raises *error* if that is not it."""
    body, header, tail = text.rpartition(crc.HEADER)
    if not header or not 1 <= len(tail) <= 3:
        raise error
    try:
        return _read(body + header + tail.zfill(4))
    except EmvcoError:
        raise error from None
