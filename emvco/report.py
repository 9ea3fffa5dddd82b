"""Everything that is wrong with a code, at once: `validate(text, profile)`.

`parse` stops at the first error; this goes on as far as it can and also says what works but should not be written that
way. Severities: error (refused somewhere that matters), warning (works in some apps, or is likely a mistake), info
(worth knowing). Profiles: "THAI" (PromptPay, bill payment, slips; 52, 59 and 60 may be missing) and "EMVCO" (what the
specification demands of any merchant-presented code; nothing about Thailand). For slips and barcodes they are the same.

>>> for problem in validate("00020101021229370016A0000006770101110113006681234567853037645802TH54040.006304D2DF"):
...     print(problem)
error zero_amount at 70 (tag 54): an amount is not zero: leave it out instead
info not_ascending at 66 (tag 54): tags stand in ascending order in the codes of banks
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, Literal, NamedTuple
from unicodedata import is_normalized

from emvco import acquirer, banks, barcode, billpayment, crc, fields, promptpay, reader, slip, tags, truemoney
from emvco.acquirer import AcquirerReference, PaymentInnovation
from emvco.errors import BarcodeError, ChecksumError, EmvcoError, InputError, StructureError
from emvco.payload import Payload
from emvco.promptpay import PromptPay
from emvco.reader import Parts, Repair
from emvco.tlv import DataObject, join

Severity = Literal["error", "warning", "info"]
_ORDER: Final = {"error": 0, "warning": 1, "info": 2}
LENGTH_MAX: Final = 512


class Problem(NamedTuple):
    """One thing that is wrong: stable `code`, `severity`, `offset` in the text, tag `path` ("29/01"), a sentence."""

    code: str
    severity: Severity
    offset: int
    path: str
    message: str

    def __str__(self) -> str:
        where = f" (tag {self.path})" if self.path else ""
        return f"{self.severity} {self.code} at {self.offset}{where}: {self.message}"


def validate(text: str | Payload, profile: str = "THAI") -> list[Problem]:
    """All problems of *text*: errors, then warnings, then infos, each in the order of the text; empty if it is perfect.

    Raises InputError for an unknown profile or a text that is none; never for what is in the text.
    """
    if profile not in ("THAI", "EMVCO"):  # A tuple, because of what cannot be in a set.
        raise InputError("unknown_profile", None, "", "the profile is THAI or EMVCO")
    text = fields.code_text(text)
    found = dict.fromkeys(_problems(text, profile))
    return sorted(found, key=lambda problem: (_ORDER[problem.severity], problem.offset))


def _problems(text: str, profile: str) -> Iterator[Problem]:
    if barcode.looks_like(text.lstrip(reader.AROUND)):
        yield from _barcode(text)
        return
    objects: list[DataObject] = []
    children: dict[str, tuple[DataObject, ...]] = {}
    try:
        reader.walk(text, objects, children)
    except StructureError as error:
        yield _error(reader.byte_counted(text) or error)
        mended = _mended(text)
        if mended is not None:
            yield from _after_repair(text, *mended, profile)
            return
    whole = bool(objects) and objects[-1].id in {crc.TAG, slip.TAG} and objects[-1].offset + 8 == len(text)
    if whole:
        try:
            reader.check_crc(text, objects[-1])
        except (ChecksumError, StructureError) as error:
            yield _error(error)
        if objects[-1].value != objects[-1].value.upper() and not slip.looks_like(text):
            yield Problem("small_crc", "info", objects[-1].value_offset, crc.TAG, "EMVCo writes the CRC in capitals")
    if not objects:
        return
    if slip.looks_like(text):
        yield from map(_error, reader.broken_rules(text, objects, children) if whole else slip.of_payments(objects))
        yield from _beside_slip(objects)
        return
    broken = reader.broken_rules(text, objects, children)
    for problem in broken:
        # Of a code that was cut off nobody can say that the rest is missing.
        if whole or problem.code not in {"missing", "no_account"}:
            yield _error(problem)
    payload = Payload(text, parts=Parts(tuple(objects), children, broken))
    yield from _form(payload)
    yield from _emvco(payload) if profile == "EMVCO" else _thai(payload, whole)


def _barcode(text: str) -> Iterator[Problem]:
    try:
        barcode.read_barcode(text)
    except BarcodeError as error:
        yield _error(error)
        if _is_barcode(text.strip(reader.AROUND)):
            message = "lenient reading puts it right: something invisible stands around the code"
            yield Problem("stripped", "info", error.offset or 0, "", message)


def _is_barcode(text: str) -> bool:
    try:
        barcode.read_barcode(text)
    except BarcodeError:
        return False
    return True


def _beside_slip(objects: Sequence[DataObject]) -> Iterator[Problem]:
    """What nobody knows; what belongs to payments is an error."""
    for thing in objects:
        if thing.id not in slip.ROOT and not slip.is_of_payments(thing.id):
            yield Problem("unknown_field", "warning", thing.offset, thing.id, "a slip has no such tag")


def _error(error: EmvcoError) -> Problem:
    return Problem(error.code, "error", error.offset or 0, error.path, error.message)


def _mended(text: str) -> tuple[str, tuple[Repair, ...]] | None:
    """The text as lenient reading mends it, if it does."""
    try:
        bare, _, repairs = reader.read_leniently(text)
    except EmvcoError:
        return None
    return bare, repairs


def _after_repair(text: str, bare: str, repairs: Sequence[Repair], profile: str) -> Iterator[Problem]:
    """What lenient reading puts right, and what is wrong all the same."""
    for repair in repairs:
        yield Problem(repair.code, "info", repair.offset, "", f"lenient reading puts it right: {repair.message}")
    lead = len(text) - len(text.lstrip(reader.AROUND))
    for problem in _problems(bare, profile):
        yield problem._replace(offset=min(problem.offset + lead, len(text)))


# --- whatever the profile --------------------------------------------------------------------------------------------


def _form(payload: Payload) -> Iterator[Problem]:
    """How it is written: length, order, characters, amounts, what the specification reserves."""
    if len(payload.text) > LENGTH_MAX:
        message = f"a payload should have at most {LENGTH_MAX} characters"
        yield Problem("payload_too_long", "warning", LENGTH_MAX, "", message)
    highest = "00"
    for thing in payload:
        if thing.id < highest and thing.id != crc.TAG:
            message = "tags stand in ascending order in the codes of banks"
            yield Problem("not_ascending", "info", thing.offset, thing.id, message)
        elif thing.id != crc.TAG:
            highest = thing.id
        if "65" <= thing.id <= "79":
            yield Problem("reserved_tag", "info", thing.offset, thing.id, "EMVCo reserves this tag for the future")
        yield from _characters(thing, thing.id, payload.children(thing.id))
        yield from _identifier(thing, payload.children(thing.id))
    yield from _initiation(payload)


def _characters(thing: DataObject, path: str, inside: Sequence[DataObject]) -> Iterator[Problem]:
    """Text other than printable ASCII belongs into tag 64."""
    if path == "64":
        for child in inside:
            yield from _unseen(child.value, child.value_offset, join(path, child.id))
            if child.id == "00" and not (child.value.isascii() and child.value.isalpha()):
                message = "a language is two letters (ISO 639)"
                yield Problem("bad_language", "warning", child.value_offset, join(path, "00"), message)
            if not is_normalized("NFC", child.value):
                message = "the text is not precomposed (NFC)"
                yield Problem("not_nfc", "warning", child.value_offset, join(path, child.id), message)
        return
    if inside:
        for child in inside:
            yield from _characters(child, join(path, child.id), ())
        return
    if thing.value.isascii() and thing.value.isprintable():
        return
    unseen = list(_unseen(thing.value, thing.value_offset, path))
    yield from unseen
    for position, character in enumerate("" if unseen else thing.value):
        if not " " <= character <= "~":
            message = "printable ASCII only: text in another script goes to tag 64"
            yield Problem("not_ascii", "warning", thing.value_offset + position, path, message)
            return


def _unseen(text: str, offset: int, path: str) -> Iterator[Problem]:
    """The first character that is not shown, but steers what shows it."""
    for position, character in enumerate(text):
        if fields.is_control(character):
            message = "a control character does not belong into a code"
            yield Problem("control_character", "warning", offset + position, path, message)
            return
        if character in fields.DIRECTIONS:
            message = "a character that turns the direction of text: it is read otherwise than it is written"
            yield Problem("direction_character", "warning", offset + position, path, message)
            return


def _identifier(thing: DataObject, inside: Sequence[DataObject]) -> Iterator[Problem]:
    """In a template 00 comes first, and in 62 it has no meaning."""
    for child in inside[1:]:
        if child.id == "00":
            message = "00 is the first object of a template"
            yield Problem("identifier_not_first", "warning", child.offset, join(thing.id, "00"), message)
    if thing.id == "62":
        for child in inside:
            path = join("62", child.id)
            if child.id == "00":
                yield Problem(
                    "unknown_field", "warning", child.offset, path, "tag 62 has no field 00; some apps refuse it"
                )
            elif child.id <= "08" and len(child.value) == 26:
                message = "EMVCo has at most 25 characters here, other readings of the Thai document 26"
                yield Problem("too_long", "warning", child.value_offset + 25, path, message)
            elif child.id == "10" and len(child.value) > 20:
                message = "a merchant's tax ID has at most 20 characters (EMVCo 1.1)"
                yield Problem("too_long", "warning", child.value_offset + 20, path, message)
            elif child.id == "11" and len(child.value) != 3:
                message = "a merchant's channel has 3 characters (EMVCo 1.1)"
                yield Problem("bad_length", "warning", child.value_offset, path, message)


def _initiation(payload: Payload) -> Iterator[Problem]:
    initiation, written = payload.find("01"), payload.find("54")
    if initiation is None:
        after_format = len(str(payload.objects[0]))
        message = "the code does not say whether it is static or dynamic"
        yield Problem("no_initiation", "info", after_format, "01", message)
    elif initiation.value == tags.DYNAMIC and written is None:
        message = "dynamic, but without an amount"
        yield Problem("dynamic_without_amount", "info", initiation.value_offset, "01", message)
    elif initiation.value == tags.STATIC and written is not None:
        yield Problem("static_with_amount", "info", initiation.value_offset, "01", "static, but with an amount")


# --- EMVCo -----------------------------------------------------------------------------------------------------------


def _emvco(payload: Payload) -> Iterator[Problem]:
    """What PromptPay codes leave out and the specification demands."""
    end = payload.objects[-1].offset
    for tag in ("52", "59", "60"):
        if payload.find(tag) is None:
            yield Problem("missing", "error", end, tag, f"{tags.ROOT[tag].name} is mandatory")
    for thing, path in [
        *((thing, thing.id) for thing in payload if thing.id in tags.IDENTIFIED),
        *((thing, f"62/{thing.id}") for thing in payload.children("62") if thing.id in tags.SYSTEM_TEMPLATES),
    ]:
        if payload.find(f"{path}/00") is None:
            message = "the template of a scheme has its identifier in 00"
            yield Problem("missing", "error", thing.value_offset, f"{path}/00", message)


# --- Thailand --------------------------------------------------------------------------------------------------------


def _thai(payload: Payload, whole: bool) -> Iterator[Problem]:
    for tag, value, message in (
        ("53", tags.BAHT, "the currency is not baht (764)"),
        ("58", tags.THAILAND, "the country is not Thailand (TH)"),
    ):
        found = payload.find(tag)
        if found is not None and found.value != value:
            yield Problem("not_thai", "error", found.value_offset, tag, message)
    views: Mapping[str, Callable[[], object]] = {
        tags.CREDIT_TRANSFER: lambda: payload.promptpay,
        tags.BILL_PAYMENT: lambda: payload.bill_payment,
        tags.ACQUIRER: lambda: payload.acquirer,
        tags.VAT: lambda: payload.vat,
        tags.MESSAGE: lambda: payload.message,
        "54": lambda: payload.amount_satang,
    }
    valid: dict[str, object] = {}
    for tag, view in views.items():
        try:
            valid[tag] = view() if payload.find(tag) is not None else None
        except EmvcoError as error:
            if error.code != "not_thai":
                wrong = _error(error)
                # Beside other accounts nobody says that tag 81 is TrueMoney's.
                is_doubtful = tag == tags.MESSAGE and not _is_truemoney(valid[tags.CREDIT_TRANSFER])
                yield wrong._replace(severity="warning") if is_doubtful else wrong
            valid[tag] = error
    if whole:
        yield from _accounts(payload, valid)
    yield from _acquirer(payload, valid[tags.ACQUIRER])
    said, written = valid[tags.MESSAGE], payload.find(tags.MESSAGE)
    if isinstance(said, str) and written is not None:
        # Four digits to the character, or eight; the beginning is near enough.
        yield from (one._replace(offset=written.value_offset) for one in _unseen(said, 0, tags.MESSAGE))
    yield from _credit_transfer(payload, valid[tags.CREDIT_TRANSFER])
    yield from _bill_payment(payload, valid[tags.BILL_PAYMENT])
    for tag in ("55", "56", "57"):
        found = payload.find(tag)
        if found is not None:
            yield Problem("tip_with_promptpay", "warning", found.offset, tag, "tips are not used with PromptPay")


def _is_truemoney(account: object) -> bool:
    return isinstance(account, PromptPay) and truemoney.mobile_of(account.proxy) is not None


def _accounts(payload: Payload, valid: Mapping[str, object]) -> Iterator[Problem]:
    """Cards and other schemes may stand alone in a Thai code, but no PromptPay pays them. So may the APIs of tag 31."""
    end, bill = payload.objects[-1].offset, valid[tags.BILL_PAYMENT]
    found = valid[tags.ACQUIRER]
    if bill is None and isinstance(found, AcquirerReference):
        message = "the acquirer's references in tag 31 stand beside a bill payment (30)"
        yield Problem("missing", "error", end, tags.BILL_PAYMENT, message)
    has_any = any(thing.id in tags.ACCOUNTS for thing in payload)  # Else it is an error already.
    if has_any and valid[tags.CREDIT_TRANSFER] is bill is None and not isinstance(found, PaymentInnovation):
        yield Problem("no_thai_account", "warning", end, "", "there is no PromptPay (29) and no bill payment (30)")


def _acquirer(payload: Payload, account: object) -> Iterator[Problem]:
    """KBank's form of tag 31, of which no document tells the limits: those of its published codes."""
    if not isinstance(account, AcquirerReference):
        return
    for child in payload.children(tags.ACQUIRER):
        path = join(tags.ACQUIRER, child.id)
        if child.id == "01" and not (len(child.value) == 3 and child.value.isascii() and child.value.isdecimal()):
            message = "the acquirer is a bank's code of 3 digits"
            yield Problem("bad_acquirer", "warning", child.value_offset, path, message)
        elif child.id in {"02", "04"} and len(child.value) > acquirer.REFERENCE_LENGTH_MAX:
            message = f"a reference has at most {acquirer.REFERENCE_LENGTH_MAX} characters"
            where = child.value_offset + acquirer.REFERENCE_LENGTH_MAX
            yield Problem("too_long", "warning", where, path, message)


def _credit_transfer(payload: Payload, account: object) -> Iterator[Problem]:
    yield from _small_aid(payload, "29")
    if not isinstance(account, PromptPay):
        return
    if account.proxy.kind == "bank_account":
        found = payload.find("29/04")
        if found is not None:
            message = "bank accounts are kept for the future: K PLUS and Krungthai NEXT refuse them"
            yield Problem("bank_account", "warning", found.offset, "29/04", message)
            code = account.proxy.digits[:3]
            if banks.name_of(code) is None:
                message = f"no bank with the code {code} is known here"
                yield Problem("unknown_bank", "warning", found.value_offset, "29/04", message)
    if account.proxy.kind == "mobile" and account.proxy.digits[4] not in promptpay.MOBILES:
        found = payload.find("29/01")
        if found is not None:
            is_landline = account.proxy.digits[4] in promptpay.LANDLINES
            what = "a landline cannot receive PromptPay" if is_landline else "no mobile begins so"
            message = f"{what}; mobiles begin 06, 08 or 09"
            code = "landline" if is_landline else "not_a_mobile"
            yield Problem(code, "warning", found.value_offset + 4, "29/01", message)
    code_field, aid = payload.find("29/05"), payload.get("29/00") or ""
    if code_field is not None and aid.upper() != tags.AID_CUSTOMER_PRESENTED:
        message = "a one-time code belongs to the AID of a code that the payer shows (...0114)"
        yield Problem("unexpected_one_time_code", "warning", code_field.offset, "29/05", message)
    if account.proxy.check_digit_ok is False:
        found = payload.find("29/02")
        if found is not None:
            message = "the check digit of this national or tax ID is wrong"
            yield Problem("wrong_check_digit", "warning", found.value_offset + 12, "29/02", message)


def _bill_payment(payload: Payload, account: object) -> Iterator[Problem]:
    yield from _small_aid(payload, "30")
    if not isinstance(account, billpayment.BillPayment):
        return
    biller = payload.find("30/01")
    if biller is not None and len(biller.value) == 13:
        message = "a biller ID is 15 digits: the tax ID and a suffix of two"
        yield Problem("short_biller_id", "warning", biller.value_offset, "30/01", message)
    for tag in ("02", "03"):
        reference = payload.find(f"30/{tag}")
        if reference is None:
            continue
        for position, character in enumerate(reference.value):
            if not ("0" <= character <= "9" or "A" <= character <= "Z"):
                message = "SCB takes references of A-Z and 0-9 only"
                yield Problem("bad_reference", "warning", reference.value_offset + position, f"30/{tag}", message)
                break


def _small_aid(payload: Payload, tag: str) -> Iterator[Problem]:
    aid = payload.find(f"{tag}/00")
    if aid is not None and aid.value != aid.value.upper() and aid.value.upper().startswith(tags.THAI_RID):
        yield Problem("small_aid", "warning", aid.value_offset, f"{tag}/00", "the AID is written in capitals")
