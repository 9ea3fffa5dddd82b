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
from emvco.billpayment import BillPayment, bill_payment_payload, cross_border_payload
from emvco.errors import InputError, StructureError
from emvco.language import LanguageTemplate
from emvco.merchant import Merchant, Tip
from emvco.promptpay import PromptPay, one_time_payload, promptpay_payload
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
        fields.ascii_text(identifier, f"{tag}/00", 32)
        if values and "00" in values:
            raise InputError("duplicate_tag", None, f"{tag}/00", "00 is the identifier")
        return cls(tag, fields.template({"00": identifier} | (values or {}), tag))


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
    if profile not in {"THAI", "EMVCO"}:
        raise InputError("unknown_profile", None, "", "the profile is THAI or EMVCO")
    is_usual = dynamic is None and tip is None and amount is None and not extra and profile == "THAI"
    if is_usual and len(accounts) == 1 and currency == tags.BAHT and country == tags.THAILAND:
        text = _everyday(accounts[0], amount_satang)
        if text is not None and (merchant is None or merchant.category is None):
            return _with_tail(text, merchant, additional, language, vat, message)
    values = dict(map(_account, accounts))
    if len(values) < len(accounts) or not accounts:
        raise InputError("no_account" if not accounts else "duplicate_tag", None, "", "one account a tag, at least one")
    written = _amount(amount_satang, amount, currency)
    values["53"] = currency if currency is tags.BAHT else fields.digits(currency, "53", 3)
    values["58"] = country if country is tags.THAILAND else _country(country)
    if written is not None:
        values["54"] = written
    values["01"] = tags.DYNAMIC if (written is not None if dynamic is None else dynamic) else tags.STATIC
    _put_beside(values, merchant, tip, additional, language, vat, message)
    extra_given = False
    for tag, value in extra:
        extra_given = True
        if tag in values or tag not in _EXTRA:
            raise InputError("bad_path", None, tag, "extra objects have ids 65 to 99 that are not used yet")
        fields.require_text(value, tag)
        fields.check_length(value, tag, 99, 1)
        fields.no_controls(value, tag)
        values[tag] = value
    _check_profile(profile, values)
    text = _signed(values)
    as_text = amount is not None or any(isinstance(account, Account) for account in accounts)
    return _sound(text, profile) if as_text or extra_given else text


def _sound(text: str, profile: str) -> str:
    """*text*, if it is what we would read ourselves: of what came in as text nobody has looked at the meaning yet."""
    from emvco.report import validate  # noqa: PLC0415  Which reads payloads, and those can be built anew.

    errors = (one for one in validate(text, profile) if one.severity == "error")
    wrong = next((one for one in errors if one.code != "no_thai_account"), None)
    if wrong is not None:
        raise InputError(wrong.code, None, wrong.path, wrong.message)
    return text


def _everyday(account: AnyAccount, amount_satang: int | None) -> str | None:
    """By the quicker builders, if it is for them: the same text, as property tests say."""
    if type(account) is BillPayment:
        write = cross_border_payload if account.cross_border else bill_payment_payload
        return write(account.biller_id, account.ref1, account.ref2, amount_satang)
    if type(account) is PromptPay:
        if account.one_time_code is not None:
            return one_time_payload(account.proxy, account.one_time_code, amount_satang)
        return promptpay_payload(account.proxy, amount_satang)
    return None


def _with_tail(
    text: str,
    merchant: Merchant | None,
    additional: AdditionalData | None,
    language: LanguageTemplate | None,
    vat: Vat | None,
    message: str | None,
) -> str:
    """A signed payload that ends with its country, and what stands behind that."""
    values: dict[str, str] = {}
    _put_beside(values, merchant, None, additional, language, vat, message)
    if not values:
        return text
    behind = [f"{tag}{tlv.WRITTEN[len(value)]}{value}" for tag, value in values.items()]
    return _checked(crc.sign(f"{text[:-8]}{''.join(behind)}"))


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
        case Account(tag, value) if tag in tags.ACCOUNTS:
            if tag in tags.TEMPLATES:
                fields.require_text(value, tag)
                fields.check_length(value, tag, 99)
                fields.no_controls(value, tag)
                _check_template(tag, value)
            else:
                fields.ascii_text(value, tag, 99)
            return tag, value
    raise InputError(
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


def _country(country: str) -> str:
    if len(country) != 2 or not (country.isascii() and country.isalpha() and country.isupper()):
        raise InputError("bad_country", None, "58", "a country is two capital letters (ISO 3166-1)")
    return country


def _put_beside(
    values: dict[str, str],
    seller: Merchant | None,
    tip: Tip | None,
    data: AdditionalData | None,
    template: LanguageTemplate | None,
    tax: Vat | None,
    message: str | None,
) -> None:
    """All that may stand beside an account."""
    if seller is not None:
        values |= _merchant.write_merchant(seller)
    if tip is not None:
        values |= _merchant.write_tip(tip)
    if data is not None:
        values["62"] = _additional.write(data)
    if template is not None:
        values["64"] = _language.write(template)
    if tax is not None:
        values[tags.VAT] = _vat.write(tax)
    if message is not None:
        values[tags.MESSAGE] = truemoney.write_message(message)


def _check_profile(profile: str, values: dict[str, str]) -> None:
    """THAI: baht, Thailand, no tips with PromptPay. EMVCO: what EMVCo makes mandatory."""
    if profile == "EMVCO":
        values.setdefault("52", "0000")
        for tag in ("59", "60"):
            if tag not in values:
                raise InputError("missing", None, tag, f"{tags.ROOT[tag].name} is mandatory under the EMVCo profile")
        return
    if values["53"] != tags.BAHT or values["58"] != tags.THAILAND:
        tag = "53" if values["53"] != tags.BAHT else "58"
        raise InputError("not_thai", None, tag, "the Thai profile is for baht (764) in Thailand (TH)")
    if "55" in values:
        raise InputError("tip_with_promptpay", None, "55", "tips are not used with PromptPay: profile EMVCO has them")


_EXTRA = frozenset(f"{number:02d}" for number in range(65, 100))
