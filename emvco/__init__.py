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

And the picture:

>>> from emvco import qr
>>> qr.render(text).png()[:4]
b'\\x89PNG'

Nothing but the standard library is needed; NumPy, where it is, makes batches of pictures quicker. Nothing here reads a
clock or the network.
"""

from emvco.acquirer import AcquirerReference, PaymentInnovation
from emvco.additional import AdditionalData
from emvco.banks import Bank
from emvco.barcode import Barcode, barcode_text, read_barcode
from emvco.batch import Template, build_many, parse_many, template
from emvco.billpayment import (
    BillPayment,
    bill_payment_payload,
    cross_border_payload,
    normalise_biller_id,
    normalise_reference,
)
from emvco.builder import Account, build
from emvco.detection import Detected, detect
from emvco.errors import (
    BarcodeError,
    ChecksumError,
    EmvcoError,
    FieldError,
    InputError,
    SchemeError,
    SlipError,
    StructureError,
    SymbolError,
)
from emvco.language import LanguageTemplate
from emvco.merchant import Merchant, Tip
from emvco.payload import Payload, parse
from emvco.promptpay import PromptPay, Proxy, bank_account, normalise_proxy, one_time_payload, promptpay_payload
from emvco.reader import Repair
from emvco.report import Problem, validate
from emvco.slip import Slip, TrueMoneySlip, slip_payload, truemoney_slip_payload
from emvco.tlv import DataObject
from emvco.truemoney import TrueMoney, truemoney_payload
from emvco.vat import Vat

__all__ = [
    "Account",
    "AcquirerReference",
    "AdditionalData",
    "Bank",
    "Barcode",
    "BarcodeError",
    "BillPayment",
    "ChecksumError",
    "DataObject",
    "Detected",
    "EmvcoError",
    "FieldError",
    "InputError",
    "LanguageTemplate",
    "Merchant",
    "Payload",
    "PaymentInnovation",
    "Problem",
    "PromptPay",
    "Proxy",
    "Repair",
    "SchemeError",
    "Slip",
    "SlipError",
    "StructureError",
    "SymbolError",
    "Template",
    "Tip",
    "TrueMoney",
    "TrueMoneySlip",
    "Vat",
    "bank_account",
    "barcode_text",
    "bill_payment_payload",
    "build",
    "build_many",
    "cross_border_payload",
    "detect",
    "normalise_biller_id",
    "normalise_proxy",
    "normalise_reference",
    "one_time_payload",
    "parse",
    "parse_many",
    "promptpay_payload",
    "read_barcode",
    "slip_payload",
    "template",
    "truemoney_payload",
    "truemoney_slip_payload",
    "validate",
]
