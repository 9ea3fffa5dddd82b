import pytest
from hypothesis import given
from hypothesis import strategies as st

import emvco
from emvco import Barcode, BarcodeError, InputError, barcode_text, read_barcode

BILLER = "099400016550100"


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_every_line_end_is_read_and_cr_is_written(end):
    found = read_barcode(end.join([f"|{BILLER}", "REF1", "", "0"]))
    assert found == Barcode(BILLER, "REF1")
    assert str(found) == f"|{BILLER}\rREF1\r\r0"


@pytest.mark.parametrize(
    ("text", "code", "offset", "path"),
    [
        ("", "no_bar", 0, ""),
        (BILLER, "no_bar", 0, ""),
        (f"|{BILLER}", "wrong_parts", 16, ""),
        (f"|{BILLER}\rR\r0", "wrong_parts", 20, ""),
        (f"|{BILLER}\rR\r\r0\r", "wrong_parts", 22, ""),
        (f"|{BILLER[:-1]}\rR\r\r0", "bad_biller_id", 1, "biller_id"),
        (f"|{BILLER[:-1]}๐\rR\r\r0", "bad_biller_id", 1, "biller_id"),
        (f"|{BILLER}\r\r\r0", "missing", 17, "ref1"),
        (f"|{BILLER}\r{'A' * 21}\r\r0", "too_long", 37, "ref1"),
        (f"|{BILLER}\rR\rกข\r0", "bad_character", 19, "ref2"),
        (f"|{BILLER}\rR\r\r", "bad_amount", 20, "amount"),
        (f"|{BILLER}\rR\r\r1.00", "bad_amount", 20, "amount"),
        (f"|{BILLER}\rR\r\r๑", "bad_amount", 20, "amount"),
        (f"|{BILLER}\rR\r\r{'9' * 13}", "bad_amount", 20, "amount"),
    ],
)
def test_a_broken_barcode_is_refused_where_it_is_broken(text, code, offset, path):
    with pytest.raises(BarcodeError) as caught:
        read_barcode(text)
    assert (caught.value.code, caught.value.offset, caught.value.path) == (code, offset, path)
    assert caught.value.layer == "barcode"
    assert emvco.detect(text) is None or text.endswith("0\r")  # what stands around a code is dropped


def test_a_barcode_becomes_a_bill_payment_and_comes_back():
    found = read_barcode(f"|{BILLER}\rREF1\rREF2\r12345")
    payload = emvco.parse(found.payload())
    assert (payload.bill_payment, payload.amount_satang) == (found.bill_payment, 12345)
    bill = payload.bill_payment
    assert barcode_text(bill.biller_id, bill.ref1, bill.ref2, payload.amount_satang) == str(found)


def test_references_of_18_characters_can_be_asked_for():
    assert barcode_text(BILLER, "A" * 20)
    with pytest.raises(InputError) as caught:
        barcode_text(BILLER, "A", "B" * 19, reference_length_max=18)
    assert (caught.value.code, caught.value.offset, caught.value.path) == ("bad_length", 18, "30/03")


@pytest.mark.parametrize("arguments", [("1", "A"), (BILLER, "a"), (BILLER, "A", ""), (BILLER, "A", None, 0)])
def test_what_is_no_barcode_is_not_built(arguments):
    with pytest.raises(InputError):
        barcode_text(*arguments)


references = st.from_regex(r"[A-Z0-9]{1,20}", fullmatch=True)


@given(
    st.from_regex(r"[0-9]{15}", fullmatch=True),
    references,
    st.none() | references,
    st.none() | st.integers(1, 999_999_999_999),
)
def test_what_is_built_is_read_again(biller_id, ref1, ref2, satang):
    facts = (biller_id, ref1, ref2, satang)
    text = barcode_text(*facts)
    assert read_barcode(text) == facts
    found = emvco.detect(f"\ufeff{text}\n")
    assert (found.kind, found.barcode, str(found)) == ("barcode", facts, text)
    assert emvco.parse(found.barcode.payload()).bill_payment == (*facts[:3], False)


@given(st.text(st.sampled_from("|0123456789A\r\nก")))
def test_any_text_is_a_barcode_or_an_error(text):
    try:
        found = read_barcode(text)
    except BarcodeError as error:
        assert 0 <= error.offset <= len(text)
    else:
        assert read_barcode(text.replace("\r\n", "\n")) == found
