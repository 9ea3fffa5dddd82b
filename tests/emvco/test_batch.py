import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

import emvco
from emvco import BillPayment, InputError, PromptPay, Proxy, build_many, parse_many, template

MOBILE = PromptPay(Proxy("mobile", "0066812345678"))
amounts = st.integers(1, 999_999_999_999)


@given(st.lists(amounts, max_size=5))
def test_a_template_writes_what_the_builder_writes(satang):
    expected = [emvco.promptpay_payload("0812345678", each) for each in satang]
    shop = template(MOBILE)
    assert list(shop.payloads(satang)) == expected == [shop.payload(each) for each in satang]
    assert list(build_many([("0812345678", each) for each in satang])) == expected


@pytest.mark.parametrize("satang", [1, 99, 100, 999_999, 1_000_000, 1_000_001, 999_999_999_999])
def test_a_template_of_a_whole_payload_keeps_all_that_stands_in_it(satang):
    model = emvco.build(
        BillPayment("099400016550100", "INV1"), merchant=emvco.Merchant("SHOP"), vat=emvco.Vat("0000", 700)
    )
    expected = str(emvco.parse(model).with_amount(satang))
    assert template(model).payload(satang) == expected == next(template(expected).payloads([satang]))


def test_a_template_keeps_thai_text():
    model = emvco.build(MOBILE, language=emvco.LanguageTemplate("TH", "ร้านกาแฟ"))
    payload = emvco.parse(template(model).payload(2500))
    assert (payload.language.name, payload.amount_satang, payload.is_dynamic) == ("ร้านกาแฟ", 2500, True)


def test_a_template_is_of_a_payment_code_in_baht():
    slip = emvco.slip_payload("014", "REF")
    yuan = emvco.build(
        emvco.Account.of("26", "com.example"),
        merchant=emvco.Merchant("A", "B"),
        profile="EMVCO",
        currency="156",
        country="CN",
    )
    for model in (slip, yuan):
        with pytest.raises(InputError, match="not_payable"):
            template(model)


@pytest.mark.parametrize("wrong", [0, -1, 1_000_000_000_000, 1.0, True, None, "1"])
def test_a_wrong_amount_is_refused_where_it_comes(wrong):
    made = template(MOBILE).payloads([100, wrong, 200])
    assert next(made) == emvco.promptpay_payload("0812345678", 100)
    with pytest.raises(InputError):
        next(made)
    with pytest.raises(InputError):
        template(MOBILE).payload(wrong)


def test_many_requests_of_every_kind_are_built_in_order():
    bill, abroad = BillPayment("099400016550100", "A1", "B2"), BillPayment("099400016550100", "A1", None, True)
    one_time = PromptPay(Proxy("mobile", "0066812345678"), "1234567890")
    built = list(build_many([("0812345678", None), (MOBILE.proxy, 1), (bill, 2), (abroad, 3), (one_time, 4)]))
    assert built == [
        emvco.promptpay_payload("0812345678"),
        emvco.promptpay_payload("0812345678", 1),
        emvco.bill_payment_payload("099400016550100", "A1", "B2", 2),
        emvco.cross_border_payload("099400016550100", "A1", None, 3),
        emvco.build(one_time, amount_satang=4),
    ]


def test_errors_stop_a_batch_or_take_the_place_of_what_was_wrong():
    requests = [("0812345678", 1), ("nobody", 1), ("0812345678", 2)]
    with pytest.raises(InputError):
        list(build_many(requests))
    first, wrong, last = build_many(requests, errors="return")
    assert (first, last) == tuple(emvco.promptpay_payload("0812345678", satang) for satang in (1, 2))
    assert isinstance(wrong, InputError) and wrong.code == "bad_character"
    read = list(parse_many([first, "x", last], errors="return"))
    assert [type(each).__name__ for each in read] == ["Payload", "StructureError", "Payload"]
    assert [str(each) for each in parse_many([first + "\n"], strict=False)] == [first]
    with pytest.raises(InputError, match="unknown_option"):
        build_many(requests, errors="ignore")


def test_batches_are_streams():
    endless = parse_many(template(MOBILE).payloads(itertools.count(1)))
    assert [payload.amount_satang for payload in itertools.islice(endless, 3)] == [1, 2, 3]
