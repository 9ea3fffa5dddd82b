"""Thai payment QR codes: PromptPay credit transfer and bill payment, by EMVCo Merchant-Presented Mode.

Build a payload, with integer satang and never a float:

>>> import emvco
>>> emvco.promptpay_payload("081-234-5678", 15000)
'00020101021229370016A0000006770101110113006681234567853037645406150.005802TH6304C40C'
>>> text = emvco.bill_payment_payload("099400016550100", "INV2026", "TABLE7", amount_satang=25050)

Read one; what comes out is what went in, to the last character:

>>> payload = emvco.parse(text)
>>> str(payload) == text, payload.amount_satang
(True, 25050)
>>> payload.bill_payment
BillPayment(biller_id='099400016550100', ref1='INV2026', ref2='TABLE7', cross_border=False)

An error says what is wrong, where, and in which tag:

>>> try:
...     emvco.parse(text.replace("250.50", "950.50"))
... except emvco.EmvcoError as error:
...     print(error.code, error.offset, error.path)
wrong_crc 103 63

And the picture (the only part that needs another package):

>>> from emvco import qr
>>> qr.render(text).png()[:4]
b'\\x89PNG'

Payloads need nothing but the standard library. Nothing here reads a clock, a file or the network.
"""

from emvco.billpayment import BillPayment, bill_payment_payload, normalise_biller_id, normalise_reference
from emvco.errors import (
    ChecksumError,
    EmvcoError,
    FieldError,
    InputError,
    SchemeError,
    StructureError,
    SymbolError,
)
from emvco.payload import Payload, Repair, parse
from emvco.promptpay import PromptPay, Proxy, normalise_proxy, promptpay_payload
from emvco.tlv import DataObject

__all__ = [
    "BillPayment",
    "ChecksumError",
    "DataObject",
    "EmvcoError",
    "FieldError",
    "InputError",
    "Payload",
    "PromptPay",
    "Proxy",
    "Repair",
    "SchemeError",
    "StructureError",
    "SymbolError",
    "bill_payment_payload",
    "normalise_biller_id",
    "normalise_proxy",
    "normalise_reference",
    "parse",
    "promptpay_payload",
]
