"""Codes that are well signed and yet not what they seem, and builders that are asked for what no reader takes."""

from __future__ import annotations

from typing import Any

import pytest

import emvco
from emvco import explain, qr
from emvco.errors import InputError, SymbolError

PAYEE = emvco.PromptPay(emvco.normalise_proxy("0812345678"))
SHOP = emvco.Merchant("X", "Y", "5812")


@pytest.mark.parametrize("text", ["|099400016550100\rinv-1\r\r0", "|099400016550100\rA\rTABLE 7\r0"])
def test_a_barcode_that_was_read_can_be_written_again(text: str) -> None:
    found = emvco.detect(text)
    assert found is not None and str(found.barcode) == str(emvco.read_barcode(text)) == text


def test_a_reference_that_nobody_can_see_is_none() -> None:
    with pytest.raises(emvco.EmvcoError):
        emvco.read_barcode("|099400016550100\r \r\r0")


@pytest.mark.parametrize(
    "asked",
    [
        {"extra": [("82", "hello")]},
        {"extra": [("80", "x")]},
        {"extra": [("81", "zz")]},
        {"extra": [("65", "\x00\n")]},
        {"extra": [("65", "")]},
        {"amount": "1.234"},
    ],
)
def test_what_is_built_of_text_is_what_we_would_read_ourselves(asked: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        emvco.build(PAYEE, **asked)


def test_an_account_of_text_has_its_identifier_once_and_no_control_characters() -> None:
    for values in ({"00": "y"}, {"01": "é\n"}):
        with pytest.raises(InputError):
            emvco.build(emvco.Account.of("26", "x", values))
    with pytest.raises(InputError):
        emvco.build(emvco.Account("26", "0101a"), profile="EMVCO", merchant=SHOP)


@pytest.mark.parametrize(
    ("currency", "tip", "said"), [("840", "5.00", "5.00 USD"), ("392", "100", "100 JPY"), ("414", "1.234", "1.234 414")]
)
def test_a_tip_is_in_the_currency_of_its_code(currency: str, tip: str, said: str) -> None:
    text = emvco.build(
        emvco.Account.of("26", "x"), profile="EMVCO", merchant=SHOP, currency=currency, country="US",
        amount="20", tip=emvco.Tip("fixed", 500),
    )  # fmt: skip
    shown = explain.explain(str(emvco.parse(text).replace({"56": tip})))
    assert [fact.value for fact in shown.facts if fact.label == "Tip"] == [said]


def test_a_tip_that_is_no_amount_hides_nothing_else() -> None:
    text = emvco.build(PAYEE, amount_satang=10_700, vat=emvco.Vat("0000", 700, "7.00"))
    odd = str(emvco.parse(text).replace({"55": "02", "56": "1.234"}))
    assert "VAT" in [fact.label for fact in explain.explain(odd).facts]


def test_a_landline_that_somebody_signed_is_warned_of() -> None:
    signed = emvco.crc.sign("0002010102112937" + "0016A0000006770101110113" + "0066212345678" + "53037645802TH")
    [problem] = emvco.validate(signed)
    assert (problem.code, problem.severity, problem.path) == ("landline", "warning", "29/01")


def signed_transfer(value: str) -> str:
    return emvco.crc.sign(f"00020101021129{len(value):02d}{value}53037645802TH")


def test_what_begins_as_no_mobile_does_is_warned_of_wherever_it_was_signed() -> None:
    [problem] = emvco.validate(signed_transfer("0016A0000006770101110113" + "0066012345678"))
    assert (problem.code, problem.severity, problem.path) == ("not_a_mobile", "warning", "29/01")
    # Published tests pay to a mobile of zeros, so what is nobody's number yet is built, and warned of.
    for proxy in ("0012345678", emvco.Proxy("mobile", "0066112345678"), emvco.Proxy("mobile", "0112345678")):
        [problem] = emvco.validate(emvco.promptpay_payload(proxy))
        assert (problem.code, problem.severity) == ("not_a_mobile", "warning")


def test_a_one_time_code_beside_the_aid_of_a_shop_is_warned_of() -> None:
    text = signed_transfer("0016A0000006770101110113" + "00668123456780510" + "1234567890")
    [problem] = emvco.validate(text)
    assert (problem.code, problem.severity, problem.path) == ("unexpected_one_time_code", "warning", "29/05")
    assert problem.offset == text.index("05101234567890")
    assert emvco.validate(emvco.one_time_payload("0812345678", "1234567890")) == []


def test_a_one_time_code_is_printable() -> None:
    text = signed_transfer("0016A0000006770101140113" + "00668123456780510" + "123456789ก")
    [problem] = [problem for problem in emvco.validate(text) if problem.severity == "error"]
    assert (problem.code, problem.path, text[problem.offset]) == ("bad_one_time_code", "29/05", "ก")
    assert emvco.parse(text).kind == "emvco"


def test_what_stands_around_a_barcode_is_an_error_that_lenient_reading_mends() -> None:
    bare = "|099400016550100\rA\r\r0"
    assert emvco.validate(bare) == []
    for text in (f"{bare}\n", f"{bare}\r\n", f" {bare}"):
        assert [(one.code, one.severity) for one in emvco.validate(text)][1:] == [("stripped", "info")]
        with pytest.raises(emvco.BarcodeError):
            emvco.read_barcode(text)
    assert [one.code for one in emvco.validate("|0994\n")] == ["wrong_parts"]


def test_a_zero_in_brackets_is_left_out_behind_the_country_alone() -> None:
    assert emvco.normalise_proxy("+66(0)812345678").digits == emvco.normalise_proxy("66 (0) 81 234 5678").digits
    with pytest.raises(InputError):
        emvco.normalise_proxy("08(0)12345678")


def test_a_slip_that_carries_an_amount_or_a_payee_is_not_sound() -> None:
    slip = emvco.parse(emvco.slip_payload("014", "REF1"))
    with pytest.raises(InputError):
        slip.with_amount(100)
    with pytest.raises(emvco.SlipError, match="not_of_a_slip"):
        slip.replace({"54": "9999.00"})
    body = f"{slip.text[:-8]}54079999.005904MR A9104"
    signed = body + emvco.crc.checksum(body)
    assert [(p.code, p.severity, p.path) for p in emvco.validate(signed)] == [
        ("not_of_a_slip", "error", "54"),
        ("not_of_a_slip", "error", "59"),
    ]
    assert not emvco.validate(emvco.slip_payload("014", "REF1"))


def test_a_fixed_tip_of_nothing_is_refused_at_its_own_tag() -> None:
    with pytest.raises(InputError) as refused:
        emvco.build(emvco.Account.of("26", "x"), profile="EMVCO", merchant=SHOP, tip=emvco.Tip("fixed", 0))
    assert refused.value.path == "56"


def test_names_of_vat_and_of_tag_31_are_their_own() -> None:
    bill = emvco.BillPayment("099400016550100", "R1")
    text = emvco.build(PAYEE, bill, emvco.AcquirerReference("004", "KB0", "R1"), vat=emvco.Vat("0000", 700, "7.00"))
    named = {fact.path: fact.label for fact in explain.explain(text).objects}
    assert (named["80/00"], named["80/01"], named["31/04"]) == ("Tax Branch", "VAT Rate", "Order Reference")
    assert named["29/00"] == "Application Identifier"


def test_a_batch_of_pictures_stops_at_what_is_no_text_and_not_before() -> None:
    drawn = qr.render_many(["a", 5])  # type: ignore[list-item]
    assert next(drawn) == qr.render("a").png()
    with pytest.raises(SymbolError, match="text 1"):
        next(drawn)
