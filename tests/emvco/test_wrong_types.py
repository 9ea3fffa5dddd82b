"""Whatever is given in the place of an argument, only EmvcoError comes, and it says what was wrong with which."""

from __future__ import annotations

import zlib
from collections.abc import Hashable
from datetime import date
from typing import NamedTuple

import pytest

import emvco
from emvco import additional, banks, explain, qr
from emvco.qr import png

# By name, for the messages of what can be wrong.
WRONG = {"None": None, "5": 5, "[]": [], "{}": {}, "b'x'": b"x", "object()": object(), "True": True, "'?'": "?"}
MOBILE = emvco.Proxy("mobile", "0066812345678")
TRANSFER = emvco.PromptPay(MOBILE)
BILL = emvco.BillPayment("099400016550100", "INV1", "TABLE7")
TEXT = emvco.promptpay_payload("0812345678", 15000)
STATIC = emvco.promptpay_payload("0812345678")
DAY = date(2026, 5, 31)
PNG = png.file(1, 8, 2, zlib.compress(b"\0\xff\0\0"))
# What an argument of this name may also be, with a meaning of its own.
MEANT = {
    **dict.fromkeys(
        ("dynamic", "strict", "upper", "ansi", "objects", "cross_border"), " ".join(WRONG)
    ),  # Truth values.
    **dict.fromkeys(("scale", "border", "width", "reference_length_max", "satang"), "5"),
    **dict.fromkeys(("event", "transaction_id", "identifier", "provider_id", "value", "code", "path", "text"), "'?'"),
    **dict.fromkeys(("purpose", "message", "reference", "name", "city", "postal_code", "bill_number"), "None '?'"),
    **dict.fromkeys(("merchant_reference", "order_reference", "store_label"), "None '?'"),
    **dict.fromkeys(("texts", "requests", "problems", "extra", "amounts_satang", "changes"), "[] {}"),
    **dict.fromkeys(("kind", "ref2", "profile", "merchant", "additional", "language", "vat", "tip", "amount"), "None"),
    **dict.fromkeys(("one_time_code", "category", "data_request", "rate", "mark"), "None"),
    **dict.fromkeys(("amount_satang", "mask"), "None 5"),
    "values": "None {}",
}
# Where the message has another word for it than its name.
WORDS = {
    "amounts_satang": "amounts",
    "amount_satang": "amount",
    "satang": "amount",
    "dark": "colour",
    "light": "colour",
    "dpi": "dots an inch",
    "error": "error correction",
}


class Call(NamedTuple):
    """`function(**names)` is good as it stands."""

    name: str
    function: object
    names: dict


def call(called, function, /, **names):
    return Call(called, function, names)


def spent(result):
    """Streams do their work when they are read."""
    return list(result) if hasattr(result, "__next__") else result


def key(value):
    """What cannot be a key at all never gets as far as this library."""
    return value if isinstance(value, Hashable) else object()


def view(cls):
    """How a view with something wrong in it gets into a code."""

    def build(**fields):
        thing = cls(**fields)
        if cls is emvco.Proxy:
            thing.display, thing.check_digit_ok  # noqa: B018  They are functions, too.
            return (
                emvco.promptpay_payload(thing),
                emvco.build(emvco.PromptPay(thing)),
                list(emvco.build_many([(thing, 100)])),
            )
        if cls in {emvco.PromptPay, emvco.BillPayment}:
            list(emvco.build_many([(thing, 100)]))
            emvco.template(thing)
        if cls is emvco.AcquirerReference:
            return emvco.build(BILL, thing)
        if cls in {emvco.PromptPay, emvco.BillPayment, emvco.PaymentInnovation, emvco.Account}:
            return emvco.build(thing), emvco.build(thing, dynamic=True)
        if cls is emvco.Barcode:
            return thing.payload(), emvco.read_barcode(str(thing))
        if cls is emvco.Tip:
            shop = emvco.Merchant("SHOP", "BANGKOK")
            return emvco.build(TRANSFER, tip=thing, merchant=shop, profile="EMVCO", amount_satang=100)
        place = {
            emvco.Merchant: "merchant",
            emvco.AdditionalData: "additional",
            emvco.LanguageTemplate: "language",
            emvco.Vat: "vat",
        }[cls]
        return emvco.build(TRANSFER, **{place: thing}), emvco.build(TRANSFER, dynamic=False, **{place: thing})

    return build


CALLS = [
    call("promptpay_payload", emvco.promptpay_payload, proxy="0812345678", amount_satang=100, kind="mobile"),
    call("promptpay_payload without kind", emvco.promptpay_payload, proxy="0812345678", amount_satang=100),
    call("normalise_proxy", emvco.normalise_proxy, proxy="0812345678", kind="mobile"),
    call("normalise_proxy of a Proxy", emvco.normalise_proxy, proxy=MOBILE, kind="mobile"),
    call("bank_account", emvco.bank_account, bank_code="004", account="0123456789"),
    call("one_time_payload", emvco.one_time_payload, proxy="0812345678", one_time_code="1234567890", amount_satang=100),
    call(
        "bill_payment_payload",
        emvco.bill_payment_payload,
        biller_id="099400016550100",
        ref1="INV1",
        ref2="TABLE7",
        amount_satang=100,
    ),
    call(
        "cross_border_payload",
        emvco.cross_border_payload,
        biller_id="099400016550100",
        ref1="INV1",
        ref2="TABLE7",
        amount_satang=100,
        purpose="3920000001500.00JP",
    ),
    call("normalise_biller_id", emvco.normalise_biller_id, text="099400016550100"),
    call("normalise_reference", emvco.normalise_reference, text="INV1", upper=False),
    call("truemoney_payload", emvco.truemoney_payload, mobile="0801111111", amount_satang=100, message="Hi"),
    call("slip_payload", emvco.slip_payload, bank_code="014", reference="R1"),
    call("truemoney_slip_payload", emvco.truemoney_slip_payload, event="P2P", transaction_id="T1", day=DAY),
    call(
        "barcode_text",
        emvco.barcode_text,
        biller_id="099400016550100",
        ref1="INV1",
        ref2="T7",
        amount_satang=100,
        reference_length_max=18,
    ),
    call("read_barcode", emvco.read_barcode, text="|099400016550100\rA\r\r0"),
    call("parse", emvco.parse, text=TEXT, strict=True),
    call("parse leniently", emvco.parse, text=TEXT, strict=False),
    call("detect", emvco.detect, text=TEXT),
    call("validate", emvco.validate, text=TEXT, profile="THAI"),
    call("explain", explain.explain, text=TEXT, profile="THAI"),
    call("explain.render", explain.render, explanation=explain.explain(TEXT), width=80, objects=True),
    call("explain.point", explain.point, text=TEXT, problems=emvco.validate(TEXT[:-1]), width=80),
    call("explain.visible", explain.visible, text=TEXT),
    call("build_many", emvco.build_many, requests=[("0812345678", 100)], errors="raise"),
    call("build_many, errors returned", emvco.build_many, requests=[("0812345678", 100)], errors="return"),
    call("build_many's request", lambda request: emvco.build_many([request]), request=("0812345678", 100)),
    call("build_many's payee", lambda whom: emvco.build_many([(whom, 100)]), whom="0812345678"),
    call(
        "build_many's amount", lambda amount_satang: emvco.build_many([("0812345678", amount_satang)]), amount_satang=1
    ),
    call("parse_many", emvco.parse_many, texts=[TEXT], strict=True, errors="raise"),
    call("parse_many's text", lambda text: emvco.parse_many([text]), text=TEXT),
    call("template", lambda account: emvco.template(account), account=TRANSFER),
    call("Template.payload", emvco.template(TEXT).payload, amount_satang=100),
    call("Template.payloads", emvco.template(TEXT).payloads, amounts_satang=[100]),
    call("Template.payloads' amount", lambda satang: emvco.template(TEXT).payloads([satang]), satang=100),
    call("Payload.replace", emvco.parse(TEXT).replace, changes={"59": "SHOP"}),
    call("Payload.replace, path", lambda path: emvco.parse(TEXT).replace({key(path): "SHOP"}), path="59"),
    call("Payload.replace, value", lambda value: emvco.parse(TEXT).replace({"59": value}), value="SHOP"),
    call("Payload.with_amount", emvco.parse(TEXT).with_amount, amount_satang=100),
    call("Payload.get", emvco.parse(TEXT).get, path="29/01"),
    call("Payload.find", emvco.parse(TEXT).find, path="29/01"),
    call("Payload.children", emvco.parse(TEXT).children, path="29"),
    call("Account.of", emvco.Account.of, tag="26", identifier="TH.SHOP", values={"01": "X"}),
    call(
        "Account.of, its values",
        lambda tag, value: emvco.Account.of("26", "TH.SHOP", {key(tag): value}),
        tag="01",
        value="X",
    ),
    call("banks.find", banks.find, name="014"),
    call("banks.name_of", banks.name_of, code="014", language="th"),
    call("cross_border_purpose", additional.cross_border_purpose, currency="392", local_amount="1500.00", country="JP"),
    call(
        "build",
        lambda account, **names: emvco.build(account, **names),
        account=TRANSFER,
        amount_satang=100,
        dynamic=True,
        merchant=emvco.Merchant("SHOP", "BANGKOK"),
        additional=emvco.AdditionalData(terminal_label="T001"),
        language=emvco.LanguageTemplate("TH", "ร้าน"),
        vat=emvco.Vat("0000", 7),
        message="Hi",
        extra=[("65", "X")],
        profile="THAI",
        currency="764",
        country="TH",
    ),
    call(
        "build of the everyday",
        lambda account, **names: emvco.build(account, **names),
        account=TRANSFER,
        amount_satang=100,
        dynamic=None,
        merchant=emvco.Merchant("SHOP", "BANGKOK"),
        additional=emvco.AdditionalData(terminal_label="T001"),
        language=emvco.LanguageTemplate("TH", "ร้าน"),
        vat=emvco.Vat("0000", 7),
        message="Hi",
    ),
    call(
        "build for EMVCo",
        lambda account, **names: emvco.build(account, **names),
        account=emvco.Account("04", "5400000000000000"),
        tip=emvco.Tip("percent", None, "5.00"),
        merchant=emvco.Merchant("SHOP", "SINGAPORE"),
        amount="10.00",
        profile="EMVCO",
        currency="702",
        country="SG",
    ),
    call("build's extra tag", lambda tag, value: emvco.build(TRANSFER, extra=[(tag, value)]), tag="65", value="X"),
    call("build's extra", lambda pair: emvco.build(TRANSFER, extra=[pair]), pair=("65", "X")),
    call("Proxy", view(emvco.Proxy), kind="mobile", digits="0066812345678"),
    call("Proxy of a bank account", view(emvco.Proxy), kind="bank_account", digits="0040123456789"),
    call("Proxy of a person", view(emvco.Proxy), kind="national_id", digits="1234567890121"),
    call("PromptPay", view(emvco.PromptPay), proxy=MOBILE, one_time_code="1234567890"),
    call(
        "BillPayment", view(emvco.BillPayment), biller_id="099400016550100", ref1="INV1", ref2="T7", cross_border=False
    ),
    call(
        "AcquirerReference",
        view(emvco.AcquirerReference),
        acquirer="004",
        merchant_reference="K1",
        order_reference="O1",
    ),
    call("PaymentInnovation", view(emvco.PaymentInnovation), api_id="001", provider_id="P1", reference="R1"),
    call("Account", view(emvco.Account), tag="04", value="5400000000000000"),
    call("Account, a template", view(emvco.Account), tag="26", value="0007TH.SHOP"),
    call("Barcode", view(emvco.Barcode), biller_id="099400016550100", ref1="INV1", ref2="T7", amount_satang=100),
    call("Merchant", view(emvco.Merchant), name="SHOP", city="BANGKOK", category="5812", postal_code="10110"),
    call(
        "AdditionalData", view(emvco.AdditionalData), bill_number="B", store_label="S", data_request="AM", purpose="P"
    ),
    call("LanguageTemplate", view(emvco.LanguageTemplate), language="TH", name="ร้าน", city="กรุงเทพ"),
    call("Vat", view(emvco.Vat), branch="0000", amount_satang=7, rate="7.00"),
    call("Tip, fixed", view(emvco.Tip), kind="fixed", amount_satang=500),
    call("Tip, in percent", view(emvco.Tip), kind="percent", percent="5.00"),
    call("qr.render", qr.render, text=TEXT, mode="byte", error="M", scale=8, border=4, mask=3),
    call(
        "qr.render_many", qr.render_many, texts=[TEXT], format="png", mode="byte", error="M", scale=8, border=4, mask=3
    ),
    call("qr.render_many's text", lambda text: qr.render_many([text]), text=TEXT),
    call("qr.render_many's texts", lambda text: qr.render_many([*[TEXT] * 30, text]), text=TEXT),
    call("Symbol.png", qr.render(TEXT, error="H", scale=2).png, dark="#001", light="#fff", mark=PNG),
    call("Symbol.svg", qr.render(TEXT, error="H").svg, dark="#001", light="#fff", mark=PNG),
    call("Symbol.terminal", qr.render(TEXT).terminal, ansi=True),
    call(
        "qr.card",
        qr.card,
        payload=STATIC,
        amount_satang=100,
        name="SHOP",
        reference="R1",
        language="th",
        mode="byte",
        error="M",
    ),
    call("Card.png", qr.card(TEXT).png, scale=1),
    call("Card.poster", qr.card(TEXT).poster, paper="A5"),
    call("Card.poster_png", qr.card(TEXT).poster_png, paper="A6", dpi=72),
]
CASES = [(one, argument) for one in CALLS for argument in one.names]


@pytest.mark.parametrize("one", CALLS, ids=lambda one: one.name)
def test_the_calls_are_good_as_they_stand(one):
    spent(one.function(**one.names))


@pytest.mark.parametrize(("one", "argument"), CASES, ids=[f"{one.name}: {argument}" for one, argument in CASES])
def test_a_wrong_argument_is_an_error_of_this_library_or_means_something(one, argument):
    for wrong, value in WRONG.items():
        try:
            spent(one.function(**(one.names | {argument: value})))
        except emvco.EmvcoError as error:
            if wrong != "'?'":  # Text can be wrong in other ways.
                assert error.path or WORDS.get(argument, argument) in error.message, (wrong, error)
        else:
            # `detect` is for cameras: it says None to whatever it is shown.
            assert wrong in MEANT.get(argument, "").split() or one.name == "detect", wrong
