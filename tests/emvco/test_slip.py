from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import emvco
from emvco import ChecksumError, EmvcoError, InputError, SlipError, StructureError, crc, parse, tlv

SLIP = "004100060000010103014022000111222233344ABCD125102TH910417DF"
WALLET = "00490002010102010203P2P0314TXID12345678900408310520269104f05e"
# SCB's own document sample (2019): no sub-tags 00 and 01, and a CRC that lost its zero, length and all.
ABBREVIATED = "002702232019062543mc8k3ykZbndfi5102TH910377E"


def sealed(inside, *rest):
    """A slip whose tag 00 holds these fields, signed."""
    body = tlv.write("00", "".join(tlv.write(*field) for field in inside))
    body += "".join(tlv.write(*thing) for thing in rest) + "9104"
    return body + crc.checksum(body)


BANK = [("00", "000001"), ("01", "014"), ("02", "REF")]
TRUEMONEY = [("00", "01"), ("01", "01"), ("02", "P2P"), ("03", "TX"), ("04", "31052026")]


def lenient(text):
    return parse(text, strict=False)


@pytest.mark.parametrize("digits", range(4))
def test_a_crc_that_lost_its_zeros_is_filled_up_leniently_and_said(digits):
    """Both ways that bank apps do it: the length left at 04, and the shorter length."""
    for number in range(70_000):
        text = emvco.slip_payload("014", f"REF{number}")
        if text[-4:].startswith("0" * digits) and text[-4 + digits] != "0":
            break
        if digits == 3 and number == 69_999:
            pytest.fail("no such CRC")
    tail = text[-4:].lstrip("0")
    short, shorter = text[:-4] + tail, f"{text[:-8]}910{len(tail)}{tail}"
    if digits == 0:
        assert lenient(short).repairs == ()
        return
    for damaged, code in ((short, "crc_padded"), (shorter, "crc_length_mended")):
        with pytest.raises(StructureError):
            parse(damaged)
        payload = lenient(f" {damaged}\n")
        assert str(payload) == text
        assert [repair.code for repair in payload.repairs] == ["stripped_before", "stripped_after", code]
        assert payload.slip.bank_code == "014"


def test_the_abbreviated_sample_of_a_bank_is_mended_and_what_it_lacks_is_listed():
    with pytest.raises(StructureError) as caught:
        parse(ABBREVIATED)
    assert (caught.value.code, caught.value.offset, caught.value.path) == ("bad_crc_length", 39, "91")
    payload = lenient(ABBREVIATED)
    assert str(payload) == "002702232019062543mc8k3ykZbndfi5102TH9104077E"
    assert [(repair.code, repair.offset) for repair in payload.repairs] == [("crc_length_mended", 39)]
    assert [(problem.code, problem.path) for problem in payload.problems] == [
        ("missing", "00/00"),
        ("missing", "00/01"),
    ]
    assert payload.slip == (None, "2019062543mc8k3ykZbndfi")
    with pytest.raises(SlipError):
        parse(str(payload))


@pytest.mark.parametrize("text", [SLIP[:-1], SLIP[:-4] + "7DF", ABBREVIATED[:-1] + "F", SLIP[:-8]])
def test_what_cannot_be_mended_is_refused(text):
    with pytest.raises(StructureError):
        lenient(text)


@pytest.mark.parametrize(
    ("text", "code", "path"),
    [
        (sealed(BANK[1:], ("51", "TH")), "bad_id", None),
        (sealed([("00", "000002"), *BANK[1:]], ("51", "TH")), "unknown_api", "00/00"),
        (sealed([BANK[0], BANK[2]], ("51", "TH")), "missing", "00/01"),
        (sealed(BANK[:2], ("51", "TH")), "missing", "00/02"),
        (sealed([BANK[0], ("01", "14"), BANK[2]], ("51", "TH")), "bad_bank", "00/01"),
        (sealed([BANK[0], ("01", "๐๑๔"), BANK[2]], ("51", "TH")), "bad_bank", "00/01"),
        (sealed([*BANK[:2], ("02", "A" * 26)], ("51", "TH")), "too_long", "00/02"),
        (sealed([*BANK[:2], ("02", "A B")], ("51", "TH")), "bad_character", "00/02"),
        (sealed(BANK), "missing", "51"),
        (sealed(BANK, ("51", "LA")), "not_thai", "51"),
        (sealed([*TRUEMONEY[:2], *TRUEMONEY[3:]]), "missing", "00/02"),
        (sealed([*TRUEMONEY[:3], ("03", "ก"), TRUEMONEY[4]]), "bad_character", "00/03"),
        (sealed(TRUEMONEY[:4]), "missing", "00/04"),
        (sealed([*TRUEMONEY[:4], ("04", "31022026")]), "bad_date", "00/04"),
        (sealed([*TRUEMONEY[:4], ("04", "3105202")]), "bad_date", "00/04"),
    ],
)
def test_a_slip_that_breaks_the_form_is_refused_where_it_does(text, code, path):
    with pytest.raises(EmvcoError) as caught:
        parse(text)
    if path is None:  # It begins with sub-tag 01, so it does not even look like a slip.
        assert isinstance(caught.value, EmvcoError)
        return
    assert (caught.value.code, caught.value.path, caught.value.layer) == (code, path, "slip")
    assert (code, path) in {(problem.code, problem.path) for problem in lenient(text).problems}
    assert (code, path) in {(problem.code, problem.path) for problem in emvco.validate(text)}


def test_a_broken_slip_read_leniently_gives_what_it_has():
    assert lenient(sealed(BANK[:2], ("51", "TH"))).slip is None
    assert lenient(sealed(TRUEMONEY[:4])).truemoney_slip is None
    assert lenient(sealed(BANK)).slip == ("014", "REF")


@pytest.mark.parametrize("text", [SLIP, WALLET, emvco.slip_payload("025", "a" * 25)])
def test_any_ascii_character_replaced_by_another_is_noticed(text):
    for position, old in enumerate(text):
        for new in map(chr, range(128)):
            if new == old or (position >= len(text) - 4 and new.upper() == old.upper()):
                continue
            with pytest.raises(EmvcoError):
                parse(text[:position] + new + text[position + 1 :])


def test_a_wrong_crc_is_pointed_at():
    with pytest.raises(ChecksumError) as caught:
        parse(SLIP[:-4] + "0000")
    assert (caught.value.offset, caught.value.path) == (len(SLIP) - 4, "91")


def test_a_slip_pays_nobody():
    payload = parse(SLIP)
    views = (
        "promptpay",
        "bill_payment",
        "acquirer",
        "truemoney",
        "amount_satang",
        "merchant",
        "tip",
        "vat",
        "language",
    )
    assert all(getattr(payload, view) is None for view in views)
    assert payload.is_slip and payload.kind == "slip"
    assert parse(emvco.promptpay_payload("0812345678")).slip is None


def test_a_slip_is_edited_with_the_crc_in_its_own_letters():
    assert str(parse(SLIP).replace({"00/02": "00111222233344ABCD12"})) == SLIP
    edited = parse(WALLET).replace({"00/03": "TXID1234567891"})
    assert edited.text[-4:] == edited.text[-4:].lower() != edited.text[-4:].upper()
    assert edited.truemoney_slip.transaction_id == "TXID1234567891"


@pytest.mark.parametrize(
    ("bank", "reference"),
    [("14", "R"), ("SCB", "R"), (14, "R"), ("๐๑๔", "R"), ("014", "")]
    + [("014", reference) for reference in ("A" * 26, "A B", "ก", "A\n", "A\ud800", 7)],
)
def test_what_is_no_slip_is_not_built(bank, reference):
    with pytest.raises(InputError):
        emvco.slip_payload(bank, reference)


references = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=25)


@given(st.from_regex(r"[0-9]{3}", fullmatch=True), references)
def test_what_is_built_is_read_again(bank, reference):
    text = emvco.slip_payload(bank, reference)
    payload = parse(text)
    assert (str(payload), payload.slip) == (text, (bank, reference))
    assert emvco.validate(text) == []
    assert emvco.detect(text).kind == "slip"


@pytest.mark.parametrize(
    ("event", "transaction", "day"),
    [
        ("P 2", "T", date(2026, 5, 31)),
        ("P2P", "T" * 41, date(2026, 5, 31)),
        ("P2P", "", date(2026, 5, 31)),
        ("P2P", "T", "31052026"),
        (None, "T", date(2026, 5, 31)),
    ],
)
def test_what_is_no_truemoney_slip_is_not_built(event, transaction, day):
    with pytest.raises(InputError):
        emvco.truemoney_slip_payload(event, transaction, day)


@given(references, references, st.dates())
@example("P2P", "T" * 40, date(1, 1, 1))
def test_a_truemoney_slip_that_is_built_is_read_again(event, transaction, day):
    text = emvco.truemoney_slip_payload(event, transaction, day)
    payload = parse(text)
    assert (str(payload), payload.truemoney_slip) == (text, (event, transaction, day))
    assert (payload.kind, emvco.validate(text)) == ("truemoney_slip", [])
