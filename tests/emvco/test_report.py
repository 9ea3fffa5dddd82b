import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import emvco
from emvco import InputError, Problem, crc, tlv, validate

MOBILE = ("29", "0016A00000067701011101130066812345678")
BASE = {"00": "01", "01": "11", "29": MOBILE[1], "53": "764", "58": "TH"}
CARD = {"00": "01", "01": "11", "02": "4000000000000000", "52": "5812", "53": "840", "58": "US", "59": "A", "60": "B"}


def signed(objects):
    return crc.sign("".join(tlv.write(tag, value) for tag, value in objects.items() if value))


def found(text, profile="THAI"):
    return {(problem.severity, problem.code, problem.path) for problem in validate(text, profile)}


def test_what_this_library_builds_has_no_problems():
    for text in (
        emvco.promptpay_payload("0812345678"),
        emvco.promptpay_payload("0812345678", 5000),
        emvco.promptpay_payload("1234567890121", 5000),
        emvco.bill_payment_payload("099400016550100", "INV1", "T7", 5000),
        emvco.truemoney_payload("0812345678", 5000, "ขอบคุณ"),
        emvco.slip_payload("014", "Ref1"),
    ):
        assert validate(text) == []


@pytest.mark.parametrize(
    ("changes", "severity", "code", "path"),
    [
        ({"54": "0.00"}, "error", "zero_amount", "54"),
        ({"54": "1.005"}, "error", "amount_too_fine", "54"),
        ({"53": "840"}, "error", "not_thai", "53"),
        ({"58": "LA"}, "error", "not_thai", "58"),
        ({"29": None, "02": "4000000000000000"}, "warning", "no_thai_account", ""),
        ({"29": "0016A000000677010111"}, "error", "no_payee", "29"),
        ({"29": "0016A0000006770101110203123"}, "error", "bad_national_id", "29/02"),
        ({"31": "0016A0000006770101130201x"}, "error", "missing", "31/01"),
        ({"80": "0003000"}, "error", "missing", "80/02"),
        ({"81": "12"}, "warning", "bad_message", "81"),
        ({"01": "13"}, "error", "unknown_initiation", "01"),
        ({"29": "0016A000000677010111021312345678901" + "23"}, "warning", "wrong_check_digit", "29/02"),
        ({"29": "0016A00000067701011104130040123456789"}, "warning", "bank_account", "29/04"),
        ({"29": "0016a00000067701011101130066812345678"}, "warning", "small_aid", "29/00"),
        ({"29": "011300668123456780016A000000677010111"}, "warning", "identifier_not_first", "29/00"),
        ({"30": "0016A0000006770101120113099400016550102" + "01A"}, "warning", "short_biller_id", "30/01"),
        ({"30": "0016A00000067701011201150994000165501000205inv-1"}, "warning", "bad_reference", "30/02"),
        ({"30": "0016A00000067701011201150994000165501000201A0303B C"}, "warning", "bad_reference", "30/03"),
        ({"55": "01"}, "warning", "tip_with_promptpay", "55"),
        ({"59": "ร้านกาแฟ"}, "warning", "not_ascii", "59"),
        ({"62": "0703ก12"}, "warning", "not_ascii", "62/07"),
        ({"62": "0001x"}, "warning", "unknown_field", "62/00"),
        ({"62": "0726" + "x" * 26}, "warning", "too_long", "62/07"),
        ({"64": "0002FR0105Cafe\u0301"}, "warning", "not_nfc", "64/01"),
        ({str(tag): "x" * 99 for tag in range(70, 75)}, "warning", "payload_too_long", ""),
        ({"01": None}, "info", "no_initiation", "01"),
        ({"01": "12"}, "info", "dynamic_without_amount", "01"),
        ({"54": "1.00"}, "info", "static_with_amount", "01"),
        ({"65": "x"}, "info", "reserved_tag", "65"),
    ],
)
def test_each_problem_has_its_severity_and_place(changes, severity, code, path):
    text = signed(dict(sorted({**BASE, **changes}.items())))
    problems = found(text)
    assert (severity, code, path) in problems
    assert all(0 <= problem.offset <= len(text) for problem in validate(text))


def test_all_problems_come_at_once_and_errors_come_first():
    text = signed({**BASE, "54": "0.00", "59": "ร้าน", "55": "02"})[:-4] + "0000"
    problems = validate(text)
    assert [problem.severity for problem in problems] == sorted(
        (problem.severity for problem in problems), key=["error", "warning", "info"].index
    )
    assert {"zero_amount", "wrong_crc", "missing", "not_ascii", "tip_with_promptpay"} <= {
        each.code for each in problems
    }
    assert len(problems) == len(set(problems))


def test_the_order_of_tags_is_information_only():
    text = "00020101021129370016A000000677010111011300668012345675802TH530376463046197"
    assert found(text) == {("info", "not_ascending", "53")}
    assert found(text[:-4] + "6197") == found(text)


def test_a_crc_in_small_letters_is_information_only():
    text = "00020101021129370016A0000006770101110113006681234567853037645802TH6304823e"
    assert found(text) == {("info", "small_crc", "63")}


def test_the_emvco_profile_wants_a_merchant_and_asks_nothing_thai():
    assert found(signed(CARD), "EMVCO") == set()
    assert found(signed(BASE), "EMVCO") == {("error", "missing", tag) for tag in ("52", "59", "60")}
    assert ("error", "not_thai", "53") in found(signed(CARD))
    assert ("error", "missing", "26/00") in found(signed({**CARD, "26": "0101x"}), "EMVCO")


def test_a_broken_structure_is_reported_with_what_can_still_be_seen():
    good = signed({**BASE, "54": "0.00"})
    assert {("error", "truncated", "63"), ("error", "zero_amount", "54")} <= found(good[:-1])
    assert ("error", "missing", "53") not in found(good[:30])
    assert found("") == {("error", "empty", "")}
    assert found("https://example.com") == {("error", "bad_id", "")}


@pytest.mark.parametrize(("before", "after", "code"), [(" ", "", "stripped_before"), ("", "\n", "stripped_after")])
def test_what_lenient_reading_would_mend_is_said(before, after, code):
    problems = validate(before + signed(BASE) + after)
    assert {problem.severity for problem in problems} == {"error", "info"}
    assert code in {problem.code for problem in problems}


def test_lengths_counted_in_bytes_are_called_by_their_name():
    name = "ร้านกาแฟ"
    body = signed(BASE)[:-8] + f"59{len(name.encode()):02d}{name}" + "6304"
    text = body + crc.checksum(body)
    problem = validate(text)[0]
    assert (problem.code, problem.offset, problem.path) == ("byte_counted_length", len(body) - len(name) - 6, "59")
    with pytest.raises(emvco.StructureError, match="byte_counted_length"):
        emvco.parse(text)


def test_a_barcode_is_reported_as_one():
    text = "|099400016550100\rA\r\r0"
    assert validate(text) == validate(text, "EMVCO") == []
    assert found(text.replace("A", "ก")) == {("error", "bad_character", "ref1")}
    assert found("\ufeff" + text) == {("error", "no_bar", ""), ("info", "stripped", "")}


def test_a_problem_is_a_plain_value_and_prints_as_a_line():
    problem = Problem("zero_amount", "error", 70, "54", "an amount is not zero")
    assert str(problem) == "error zero_amount at 70 (tag 54): an amount is not zero"
    assert str(problem._replace(path="")) == "error zero_amount at 70: an amount is not zero"


def test_an_unknown_profile_and_no_text_are_refused():
    for arguments in [("", "PIX"), (None, "THAI"), (b"", "THAI")]:
        with pytest.raises(InputError):
            validate(*arguments)


anything = st.text(st.characters(exclude_categories=()))


@given(
    st.one_of(
        anything, anything.map(lambda rest: "000201" + rest), anything.map(lambda rest: signed(BASE)[:-8] + rest)
    ),
    st.sampled_from(["THAI", "EMVCO"]),
)
@example("00010", "THAI")
@example("|", "THAI")  # The beginning of a barcode, which `parse` does not read.
def test_any_text_gets_a_report(text, profile):
    problems = validate(text, profile)
    assert all(0 <= problem.offset <= len(text) and problem.message for problem in problems)
    read = emvco.read_barcode if text.startswith("|") else emvco.parse
    try:
        read(text)
    except emvco.EmvcoError as error:
        codes = {problem.code for problem in problems if problem.severity == "error"}
        assert error.code in codes
