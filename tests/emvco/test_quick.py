"""The quick way in and the thorough one must agree on every text."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import emvco
from emvco import EmvcoError, Payload, crc, quick, reader, tlv

DIGITS = "0123456789"
accounts = st.one_of(
    st.text(DIGITS, min_size=9, max_size=9).map(lambda rest: ("29", "0016A0000006770101110113" + "0066" + rest)),
    st.text(DIGITS, min_size=13, max_size=13).map(lambda rest: ("29", "0016A0000006770101110213" + rest)),
    st.text(DIGITS, min_size=15, max_size=15).map(lambda rest: ("29", "0016A0000006770101110315" + rest)),
    st.builds(
        lambda biller, ref1, ref2: (
            "30",
            f"0016A0000006770101120115{biller}{tlv.write('02', ref1)}{tlv.write('03', ref2) if ref2 else ''}",
        ),
        st.text(DIGITS, min_size=15, max_size=15),
        st.text("AZ09", min_size=1, max_size=20),
        st.text("AZ09", max_size=20),
    ),
)
written = st.from_regex(r"[0-9]{1,10}\.[0-9]{2}", fullmatch=True) | st.from_regex(r"[0-9.]{1,13}", fullmatch=True)
rests = st.lists(
    st.one_of(st.just(("53", "764")), st.just(("58", "TH")), written.map(lambda text: ("54", text))),
    unique_by=lambda thing: thing[0],
)


printable = st.text(st.characters(min_codepoint=31, max_codepoint=127), min_size=1, max_size=27)
labels = st.dictionaries(st.integers(0, 10), printable, min_size=1, max_size=3).map(
    lambda data: "".join(tlv.write(f"{tag:02d}", data[tag]) for tag in sorted(data))
)
riches = st.fixed_dictionaries(
    {"53": st.just("764"), "58": st.just("TH")},
    optional={
        "52": st.sampled_from(["5812", "58"]),
        "54": written,
        "59": printable,
        "60": printable,
        "61": printable,
        "62": labels.filter(lambda value: len(value) < 100),
    },
).map(lambda objects: sorted(objects.items()))


def codes():
    return st.builds(
        lambda initiation, account, rest: crc.sign(
            "000201" + "".join(tlv.write(*thing) for thing in [*initiation, account, *rest])
        ),
        st.sampled_from([[], [("01", "11")], [("01", "12")], [("01", "13")]]),
        accounts,
        rests | riches,
    )


def views(payload):
    seen = []
    for name in ("promptpay", "bill_payment", "amount_satang", "kind", "truemoney", "is_dynamic"):
        try:
            seen.append(getattr(payload, name))
        except EmvcoError as error:
            seen.append((error.code, error.offset, error.path))
    return seen


def agree(text):
    match = quick.read(text)
    if match is None:
        return
    parts = reader.read(text)
    assert parts.problems == ()
    assert views(Payload(text, match)) == views(Payload(text, parts))
    assert Payload(text, match).objects == parts.objects
    assert all(problem.severity != "error" for problem in emvco.validate(text) if problem.code != "bad_national_id")


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
