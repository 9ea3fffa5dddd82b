import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import emvco
from emvco import InputError, SchemeError, bill_payment_payload, crc, normalise_biller_id, normalise_reference, tlv

BILLER = "099400016550100"


def bill(*fields, currency="764", country="TH"):
    """A signed payload with these fields in tag 30."""
    account = "".join(tlv.write(tag, value) for tag, value in fields)
    text = "000201010211" + tlv.write("30", account) + tlv.write("53", currency) + tlv.write("58", country)
    return emvco.parse(crc.sign(text))


AID = ("00", "A000000677010112")


def test_a_biller_id_loses_its_dashes_and_nothing_else():
    assert normalise_biller_id("0994000165501-00") == normalise_biller_id(f" {BILLER} ") == BILLER


@pytest.mark.parametrize(
    ("written", "code", "offset"),
    [
        ("", "bad_character", 0),
        ("0994000165501", "bad_biller_id", None),
        (BILLER + "0", "bad_biller_id", None),
        ("0994000165501๐๐", "bad_character", 13),
        ("09940001655010O", "bad_character", 14),
        (99400016550100, "not_text", None),
    ],
)
def test_a_bad_biller_id_is_refused(written, code, offset):
    with pytest.raises(InputError) as caught:
        normalise_biller_id(written)
    assert (caught.value.code, caught.value.offset, caught.value.path) == (code, offset, "30/01")


@pytest.mark.parametrize(
    ("written", "code", "offset"),
    [
        ("", "bad_length", 0),
        ("A" * 21, "bad_length", 20),
        ("INV-1", "bad_character", 3),
        ("INVa", "bad_character", 3),
        ("INV 1", "bad_character", 3),
        ("ใบ1", "bad_character", 0),
        ("INV１", "bad_character", 3),
        ("INV1\n", "bad_character", 4),
        (12, "not_text", None),
    ],
)
def test_a_reference_that_some_bank_would_refuse_is_refused(written, code, offset):
    with pytest.raises(InputError) as caught:
        normalise_reference(written)
    assert (caught.value.code, caught.value.offset, caught.value.path) == (code, offset, "30/02")


def test_small_letters_become_capitals_only_on_request():
    assert normalise_reference("inv1a", upper=True) == "INV1A"
    with pytest.raises(InputError):
        normalise_reference("ﬀ1", upper=True)


def test_an_error_in_the_second_reference_says_so():
    with pytest.raises(InputError) as caught:
        bill_payment_payload(BILLER, "INV1", "")
    assert caught.value.path == "30/03"


@given(st.text("AZ09az.๑ ก\ud800", max_size=22), st.none() | st.text("A9.a", max_size=21), st.booleans(), st.booleans())
@example("A.", None, False, False)
@example("A" * 21, None, True, False)
@example("A", "B.", False, True)
def test_no_reference_passes_that_is_not_of_capitals_and_digits(ref1, ref2, with_amount, abroad):
    build = emvco.cross_border_payload if abroad else bill_payment_payload
    good = all(re.fullmatch("[A-Z0-9]{1,20}", ref) for ref in (ref1, ref2) if ref is not None)
    try:
        text = build(BILLER, ref1, ref2, 100 if with_amount else None)
    except InputError as error:
        assert not good and error.path in {"30/02", "30/03"}
    else:
        assert good and emvco.parse(text).bill_payment == (BILLER, ref1, ref2, abroad)


@pytest.mark.parametrize("written", ["๐๙๙๔๐๐๐๑๖๕๕๐๑๐๐", "09940001655010.", "0994000165501a0", 99400016550100, None])
def test_digits_of_a_biller_are_ascii(written):
    with pytest.raises(InputError) as caught:
        bill_payment_payload(written, "A1", None, 100)
    assert caught.value.path == "30/01"


def test_the_longest_bill_payment_fits():
    text = bill_payment_payload(BILLER, "A" * 20, "B" * 20, 999_999_999_999)
    payload = emvco.parse(text)
    assert len(payload.get("30")) == 87
    assert payload.amount == "9999999999.99"


references = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=20)


@given(
    st.text("0123456789", min_size=15, max_size=15),
    references,
    st.none() | references,
    st.none() | st.integers(1, 999_999_999_999),
)
def test_what_is_built_is_read_again(biller_id, ref1, ref2, amount_satang):
    text = bill_payment_payload(biller_id, ref1, ref2, amount_satang)
    payload = emvco.parse(text)
    assert str(payload) == text
    assert payload.bill_payment == emvco.BillPayment(biller_id, ref1, ref2)
    assert (payload.amount_satang, payload.promptpay) == (amount_satang, None)
    assert payload.get("01") == ("11" if amount_satang is None else "12")


def test_references_of_other_makers_may_hold_any_printable_ascii():
    assert bill(AID, ("01", "0112233445566"), ("02", "inv #1/2")).bill_payment.ref1 == "inv #1/2"


@pytest.mark.parametrize(
    ("fields", "code", "path"),
    [
        ([AID, ("01", BILLER)], "missing", "30/02"),
        ([AID, ("02", "A")], "missing", "30/01"),
        ([("01", BILLER), ("02", "A")], "missing", "30/00"),
        ([("00", "A000000677010111"), ("01", BILLER), ("02", "A")], "unknown_aid", "30/00"),
        ([AID, ("01", BILLER[1:]), ("02", "A")], "bad_biller_id", "30/01"),
        ([AID, ("01", BILLER[1:] + "X"), ("02", "A")], "bad_biller_id", "30/01"),
        ([AID, ("01", BILLER), ("02", "A" * 21)], "too_long", "30/02"),
        ([AID, ("01", BILLER), ("02", "A"), ("03", "ก")], "bad_character", "30/03"),
    ],
)
def test_a_broken_bill_payment_is_refused_where_it_is_broken(fields, code, path):
    with pytest.raises(SchemeError) as caught:
        _ = bill(*fields).bill_payment
    assert (caught.value.code, caught.value.path) == (code, path)


def test_a_bill_payment_in_another_currency_or_country_is_refused():
    for other, path in (({"currency": "840"}, "53"), ({"country": "LA"}, "58")):
        with pytest.raises(SchemeError) as caught:
            _ = bill(AID, ("01", BILLER), ("02", "A"), **other).bill_payment
        assert (caught.value.code, caught.value.path) == ("not_thai", path)


def test_tag_30_of_another_country_is_no_bill_payment():
    assert bill(("00", "com.example"), ("01", "1"), currency="360", country="ID").bill_payment is None
    assert bill(("01", "1"), currency="360", country="ID").bill_payment is None


@pytest.mark.parametrize(
    ("arguments", "code", "path"),
    [
        (("1", "A"), "bad_biller_id", "30/01"),
        ((99400016550100, "A"), "not_text", "30/01"),
        ((BILLER, "a"), "bad_character", "30/02"),
        ((BILLER, "A\n"), "bad_character", "30/02"),
        ((BILLER, 5), "not_text", "30/02"),
        ((BILLER, "A", ""), "bad_length", "30/03"),
        ((BILLER, "A", "B" * 21), "bad_length", "30/03"),
        ((BILLER, "A", None, 0), "amount_out_of_range", "54"),
        ((BILLER, "A", None, 1_000_000_000_000), "amount_out_of_range", "54"),
        ((BILLER, "A", None, True), "amount_not_integer", "54"),
        ((BILLER, "A", None, 1.0), "amount_not_integer", "54"),
    ],
)
def test_what_a_bank_would_refuse_is_not_signed(arguments, code, path):
    for build in (bill_payment_payload, emvco.cross_border_payload):
        with pytest.raises(InputError) as caught:
            build(*arguments)
        assert (caught.value.code, caught.value.path) == (code, path)


references = st.from_regex(r"[A-Z0-9]{1,20}", fullmatch=True)


@given(
    st.from_regex(r"[0-9]{15}", fullmatch=True),
    references,
    st.none() | references,
    st.none() | st.integers(1, 999_999_999_999),
)
def test_the_everyday_builder_and_the_general_one_agree(biller_id, ref1, ref2, satang):
    text = bill_payment_payload(biller_id, ref1, ref2, satang)
    assert text == emvco.build(emvco.BillPayment(biller_id, ref1, ref2), amount_satang=satang)
    dashed = f"{biller_id[:13]}-{biller_id[13:]}"
    assert bill_payment_payload(dashed, ref1, ref2, satang) == text
