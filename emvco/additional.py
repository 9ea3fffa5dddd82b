"""Additional data, tag 62: bill number, references, labels, and what the payer's app shall ask for.

EMVCo MPM v1.0, "Additional Data Field Template (ID "62")", with 10 and 11 of v1.1. In Thailand the "reference 3" of SCB
stands in 07 (terminal label), and a cross-border bill payment puts currency, local amount and country into 08. The
whole template has 99 characters, so at most three fields can be as long as 25. "***" makes the app ask the payer.

>>> write(AdditionalData(bill_number="INV-2026-001", terminal_label="SCB"))
'0112INV-2026-0010703SCB'
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from emvco import fields
from emvco.errors import InputError
from emvco.tlv import DataObject

LENGTH_MAX: Final = 25
ASK: Final = "***"
"""As a value: the app asks the payer for it."""


class AdditionalData(NamedTuple):
    """What tag 62 says; None where it says nothing. Ids that EMVCo does not name: `Payload.children("62")`.

    `data_request`  what the app is to send along: A address, M mobile, E e-mail, as in "AME"
    """

    bill_number: str | None = None
    mobile_number: str | None = None
    store_label: str | None = None
    loyalty_number: str | None = None
    reference_label: str | None = None
    customer_label: str | None = None
    terminal_label: str | None = None
    purpose: str | None = None
    data_request: str | None = None
    merchant_tax_id: str | None = None
    merchant_channel: str | None = None


_IDS: Final = tuple(f"{number:02d}" for number in range(1, 12))
_LENGTHS: Final = {"09": (1, 3), "10": (1, 20), "11": (3, 3)}
_WRITERS: Final = tuple(
    fields.text_object(tag, f"62/{tag}", longest, shortest)
    for tag, (shortest, longest) in ((tag, _LENGTHS.get(tag, (1, LENGTH_MAX))) for tag in _IDS)
)


def write(data: AdditionalData) -> str:
    """The value of tag 62. Raises InputError; also if there is nothing in it, or more than 99 characters."""
    if type(data) is not AdditionalData:
        fields.require_view(data, AdditionalData, "62")
    text = ""
    for place, value in enumerate(data):
        if value is not None:
            text += _WRITERS[place](value)
    if not 0 < len(text) <= 99:
        if not text:
            raise InputError("empty_template", None, "62", "additional data has at least one field")
        fields.check_length(text, "62", 99)
    request = data.data_request
    if request is not None and (set(request) - set("AME") or len(set(request)) < len(request)):
        raise InputError("bad_data_request", None, "62/09", "the request names A, M and E, each at most once")
    return text


def read(children: Sequence[DataObject]) -> AdditionalData:
    """The typed view of the data objects in tag 62."""
    values = {child.id: child.value for child in children}
    return AdditionalData(*(values.get(tag) for tag in _IDS))


def cross_border_purpose(currency: str, local_amount: str, country: str) -> str:
    """The `purpose` of a cross-border bill payment: currency (3 digits), local amount (13), country (2 letters).

    The amount is filled up with zeros on the left. Raises InputError.

    >>> cross_border_purpose("392", "1500.00", "JP")
    '3920000001500.00JP'
    """
    fields.digits(currency, "62/08", 3)
    fields.ascii_text(local_amount, "62/08", 13)
    if not local_amount.replace(".", "", 1).isdecimal():
        raise InputError("bad_amount", None, "62/08", "an amount has digits and at most one decimal point")
    fields.country(country, "62/08")
    return f"{currency}{local_amount.zfill(13)}{country}"
