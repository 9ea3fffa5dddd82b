import pytest
from hypothesis import given
from hypothesis import strategies as st

import emvco
from emvco import detect

GOOD = emvco.promptpay_payload("0812345678", 5000)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (GOOD, "promptpay"),
        (emvco.truemoney_payload("0812345678", None, "hi"), "promptpay"),
        (emvco.bill_payment_payload("099400016550100", "A"), "bill_payment"),
        (emvco.cross_border_payload("099400016550100", "A"), "bill_payment"),
        (emvco.slip_payload("014", "A"), "slip"),
        (emvco.slip_payload("014", "REF539")[:-8] + "9104" + emvco.slip_payload("014", "REF539")[-4:].lower(), "slip"),
        (f"\ufeff{GOOD}\r\n", "promptpay"),
        ("|099400016550100\nA\n\n0\n", "barcode"),
        (GOOD.replace("50.00", "60.00"), None),
        (GOOD[:40], None),
        ("", None),
        ("|", None),
        ("https://example.com/pay?id=1", None),
        ("WIFI:S:cafe;T:WPA;P:secret;;", None),
        ("สวัสดี", None),
    ],
)
def test_what_a_camera_sees_is_recognised(text, kind):
    found = detect(text)
    assert (None if found is None else found.kind) == kind
    if kind not in {None, "barcode"}:
        assert found.payload.kind == kind
        assert str(found) == str(found.payload)


@pytest.mark.parametrize("thing", [None, 5, b"00020101"])
def test_what_is_no_text_is_not_recognised(thing):
    assert detect(thing) is None


def test_a_thai_code_that_breaks_its_scheme_is_no_promptpay():
    text = emvco.crc.sign("00020101021129340016A0000006770101110110081234567853037645802TH")
    found = detect(text)
    assert found.kind == "emvco"
    with pytest.raises(emvco.SchemeError):
        _ = found.payload.promptpay


@given(st.text(st.characters(exclude_categories=())) | st.text("0123456789|\r").map(lambda rest: "00020101" + rest))
def test_nothing_is_ever_raised(text):
    found = detect(text)
    assert found is None or found.kind
