"""What a refund is asked for with, at whatever address: how much, why, and where the payer wants it."""

from __future__ import annotations

from collections.abc import Callable

from paygate.core import fields, money
from paygate.core import shapes as declare
from paygate.core.errors import InvalidInput
from paygate.core.fields import Fields
from paygate.core.money import MAX_AMOUNT_SATANG
from paygate.core.shapes import Shape
from paygate.services import refunds
from paygate.services.payouts import Place

ReadPlace = Callable[[str | None, str | None, str | None, str | None], Place | None]
MAX_REASON = 500
LOWEST_SATANG = 1


def _amount(given: Fields) -> int | None:
    if given.get("amount") is None:
        return None
    return money.satang_from_json(given["amount"], low=LOWEST_SATANG, high=MAX_AMOUNT_SATANG * 20)


def _payee(given: Fields) -> Place | None:
    return place(given, refunds.read_payee)


def place(given: Fields, read: ReadPlace) -> Place | None:
    """`payee`, as *read* understands its parts; None when nothing is said. Raises InvalidInput (payee...)."""
    value = given.get("payee")
    if value is None:
        return None
    if not isinstance(value, dict):
        raise InvalidInput("payee must be an object.", field="payee")
    names = ("promptpay", "bank", "account", "name")
    texts = {name: fields.text(value, name, 100, one_line=True) for name in names}
    try:
        found = read(texts["promptpay"], texts["bank"], texts["account"], texts["name"])
    except InvalidInput as error:
        wrong = {"number": "account"}.get(error.field or "", error.field)
        raise fields.within("payee", InvalidInput(error.message, field=wrong)) from error
    if found is None:
        raise InvalidInput("payee needs promptpay, or bank and account.", field="payee")
    return found


def _ask_payer(given: Fields) -> bool | None:
    value = given.get("askPayer")
    if value is not None and not isinstance(value, bool):
        raise InvalidInput("askPayer must be true or false.", field="askPayer")
    return value


AMOUNT = declare.custom(
    "amount",
    _amount,
    {"type": "number", "minimum": 0.01, "multipleOf": 0.01},
    "A part, in baht; without it, all that is left.",
    example=50.00,
)
REASON = declare.text("reason", MAX_REASON, "Why; for you.", one_line=True, example="Wrong size")
PAYEE_SCHEMA = {
    "type": "object",
    "properties": {
        "promptpay": {"type": "string", "description": "A PromptPay ID: mobile, national or tax ID, or e-wallet."},
        "bank": {"type": "string", "description": "A bank's code, 3 digits, with `account`."},
        "account": {"type": "string", "description": "The account's number."},
        "name": {"type": "string", "description": "Who holds it."},
    },
}
PAYEE = declare.custom(
    "payee",
    _payee,
    PAYEE_SCHEMA,
    "Where the payer wants it; may follow later.",
    example={"promptpay": "0899999999", "name": "Somchai"},
)
NEEDED_PAYEE = declare.needed(PAYEE, "payee is required.")
ASK_PAYER = declare.custom(
    "askPayer",
    _ask_payer,
    {"type": "boolean"},
    "Whether the payer is asked where the money shall go: the answer has a link. Without it: when there is no `payee`, "
    "of live money that the operator pays.",
    example=None,
)
NEW_PAYEE = Shape("NewPayee", "Where the payer wants the money.", (NEEDED_PAYEE,))
