"""Building, reading and reporting agree with each other about what a sound code is."""

import pytest

import emvco
from emvco import (
    Account,
    AcquirerReference,
    BillPayment,
    FieldError,
    InputError,
    Merchant,
    PaymentInnovation,
    PromptPay,
    Proxy,
    SchemeError,
    SlipError,
    crc,
    explain,
    qr,
    tlv,
)

MOBILE = PromptPay(Proxy("mobile", "0066812345678"))
WALLET = PromptPay(Proxy("ewallet", "140000801111111"))
BILL = BillPayment("099400016550100", "INV1", "T7")
SHOP = Merchant("SHOP", "BANGKOK", "5812")


def changed(account, changes):
    return str(emvco.parse(emvco.build(account)).replace(changes))


def found(text, profile="THAI"):
    return [(one.code, one.severity, one.path) for one in emvco.validate(text, profile) if one.severity != "info"]


def by_hand(**values):
    root = {"00": "01", "53": "764", "58": "TH"} | {tag[1:]: value for tag, value in values.items()}
    return crc.sign("".join(tlv.write(tag, root[tag]) for tag in sorted(root)))


# --- tag 81 ----------------------------------------------------------------------------------------------------------


def test_another_scheme_s_template_in_81_is_no_broken_message():
    for account in (MOBILE, WALLET, BILL):
        text = changed(account, {"81": "0011com.example0101x"})
        assert found(text) == found(text, "EMVCO")[3:] == []
        assert emvco.parse(text).message is None
        assert emvco.build(account, extra=[("81", "0011com.example0101x")]) == text
    assert emvco.parse(changed(WALLET, {"81": "0011com.example0101x"})).truemoney == ("0801111111", None)


def test_a_message_that_could_be_a_template_is_still_a_message():
    for message in ("2 tickets", "Hello friends"):  # "0032" + 32 and "0048" + 48 characters.
        payload = emvco.parse(emvco.truemoney_payload("0801111111", 100, message))
        assert payload.message == payload.truemoney.message == message
    hexadecimal = emvco.parse(changed(MOBILE, {"81": "0008A0000006010400010204ABCD"}))
    assert hexadecimal.message is None  # It could be read as text, with control characters in it.


def test_what_is_neither_is_an_error_beside_a_wallet_of_truemoney_and_else_a_warning():
    assert found(changed(WALLET, {"81": "12"})) == [("bad_message", "error", "81")]
    for account in (MOBILE, BILL):
        text = changed(account, {"81": "12"})
        assert found(text) == [("bad_message", "warning", "81")]
        with pytest.raises(SchemeError):
            _ = emvco.parse(text).message
        with pytest.raises(InputError, match="bad_message"):
            emvco.build(account, extra=[("81", "12")])


# --- codes that pay nobody by PromptPay ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "account",
    [
        Account("04", "5400000000000000"),
        Account.of("26", "com.example", {"01": "x"}),
        Account.of("51", "A0000000041010"),
    ],
)
def test_a_code_of_other_schemes_alone_is_built_with_a_warning(account):
    assert found(emvco.build(account)) == [("no_thai_account", "warning", "")]
    assert found(emvco.build(account, merchant=SHOP, profile="EMVCO"), "EMVCO") == []


def test_a_code_for_an_api_of_payment_innovation_stands_alone():
    text = emvco.build(PaymentInnovation("001", "PROVIDER", "REF"))
    assert found(text) == []
    assert explain.explain(text).is_sound


def test_the_acquirer_s_references_stand_beside_a_bill_payment():
    with pytest.raises(InputError) as refused:
        emvco.build(AcquirerReference("004", "KB0", "INV1"))
    assert (refused.value.code, refused.value.path) == ("missing", "30")
    alone = changed(MOBILE, {"31": "0016A0000006770101130103004", "29": None})
    assert found(alone) == [("missing", "error", "30"), ("no_thai_account", "warning", "")]
    assert found(changed(MOBILE, {"31": "0016A0000006770101130103004"})) == [("missing", "error", "30")]
    assert found(emvco.build(BILL, AcquirerReference("004", "KB0", "INV1"))) == []
    with pytest.raises(InputError, match="missing"):
        emvco.build(Account("31", "0016A0000006770101130103004"))


def test_a_code_without_any_account_is_told_so_once():
    assert found(by_hand()) == [("no_account", "error", "")]


# --- tag 31 ----------------------------------------------------------------------------------------------------------


def test_a_transaction_reference_has_25_characters():
    for length, errors in ((25, []), (26, [("too_long", "error", "31/03")])):
        text = changed(BILL, {"31": f"0016A00000067701200401030010201P03{length}{'x' * length}"})
        assert found(text) == errors
    with pytest.raises(SchemeError) as caught:
        _ = emvco.parse(text).acquirer
    assert text[caught.value.offset :].startswith("x" * 1 + "5303")


def test_what_no_acquirer_writes_is_a_warning():
    text = changed(BILL, {"31": f"0016A0000006770101130104KBNK0230{'x' * 30}0426{'y' * 26}"})
    assert found(text) == [
        ("bad_acquirer", "warning", "31/01"),
        ("too_long", "warning", "31/02"),
        ("too_long", "warning", "31/04"),
    ]


# --- templates -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tag", "value", "path"), [("26", "0101x", "26/00"), ("62", "50050101x", "62/50/00"), ("82", "0101x", "82/00")]
)
def test_every_template_of_a_scheme_has_its_identifier(tag, value, path):
    text = changed(Account("04", "5400000000000000"), {tag: value, "59": "A", "60": "B", "52": "0000"})
    assert found(text, "EMVCO") == [("missing", "error", path)]


@pytest.mark.parametrize(("tag", "before"), [("26", ""), ("29", ""), ("62", "5037"), ("80", ""), ("99", "")])
def test_an_identifier_has_32_characters(tag, before):
    good, bad = f"{before}0032{'x' * 32}".replace("5037", "5036"), f"{before}0033{'x' * 33}"
    text = by_hand(_04="5400000000000000", **{f"_{tag}": good})
    assert emvco.parse(text).problems == ()
    text = by_hand(_04="5400000000000000", **{f"_{tag}": bad})
    with pytest.raises(FieldError) as caught:
        emvco.parse(text)
    path = "62/50/00" if before else f"{tag}/00"
    assert (caught.value.code, caught.value.path) == ("too_long", path)
    assert text[caught.value.offset - 33 : caught.value.offset + 1] == "3" + "x" * 33
    assert ("too_long", "error", path) in found(text)
    if tag == "26":
        with pytest.raises(InputError, match="too_long"):
            emvco.build(Account("26", bad))


def test_what_version_1_1_says_about_62_10_and_62_11_is_a_warning():
    text = changed(MOBILE, {"62": "1021" + "1" * 21 + "1102ab"})
    assert found(text) == [("too_long", "warning", "62/10"), ("bad_length", "warning", "62/11")]
    assert found(changed(MOBILE, {"62": "1013" + "1" * 13 + "1103abc"})) == []


# --- slips -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tag", "value"), [("52", "abcd"), ("54", "9999.00"), ("29", "0016A000000677010111"), ("81", "0041")]
)
def test_a_slip_that_carries_what_belongs_to_payments_is_refused(tag, value):
    body = f"{emvco.slip_payload('014', 'REF1')[:-8]}{tlv.write(tag, value)}9104"
    text = body + crc.checksum(body)
    with pytest.raises(SlipError) as caught:
        emvco.parse(text)
    assert (caught.value.code, caught.value.path, text[caught.value.offset :][:2]) == ("not_of_a_slip", tag, tag)
    assert found(text) == [("not_of_a_slip", "error", tag)]
    payload = emvco.parse(text, strict=False)
    assert (payload.slip, [problem.path for problem in payload.problems]) == (("014", "REF1"), [tag])


def test_what_nobody_knows_in_a_slip_is_kept_with_a_warning():
    text = str(emvco.parse(emvco.slip_payload("014", "REF1")).replace({"90": "x"}))
    assert emvco.parse(text).slip == ("014", "REF1")
    assert found(text) == [("unknown_field", "warning", "90")]


def test_what_stays_wrong_after_a_repair_is_reported_too():
    text = "002702232019062543mc8k3ykZbndfi5102TH910377E"
    expected = {(problem.code, problem.path) for problem in emvco.parse(text, strict=False).problems}
    for given in (text, f" {text}"):
        problems = emvco.validate(given)
        assert expected | {("crc_length_mended", "")} <= {(one.code, one.path) for one in problems}
        assert len(expected) == 2 and all(0 <= one.offset <= len(given) for one in problems)
    spaced = emvco.validate(f"  {changed(MOBILE, {'55': '01'})}")
    [tip] = [one for one in spaced if one.code == "tip_with_promptpay"]
    assert f"  {changed(MOBILE, {'55': '01'})}"[tip.offset : tip.offset + 2] == "55"


# --- a code that has been read ---------------------------------------------------------------------------------------


def test_a_code_that_has_been_read_is_taken_wherever_its_text_is():
    text = emvco.promptpay_payload("0812345678", 5000)
    payload = emvco.parse(text)
    assert emvco.parse(payload) == emvco.parse(payload, strict=False) == payload
    assert emvco.detect(payload) == emvco.detect(text)
    assert emvco.validate(payload) == emvco.validate(text)
    assert emvco.template(payload).payload(9900) == emvco.template(text).payload(9900)
    assert list(emvco.parse_many([payload])) == [payload]
    assert explain.explain(payload) == explain.explain(text)
    assert explain.point(payload, []) == explain.point(text, [])
    assert qr.render(payload) == qr.render(text) and qr.render(payload).text == text
    assert list(qr.render_many([payload, text])) == [qr.render(text).png()] * 2
    assert qr.card(payload, name="SHOP").svg() == qr.card(text, name="SHOP").svg()
    assert qr.card(emvco.parse(emvco.promptpay_payload("0812345678")), 5000).svg() == qr.card(text).svg()


# --- what cannot be, and the words for it ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "length", [10**5000, 0, -1, 21, 1.5, None], ids=lambda value: str(value)[:3] if value != 10**5000 else "huge"
)
def test_a_barcode_s_limit_is_one_of_references(length):
    with pytest.raises(InputError) as caught:
        emvco.barcode_text("099400016550100", "A", reference_length_max=length)
    assert "reference_length_max" in caught.value.message


@pytest.mark.parametrize("parts", [(None, "a"), ("a", None), ("\ud800", "a"), ("a", "\ud800"), (b"a", "a")])
def test_a_template_is_made_of_text(parts):
    with pytest.raises(InputError):
        emvco.Template(*parts)


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"59": "A\0B"}, "control_character", "59"),
        ({"59": "A\nB"}, "control_character", "59"),
        ({"62": "0703A\x7fB"}, "control_character", "62/07"),
        ({"64": "0002TH0103ก\0ข"}, "control_character", "64/01"),
        ({"64": "0002TH0103ก\u202eข"}, "direction_character", "64/01"),
        ({"64": "0002120101ก"}, "bad_language", "64/00"),
        ({"81": "00410000"}, "control_character", "81"),
        ({"59": "ร้าน"}, "not_ascii", "59"),
        ({"59": "A\u202eB"}, "direction_character", "59"),
    ],
)
def test_characters_that_nobody_sees_are_called_what_they_are(changes, code, path):
    text = changed(WALLET, changes)
    [problem] = [one for one in emvco.validate(text) if one.severity != "info"]
    assert (problem.code, problem.severity, problem.path) == (code, "warning", path)
    if code in {"control_character", "direction_character"}:
        assert "64" not in problem.message
        assert path == "81" or not text[problem.offset].isprintable()


@pytest.mark.parametrize("character", ["\0", "\n", "\x7f", "\x9f"])
def test_control_characters_are_built_into_nothing(character):
    for build in (
        lambda text: emvco.truemoney_payload("0801111111", 100, text),
        lambda text: emvco.build(WALLET, message=text),
        lambda text: emvco.build(MOBILE, merchant=Merchant(text)),
        lambda text: emvco.build(MOBILE, language=emvco.LanguageTemplate("TH", text)),
        lambda text: qr.card(emvco.promptpay_payload("0812345678"), name=text.replace("\n", "\0")),
    ):
        with pytest.raises(emvco.EmvcoError) as caught:
            build(f"A{character}B")
        assert caught.value.offset == 1 and "64" not in caught.value.message


@pytest.mark.parametrize("character", ["\u202a", "\u202e", "\u2066", "\u2069"])
def test_what_turns_the_direction_of_text_is_built_into_no_name(character):
    for build in (
        lambda text: emvco.build(MOBILE, language=emvco.LanguageTemplate("TH", text)),
        lambda text: emvco.truemoney_payload("0801111111", 100, text),
        lambda text: qr.card(emvco.promptpay_payload("0812345678"), name=text),
        lambda text: qr.card(emvco.promptpay_payload("0812345678"), reference=text),
    ):
        with pytest.raises(emvco.EmvcoError) as caught:
            build(f"A{character}B")
        assert caught.value.offset == 1
    assert emvco.parse(emvco.truemoney_payload("0801111111", 100, "👩\u200d🍳")).message == "👩\u200d🍳"
