"""Many at once: payloads that share their beginning, and streams of them in and out.

A `Template` is a payload without its amount: what stands before tag 54 is written once, and so is the CRC over it, from
which each payload's CRC goes on. Everything here is an iterator over an iterable, so a million codes need the memory of
one.

>>> shop = template(PromptPay(Proxy("mobile", "0066812345678")))
>>> shop.payload(5000)
'00020101021229370016A000000677010111011300668123456785303764540550.005802TH63045197'
>>> list(shop.payloads([5000])) == list(build_many([("0812345678", 5000)])) == [shop.payload(5000)]
True
>>> [payload.amount_satang for payload in parse_many(shop.payloads(range(100, 103)))]
[100, 101, 102]
"""

from __future__ import annotations

from binascii import crc_hqx
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Literal, TypeVar, overload

from emvco import amount, crc, fields, reader, tags
from emvco.billpayment import BillPayment, bill_payment_payload
from emvco.builder import AnyAccount, build
from emvco.errors import EmvcoError, InputError
from emvco.payload import Payload, parse
from emvco.promptpay import PromptPay, Proxy, promptpay_payload

Request = tuple[str | Proxy | PromptPay | BillPayment, int | None]
"""Whom to pay, as `promptpay_payload` or `build` takes it, and the satang; None leaves the amount to the payer."""

_In = TypeVar("_In")
_Out = TypeVar("_Out")


@cache
def _whole() -> tuple[str, ...]:
    """Id, length and baht of tag 54 for the amounts that shops have; made when the first template is used."""
    return tuple(f"{amount.HEADERS[len(str(whole))]}{whole}" for whole in range(10_000))


class Template:
    """A payload to which only the amount is missing. Immutable; made by `template`."""

    __slots__ = ("_after", "_before", "_state")

    def __init__(self, before: str, after: str) -> None:
        fields.require_text(before, "", "what stands before the amount")
        fields.require_text(after, "", "what stands after the amount")
        if not fields.is_unicode(before + after):
            raise InputError("not_unicode", None, "", "a lone surrogate is not a character")
        self._before = before
        self._after = tuple(f"{cents}{after}{crc.HEADER}" for cents in amount.CENTS)
        self._state = crc.state_of(before)

    def payload(self, amount_satang: int) -> str:
        """The payload with this amount, 1 to 999,999,999,999 satang. Raises InputError."""
        rest = amount.data_object(amount_satang)[:-3] + self._after[amount_satang % 100]
        return f"{self._before}{rest}{crc.resume(self._state, rest)}"

    def payloads(self, amounts_satang: Iterable[int]) -> Iterator[str]:
        """One payload for each amount, in order. Raises InputError at the first amount that cannot be."""
        return self._payloads(fields.iterator(amounts_satang, "amounts"))

    def _payloads(self, amounts_satang: Iterator[int]) -> Iterator[str]:
        before, state, after = self._before, self._state, self._after
        whole, headers, hexadecimal = _whole(), amount.HEADERS, crc.HEX
        for satang in amounts_satang:
            if type(satang) is not int or not 0 < satang <= 999_999_999_999:
                amount.write(satang)  # which says what is wrong with it
            if satang < 1_000_000:
                rest = whole[satang // 100] + after[satang % 100]
            else:
                baht = str(satang // 100)
                rest = f"{headers[len(baht)]}{baht}{after[satang % 100]}"
            value = crc_hqx(rest.encode(), state)
            yield f"{before}{rest}{hexadecimal[value >> 8]}{hexadecimal[value & 0xFF]}"


def template(payload: str | Payload | AnyAccount) -> Template:
    """A template of a whole payload (any sound EMVCo code in baht; its own amount is replaced) or of an account.

    Codes made of it are dynamic (01=12), unless the model has no tag 01. Raises EmvcoError.
    """
    model = parse(payload if isinstance(payload, str | Payload) else build(payload))
    if model.is_slip or model.get("53") != tags.BAHT:
        raise InputError("not_payable", None, "53", "a template is of a payment code in baht")
    text = str(model.with_amount(100))
    place = reader.read(text)
    written = next(thing for thing in place.objects if thing.id == "54")
    return Template(text[: written.offset], text[written.offset + len(str(written)) : -8])


@overload
def build_many(requests: Iterable[Request], errors: Literal["raise"] = "raise") -> Iterator[str]:
    """Payloads only: the first error is raised."""


@overload
def build_many(requests: Iterable[Request], errors: Literal["return"]) -> Iterator[str | EmvcoError]:
    """Errors in the place of what was wrong."""


def build_many(
    requests: Iterable[Request], errors: Literal["raise", "return"] = "raise"
) -> Iterator[str] | Iterator[str | EmvcoError]:
    """One payload for each (whom, satang), in order.

    *errors* "raise" stops at the first that cannot be built; "return" gives its InputError in its place and goes on.
    """
    return _each(_build_one, fields.iterator(requests, "requests"), errors)


@overload
def parse_many(
    texts: Iterable[str | Payload], strict: bool = True, errors: Literal["raise"] = "raise"
) -> Iterator[Payload]:
    """Payloads only: the first error is raised."""


@overload
def parse_many(
    texts: Iterable[str | Payload], strict: bool = True, *, errors: Literal["return"]
) -> Iterator[Payload | EmvcoError]:
    """Errors in the place of what was wrong."""


def parse_many(
    texts: Iterable[str | Payload], strict: bool = True, errors: Literal["raise", "return"] = "raise"
) -> Iterator[Payload] | Iterator[Payload | EmvcoError]:
    """One Payload for each text, in order; *errors* as in `build_many`."""
    return _each(parse if strict else _parse_leniently, fields.iterator(texts, "texts"), errors)


def _each(work: Callable[[_In], _Out], items: Iterator[_In], errors: str) -> Iterator[_Out | EmvcoError]:
    if errors == "raise":
        return map(work, items)
    if errors != "return":
        raise InputError("unknown_option", None, "", 'errors is "raise" or "return"')
    return _each_or_error(work, items)


def _each_or_error(work: Callable[[_In], _Out], items: Iterator[_In]) -> Iterator[_Out | EmvcoError]:
    for item in items:
        try:
            yield work(item)
        except EmvcoError as error:
            yield error


def _parse_leniently(text: str | Payload) -> Payload:
    return parse(text, strict=False)


def _build_one(request: Request) -> str:
    try:
        whom, amount_satang = request
    except (TypeError, ValueError):
        raise InputError("wrong_type", None, "", "a request is a pair: whom to pay, and the amount in satang") from None
    match whom:
        case BillPayment(biller_id, ref1, ref2, False):
            return bill_payment_payload(biller_id, ref1, ref2, amount_satang)
        case BillPayment() | PromptPay():
            return build(whom, amount_satang=amount_satang)
        case _:
            return promptpay_payload(whom, amount_satang)
