import pytest
from hypothesis import given
from hypothesis import strategies as st

import emvco
from emvco import EmvcoError, FieldError, InputError, parse

STATIC = "00020101021129370016A000000677010111011300668012345675802TH530376463046197"
KEPT = (
    "00020101021129370016A0000006770101110113006681234567853037645802TH6502X17902Y285270016com.example.test0103abc"
    "99170013com.example.z6304D688"
)


def ids(payload):
    return [thing.id for thing in payload]


def test_an_amount_is_put_in_changed_and_taken_out():
    dynamic = parse(STATIC).with_amount(45_625)
    assert (dynamic.amount_satang, dynamic.is_dynamic) == (45_625, True)
    assert str(dynamic)[:-4] == STATIC[:-4].replace("010211", "010212").replace("5802TH", "5406456.255802TH")
    assert dynamic.with_amount(100).amount == "1.00"
    assert str(dynamic.with_amount(None)) == STATIC


def test_what_is_not_named_stays_as_and_where_it_is():
    payload = parse(KEPT).replace({"79": "Z"})
    assert ids(payload) == ids(parse(KEPT))
    assert str(payload)[:-4] == KEPT[:-4].replace("7902Y2", "7901Z")
    assert str(payload.replace({"79": "Y2"})) == KEPT
    assert str(parse(KEPT).replace({})) == KEPT


def test_a_new_object_goes_before_the_first_with_a_higher_id():
    assert ids(parse(KEPT).replace({"62/07": "SCB"})) == [
        "00",
        "01",
        "29",
        "53",
        "58",
        "62",
        "65",
        "79",
        "85",
        "99",
        "63",
    ]
    assert parse(KEPT).replace({"62/07": "SCB", "62/01": "1"}).get("62") == "010110703SCB"


def test_values_inside_templates_are_changed_and_dropped():
    payload = parse(KEPT)
    assert payload.replace({"29/01": "0066899999999"}).promptpay.proxy.display == "089-999-9999"
    assert payload.replace({"85/01": None}).get("85") == "0016com.example.test"
    assert payload.replace({"99/00": None}).get("99") is None
    assert payload.replace({"62/50/00": "com.example"}).get("62/50/00") == "com.example"
    assert payload.replace({"30": "0016A00000067701011201150994000165501000201A", "29": None}).bill_payment.ref1 == "A"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"63": "0000"}, "bad_path"),
        ({"5": "x"}, "bad_path"),
        ({"": "x"}, "bad_path"),
        ({"๕๔": "1"}, "bad_path"),
        ({"29/": "x"}, "bad_path"),
        ({"54/01": "x"}, "bad_path"),
        ({"53/01": "x"}, "bad_path"),
        ({"29": "0001x", "29/01": "x"}, "bad_path"),
        ({"54": None}, "not_there"),
        ({"62/07": None}, "not_there"),
        ({"29/05": None}, "not_there"),
        ({"59": ""}, "bad_length"),
        ({"59": "x" * 100}, "bad_length"),
        ({"59": 5}, "bad_length"),
        ({"59": "\ud800"}, "not_unicode"),
    ],
)
def test_what_cannot_be_changed_is_refused(changes, code):
    with pytest.raises(InputError) as caught:
        parse(STATIC).replace(changes)
    assert caught.value.code == code


def test_an_edit_that_breaks_the_rules_is_refused_by_them():
    with pytest.raises(FieldError, match="zero_amount"):
        parse(STATIC).replace({"54": "0.00"})
    with pytest.raises(EmvcoError):
        parse(STATIC).replace({"29": "xx"})


def test_a_code_that_was_read_leniently_is_mended_by_an_edit():
    broken = parse(emvco.crc.sign(STATIC[:-8] + "5401054030.0"[:5]), strict=False)
    assert [problem.code for problem in broken.problems] == ["zero_amount"]
    assert broken.with_amount(100).amount_satang == 100


@given(
    st.dictionaries(
        st.sampled_from(["54", "59", "62/07", "65", "85/01", "29/01", "62/50/00", "01", "91"]),
        st.none() | st.text(st.characters(min_codepoint=32, max_codepoint=0xE5B), max_size=20),
        max_size=4,
    )
)
def test_any_edit_is_sound_or_an_error(changes):
    payload = parse(KEPT)
    try:
        edited = payload.replace(changes)
    except EmvcoError:
        return
    assert parse(str(edited)) == edited
    for path, value in changes.items():
        assert edited.get(path) == value or (path[:2] in changes)
    untouched = [thing.id for thing in payload if thing.id not in {path[:2] for path in changes} | {"63"}]
    assert [(tag, edited.get(tag)) for tag in untouched] == [(tag, payload.get(tag)) for tag in untouched]
