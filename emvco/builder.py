"""Any payload that the reader can read: accounts as the typed views give them, and everything that may stand beside.

`promptpay_payload`, `bill_payment_payload` and `truemoney_payload` are for the everyday; this is for the rest. What
goes in is what comes out of `parse`: `build(payload.promptpay, additional=payload.additional, ...)`.

>>> from emvco.promptpay import PromptPay, Proxy
>>> build(PromptPay(Proxy("mobile", "0066812345678")), amount_satang=10700, vat=Vat("0000", 700))
'00020101021229370016A0000006770101110113006681234567853037645406107.005802TH80160004000002047.00630431A8'
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from emvco import acquirer, billpayment, crc, fields, promptpay, tags, tlv, truemoney
from emvco import additional as _additional
from emvco import amount as _baht
from emvco import language as _language
from emvco import merchant as _merchant
from emvco import vat as _vat
from emvco.acquirer import AcquirerReference, PaymentInnovation
from emvco.additional import AdditionalData
from emvco.billpayment import BillPayment
from emvco.errors import InputError, StructureError
from emvco.language import LanguageTemplate
from emvco.merchant import Merchant, Tip
from emvco.promptpay import PromptPay
from emvco.vat import Vat

LENGTH_MAX = 512
"""EMVCo: a payload should not be longer."""


class Account(NamedTuple):
    """A merchant account of any other scheme: tag 02 to 51 and its value, as in Account("04", "5400000000000000").

    For a template (26 to 51) see `Account.of`.
    """

    tag: str
    value: str

    @classmethod
    def of(cls, tag: str, identifier: str, values: dict[str, str] | None = None) -> Account:
        """A template: the scheme's globally unique identifier in 00, then its fields. Raises InputError."""
        if not _is_account(tag):
            raise _no_such_account()
        fields.ascii_text(identifier, f"{tag}/00", tags.IDENTIFIER_LENGTH_MAX)
        given = {} if values is None else values
        fields.require_view(given, dict, tag)
        for inner, value in given.items():
            if not isinstance(inner, str) or inner not in tlv.IDS:
                raise InputError("bad_path", None, tag, 'a tag in a template is two digits, as in "01"')
            if inner == "00":
                raise InputError("duplicate_tag", None, f"{tag}/00", "00 is the identifier")
            fields.require_text(value, f"{tag}/{inner}")
        return cls(tag, fields.template({"00": identifier} | given, tag))


AnyAccount = PromptPay | BillPayment | PaymentInnovation | AcquirerReference | Account


def build(
    *accounts: AnyAccount,
    amount_satang: int | None = None,
    dynamic: bool | None = None,
    merchant: Merchant | None = None,
    tip: Tip | None = None,
    additional: AdditionalData | None = None,
    language: LanguageTemplate | None = None,
    vat: Vat | None = None,
    message: str | None = None,
    extra: Iterable[tuple[str, str]] = (),
    profile: str = "THAI",
    currency: str = tags.BAHT,
    country: str = tags.THAILAND,
    amount: str | None = None,
) -> str:
    """A signed payload with its objects in ascending order, as the banks write them. Raises InputError.

    *dynamic* None means: dynamic (01=12) if there is an amount. *extra* are further root objects (65 to 79, 80 to 99)
    that nothing here knows. Profile "THAI" is for baht in Thailand and refuses tips; "EMVCO" wants the merchant's
    name, city and category (0000 is written for none), takes any currency and country, and *amount* as text, because
    not every currency has hundredths.
    """
    if profile not in ("THAI", "EMVCO"):  # A tuple, because of what cannot be in a set.
        raise InputError("unknown_profile", None, "", "the profile is THAI or EMVCO")
    beside = _beside(merchant, additional, language, vat, message)
    category = None if merchant is None else merchant.category
    # What stands behind the country goes into the quick builders' codes as it is.
    is_usual = dynamic is None and category is None and tip is None and amount is None and extra == ()
    if is_usual and len(accounts) == 1 and profile == "THAI" and currency == tags.BAHT and country == tags.THAILAND:
        text = _everyday(accounts[0], amount_satang, beside + crc.HEADER)
        if text is not None:
            return text if len(text) <= LENGTH_MAX else _checked(text)
    values = dict(map(_account, accounts))
    if len(values) < len(accounts) or not accounts:
        raise InputError("no_account" if not accounts else "duplicate_tag", None, "", "one account a tag, at least one")
    values |= {thing.id: thing.value for thing in tlv.sound(beside, 0, len(beside))}
    if category is not None:
        values["52"] = fields.digits(category, "52", 4)
    values["53"] = fields.digits(currency, "53", 3)
    values["58"] = fields.country(country, "58")
    written = _amount(amount_satang, amount, currency)
    if written is not None:
        values["54"] = written
    values["01"] = tags.DYNAMIC if (written is not None if dynamic is None else dynamic) else tags.STATIC
    if tip is not None:
        values |= _merchant.write_tip(tip)
    extra_given = _put_extra(values, extra)
    _check_profile(profile, values, accounts)
    text = _signed(values)
    as_text = amount is not None or any(isinstance(account, Account) for account in accounts)
    return _sound(text, profile) if as_text or extra_given else text


def _sound(text: str, profile: str) -> str:
    """*text*, if it is what we would read ourselves: of what came in as text nobody has looked at the meaning yet."""
    from emvco.report import validate  # noqa: PLC0415  Which reads payloads, and those can be built anew.

    # A reader may be in doubt about tag 81; who builds is not.
    wrong = next((one for one in validate(text, profile) if one.severity == "error" or one.code == "bad_message"), None)
    if wrong is not None:
        raise InputError(wrong.code, None, wrong.path, wrong.message)
    return text


def _everyday(account: AnyAccount, amount_satang: int | None, end: str) -> str | None:
    """By the quicker builders, if it is for them: the same text, as property tests say."""
    if type(account) is PromptPay:
        proxy, code = account
        if code is None:
            return promptpay.signed(proxy, amount_satang, None, end)
        return promptpay.signed_with_code(proxy, code, amount_satang, end)
    if type(account) is BillPayment:
        return billpayment.signed(account, amount_satang, end)
    return None


def _signed(values: dict[str, str]) -> str:
    try:
        return _checked(crc.sign("000201" + "".join([tlv.write(tag, values[tag]) for tag in sorted(values)])))
    except UnicodeEncodeError:
        raise InputError("not_unicode", None, "", "a lone surrogate is not a character") from None


def _checked(text: str) -> str:
    if len(text) > LENGTH_MAX:
        raise InputError("payload_too_long", None, "", f"a payload has at most {LENGTH_MAX} characters")
    return text


def _account(account: AnyAccount) -> tuple[str, str]:
    """Tag and value."""
    match account:
        case PromptPay():
            return tags.CREDIT_TRANSFER, promptpay.write(account)
        case BillPayment():
            return tags.BILL_PAYMENT, billpayment.write(account)
        case PaymentInnovation() | AcquirerReference():
            return tags.ACQUIRER, acquirer.write(account)
        case Account(tag, value) if _is_account(tag):
            if tag in tags.TEMPLATES:
                fields.require_text(value, tag)
                fields.check_length(value, tag, 99)
                fields.no_controls(value, tag)
                _check_template(tag, value)
            else:
                fields.ascii_text(value, tag, 99)
            return tag, value
    raise _no_such_account()


def _is_account(tag: object) -> bool:
    return isinstance(tag, str) and tag in tags.ACCOUNTS


def _no_such_account() -> InputError:
    return InputError(
        "unknown_account", None, "", "an account is one of the typed views or an Account with tag 02 to 51"
    )


def _check_template(tag: str, value: str) -> None:
    try:
        tlv.read(value, parent=tag)
    except StructureError as error:
        raise InputError(error.code, error.offset, error.path, error.message) from error


def _amount(amount_satang: int | None, text: str | None, currency: str) -> str | None:
    if amount_satang is not None:
        if text is not None or currency != tags.BAHT:
            raise InputError("amount_twice", None, "54", "satang are for baht only; else give the amount as text")
        return _baht.write(amount_satang)
    if text is not None:
        fields.ascii_text(text, "54", 13)
        wrong = _baht.first_wrong(text)
        if wrong is not None or _baht.is_zero(text):
            raise InputError("bad_amount", wrong, "54", "digits, at most one decimal point, and not zero")
    return text


def _beside(
    seller: Merchant | None,
    data: AdditionalData | None,
    template: LanguageTemplate | None,
    tax: Vat | None,
    message: str | None,
) -> str:
    """Tags 59 to 81: what may stand behind the country, in this order."""
    text = "" if seller is None else _merchant.write_merchant(seller)
    if data is not None:
        value = _additional.write(data)
        text = f"{text}62{tlv.WRITTEN[len(value)]}{value}"
    if template is not None:
        value = _language.write(template)
        text = f"{text}64{tlv.WRITTEN[len(value)]}{value}"
    if tax is not None:
        value = _vat.write(tax)
        text = f"{text}80{tlv.WRITTEN[len(value)]}{value}"
    if message is not None:
        value = truemoney.write_message(message)
        text = f"{text}81{tlv.WRITTEN[len(value)]}{value}"
    return text


def _put_extra(values: dict[str, str], extra: Iterable[tuple[str, str]]) -> bool:
    """Objects that nothing here knows; were there any?"""
    given = False
    for pair in fields.iterator(extra, "extra objects"):
        if not (isinstance(pair, tuple | list) and len(pair) == 2):
            raise InputError("wrong_type", None, "", "an extra object is a pair of tag and value")
        tag, value = pair
        if not isinstance(tag, str) or tag in values or tag not in _EXTRA:
            path = tag if isinstance(tag, str) else ""
            raise InputError("bad_path", None, path, "extra objects have a tag from 65 to 99 that is not used yet")
        fields.require_text(value, tag)
        fields.check_length(value, tag, 99, 1)
        fields.no_controls(value, tag)
        values[tag] = value
        given = True
    return given


def _check_profile(profile: str, values: dict[str, str], accounts: Iterable[AnyAccount]) -> None:
    """THAI: baht, Thailand, no tips with PromptPay, no acquirer without its bill. EMVCO: what EMVCo makes mandatory."""
    if profile == "EMVCO":
        values.setdefault("52", "0000")
        for tag in ("59", "60"):
            if tag not in values:
                raise InputError("missing", None, tag, f"{tags.ROOT[tag].name} is mandatory under the EMVCo profile")
        return
    if values["53"] != tags.BAHT or values["58"] != tags.THAILAND:
        tag = "53" if values["53"] != tags.BAHT else "58"
        raise InputError("not_thai", None, tag, "the Thai profile is for baht (764) in Thailand (TH)")
    is_acquirer = any(type(account) is AcquirerReference for account in accounts)
    if is_acquirer and tags.BILL_PAYMENT not in values:
        message = "the acquirer's references in tag 31 stand beside a bill payment (30)"
        raise InputError("missing", None, tags.BILL_PAYMENT, message)
    if "55" in values:
        raise InputError("tip_with_promptpay", None, "55", "tips are not used with PromptPay: profile EMVCO has them")


_EXTRA = frozenset(f"{number:02d}" for number in range(65, 100))
