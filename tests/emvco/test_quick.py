"""The quick way in and the thorough one must agree on every text."""

from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import emvco
from emvco import EmvcoError, Payload, crc, quick, reader, tlv

DIGITS = "0123456789"


def digits(count):
    return st.text(DIGITS, min_size=count, max_size=count)


def mostly(good, *others):
    """Three times in four *good*, else one of the others: a code is taken only if all of it is good."""
    return st.integers(0, 3).flatmap(lambda choice: st.one_of(*others) if choice == 0 else good)


plain = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=10)
printable = mostly(plain, st.text(st.characters(min_codepoint=31, max_codepoint=127), min_size=1, max_size=27))
anything = mostly(st.text("ร้านกาแฟ A", min_size=1, max_size=15), st.text(min_size=1, max_size=27))
payees = st.one_of(
    digits(9).map(lambda rest: ("01", "0066" + rest)),
    digits(13).map(lambda value: ("02", value)),
    digits(15).map(lambda value: ("03", value)),
)
transfers = st.builds(
    lambda aid, payee, code: (
        "29",
        f"0016A00000067701011{aid}{tlv.write(*payee)}{tlv.write('05', code) if code and aid == '4' else ''}",
    ),
    st.sampled_from("1444"),
    payees,
    mostly(st.text("aZ09-", min_size=10, max_size=10), st.none(), printable),
)
bills = st.builds(
    lambda aid, biller, ref1, ref2: (
        "30",
        f"0016A00000067701{aid}{tlv.write('01', biller)}{tlv.write('02', ref1)}{tlv.write('03', ref2) if ref2 else ''}",
    ),
    mostly(st.sampled_from(["0112", "2006"]), st.just("0113")),
    mostly(digits(15), digits(13)),
    mostly(st.text("AZ09a.", min_size=1, max_size=20), st.just("A" * 21)),
    mostly(st.text("AZ09-", max_size=20), st.just("A" * 21)),
).filter(lambda thing: len(thing[1]) < 100)
written = mostly(
    st.from_regex(r"[0-9]{1,10}\.[0-9]{2}|[0-9]{1,13}|[0-9]{1,11}\.[0-9]", fullmatch=True),
    st.from_regex(r"[0-9.]{1,13}", fullmatch=True),
)
rests = st.builds(
    lambda amount, order, count: [[("53", "764"), ("58", "TH"), ("54", amount)][place] for place in order][:count],
    written,
    st.permutations(range(3)),
    st.sampled_from([3, 3, 3, 2]),
)


def template(ids, values):
    """Of up to four of these sub-tags."""
    return (
        st.dictionaries(st.sampled_from(ids), values, min_size=1, max_size=4)
        .map(lambda data: "".join(tlv.write(f"{tag:02d}", data[tag]) for tag in sorted(data)))
        .filter(lambda value: len(value) < 100)
    )


names = st.builds(
    lambda language, name, city: f"{language}{tlv.write('01', name)}{tlv.write('02', city) if city else ''}",
    mostly(st.sampled_from(["0002TH", "0002th"]), st.sampled_from(["0003THA", "000212"])),
    anything,
    st.none() | anything,
)
taxes = st.builds(
    lambda branch, rate, tax: f"{branch}{tlv.write('01', rate) if rate else ''}{tlv.write('02', tax)}",
    mostly(st.just("00040000"), st.just("000500000")),
    mostly(st.none() | st.text("0179.", min_size=1, max_size=5), st.just("10.000")),
    mostly(st.text("0179.", min_size=1, max_size=13), st.just("1" * 14)),
)
riches = st.fixed_dictionaries(
    {"53": st.just("764"), "58": st.just("TH")},
    optional={
        "52": mostly(st.just("5812"), st.just("58")),
        "54": written,
        "59": printable,
        "60": printable,
        "61": printable,
        "62": mostly(template(range(1, 9), plain), template(range(12), printable)),
        "64": names,
        "80": taxes,
        "81": mostly(st.text("09AF", min_size=1, max_size=99), st.text("09a", min_size=1, max_size=99)),
    },
).map(lambda objects: sorted(objects.items()))
payments = st.builds(
    lambda initiation, account, rest: crc.sign(
        "000201" + "".join(tlv.write(*thing) for thing in [*initiation, account, *rest])
    ),
    mostly(st.sampled_from([[], [("01", "11")], [("01", "12")]]), st.just([("01", "13")])),
    transfers | bills,
    rests | riches,
)


def slip_signed(body, small):
    signed = crc.checksum(body + "9104")
    return f"{body}9104{signed.lower() if small else signed}"


short = mostly(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=25), printable)
slips = st.builds(
    lambda api, bank, reference, country, small: slip_signed(
        tlv.write("00", f"0006{api}{tlv.write('01', bank)}{tlv.write('02', reference)}") + country, small
    ),
    mostly(st.just("000001"), st.just("000002")),
    mostly(digits(3), digits(2)),
    short,
    mostly(st.just("5102TH"), st.sampled_from(["5102LA", ""])),
    st.booleans(),
)
truemoney_slips = st.builds(
    lambda event, transaction, day, country, small: slip_signed(
        tlv.write("00", f"000201010201{tlv.write('02', event)}{tlv.write('03', transaction)}0408{day}") + country, small
    ),
    st.just("P2P") | short,
    short,
    st.dates().map("{:%d%m%Y}".format) | digits(8) | st.sampled_from(["30022026", "29022024", "29022023", "01010000"]),
    mostly(st.just(""), st.just("5102TH")),
    st.booleans(),
)


def codes():
    return payments | slips | truemoney_slips


VIEWS = (
    *("promptpay", "bill_payment", "amount_satang", "amount", "kind", "truemoney", "is_dynamic", "slip", "is_slip"),
    *("truemoney_slip", "merchant", "additional", "language", "vat", "message", "tip", "acquirer"),
)
PATHS = [f"{number:02d}" for number in range(100)] + ["29/01", "30/02", "62/07", "64/01", "80/02", "00/02", "81/00"]


def views(payload):
    seen = []
    for name in VIEWS:
        try:
            seen.append(getattr(payload, name))
        except EmvcoError as error:
            seen.append((error.code, error.offset, error.path))
    return seen + [payload.find(path) for path in PATHS] + [payload.children(path) for path in PATHS]


def agree(text):
    match = quick.read(text)
    if match is None:
        return
    parts = reader.read(text)
    assert parts.problems == ()
    assert views(Payload(text, match)) == views(Payload(text, parts=parts))
    assert Payload(text, match)._read() == parts
    # What tags 80 and 81 mean is for their views to say; as EMVCo has it, they are sound.
    errors = [problem for problem in emvco.validate(text) if problem.severity == "error"]
    assert all(problem.path[:2] in {"80", "81"} for problem in errors)


@given(codes())
@example("00020101021229370016A0000006770101110213006681234567853037645802TH6304047B")
def test_what_the_quick_reader_takes_the_thorough_one_reads_alike(text):
    agree(text)


def test_an_empty_template_is_not_taken():
    text = crc.sign("00020101021129370016A0000006770101110113006681234567853037645802TH6200")
    assert quick.read(text) is None
    with pytest.raises(EmvcoError) as refused:
        emvco.parse(text)
    assert refused.value.code == "zero_length"


@given(codes(), st.data())
def test_so_it_is_with_one_replaced_character_signed_again(text, data):
    position = data.draw(st.integers(0, len(text) - 9))
    agree(crc.sign(text[:position] + data.draw(st.characters(codec="ascii")) + text[position + 1 : -8]))


def test_the_quick_reader_takes_what_banks_and_builders_write():
    for text in (
        emvco.promptpay_payload("0812345678"),
        emvco.promptpay_payload("0812345678", 1),
        emvco.promptpay_payload("1234567890121", 999_999_999_999),
        emvco.promptpay_payload("004999000000000", 100),
        emvco.bill_payment_payload("099400016550100", "A", None),
        emvco.bill_payment_payload("099400016550100", "A" * 20, "B" * 20, 12_345),
        emvco.cross_border_payload("099400016550100", "INV1", "T7", 12_345),
        emvco.build(emvco.PromptPay(emvco.Proxy("mobile", "0066812345678"), "1234567890"), amount_satang=100),
        emvco.build(emvco.PromptPay(emvco.Proxy("ewallet", "004999000000000"), "1234567890")),
        emvco.build(
            emvco.BillPayment("099400016550100", "INV1"),
            amount_satang=100,
            merchant=emvco.Merchant("COFFEE", "BANGKOK", "5812", "10110"),
            additional=emvco.AdditionalData(bill_number="A" * 25, terminal_label="T001", purpose="a"),
            language=emvco.LanguageTemplate("TH", "ร้านกาแฟ", "กรุงเทพ"),
            vat=emvco.Vat("0000", 700, "7.00"),
            message="ขอบคุณ",
        ),
        emvco.truemoney_payload("0801111111", 1005, "ขอบคุณ"),
        emvco.slip_payload("014", "2026112001aBcD"),
        emvco.truemoney_slip_payload("P2P", "TXID1234567890", date(2026, 5, 31)),
        emvco.truemoney_slip_payload("P2P", "T" * 40, date(2026, 5, 28)),
        emvco.truemoney_slip_payload("PAY", "T", date(2026, 5, 28)),
        "00020101021129370016A000000677010111011300668012345675802TH530376463046197",
        "00020101021229370016A000000677010111011300668012345675802TH53037645406456.256304483D",
        "00020101021129370016A000000677010111011300660000000005802TH530376463048956",
        # as SCB's interface and GB Prime Pay print them
        "00020101021230470016A00000067701011201150994000165501000204INV15303764540520.005802TH62110707SCB0001630407D2",
        "00020101021230830016A0000006770101120115010556006812755021800000021052602511503180002105261622021335303764540520"
        ".005802TH5910GBPrimePay630486BA",
    ):
        assert quick.read(text) is not None
        agree(text)


def test_the_quick_reader_leaves_zero_amounts_and_small_letters_to_the_thorough_one():
    zero = crc.sign("00020101021229370016A00000067701011101130066812345678530376454040.005802TH")
    small = "00020101021129370016A0000006770101110113006681234567853037645802TH6304823e"
    assert quick.read(zero) is None
    assert quick.read(small) is None or str(emvco.parse(small)) == small
