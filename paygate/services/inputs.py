"""What operators type, brought into one form: e-mail addresses, names, PromptPay IDs, account numbers."""

from __future__ import annotations

import re
import unicodedata

import emvco
from paygate.core.errors import InvalidInput

# ASCII only: PostgreSQL and Python must agree about its lower case.
EMAIL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
MAX_EMAIL_CHARS = 254  # RFC 5321 4.5.3.1.3 less its brackets.
MAX_NAME_CHARS = 100
UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
BANK = re.compile(r"[0-9]{3}", re.ASCII)
NUMBER = re.compile(r"[0-9]{6,20}", re.ASCII)
DIALLED = "0066"  # Before a mobile's digits, in the QR.


def email(text: str) -> str:
    """An e-mail address in lower case. Raises InvalidInput (email)."""
    found = text.strip().lower()
    if len(found) > MAX_EMAIL_CHARS or not EMAIL.fullmatch(found):
        raise InvalidInput("The e-mail address must look like name@example.com.", field="email")
    return found


def name(text: str) -> str:
    """A name of 1 to 100 characters in one line. Raises InvalidInput (name)."""
    found = text.strip()
    if not 1 <= len(found) <= MAX_NAME_CHARS or any(unicodedata.category(c) in UNPRINTABLE for c in found):
        raise InvalidInput(f"The name must be one line of 1 to {MAX_NAME_CHARS} characters.", field="name")
    return found


def proxy(text: str) -> emvco.Proxy:
    """A PromptPay ID as (kind, digits as the QR carries them), whether or not there can be one. Raises InvalidInput
    (promptpay)."""
    try:
        return emvco.normalise_proxy(text)
    except emvco.EmvcoError as error:
        raise InvalidInput(f"The PromptPay ID is not valid: {error.message}.", field="promptpay") from error


def payable_proxy(text: str) -> emvco.Proxy:
    """The same, of an ID that there can be: money is to arrive there. Raises InvalidInput (promptpay)."""
    found = proxy(text)
    if found.kind == "mobile" and found.digits[len(DIALLED)] not in emvco.promptpay.MOBILES:
        raise InvalidInput("This is no mobile number: they begin with 06, 08 or 09.", field="promptpay")
    if found.check_digit_ok is False:
        raise InvalidInput(
            "The last digit of this national or tax ID does not fit the others: look for a typing error.",
            field="promptpay",
        )
    return found


def biller(text: str) -> str:
    """A biller ID of 15 digits. Raises InvalidInput (biller_id)."""
    try:
        return emvco.normalise_biller_id(text)
    except emvco.EmvcoError as error:
        raise InvalidInput(f"The biller ID is not valid: {error.message}.", field="biller_id") from error


def bank_account(bank: str | None, number: str | None) -> tuple[str, str] | tuple[None, None]:
    """Bank code (3 digits) and account number (6 to 20 digits), or neither. Raises InvalidInput (bank, number)."""
    if bank is None and number is None:
        return None, None
    if bank is None or not BANK.fullmatch(bank):
        raise InvalidInput("The bank is its code of 3 digits, for example 014, with the account number.", field="bank")
    if emvco.banks.find(bank) is None:
        raise InvalidInput(f"There is no bank {bank} in Thailand.", field="bank")
    digits = re.sub(r"[ -]", "", number or "")
    if not NUMBER.fullmatch(digits):
        raise InvalidInput("The account number must have 6 to 20 digits.", field="number")
    return bank, digits
