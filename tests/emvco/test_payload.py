import contextlib
import copy
import pickle

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import emvco
from emvco import ChecksumError, EmvcoError, FieldError, SchemeError, StructureError, crc, parse, tlv

GOOD = "00020101021229370016A000000677010111011300668123456785303764540550.005802TH63045197"
BILL = emvco.bill_payment_payload("099400016550100", "INV2026", "TABLE7", 123_456)
THAI = "00020101021129370016A0000006770101110113006681234567853037645802TH64290002TH0108ร้านกาแฟ0207กรุงเทพ63045A08"


def signed(*objects):
    """A payload of these (tag, value) pairs with its CRC."""
    return crc.sign("".join(tlv.write(tag, value) for tag, value in objects))


def refused(text, **options):
    with pytest.raises(EmvcoError) as caught:
        parse(text, **options)
    return caught.value


# --- structure -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code", "offset", "path"),
    [
        ("", "empty", 0, ""),
        ("AAAA0000", "bad_id", 0, ""),
        ("https://example.com", "bad_id", 0, ""),
        ("\ufeff" + GOOD, "bad_id", 0, ""),
        (" " + GOOD, "bad_id", 0, ""),
        ("0", "truncated", 1, ""),
        ("000", "truncated", 3, ""),
        ("0002", "truncated", 4, "00"),
        (GOOD[:-1], "truncated", len(GOOD) - 1, "63"),
        (GOOD[:-4], "truncated", len(GOOD) - 4, "63"),
        (GOOD[:-8], "no_crc", len(GOOD) - 8, "63"),
        (GOOD + "\n", "after_crc", len(GOOD), ""),
        (GOOD + "5802TH", "after_crc", len(GOOD), ""),
        (GOOD[:14] + "XX" + GOOD[16:], "bad_length", 14, "29"),
        (GOOD[:14] + "+5" + GOOD[16:], "bad_length", 14, "29"),
        (GOOD[:15] + "๕" + GOOD[16:], "bad_length", 15, "29"),
        (GOOD[:13] + "x" + GOOD[14:], "bad_id", 13, ""),
        (GOOD[:14] + "00" + GOOD[16:], "zero_length", 14, "29"),
        (GOOD[:18] + "17" + GOOD[20:], "too_long_for_template", 39, "29/11"),
        (GOOD[:38] + "14" + GOOD[40:], "too_long_for_template", 38, "29/01"),
        (GOOD[:38] + "12" + GOOD[40:], "stray_characters", 52, "29"),
        ("0102110002016304AAAA", "no_format", 0, "01"),
        ("0002016303AAA", "bad_crc_length", 8, "63"),
        ("0002016305AAAAA", "bad_crc_length", 8, "63"),
        ("000201620750030006304AAAA", "stray_characters", 14, "62/50"),
    ],
)
def test_a_structure_error_points_at_the_first_wrong_character(text, code, offset, path):
    error = refused(text)
    assert isinstance(error, StructureError)
    assert (error.code, error.offset, error.path) == (code, offset, path)


def test_a_duplicate_tag_is_refused_with_both_offsets():
    error = refused(signed(("00", "01"), ("53", "764"), ("58", "TH"), ("53", "764")))
    assert (error.code, error.path, error.offset, error.first_offset) == ("duplicate_tag", "53", 19, 6)
    error = refused(signed(("00", "01"), ("29", "0001A0001B")))
    assert (error.code, error.path, error.offset, error.first_offset) == ("duplicate_tag", "29/00", 15, 10)


def test_of_two_structure_errors_the_first_in_the_text_is_reported():
    assert refused("000201" + "2904XXXX" + "99").offset == 10


def test_a_lone_surrogate_is_refused_where_it_stands():
    text = "0002015903a\ud800b6304AAAA"
    assert (refused(text).code, refused(text).offset) == ("not_unicode", 11)


def test_primitives_of_the_card_schemes_are_never_looked_into():
    text = signed(("00", "01"), ("02", "4403847800202706"), ("53", "764"), ("58", "TH"), ("81", "0030"))
    assert parse(text).get("02") == "4403847800202706"


# --- CRC -------------------------------------------------------------------------------------------------------------


def test_the_crc_of_the_specification_runs_over_utf8_bytes():
    assert crc.checksum("123456789") == "29B1"
    assert str(parse(THAI)) == THAI


def test_a_wrong_crc_is_pointed_at():
    error = refused(GOOD.replace("50.00", "90.00"))
    assert isinstance(error, ChecksumError)
    assert (error.code, error.offset, error.path) == ("wrong_crc", len(GOOD) - 4, "63")


def test_the_crc_may_be_in_small_letters():
    text = signed(("00", "01"), ("29", "0001A"), ("53", "764"), ("58", "TH"), ("59", "SHOP 4"))
    assert text[-4:].upper() != text[-4:].lower()
    lower = text[:-4] + text[-4:].lower()
    assert str(parse(lower)) == lower


@pytest.mark.parametrize(
    "text", [GOOD, BILL, emvco.promptpay_payload("004999000000000")], ids=["mobile", "bill", "wallet"]
)
def test_any_ascii_character_replaced_by_another_is_noticed(text):
    for position, old in enumerate(text):
        for new in map(chr, range(128)):
            if new == old or (position >= len(text) - 4 and new.upper() == old.upper()):
                continue
            with pytest.raises(EmvcoError):
                parse(text[:position] + new + text[position + 1 :])


payloads = st.one_of(
    st.builds(
        emvco.promptpay_payload,
        st.from_regex(r"0[689][0-9]{8}", fullmatch=True),
        st.none() | st.integers(1, 999_999_999_999),
    ),
    st.builds(
        emvco.bill_payment_payload,
        st.from_regex(r"[0-9]{15}", fullmatch=True),
        st.from_regex(r"[A-Z0-9]{1,20}", fullmatch=True),
        st.none() | st.from_regex(r"[A-Z0-9]{1,20}", fullmatch=True),
        st.none() | st.integers(1, 999_999_999_999),
    ),
)


@given(payloads, st.data())
def test_one_replaced_character_is_noticed_whatever_the_payload(text, data):
    position = data.draw(st.integers(0, len(text) - 1))
    new = data.draw(st.characters(codec="ascii"))
    changed = text[:position] + new + text[position + 1 :]
    if changed.upper() == text.upper() and position >= len(text) - 4:
        assert parse(changed).objects[:-1] == parse(text).objects[:-1]
    elif changed != text:
        refused(changed)


# --- fields ----------------------------------------------------------------------------------------------------------

BASE = {"00": "01", "29": "0001A", "53": "764", "58": "TH"}


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"00": "02"}, "unknown_format", "00"),
        ({"01": "13"}, "unknown_initiation", "01"),
        ({"01": "1"}, "too_short", "01"),
        ({"52": "58X2"}, "not_digits", "52"),
        ({"53": "๗๖๔"}, "not_digits", "53"),
        ({"54": "0"}, "zero_amount", "54"),
        ({"54": "0.00"}, "zero_amount", "54"),
        ({"54": "."}, "bad_amount", "54"),
        ({"54": ".50"}, "bad_amount", "54"),
        ({"54": "1e3"}, "bad_amount", "54"),
        ({"54": "1٫5"}, "bad_amount", "54"),
        ({"54": "10000000000.00"}, "too_long", "54"),
        ({"55": "04"}, "unknown_tip", "55"),
        ({"55": "02"}, "missing", "56"),
        ({"55": "03"}, "missing", "57"),
        ({"55": "02", "56": "0.00"}, "zero_amount", "56"),
        ({"55": "03", "57": "100.0"}, "bad_percentage", "57"),
        ({"55": "03", "57": "0.001"}, "bad_percentage", "57"),
        ({"55": "03", "57": "00.00"}, "bad_percentage", "57"),
        ({"55": "03", "57": "5%"}, "bad_percentage", "57"),
        ({"55": "01", "57": "5"}, "unexpected_fee", "57"),
        ({"58": "THA"}, "too_long", "58"),
        ({"62": "0727" + "x" * 27}, "too_long", "62/07"),
        ({"62": "0903AMX"}, "bad_data_request", "62/09"),
        ({"64": "0101x"}, "missing", "64/00"),
        ({"64": "0003THA0101x"}, "too_long", "64/00"),
        ({"53": None}, "missing", "53"),
        ({"58": None}, "missing", "58"),
        ({"29": None}, "no_account", ""),
    ],
)
def test_a_broken_field_is_refused_strictly_and_listed_leniently(changes, code, path):
    objects = {tag: value for tag, value in sorted({**BASE, **changes}.items()) if value is not None}
    text = signed(*objects.items())
    error = refused(text)
    assert isinstance(error, FieldError)
    assert (error.code, error.path) == (code, path)
    listed = parse(text, strict=False)
    assert str(listed) == text
    assert (code, path) in {(problem.code, problem.path) for problem in listed.problems}


@pytest.mark.parametrize(
    "extra",
    [
        {"55": "03", "57": "00.01"},
        {"55": "03", "57": "5"},
        {"55": "02", "56": "10"},
        {"59": "ร้านกาแฟ"},
        {"62": "0001x"},
        {"62": "0726" + "x" * 26},
        {"62": "0903AME"},
        {"85": "0016com.example.test0103abc"},
        {"70": "anything at all"},
    ],
)
def test_what_is_seen_in_the_wild_is_read(extra):
    objects = {**BASE, **extra}
    text = signed(*objects.items())
    assert [(thing.id, thing.value) for thing in parse(text)][:-1] == list(objects.items())


def test_a_field_error_points_at_the_wrong_character():
    text = signed(*{**BASE, "54": "1,000.00"}.items())
    assert text[refused(text).offset] == ","


# --- the object ------------------------------------------------------------------------------------------------------


def test_objects_are_found_by_path_with_their_offsets():
    payload = parse(GOOD)
    assert payload.get("29/01") == "0066812345678"
    assert payload.find("29/01").offset == 36
    assert GOOD[payload.find("54").value_offset :].startswith("50.00")
    assert payload.get("62/07") is payload.find("99") is payload.get("54/01") is payload.get("") is None
    assert [thing.id for thing in payload.children("29")] == ["00", "01"]


def test_templates_of_payment_systems_inside_tag_62_are_opened():
    text = signed(*BASE.items(), ("62", "5009" + "0005hello"))
    assert parse(text).get("62/50/00") == "hello"


def test_a_payload_is_a_value_that_nobody_can_change():
    payload = parse(GOOD)
    assert payload == parse(GOOD) != parse(BILL)
    assert len({payload, parse(GOOD), parse(BILL)}) == 2
    with pytest.raises(AttributeError):
        payload.text = BILL
    for again in (copy.deepcopy(payload), pickle.loads(pickle.dumps(payload))):
        assert again == payload
        assert again.promptpay == payload.promptpay


def test_a_payload_shows_what_it_was_made_of():
    assert repr(parse(GOOD)) == f"Payload({GOOD!r})"
    assert "stripped_after" in repr(parse(GOOD + "\n", strict=False))
    assert parse(GOOD) != GOOD


@pytest.mark.parametrize("thing", [None, 5, GOOD.encode(), [GOOD]])
def test_what_is_no_text_is_refused(thing):
    for strict in (True, False):
        assert refused(thing, strict=strict).code == "not_text"


def test_amounts_are_read_with_0_1_or_2_decimals_and_never_finer():
    for written, satang in [("1", 100), ("1.", 100), ("1.5", 150), ("1.05", 105), ("007.50", 750)]:
        assert parse(signed(*{**BASE, "54": written}.items())).amount_satang == satang
    payload = parse(signed(*{**BASE, "54": "1.005"}.items()))
    with pytest.raises(SchemeError) as caught:
        _ = payload.amount_satang
    assert caught.value.code == "amount_too_fine"
    assert payload.text[caught.value.offset] == "5"


def test_an_amount_in_another_currency_is_not_satang():
    payload = parse(signed(*{**BASE, "53": "840", "54": "1.00"}.items()))
    assert payload.amount == "1.00"
    with pytest.raises(SchemeError, match="not_thai"):
        _ = payload.amount_satang


def test_a_bad_amount_read_leniently_is_still_no_amount():
    payload = parse(signed(*{**BASE, "54": "1,5"}.items()), strict=False)
    with pytest.raises(FieldError, match="bad_amount"):
        _ = payload.amount_satang


def test_tag_29_of_another_country_is_no_promptpay():
    text = signed(("00", "01"), ("29", "0012D15600000000"), ("53", "156"), ("58", "CN"))
    assert parse(text).promptpay is None


# --- lenient ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("before", "after"), [("", "\n"), ("\ufeff", ""), (" \u200b", "\x00\r\n\u00a0")])
def test_lenient_reading_drops_what_stands_around_and_says_so(before, after):
    refused(before + GOOD + after)
    payload = parse(before + GOOD + after, strict=False)
    assert str(payload) == GOOD
    expected = [("stripped_before", 0)] * bool(before) + [("stripped_after", len(before + GOOD))] * bool(after)
    assert [(repair.code, repair.offset) for repair in payload.repairs] == expected


def test_lenient_reading_fills_up_a_crc_that_lost_its_zeros():
    text = "00020101021129370016A0000006770101110113006680000005153037645802TH63040376"
    short = text[:-4] + "376"
    assert refused(short).code == "truncated"
    payload = parse(short + " ", strict=False)
    assert str(payload) == text
    assert [repair.code for repair in payload.repairs] == ["stripped_after", "crc_padded"]


def test_lenient_reading_refuses_a_short_crc_that_is_wrong_and_counts_in_the_text_given():
    error = refused("\ufeff" + GOOD[:-1], strict=False)
    assert (error.code, error.offset) == ("truncated", len(GOOD))
    error = refused("  " + GOOD.replace("50.00", "90.00"), strict=False)
    assert (error.code, error.offset) == ("wrong_crc", len(GOOD) - 4 + 2)


def test_a_good_payload_needs_no_repair():
    assert parse(GOOD, strict=False) == parse(GOOD)


# --- anything at all -------------------------------------------------------------------------------------------------

anything = st.characters(exclude_categories=())


def look_at(payload):
    for view in ("promptpay", "bill_payment", "amount_satang"):
        with contextlib.suppress(EmvcoError):
            getattr(payload, view)


@given(st.one_of(st.text(anything), st.text("0123456789"), st.text("0123456789AT.").map(lambda rest: "000201" + rest)))
@example("000201\ud8006304")
@example("6304")
def test_any_text_is_a_payload_or_an_emvco_error(text):
    for strict in (True, False):
        try:
            look_at(parse(text, strict=strict))
        except EmvcoError as error:
            assert error.offset is not None and 0 <= error.offset <= len(text)
            assert str(error)


values = st.one_of(
    st.text(anything, min_size=1, max_size=30),
    st.text("0123456789.", min_size=1, max_size=15),
    st.lists(st.tuples(st.integers(0, 9), st.text("A0123456789", min_size=1, max_size=16)), max_size=4).map(
        lambda fields: "".join(tlv.write(f"{tag:02d}", value) for tag, value in fields)
    ),
).filter(bool)
thai_accounts = st.sampled_from(["0016A000000677010111", "0016A000000677010112", "0016A000000677010114"])


@given(
    st.dictionaries(st.integers(1, 99).filter(lambda tag: tag != 63), values, max_size=6),
    st.none() | st.tuples(st.sampled_from(["29", "30"]), thai_accounts, values.filter(lambda text: len(text) < 75)),
)
def test_any_signed_payload_is_read_exactly_or_refused_by_an_emvco_error(fields, account):
    objects = {"00": "01", "53": "764", "58": "TH"} | {f"{tag:02d}": value for tag, value in sorted(fields.items())}
    if account is not None:
        objects[account[0]] = account[1] + account[2]
    body = "".join(f"{tag}{len(value):02d}{value}" for tag, value in objects.items() if len(value) < 100)
    try:
        text = crc.sign(body)
    except UnicodeEncodeError:
        text = body + "63040000"
    for strict in (True, False):
        try:
            payload = parse(text, strict=strict)
        except EmvcoError:
            continue
        assert str(payload) == text == "".join(map(str, payload))
        look_at(payload)


# --- errors ----------------------------------------------------------------------------------------------------------


def test_an_error_carries_code_offset_and_path_and_survives_pickling():
    error = EmvcoError("some_code", 3, "29/01")
    assert (error.code, error.offset, error.path, str(error)) == (
        "some_code",
        3,
        "29/01",
        "some code (some_code, tag 29/01, character 3)",
    )
    again = pickle.loads(pickle.dumps(refused(GOOD + "\n")))
    assert (type(again), again.code, again.offset) == (StructureError, "after_crc", len(GOOD))
    assert isinstance(error, ValueError)


# --- where an error points -------------------------------------------------------------------------------------------


def headers(payload):
    """Places of all ids and lengths, at the root and in templates."""
    things = [*payload.objects, *payload.children("29"), *payload.children("30")]
    return {thing.offset + place for thing in things for place in range(4)}


@pytest.mark.parametrize("text", [GOOD, BILL, THAI])
def test_a_letter_in_an_id_or_a_length_is_pointed_at(text):
    for place in headers(parse(text)):
        for letter in "Ax+ ๐":
            error = refused(text[:place] + letter + text[place + 1 :])
            assert isinstance(error, StructureError)
            assert error.offset == place


@pytest.mark.parametrize("text", [GOOD, BILL, THAI])
def test_a_changed_value_is_noticed_at_the_crc(text):
    payload = parse(text)
    signature = payload.objects[-1].value_offset
    for place in sorted(set(range(signature)) - headers(payload)):
        if text[place].isdigit() and place not in {4, 5} and "64" not in {thing.id for thing in payload}:
            error = refused(text[:place] + ("1" if text[place] != "1" else "2") + text[place + 1 :])
            assert isinstance(error, ChecksumError)
            assert (error.offset, error.path) == (signature, "63")
