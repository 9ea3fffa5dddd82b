import pytest
from hypothesis import given
from hypothesis import strategies as st

import emvco
from emvco import InputError, Proxy, SchemeError, crc, normalise_proxy, promptpay_payload, tlv

MOBILE = Proxy("mobile", "0066812345678")


@pytest.mark.parametrize(
    "written",
    [
        "0812345678",
        "081-234-5678",
        "081 234 5678",
        "812345678",
        "66812345678",
        "+66812345678",
        "+66 (0)81 234 5678",
        "+66\u00a081\u2011234\u20115678",
        "\u202a+66 81-234-5678\u202c",
        "0066812345678",
        "00-66-812345678",
        "(081) 234.5678",
        " 0812345678\n",
    ],
)
def test_every_way_to_write_a_mobile_is_the_same_proxy(written):
    assert normalise_proxy(written) == MOBILE
    assert normalise_proxy(written, "mobile") == MOBILE


def test_thirteen_digits_that_begin_with_0066_are_a_mobile_and_never_a_national_id():
    assert normalise_proxy("0066812345678") == MOBILE
    with pytest.raises(InputError) as caught:
        normalise_proxy("0066812345678", "national_id")
    assert caught.value.code == "wrong_kind"
    assert caught.value.message == "these digits are a mobile number, not a national or tax ID"


def test_a_tax_id_that_begins_with_zero_stays_a_tax_id():
    assert normalise_proxy("0-1234-56789-01-2") == ("national_id", "0123456789012")
    assert normalise_proxy("0123456789012", "national_id").display == "0-1234-56789-01-2"


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("", "unknown_proxy"),
        ("12345678901234", "unknown_proxy"),  # 14: between an ID and an e-wallet
        ("1234567890123456", "unknown_proxy"),
        ("021234567", "unknown_proxy"),
        ("512345678", "unknown_proxy"),
        ("1812345678", "unknown_proxy"),
        ("660812345678", "unknown_proxy"),
        ("0212345678", "landline"),
        ("66212345678", "landline"),
        ("0066212345678", "landline"),
        ("+65812345678", "not_a_thai_number"),
        ("+1234567890123", "not_a_thai_number"),
        ("081234567x", "bad_character"),
        ("๐๘๑๒๓๔๕๖๗๘", "bad_character"),
        ("０８１２３４５６７８", "bad_character"),
        ("0812345678²", "bad_character"),
        ("081+2345678", "bad_character"),
        ("++66812345678", "bad_character"),
        ("\ud800812345678", "bad_character"),
    ],
)
def test_what_is_no_promptpay_id_is_refused(written, code):
    with pytest.raises(InputError) as caught:
        normalise_proxy(written)
    assert caught.value.code == code


def test_a_wrong_character_is_pointed_at():
    with pytest.raises(InputError) as caught:
        normalise_proxy("(0)81-2๓4-5678")
    assert (caught.value.offset, caught.value.path) == (7, "29")


@pytest.mark.parametrize("kind", ["bank_account", "phone", "", "MOBILE"])
def test_an_unknown_kind_is_refused(kind):
    with pytest.raises(InputError, match="unknown_kind"):
        normalise_proxy("0812345678", kind)


@pytest.mark.parametrize("number", [812345678, None, b"0812345678", 8.1])
def test_a_number_that_is_no_text_is_refused(number):
    with pytest.raises(InputError, match="not_text"):
        normalise_proxy(number)


def test_a_proxy_is_checked_again_and_may_not_change_its_kind():
    assert normalise_proxy(MOBILE) == normalise_proxy(MOBILE, "mobile") == MOBILE
    assert promptpay_payload(MOBILE) == promptpay_payload("0812345678")
    for forged, kind in [(MOBILE, "ewallet"), (Proxy("ewallet", "0812345678"), None), (Proxy("mobile", "x"), None)]:
        with pytest.raises(InputError):
            promptpay_payload(forged, kind=kind)


def test_a_wrong_check_digit_is_told_and_not_refused():
    assert normalise_proxy("1234567890121").check_digit_ok is True
    assert normalise_proxy("1234567890123").check_digit_ok is False
    assert MOBILE.check_digit_ok is None


def test_proxies_are_shown_as_people_write_them():
    assert MOBILE.display == "081-234-5678"
    assert normalise_proxy("004999000000000").display == "004999000000000"


def test_without_an_amount_the_code_is_static_and_with_one_dynamic():
    static, dynamic = emvco.parse(promptpay_payload("0812345678")), emvco.parse(promptpay_payload("0812345678", 1))
    assert (static.get("01"), static.amount_satang, static.is_dynamic) == ("11", None, False)
    assert (dynamic.get("01"), dynamic.amount, dynamic.amount_satang, dynamic.is_dynamic) == ("12", "0.01", 1, True)


@pytest.mark.parametrize("amount_satang", [0, -1, 1_000_000_000_000, 10**400])
def test_an_amount_out_of_range_is_refused(amount_satang):
    with pytest.raises(InputError, match="amount_out_of_range"):
        promptpay_payload("0812345678", amount_satang)


@pytest.mark.parametrize("amount_satang", [1.0, float("nan"), "150.00", True, b"1"])
def test_an_amount_that_is_no_integer_is_refused(amount_satang):
    with pytest.raises(InputError, match="amount_not_integer"):
        promptpay_payload("0812345678", amount_satang)


digits = st.text("0123456789", min_size=15, max_size=15)
amounts = st.none() | st.integers(1, 999_999_999_999)
proxies = st.one_of(
    st.builds(lambda first, rest: "0" + first + rest[:8], st.sampled_from("689"), digits),
    digits,
    digits.map(lambda text: text[:13]).filter(lambda text: not text.startswith("0066")),
)


@given(proxies, amounts)
def test_what_is_built_is_read_again(proxy, amount_satang):
    text = promptpay_payload(proxy, amount_satang)
    payload = emvco.parse(text)
    assert str(payload) == text
    assert payload.promptpay == emvco.PromptPay(normalise_proxy(proxy))
    assert payload.amount_satang == amount_satang
    assert [thing.id for thing in payload] == sorted(thing.id for thing in payload)


@given(proxies)
def test_normalising_twice_changes_nothing(proxy):
    once = normalise_proxy(proxy)
    assert normalise_proxy(once.digits) == normalise_proxy(once.display) == once


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_is_a_proxy_or_an_input_error(text):
    try:
        found = normalise_proxy(text)
    except InputError:
        return
    assert found.digits.isascii() and found.digits.isdecimal()


@pytest.mark.parametrize(
    ("fields", "code", "path"),
    [
        ([("00", "A000000677010114"), ("01", "0066812345678"), ("05", "123")], "bad_one_time_code", "29/05"),
        ([("00", "A000000677010114"), ("01", "0066812345678")], "no_one_time_code", "29/05"),
        ([("00", "A000000677010112"), ("01", "0066812345678")], "unknown_aid", "29/00"),
        ([("00", "A000000677010111"), ("04", "0x40123")], "bad_bank_account", "29/04"),
        ([("00", "A000000677010111"), ("03", "14000081234567๘")], "bad_ewallet", "29/03"),
    ],
)
def test_a_broken_credit_transfer_is_refused_where_it_is_broken(fields, code, path):
    account = "".join(tlv.write(tag, value) for tag, value in fields)
    payload = emvco.parse(crc.sign("000201" + tlv.write("29", account) + "53037645802TH"))
    with pytest.raises(SchemeError) as caught:
        _ = payload.promptpay
    assert (caught.value.code, caught.value.path) == (code, path)


@pytest.mark.parametrize("written", ["0812345678", "+66 81-234-5678", MOBILE, Proxy("mobile", "0812345678")])
def test_a_one_time_code_goes_with_every_way_to_write_an_id(written):
    text = emvco.one_time_payload(written, "Ab34567890", 5000)
    assert emvco.parse(text).promptpay == emvco.PromptPay(MOBILE, "Ab34567890")
    assert emvco.parse(text).amount_satang == 5000
    assert emvco.parse(emvco.one_time_payload(written, "Ab34567890")).is_dynamic is False


@pytest.mark.parametrize(
    ("proxy", "code", "path"),
    [
        ("0812345678", "123456789", "29/05"),
        ("0812345678", "12345678901", "29/05"),
        ("0812345678", "123456789\u0e01", "29/05"),
        ("0812345678", None, "29/05"),
        ("0212345678", "1234567890", "29"),
        (812345678, "1234567890", "29"),
        (None, "1234567890", "29"),
    ],
)
def test_a_one_time_code_that_cannot_be_is_refused(proxy, code, path):
    with pytest.raises(InputError) as refused:
        emvco.one_time_payload(proxy, code)
    assert refused.value.path == path


@pytest.mark.parametrize("written", ["+660812345678", "+66 081-234-5678", "+66 (0)81 234 5678"])
def test_the_zero_that_one_does_not_dial_may_stand_behind_the_country(written):
    assert normalise_proxy(written) == ("mobile", "0066812345678")
    assert normalise_proxy(written, "mobile").digits == "0066812345678"


@pytest.mark.parametrize(
    "written", ["+660012345678", "+660112345678", "660812345678", "00660812345678", "+6608123456789", "670812345678"]
)
def test_no_other_number_gets_a_zero_taken_out(written):
    with pytest.raises(InputError):
        normalise_proxy(written)
    with pytest.raises(InputError, match="landline"):
        normalise_proxy("+660212345678")
