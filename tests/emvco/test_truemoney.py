import pytest
from hypothesis import given
from hypothesis import strategies as st

import emvco
from emvco import InputError, SchemeError, crc, tlv, truemoney_payload
from emvco.fields import DIRECTIONS
from emvco.truemoney import mobile_of, read_message, write_message

WALLET = ("29", "0016A0000006770101110315140000801111111")


def with_message(value):
    return emvco.parse(
        crc.sign("000201" + "".join(tlv.write(*each) for each in [WALLET, ("53", "764"), ("58", "TH"), ("81", value)]))
    )


def test_a_wallet_with_a_message_is_built_and_read():
    payload = emvco.parse(truemoney_payload("+66 80 111 1111", 1005, "สวัสดี"))
    assert payload.truemoney == ("0801111111", "สวัสดี")
    assert payload.promptpay.proxy == ("ewallet", "140000801111111")
    assert (payload.amount_satang, payload.kind, payload.is_dynamic) == (1005, "promptpay", True)
    assert emvco.parse(truemoney_payload("0801111111")).truemoney == ("0801111111", None)


@pytest.mark.parametrize("digits", ["149999999999999", "004999000000000", "140001801111111", "140000201111111"])
def test_other_wallets_are_not_taken_for_truemoney(digits):
    assert mobile_of(emvco.Proxy("ewallet", digits)) is None
    assert emvco.parse(emvco.promptpay_payload(digits)).truemoney is None
    assert mobile_of(emvco.Proxy("mobile", "0066812345678")) is None


@pytest.mark.parametrize("message", ["", "x" * 25, "😀" * 13, "a\ud800", None, 5])
def test_a_message_that_does_not_fit_is_refused(message):
    with pytest.raises(InputError) as caught:
        write_message(message)
    assert caught.value.path == "81"


def test_the_longest_message_is_24_units_and_an_emoji_is_two():
    assert read_message(write_message("😀" * 12)) == "😀" * 12
    assert len(write_message("ก" * 24)) == 96


@pytest.mark.parametrize(
    ("value", "position"), [("004G", 3), ("00480", 4), ("004", 0), ("0048D800", 4), ("ก048", 0), ("D8000041", 0)]
)
def test_a_message_that_is_none_is_refused_where_it_breaks(value, position):
    payload = with_message(value)
    with pytest.raises(SchemeError) as caught:
        _ = payload.truemoney
    assert (caught.value.code, caught.value.path) == ("bad_message", "81")
    assert caught.value.offset == payload.find("81").value_offset + position


def test_a_message_in_small_hexadecimal_is_read():
    assert with_message("0e2a").message == "ส"


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters=DIRECTIONS), min_size=1, max_size=24))
def test_what_is_written_is_read_again(message):
    if len(message.encode("utf-16-be")) <= 48:
        assert read_message(write_message(message)) == message
