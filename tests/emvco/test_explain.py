import pytest
from hypothesis import given
from hypothesis import strategies as st

import emvco
from emvco.explain import explain, point, render

MOBILE = emvco.PromptPay(emvco.normalise_proxy("0812345678"))
BILL = emvco.BillPayment("099400016550100", "INV1", "T7")


def facts(text):
    return {fact.label: fact.value for fact in explain(text).facts}


@pytest.mark.parametrize(
    ("text", "title", "expected"),
    [
        (
            emvco.promptpay_payload("0812345678", 123_456_789),
            "PromptPay credit transfer",
            {"Pays to": "081-234-5678 (mobile)", "Amount": "1,234,567.89 THB", "Use": "one payment (dynamic)"},
        ),
        (
            emvco.promptpay_payload("1234567890121"),
            "PromptPay credit transfer",
            {"Pays to": "1-2345-67890-12-1 (national or tax ID)", "Amount": "typed by the payer"},
        ),
        (
            emvco.promptpay_payload(emvco.bank_account("004", "0123456789")),
            "PromptPay credit transfer",
            {"Pays to": "0123456789 (account at Kasikornbank)"},
        ),
        (
            emvco.truemoney_payload("0801111111", 100, "ขอบคุณ"),
            "PromptPay credit transfer",
            {"Pays to": "0801111111 (TrueMoney wallet)", "Message": "ขอบคุณ"},
        ),
        (
            emvco.build(emvco.PromptPay(MOBILE.proxy, "1234567890")),
            "PromptPay credit transfer",
            {"One-time code": "1234567890"},
        ),
        (
            emvco.build(
                BILL,
                merchant=emvco.Merchant("SHOP", "BANGKOK", "5812", "10110"),
                additional=emvco.AdditionalData(terminal_label="SCB", mobile_number="***"),
                language=emvco.LanguageTemplate("TH", "ร้านกาแฟ", "กรุงเทพ"),
                vat=emvco.Vat("0001", 700, "7.00"),
            ),
            "PromptPay bill payment",
            {
                "Biller": "099400016550100",
                "Reference 1": "INV1",
                "Reference 2": "T7",
                "Merchant": "SHOP",
                "City": "BANGKOK",
                "Category": "5812",
                "Postal code": "10110",
                "Terminal": "SCB",
                "Mobile": "asked by the app",
                "In TH": "ร้านกาแฟ, กรุงเทพ",
                "VAT": "7.00 THB at 7.00 %, branch 0001",
            },
        ),
        (
            emvco.build(BILL, emvco.AcquirerReference("004", "KB01", "INV1")),
            "PromptPay bill payment",
            {"Acquirer": "Kasikornbank (004)", "Merchant reference": "KB01", "Order reference": "INV1"},
        ),
        (
            emvco.build(BILL, emvco.PaymentInnovation("001", "PROVIDER", "T1"), message="ขอบคุณ"),
            "PromptPay bill payment",
            {"API": "001", "Service provider": "PROVIDER", "Transaction": "T1", "Message": "ขอบคุณ"},
        ),
        (
            emvco.cross_border_payload("099400016550100", "A"),
            "PromptPay bill payment",
            {"Biller": "099400016550100 (cross-border)"},
        ),
        (
            emvco.slip_payload("014", "20250101abcDEF"),
            "Transfer slip of a bank",
            {"Sent from": "Siam Commercial Bank (014)", "Reference": "20250101abcDEF"},
        ),
        (
            emvco.slip_payload("999", "R"),
            "Transfer slip of a bank",
            {"Sent from": "a bank that is not in the table (999)"},
        ),
        (
            "00490002010102010203P2P0314TXID12345678900408310520269104f05e",
            "Transfer slip of TrueMoney",
            {"Event": "P2P", "Transaction": "TXID1234567890", "Date": "2026-05-31"},
        ),
        (
            emvco.barcode_text("099400016550100", "A", "B", 12_345),
            "Bill payment barcode",
            {"Biller": "099400016550100", "Reference 1": "A", "Reference 2": "B", "Amount": "123.45 THB"},
        ),
        (emvco.barcode_text("099400016550100", "A"), "Bill payment barcode", {"Amount": "typed by the payer"}),
        (
            emvco.build(
                emvco.Account.of("26", "com.example"),
                merchant=emvco.Merchant("A", "B"),
                tip=emvco.Tip("percent", percent="5.00"),
                profile="EMVCO",
                currency="392",
                country="JP",
                amount="1500",
            ),
            "EMVCo payment code",
            {"Account": "com.example", "Amount": "1500 JPY", "Tip": "5.00 %"},
        ),
    ],
)
def test_a_code_is_told_in_words(text, title, expected):
    found = explain(text)
    assert found.title == title
    assert found.is_sound
    assert facts(text).items() >= expected.items()
    shown = render(found, objects=True)
    assert all(value in shown for value in expected.values())
    assert shown.startswith(title)


def test_every_data_object_has_its_name_and_place():
    found = explain(emvco.build(BILL, additional=emvco.AdditionalData(terminal_label="SCB")))
    names = {fact.path: (fact.label, fact.value) for fact in found.objects}
    assert names["30"][0] == "PromptPay Bill Payment"
    assert names["30/02"] == ("Reference 1", "INV1")
    assert names["62/07"] == ("Terminal Label", "SCB")
    assert names["63"][0] == "CRC"
    assert "\n     02 04 INV1  Reference 1\n" in render(found, objects=True)


def test_problems_are_pointed_at_under_the_text():
    text = emvco.crc.sign("00020101021129370016A00000067701011101130066812345678530376454040.005802TH")
    lines = render(explain(text)).splitlines()
    row = next(i for i, line in enumerate(lines) if line.strip() == text)
    assert lines[row + 1].index("^1") == lines[row].index("0.005802TH")
    assert lines[row + 1].index("^2") == lines[row].index("1129")
    assert "1 error zero_amount (tag 54)" in "\n".join(lines)
    assert not explain(text).is_sound


def test_long_codes_are_folded_and_the_mark_stands_under_its_line():
    text = emvco.promptpay_payload("0812345678", 5000)[:-4] + "0000"
    lines = point(text, emvco.validate(text), 20)
    assert lines[0] == text[:20]
    assert [line for line in lines if "^" not in line] == [text[i : i + 20] for i in range(0, len(text), 20)]
    assert lines[3:5] == [text[60:80], " " * 19 + "^1"]
    assert text.index("0000", 60) == 79


def test_thai_vowels_take_no_column_and_chinese_takes_two():
    problem = emvco.Problem("x", "error", 4, "", "x")
    assert point("น้ำ1X", [problem]) == ["น้ำ1X", "   ^1"]
    assert point("ก็กX", [problem._replace(offset=3)]) == ["ก็กX", "  ^1"]
    assert point("最佳X", [problem._replace(offset=2)]) == ["最佳X", "    ^1"]


def test_two_marks_at_one_place_stand_in_two_rows_and_one_after_the_end_is_shown():
    first = emvco.Problem("x", "error", 2, "", "x")
    assert point("abc", [first, first, first._replace(offset=3)]) == ["abc", "  ^1", "  ^2", "   ^3"]
    assert point("", [first._replace(offset=0)]) == ["", "^1"]


def test_what_is_invisible_is_shown():
    assert point(" \n\ufeffa\x7f", []) == [" \u240a\u00b7a\u2421"]


@pytest.mark.parametrize("text", ["", "https://example.com", "|099400016550100", "000201"])
def test_what_is_no_code_is_told_with_its_error(text):
    found = explain(text)
    assert (found.kind, found.facts, found.objects, found.is_sound) == ("unknown", (), (), False)
    assert "1 error" in render(found)


@pytest.mark.parametrize("change", [lambda text: text[:-1], lambda text: text[:40], lambda text: text[:-4] + "0000"])
def test_a_damaged_code_tells_nobody_whom_to_pay(change):
    found = explain(change(emvco.promptpay_payload("0812345678", 5000)))
    assert (found.kind, found.facts, found.is_sound) == ("damaged", (), False)
    assert found.objects[0].path == "00"
    assert "do not pay" in render(found, objects=True)


def test_a_slip_that_was_mended_says_so():
    found = explain("002702232019062543mc8k3ykZbndfi5102TH910377E")
    assert found.kind == "slip"
    assert {"bad_crc_length", "crc_length_mended"} <= {problem.code for problem in found.problems}


def test_a_broken_account_is_among_the_problems():
    text = emvco.crc.sign("00020101021129340016A0000006770101110110081234567853037645802TH8104D800")
    found = explain(text)
    assert (found.kind, found.is_sound) == ("emvco", False)
    assert {"bad_mobile", "bad_message"} <= {problem.code for problem in found.problems}


@given(st.text(st.characters(exclude_categories=())) | st.text("0123456789|\r").map(lambda rest: "00020101" + rest))
def test_any_text_is_explained(text):
    for width in (1, 80):
        assert render(explain(text), width)
