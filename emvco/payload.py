"""A payment code, read and checked: `parse(text) -> Payload`, and `str(payload) == text` to the last character.

Three layers, in this order: structure (tlv), CRC, the rules for fields (EMVCo's, or those of slips). What a code means
in Thailand is the fourth and is asked for by name: `payload.promptpay`, `payload.bill_payment`, `payload.slip`, ...

>>> payload = parse("00020101021229370016A000000677010111011300668123456785303764540550.005802TH63045197")
>>> payload.promptpay
PromptPay(proxy=Proxy(kind='mobile', digits='0066812345678'), one_time_code=None)
>>> payload.amount_satang, payload.is_dynamic, payload.bill_payment
(5000, True, None)
>>> payload.get("29/01")
'0066812345678'
>>> str(payload.with_amount(7500))
'00020101021229370016A000000677010111011300668123456785303764540575.005802TH63049A8A'
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal

from emvco import (
    acquirer,
    additional,
    amount,
    billpayment,
    edit,
    fields,
    language,
    merchant,
    promptpay,
    quick,
    reader,
    slip,
    tags,
    truemoney,
    vat,
)
from emvco.acquirer import AcquirerReference, PaymentInnovation
from emvco.additional import AdditionalData
from emvco.billpayment import BillPayment
from emvco.errors import FieldError, InputError, SchemeError, SlipError
from emvco.language import LanguageTemplate
from emvco.merchant import Merchant, Tip
from emvco.promptpay import PromptPay, Proxy
from emvco.reader import Parts, Repair
from emvco.slip import Slip, TrueMoneySlip
from emvco.tlv import DataObject
from emvco.truemoney import TrueMoney
from emvco.vat import Vat

Kind = Literal["promptpay", "bill_payment", "slip", "truemoney_slip", "emvco"]


_new: Final = tuple.__new__  # A NamedTuple without the detour over its keyword arguments.
_PLAIN_AMOUNT, _PLAIN_PAYEE, _KINDS = quick.PLAIN_AMOUNT, quick.PLAIN_PAYEE, quick.KINDS
_NOTHING: Final = Parts((), {}, ())


class Payload(fields.Written):
    """A payment code. Immutable, hashable; offsets count characters of `str(payload)`. Made by `parse`."""

    __slots__ = ("_match", "_parts", "_repairs", "_text")

    def __init__(
        self,
        text: str,
        match: quick.Match | None = None,
        parts: Parts = _NOTHING,
        repairs: tuple[Repair, ...] = (),
    ) -> None:
        self._text = text
        # Most codes have one of the shapes that `quick` has checked whole; they are taken apart when asked for.
        self._match = match
        if match is None:
            self._parts = parts
            self._repairs = repairs

    @property
    def text(self) -> str:
        """The payload itself, after any repair."""
        return self._text

    @property
    def objects(self) -> tuple[DataObject, ...]:
        """Its data objects in their order, unknown ones included, the CRC last."""
        return self._read().objects

    @property
    def repairs(self) -> tuple[Repair, ...]:
        """What lenient reading put right; always empty when strict."""
        return () if self._match is not None else self._repairs

    @property
    def problems(self) -> tuple[FieldError | SlipError, ...]:
        """The rules that the code breaks; always empty when strict, because then the first one was raised."""
        return self._read().problems

    def _read(self) -> Parts:
        try:
            return self._parts
        except AttributeError:  # Not taken apart yet.
            self._parts = parts = reader.take_apart(self._text)
            return parts

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"Payload({self._text!r}, repairs={self.repairs!r})" if self.repairs else f"Payload({self._text!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Payload):
            return NotImplemented
        return self._text == other._text and self.repairs == other.repairs

    def __hash__(self) -> int:
        return hash((self._text, self.repairs))

    def __iter__(self) -> Iterator[DataObject]:
        return iter(self.objects)

    def __reduce__(self) -> tuple[type[Payload], tuple[str, None, Parts, tuple[Repair, ...]]]:
        return Payload, (self._text, None, self._read(), self.repairs)

    # --- by path ---------------------------------------------------------------------------------------------------

    def children(self, path: str) -> tuple[DataObject, ...]:
        """The data objects in the template at *path*, as in "29" or "62/50"; none if it is not a template here."""
        if type(path) is not str:
            fields.require_text(path, "", "a path")
        if self._match is None:
            return self._parts.children.get(path, ())
        return quick.children(self._match, path) if reader.is_template(path, self.is_slip) else ()

    def find(self, path: str) -> DataObject | None:
        """The data object at *path*, as in "54" or "29/01"; None if there is none."""
        if type(path) is not str:
            fields.require_text(path, "", "a path")
        parent, _, tag = path.rpartition("/")
        if not parent and self._match is not None:
            return quick.find(self._match, tag)
        inside: Sequence[DataObject] = self.children(parent) if parent else self.objects
        return next((thing for thing in inside if thing.id == tag), None)

    def get(self, path: str) -> str | None:
        """The value at *path*, as in "54" or "29/01"; None if there is none."""
        found = self.find(path)
        return None if found is None else found.value

    # --- edit and sign again -----------------------------------------------------------------------------------------

    def replace(self, changes: Mapping[str, str | None]) -> Payload:
        """The code with other values at these paths ("54", "29/01"), None to drop one, and a new CRC.

        Everything else stays as it is and where it is; a new object goes before the first with a higher id. Raises
        InputError for a path or value that cannot be, and whatever `parse` raises if the result is not sound.
        """
        return parse(edit.replace(self._text, self._read(), changes))

    def with_amount(self, amount_satang: int | None) -> Payload:
        """The code with this amount, or none. If it has tag 01, that becomes dynamic (12) or static (11) with it."""
        if self.is_slip:
            raise InputError("not_of_a_slip", None, "54", "a slip carries no amount")
        changes: dict[str, str | None] = {"54": None if amount_satang is None else amount.write(amount_satang)}
        if self.get("01") is not None:
            changes["01"] = tags.STATIC if amount_satang is None else tags.DYNAMIC
        return self.replace(changes)

    # --- what it means -----------------------------------------------------------------------------------------------

    @property
    def kind(self) -> Kind:
        """promptpay, bill_payment, slip, truemoney_slip, or emvco: a sound code without a valid Thai account."""
        if self.is_slip:
            return "slip" if self.truemoney_slip is None else "truemoney_slip"
        try:
            if self.promptpay is not None:
                return "promptpay"
            return "emvco" if self.bill_payment is None else "bill_payment"
        except SchemeError:
            return "emvco"

    @property
    def is_slip(self) -> bool:
        """Is this a slip's mini QR, which nobody can pay?"""
        return slip.looks_like(self._text)

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
        match = self._match
        if match is not None:
            written = match[_PLAIN_AMOUNT]  # Which always has two decimals.
            return quick.amount_satang(match) if written is None else int(written[2:].replace(".", ""))
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
        match = self._match
        if match is not None:
            payee = match[_PLAIN_PAYEE]
            if payee is None:
                return quick.promptpay(match)
            return _new(PromptPay, (_new(Proxy, (_KINDS[payee[1]], payee[4:])), None))
        account = self._thai_account(tags.CREDIT_TRANSFER)
        return None if account is None else promptpay.read_account(self.children(account.id), account.value_offset)

    @property
    def bill_payment(self) -> BillPayment | None:
        """The bill payment of tag 30; None if there is none. Raises SchemeError if it is not a valid one."""
        if self._match is not None:
            return quick.bill_payment(self._match)
        account = self._thai_account(tags.BILL_PAYMENT)
        return None if account is None else billpayment.read_account(self.children(account.id), account.value_offset)

    @property
    def acquirer(self) -> PaymentInnovation | AcquirerReference | None:
        """Tag 31, which stands beside a bill payment; None if there is none or not a known one. Raises SchemeError."""
        account = self._thai_account(tags.ACQUIRER)
        return None if account is None else acquirer.read(self.children(account.id), account.value_offset)

    @property
    def truemoney(self) -> TrueMoney | None:
        """The TrueMoney wallet that tag 29 pays, with the message of tag 81. Raises SchemeError."""
        account = self.promptpay
        mobile = None if account is None else truemoney.mobile_of(account.proxy)
        return None if mobile is None else TrueMoney(mobile, self.message)

    @property
    def message(self) -> str | None:
        """TrueMoney's message to the payee (tag 81); None if there is none or tag 81 is another scheme's template.

        Raises SchemeError if it is neither.
        """
        found = None if self.is_slip else self.find(tags.MESSAGE)
        if found is None or truemoney.is_foreign(found.value):
            return None
        return truemoney.read_message(found.value, found.value_offset)

    @property
    def additional(self) -> AdditionalData | None:
        """Tag 62: bill number, labels, what the payer's app shall ask for."""
        children = self.children("62")
        return additional.read(children) if children else None

    @property
    def language(self) -> LanguageTemplate | None:
        """Tag 64: the merchant's name in another script."""
        return language.read(self.children("64"))

    @property
    def vat(self) -> Vat | None:
        """Tag 80 as Thai VAT; None if there is none or it is another scheme's. Raises SchemeError."""
        found, children = self.find(tags.VAT), self.children(tags.VAT)
        if found is None or not children or vat.is_foreign(children):
            return None
        return vat.read(children, found.value_offset)

    @property
    def merchant(self) -> Merchant | None:
        """Tags 52, 59, 60, 61."""
        if self._match is not None:
            return quick.merchant(self._match)
        return None if self.is_slip else merchant.read_merchant({thing.id: thing.value for thing in self.objects})

    @property
    def tip(self) -> Tip | None:
        """Tags 55 to 57. Raises EmvcoError for a broken one."""
        return None if self.is_slip else merchant.read_tip({thing.id: thing.value for thing in self.objects})

    @property
    def slip(self) -> Slip | None:
        """A bank's transfer slip: the sending bank and its reference."""
        if self._match is not None:
            return quick.bank_slip(self._match)
        return slip.read(self.children("00")) if self.is_slip else None

    @property
    def truemoney_slip(self) -> TrueMoneySlip | None:
        """TrueMoney's transfer slip."""
        if self._match is not None:
            return quick.truemoney_slip(self._match)
        return slip.read_truemoney(self.children("00")) if self.is_slip else None

    def _thai_account(self, tag: str) -> DataObject | None:
        """Tag 29, 30 or 31 if it claims to be Thai; other countries use the same numbers with their own identifiers."""
        account = None if self.is_slip else self.find(tag)
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


_quickly: Final = quick.read
_bare: Final = object.__new__


def parse(text: str | Payload, strict: bool = True) -> Payload:
    """Read an EMVCo merchant-presented payload, or the mini QR of a transfer slip.

    Strict refuses whatever is not exactly right: StructureError, ChecksumError, FieldError or SlipError (all
    EmvcoError), each with an offset in *text*. Any ASCII character replaced by another is noticed, but for the case of
    the CRC's letters.

    Lenient (`strict=False`) reads more and reports it: white space, byte order marks and the like around the code are
    dropped and a CRC that lost its leading zeros is filled up (`repairs`), broken rules are listed (`problems`).
    A wrong structure or a wrong CRC is refused all the same.
    """
    try:
        match = _quickly(text)  # type: ignore[arg-type]  # Nearly always a str.
    except TypeError:
        text = fields.code_text(text)
        match = _quickly(text)
    if match is not None:
        payload = _bare(Payload)  # Without the call of __init__, which takes a tenth of the time.
        payload._text = text  # type: ignore[assignment]
        payload._match = match
        return payload
    text = str(text)  # Which it is.
    if strict:
        parts = reader.read(text)
        if parts.problems:
            raise min(parts.problems, key=lambda problem: problem.offset or 0)
        return Payload(text, None, parts)
    bare, parts, repairs = reader.read_leniently(text)
    return Payload(bare, None, parts, repairs)
