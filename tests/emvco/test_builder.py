import pytest
from hypothesis import given
from hypothesis import strategies as st

import emvco
from emvco import (
    Account,
    AcquirerReference,
    AdditionalData,
    BillPayment,
    InputError,
    LanguageTemplate,
    Merchant,
    PaymentInnovation,
    PromptPay,
    Proxy,
    SchemeError,
    Tip,
    Vat,
    build,
)
from emvco.additional import cross_border_purpose
from emvco.explain import explain

MOBILE = PromptPay(Proxy("mobile", "0066812345678"))
BILL = BillPayment("099400016550100", "INV1", "T7")
SHOP = Merchant("SHOP", "BANGKOK", "5812", "10110")


def refused(*accounts, **options):
    with pytest.raises(InputError) as caught:
        build(*accounts, **options)
    return caught.value.code, caught.value.path


# --- accounts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("account", "view"),
    [
        (MOBILE, "promptpay"),
        (PromptPay(Proxy("mobile", "0066812345678"), "A1B2C3D4E5"), "promptpay"),
        (PromptPay(emvco.bank_account("004", "012-3-45678-9")), "promptpay"),
        (PromptPay(emvco.bank_account("014", "A" * 40)), "promptpay"),
        (BILL, "bill_payment"),
        (BillPayment("099400016550100", "A" * 20, "B" * 20, True), "bill_payment"),
        (PaymentInnovation("001", "PROVIDER", "REF"), "acquirer"),
        (PaymentInnovation("001", "PROVIDER"), "acquirer"),
        (AcquirerReference("004", "KB000000000000", "REF1"), "acquirer"),
        (AcquirerReference("004"), "acquirer"),
    ],
)
def test_an_account_goes_in_and_comes_out(account, view):
    bill = [BILL] if isinstance(account, AcquirerReference) else []  # Which never stands without one.
    payload = emvco.parse(build(account, *bill, amount_satang=100))
    assert getattr(payload, view) == account
    assert [thing.id for thing in payload] == sorted(thing.id for thing in payload)


def test_a_bill_payment_and_its_acquirer_stand_side_by_side_with_cards():
    cards = [Account("02", "4000000000000000"), Account("04", "5400000000000000"), Account.of("51", "A0000000041010")]
    text = build(*cards, BILL, AcquirerReference("004", "T7", "INV1"), merchant=SHOP, dynamic=False)
    payload = emvco.parse(text)
    assert [thing.id for thing in payload] == [
        *("00", "01", "02", "04", "30", "31", "51", "52", "53", "58", "59", "60", "61", "63")
    ]
    assert (payload.bill_payment, payload.kind, payload.is_dynamic) == (BILL, "bill_payment", False)
    assert payload.get("51/00") == "A0000000041010"


@given(
    st.sampled_from(
        [
            MOBILE,
            PromptPay(Proxy("mobile", "0812345678")),
            MOBILE._replace(one_time_code="12345 7890"),
            PromptPay(Proxy("mobile", "0812345678"), "1234567890"),
            PromptPay(Proxy("national_id", "1234567890121"), "1234567890"),
            PromptPay(emvco.bank_account("004", "0123456789"), "1234567890"),
            BILL,
            BILL._replace(cross_border=True, ref2=None),
            PromptPay(emvco.bank_account("004", "0123456789")),
            PromptPay(Proxy("national_id", "1234567890121")),
            PromptPay(Proxy("ewallet", "004999000000000")),
        ]
    ),
    st.none() | st.integers(1, 999_999_999_999),
    st.fixed_dictionaries(
        {},
        optional={
            "merchant": st.sampled_from([SHOP, Merchant("SHOP"), Merchant(city="BANGKOK", postal_code="10110")]),
            "additional": st.sampled_from(
                [AdditionalData("INV1", data_request="ME"), AdditionalData(purpose="x" * 25)]
            ),
            "language": st.just(LanguageTemplate("TH", "ร้านกาแฟ")),
            "vat": st.just(Vat("0000", 700)),
            "message": st.just("ขอบคุณ"),
        },
    ),
)
def test_the_quick_way_and_the_thorough_one_write_the_same(account, satang, beside):
    thorough = build(account, amount_satang=satang, dynamic=satang is not None, **beside)
    assert build(account, amount_satang=satang, **beside) == thorough


@pytest.mark.parametrize(
    ("account", "code", "path"),
    [
        (Account("52", "5812"), "unknown_account", ""),
        (Account("2", "x"), "unknown_account", ""),
        ("0812345678", "unknown_account", ""),
        (Account("26", "0099x"), "too_long_for_template", "26/00"),
        (Account("04", "ก"), "bad_character", "04"),
        (PromptPay(Proxy("mobile", "0066812345678"), "123"), "too_short", "29/05"),
        (PromptPay(Proxy("bank_account", "0x4123")), "not_digits", "29/04"),
        (PromptPay(Proxy("bank_account", "004")), "too_short", "29/04"),
        (PromptPay(Proxy("bank_account", "004" + "1" * 41)), "too_long", "29/04"),
        (PromptPay(Proxy("bank_account", "004กขค")), "bad_character", "29/04"),
        (BillPayment("099400016550100", "inv"), "bad_character", "30/02"),
        (BillPayment("099400016550100", "A", "b"), "bad_character", "30/03"),
        (PaymentInnovation("1", "P"), "too_short", "31/01"),
        (AcquirerReference("KB"), "not_digits", "31/01"),
    ],
)
def test_an_account_that_cannot_be_is_refused(account, code, path):
    assert refused(account) == (code, path)


def test_there_is_one_account_at_least_and_one_a_tag():
    assert refused() == ("no_account", "")
    assert refused(MOBILE, MOBILE) == ("duplicate_tag", "")


def test_a_bank_account_is_written_only_when_it_is_asked_for_by_name():
    account = emvco.bank_account("004", "0123456789")
    text = emvco.promptpay_payload(account, 100)
    assert text == build(PromptPay(account), amount_satang=100)
    assert emvco.promptpay_payload(account) == build(PromptPay(account))
    with pytest.raises(InputError, match="unknown_kind"):
        emvco.promptpay_payload("0040123456789", kind="bank_account")


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("0016A0000006770120040201P", "missing"),
        ("0016A0000006770120040103001", "missing"),
        ("0016A00000067701200401011" + "0201P", "bad_api_id"),
        ("0016A0000006770101130201P", "missing"),
    ],
)
def test_a_broken_tag_31_is_refused_by_its_view(value, code):
    text = build(BILL)
    payload = emvco.parse(text).replace({"31": value})
    with pytest.raises(SchemeError) as caught:
        _ = payload.acquirer
    assert (caught.value.code, caught.value.path[:2]) == (code, "31")


def test_an_unknown_tag_31_is_kept_and_is_nothing_here():
    assert emvco.parse(build(BILL)).replace({"31": "0016A0000006779999990101x"}).acquirer is None
    assert emvco.parse(build(MOBILE, Account.of("31", "D15600000001"))).acquirer is None


# --- what stands beside ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        {"merchant": SHOP},
        {"merchant": Merchant(city="BANGKOK")},
        {"additional": AdditionalData(bill_number="1", terminal_label="***", data_request="AM")},
        {"additional": AdditionalData(merchant_tax_id="0994000165501", merchant_channel="000")},
        {"language": LanguageTemplate("TH", "ร้านกาแฟ", "กรุงเทพ")},
        {"language": LanguageTemplate("th", "น้ำ" * 6)},
        {"vat": Vat("0000", 700, "7.00")},
        {"vat": Vat("0001", 0)},
        {"message": "ขอบคุณ"},
    ],
)
def test_what_stands_beside_goes_in_and_comes_out(said):
    payload = emvco.parse(build(MOBILE, amount_satang=10_700, **said))
    for view in ("merchant", "additional", "language", "vat", "message", "tip"):
        assert getattr(payload, view) == said.get(view)


@pytest.mark.parametrize(
    ("said", "code", "path"),
    [
        ({"merchant": Merchant("ร้านกาแฟ")}, "bad_character", "59"),
        ({"merchant": Merchant("x" * 26)}, "too_long", "59"),
        ({"merchant": Merchant(" x")}, "space_around", "59"),
        ({"merchant": Merchant(city="x" * 16)}, "too_long", "60"),
        ({"merchant": Merchant(category="58")}, "not_digits", "52"),
        ({"merchant": Merchant(category=5812)}, "not_text", "52"),
        ({"additional": AdditionalData()}, "empty_template", "62"),
        ({"additional": AdditionalData("x" * 26)}, "too_long", "62/01"),
        ({"additional": AdditionalData("x" * 25, "x" * 25, "x" * 25, "x" * 25)}, "too_long", "62"),
        ({"additional": AdditionalData(data_request="AA")}, "bad_data_request", "62/09"),
        ({"additional": AdditionalData(data_request="X")}, "bad_data_request", "62/09"),
        ({"language": LanguageTemplate("THA", "x")}, "bad_language", "64/00"),
        ({"language": LanguageTemplate("ไท", "x")}, "bad_language", "64/00"),
        ({"language": LanguageTemplate("TH", "")}, "too_short", "64/01"),
        ({"language": LanguageTemplate("TH", "ก" * 26)}, "too_long", "64/01"),
        ({"language": LanguageTemplate("TH", "ก", "ข" * 16)}, "too_long", "64/02"),
        ({"language": LanguageTemplate("TH", "ก\n")}, "bad_character", "64/01"),
        ({"language": LanguageTemplate("TH", "\ud800")}, "bad_character", "64/01"),
        ({"vat": Vat("1", 700)}, "not_digits", "80/00"),
        ({"vat": Vat("0000", -1)}, "amount_out_of_range", "80/02"),
        ({"vat": Vat("0000", 7.0)}, "amount_not_integer", "80/02"),
        ({"vat": Vat("0000", 7, "7%")}, "bad_rate", "80/01"),
        ({"message": "x" * 25}, "bad_length", "81"),
        ({"extra": [("53", "764")]}, "bad_path", "53"),
        ({"extra": [("91", "x" * 100)]}, "too_long", "91"),
        ({"extra": [("91", "\ud800")]}, "not_unicode", ""),
        ({"extra": [(str(tag), "x" * 99) for tag in range(90, 95)]}, "payload_too_long", ""),
        ({"profile": "PIX"}, "unknown_profile", ""),
        ({"currency": "840"}, "not_thai", "53"),
        ({"country": "LA"}, "not_thai", "58"),
        ({"country": "Thailand"}, "bad_country", "58"),
        ({"tip": Tip("prompt")}, "tip_with_promptpay", "55"),
        ({"amount_satang": 100, "amount": "1.00"}, "amount_twice", "54"),
        ({"amount": "0.00"}, "bad_amount", "54"),
        ({"amount": "1,00"}, "bad_amount", "54"),
    ],
)
def test_what_must_not_be_signed_is_refused(said, code, path):
    assert refused(MOBILE, **said) == (code, path)


def test_thai_text_is_written_precomposed_and_sara_am_stays_whole():
    text = build(MOBILE, language=LanguageTemplate("FR", "Cafe\u0301 น้ำ"))
    assert emvco.parse(text).language.name == "Caf\u00e9 น้ำ"
    assert emvco.validate(text) == []


def test_a_purpose_from_abroad_has_its_fixed_form():
    purpose = cross_border_purpose("392", "1500.00", "JP")
    payload = emvco.parse(emvco.cross_border_payload("099400016550100", "A1", amount_satang=100, purpose=purpose))
    assert payload.additional.purpose == purpose == "3920000001500.00JP"
    assert payload.bill_payment.cross_border
    for wrong in (("39", "1", "JP"), ("392", "1,0", "JP"), ("392", "1", "jp"), ("392", "1", "JPN")):
        with pytest.raises(InputError):
            cross_border_purpose(*wrong)


# --- the EMVCo profile -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "tip", [Tip("prompt"), Tip("fixed", 1_000), Tip("percent", percent="5.00"), Tip("percent", percent="00.01")]
)
def test_tips_are_written_under_the_emvco_profile(tip):
    text = build(MOBILE, merchant=SHOP, tip=tip, amount_satang=100, profile="EMVCO")
    assert emvco.parse(text).tip == tip
    assert [problem.code for problem in emvco.validate(text, "EMVCO")] == []
    assert "tip_with_promptpay" in {problem.code for problem in emvco.validate(text, "THAI")}


@pytest.mark.parametrize(
    ("tip", "path"),
    [
        (Tip("gift"), "55"),
        (Tip("fixed"), "55"),
        (Tip("prompt", 100), "55"),
        (Tip("percent"), "55"),
        (Tip("fixed", 0), "56"),
        (Tip("percent", percent="100"), "57"),
        (Tip("percent", percent="0.00"), "57"),
        (Tip("percent", percent="5,0"), "57"),
    ],
)
def test_a_tip_that_cannot_be_is_refused(tip, path):
    assert refused(MOBILE, merchant=SHOP, tip=tip, profile="EMVCO")[1] == path


def test_the_emvco_profile_has_what_the_specification_demands():
    assert refused(MOBILE, profile="EMVCO") == ("missing", "59")
    assert refused(MOBILE, merchant=Merchant("A"), profile="EMVCO") == ("missing", "60")
    text = build(
        Account.of("26", "com.example", {"01": "x"}),
        merchant=Merchant("A", "B"),
        profile="EMVCO",
        currency="392",
        country="JP",
        amount="1500",
    )
    payload = emvco.parse(text)
    assert (payload.get("52"), payload.amount, payload.kind) == ("0000", "1500", "emvco")
    assert emvco.validate(text, "EMVCO") == []
    assert refused(MOBILE, currency="392", amount_satang=100) == ("amount_twice", "54")


def test_extra_objects_are_passed_through():
    payload = emvco.parse(build(MOBILE, extra=[("99", "0001x"), ("65", "X1")]))
    assert (payload.get("65"), payload.get("99/00")) == ("X1", "x")


# --- anything --------------------------------------------------------------------------------------------------------

text = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=10)
optional = st.none() | text


def some(kind, *values):
    """None, or one of *kind* in which not everything is None."""
    return st.none() | st.tuples(*values).filter(any).map(lambda given: kind(*given))


@given(
    st.sampled_from([MOBILE, BILL, PromptPay(Proxy("ewallet", "140000801111111"))]),
    st.none() | st.integers(1, 999_999_999_999),
    some(Merchant, optional, optional, st.sampled_from([None, "5812"]), optional),
    some(AdditionalData, optional, optional, optional, optional),
    some(LanguageTemplate, st.just("TH"), st.text("กขคงน้ำร", min_size=1, max_size=25)),
    some(Vat, st.just("0000"), st.integers(0, 99_999)),
    st.none() | st.text("สวัสดี!😀", min_size=1, max_size=12),
)
def test_whatever_is_built_is_read_again(account, satang, merchant, additional, language, vat, message):
    said = {"merchant": merchant, "additional": additional, "language": language, "vat": vat, "message": message}
    payload = emvco.parse(build(account, amount_satang=satang, **said))
    assert {name: getattr(payload, name) for name in said} == said
    assert account in {payload.promptpay, payload.bill_payment}
    assert payload.amount_satang == satang
    assert [problem for problem in emvco.validate(str(payload)) if problem.severity == "error"] == []
    again = build(account, amount_satang=payload.amount_satang, **{name: getattr(payload, name) for name in said})
    assert again == str(payload)


# --- broken ones, read leniently -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tail", "code"),
    [("5502045802TH", "unknown_tip"), ("550202560310,5802TH", "bad_amount"), ("5502025802TH", "bad_amount")],
)
def test_a_broken_tip_is_no_tip(tail, code):
    text = emvco.crc.sign("00020101021129370016A0000006770101110113006681234567853037645" + tail[1:])
    payload = emvco.parse(text, strict=False)
    with pytest.raises(emvco.EmvcoError) as caught:
        _ = payload.tip
    assert (caught.value.code, caught.value.path[:1]) == (code, "5")
    assert "Tip" not in {fact.label for fact in explain(text).facts}


def test_vat_whose_numbers_are_none_is_no_vat():
    for value, offset in (
        ("000400000204x.00", 12),
        ("00040000010612345602040.00", 17),
        ("0004000001037%%02040.00", 13),
    ):
        payload = emvco.parse(build(MOBILE)).replace({"80": value})
        with pytest.raises(SchemeError) as caught:
            _ = payload.vat
        assert caught.value.offset == payload.find("80").value_offset + offset
    foreign = emvco.parse(build(MOBILE)).replace({"80": "0016com.example.test0103abc"})
    assert foreign.vat is None
