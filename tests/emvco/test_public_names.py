"""What others may lean on. A name that stands here is kept for ever."""

import doctest
import importlib
import inspect
import pkgutil
import subprocess
import sys

import pytest

import emvco
import emvco.qr

MODULES = ["emvco", *(module.name for module in pkgutil.walk_packages(emvco.__path__, "emvco."))]


def test_the_public_names_stand():
    assert set(emvco.__all__) >= {
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
    }
    assert all(hasattr(emvco, name) for name in emvco.__all__)
    assert set(emvco.qr.__all__) >= {"Symbol", "SymbolError", "render"}


def test_the_public_signatures_stand():
    def arguments(function):
        return [
            name if parameter.default is parameter.empty else f"{name}={parameter.default!r}"
            for name, parameter in inspect.signature(function).parameters.items()
        ]

    assert arguments(emvco.promptpay_payload) == ["proxy", "amount_satang=None", "kind=None"]
    assert arguments(emvco.bill_payment_payload) == ["biller_id", "ref1", "ref2=None", "amount_satang=None"]
    assert arguments(emvco.truemoney_payload) == ["mobile", "amount_satang=None", "message=None"]
    assert arguments(emvco.parse) == ["text", "strict=True"]
    assert arguments(emvco.detect) == ["text"]
    assert arguments(emvco.validate) == ["text", "profile='THAI'"]
    assert arguments(emvco.build_many) == ["requests", "errors='raise'"]
    assert arguments(emvco.parse_many) == ["texts", "strict=True", "errors='raise'"]
    assert emvco.Problem._fields == ("code", "severity", "offset", "path", "message")
    assert arguments(emvco.EmvcoError)[:3] == ["code", "offset=None", "path=''"]
    assert arguments(emvco.normalise_proxy) == ["proxy", "kind=None"]
    assert arguments(emvco.qr.render) == ["text", "mode='byte'", "error='M'", "scale=8", "border=4", "mask=None"]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_the_docstrings_are_true(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_payloads_need_nothing_but_the_standard_library():
    code = (
        "import sys, emvco; emvco.parse(emvco.promptpay_payload('0812345678', 1));"
        "print([name for name in sys.modules if name.split('.')[0] in {'segno', 'numpy', 'PIL', 'paygate'}])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert found.stdout.strip() == "[]"
