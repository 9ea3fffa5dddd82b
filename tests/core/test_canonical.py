"""The canonicaliser against the real thing: everything `dumps` prints is compared with Node's own JSON."""

from __future__ import annotations

import json
import os
import random
import shutil
import struct
import subprocess
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paygate.core.canonical import MAX_DEPTH, JsonNumber, dumps, loads, number_text
from paygate.core.errors import Bug, InvalidInput

_STRINGIFY = """
const lines = require('fs').readFileSync(0, 'utf8').split('\\n').filter(Boolean);
process.stdout.write(lines.map(line => JSON.stringify(JSON.parse(JSON.parse(line)))).join('\\n'));
"""


def node_prints(texts: list[str]) -> list[str]:
    """`JSON.stringify(JSON.parse(text))` of each text, in one Node process."""
    node = shutil.which("node")
    if node is None:
        if os.environ.get("PAYGATE_REQUIRE_ALL") == "1":
            pytest.fail("node is not installed, and PAYGATE_REQUIRE_ALL=1 demands every check")
        pytest.skip("node is not installed: the canonical JSON is not compared with JavaScript's")
    lines = "\n".join(json.dumps(text) for text in texts)
    done = subprocess.run([node, "-e", _STRINGIFY], input=lines.encode(), capture_output=True, timeout=60, check=True)
    return done.stdout.decode("utf-8").split("\n")


def assert_as_node(texts: list[str]) -> None:
    # Numbers reach dumps as Decimals and ints here, as they do at the door.
    ours = [dumps(loads(text)) for text in texts]
    assert ours == node_prints(texts)


NUMBERS = """
0 -0 -0.0 0e5 1 -1 150.00 147.50 0.1 0.30000000000000004 3.0 1e2 1E+2 1e21 1e+21 123456789012345680000
999999999999999900000 999999999999999934463 1e20 1.5e20 12345678901234567890123 1e-6 1e-7 0.000001 0.0000001 1.5e-7
0.00001234 1.234e-5 123e-20 5e-324 2.5e-324 2e-324 4.9406564584124654e-324 1.7976931348623157e308
2.2250738585072014e-308 9007199254740991 9007199254740992 9007199254740993 -9007199254740993 9007199254740995
18446744073709551615 9223372036854775807 10000000000000000 100000000000000000 1234567890123456.7 4.35 0.285 1.005
1e22 1e23 123456.789e3 -1e-7 -1e21 4294967295 1e-400 -1e-400 8.41e21 2.0919495182368195e19 72057594037927945
1e308 1.7976931348623158e308 0.1000000000000000055511151231257827021181583404541015625 4503599627370497.5
"""


def test_numbers_print_as_javascript_prints_them() -> None:
    digits = [f"{10**n}" for n in range(30)] + [f"{123 * 10**n}" for n in range(25)]
    small = [f"1.25e-{n}" for n in range(12)] + [f"0.{'0' * n}7" for n in range(10)]
    assert_as_node(NUMBERS.split() + digits + small)


def test_random_doubles_print_as_javascript_prints_them() -> None:
    rng = random.Random(20261120)
    raw = (struct.unpack("<d", rng.getrandbits(64).to_bytes(8, "little"))[0] for _ in range(4_000))
    doubles = [d for d in raw if d == d and abs(d) != float("inf")]
    doubles += [rng.uniform(-1e6, 1e6) for _ in range(1_000)] + [float(rng.getrandbits(70)) for _ in range(1_000)]
    texts = [repr(d) for d in doubles]
    assert [dumps(d) for d in doubles] == node_prints(texts)
    assert [dumps(Decimal(t)) for t in texts] == [dumps(d) for d in doubles]


def test_strings_are_escaped_as_javascript_escapes_them() -> None:
    every_low = "".join(chr(c) for c in range(1, 0x120))
    texts = [
        json.dumps(every_low),
        json.dumps(every_low, ensure_ascii=False),
        '"\\u2028\\u2029\\u007f\\u0080\\ufeff\\uffff\\/"',
        '"\\ud83d\\ude00 ชำระเงินสำเร็จ 💸 \u2028 \u200d e\u0301"',
        '"</script><!-- & \' `"',
        '""',
    ]
    assert_as_node(texts)
    assert dumps("\u2028\u2029") == '"\u2028\u2029"'
    assert dumps("\x07\x00\x1f") == '"\\u0007\\u0000\\u001f"'


def test_keys_come_in_javascript_order_at_every_depth() -> None:
    keys = ["b", "10", "9", "01", "-1", "0", "1.5", "4294967294", "4294967295", "4294967296", "1e3", " 1", "__proto__"]
    keys += ["٣", "²", "", "00", "constructor", "toString", "99999999999", "+1", "a"]  # digits that are no ASCII
    flat = "{" + ",".join(f"{json.dumps(k)}:{i}" for i, k in enumerate(keys)) + "}"
    texts = [
        flat,
        f'{{"z":{flat},"2":[{flat},{{"1":{flat}}}],"1":null}}',
        '{"a":1,"2":1,"a":{"5":1,"3":2},"2":3,"1":0}',
        '{"__proto__":{"x":1},"y":{"__proto__":null}}',
        "[]",
        "{}",
        " [ 1 , { } , [ ] ,true,false,null ]\n",
    ]
    assert_as_node(texts)


json_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
json_keys = json_text | st.integers(0, 2**33).map(str)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12)
    | json_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(json_keys, inner, max_size=5),
    max_leaves=12,
)


@given(json_values)
def test_printing_what_was_printed_changes_nothing(value: Any) -> None:
    once = dumps(value)
    assert dumps(loads(once)) == once
    assert dumps(loads(once.encode("utf-8"))) == once


def test_generated_documents_print_as_javascript_prints_them() -> None:
    batch: list[str] = []

    @given(json_values)
    def collect(value: Any) -> None:
        batch.append(json.dumps(value, default=str, ensure_ascii=len(batch) % 2 == 0))

    collect()
    assert len(batch) >= 50
    assert_as_node(batch)


@pytest.mark.parametrize("number", ["1" + "0" * 309, "1e309", "-1e400", "1e99999999999999999999", "9" * 5_000])
def test_a_number_no_double_can_hold_is_refused_and_names_its_field(number: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        loads('{"orderId":"x","amount":' + number + "}")
    assert caught.value.field == "amount"
    assert "number" in caught.value.message


@pytest.mark.parametrize("value", [10**400, Decimal("1e400"), float("inf"), float("nan"), Decimal("sNaN")])
def test_a_number_no_double_can_hold_is_not_printed(value: Any) -> None:
    with pytest.raises(InvalidInput):
        dumps({"a": value})


@pytest.mark.parametrize("number", ["1e-99999999999999999999", "0e99999999", "1e-5000", "0." + "1" * 5_000])
def test_a_number_that_would_explode_when_printed_in_full_is_refused(number: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        loads(f'{{"amount":[{number}]}}')
    assert caught.value.field == "amount"


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_nan_and_infinity_are_refused_and_name_their_field(constant: str) -> None:
    with pytest.raises(InvalidInput, match="not a JSON number") as caught:
        loads(f'{{"amount":{constant}}}')
    assert caught.value.field == "amount"


def test_numbers_keep_their_text_and_plain_digits_are_int() -> None:
    parsed = loads("[150, 150.00, 1e2, 1.0, 1.005, -0, 9007199254740993]")
    assert isinstance(parsed, list)
    assert [type(n) for n in parsed] == [int, JsonNumber, JsonNumber, JsonNumber, JsonNumber, int, int]
    assert [n.text for n in parsed if isinstance(n, JsonNumber)] == ["150.00", "1e2", "1.0", "1.005"]
    assert parsed[1] == Decimal("150.00") and parsed[6] == 9007199254740993
    assert dumps(parsed) == "[150,150,100,1,1.005,0,9007199254740992]"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (r'{"description":"a\u0000b"}', "description"),
        (r'{"metadata":{"k":["\ud800"]}}', "metadata"),
        (r'{"metadata":{"\udc00":1}}', "metadata"),
        (r'{"metadata":{"a\u0000":1}}', "metadata"),
        (r'{"bad\ud83dkey":1}', None),
        (r'"\ude00\ud83d"', None),
    ],
)
def test_nul_and_lone_surrogates_are_refused_in_values_and_keys(body: str, field: str | None) -> None:
    with pytest.raises(InvalidInput) as caught:
        loads(body)
    assert caught.value.field == field
    caught.value.message.encode("utf-8")


def test_a_lone_surrogate_is_not_printed() -> None:
    for value in ("\ud800", {"\udfff": 1}, ["a", {"b": "x\udc00"}]):
        with pytest.raises(InvalidInput, match="surrogate"):
            dumps(value)


NOT_JSON = [
    *(
        b"",
        b" ",
        b"{",
        b"nul",
        b"'a'",
        b"{a:1}",
        b"[1,]",
        b"01",
        b"1.",
        b".5",
        b"+1",
        b"0x10",
        b"1_000",
        b'"\t"',
        b"[1]x",
    ),
    *(b"\xff", b'"\xed\xa0\x80"', b'"\xc0\x80"', b"\x00", b"{}\x00", b'{"a":0.1+0.2}', b'"\\x41"'),
    *("\ufeff{}".encode(), "[١]".encode(), "[1]\u00a0".encode(), "{}".encode("utf-16")),
]


@pytest.mark.parametrize("body", NOT_JSON)
def test_what_is_not_json_is_refused_with_a_reason(body: bytes) -> None:
    with pytest.raises(InvalidInput) as caught:
        loads(body)
    assert caught.value.message.startswith("The body is not")


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 2_000, 500_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_deep_nesting_is_refused_and_never_overflows_the_stack(depth: int, opening: str, closing: str) -> None:
    for body in (opening * depth + "1" + closing * depth, opening * depth):
        with pytest.raises(InvalidInput):
            loads(body)


def test_the_deepest_nesting_allowed_is_read_and_printed() -> None:
    body = "[" * MAX_DEPTH + "]" * MAX_DEPTH
    assert dumps(loads(body)) == body
    assert dumps({"data": {"metadata": loads(body)}}) == f'{{"data":{{"metadata":{body}}}}}'


def test_a_cyclic_value_is_refused() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(InvalidInput, match="nested"):
        dumps(value)


@pytest.mark.parametrize("value", [b"x", {1: 2}, {None: 1}, {"a"}, object()])
def test_a_type_json_does_not_have_is_our_bug(value: Any) -> None:
    with pytest.raises(Bug):
        dumps(value)


def test_number_text_is_plain_where_money_is() -> None:
    assert [number_text(Decimal(s) / 100) for s in (15000, 14750, 1, 50_000_000)] == ["150", "147.5", "0.01", "500000"]


@given(st.binary(max_size=60) | st.text(max_size=40).map(lambda t: t.encode("utf-8", "replace")))
def test_any_bytes_are_json_or_invalid_input(body: bytes) -> None:
    try:
        value = loads(body)
    except InvalidInput:
        return
    assert dumps(loads(dumps(value))) == dumps(value)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('[{"amount":1},{"amount":NaN}]', "[1].amount"),
        ('{"payments":[{"amount":1e999}]}', "payments[0].amount"),
        ('{"payments":[{"metadata":{"a":[{"b":"\\u0000"}]}}]}', "payments[0].metadata"),
        ('{"payments":["\\u0000"]}', "payments"),
        ('["\\u0000"]', None),
        ('[[{"a":NaN}]]', "[0].a"),
    ],
)
def test_a_fault_in_an_array_of_objects_names_the_entry(text: str, field: str | None) -> None:
    with pytest.raises(InvalidInput) as caught:
        loads(text)
    assert caught.value.field == field
