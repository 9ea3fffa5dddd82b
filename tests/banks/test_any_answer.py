"""Whatever a vendor or bank sends, it is facts, or one of the two refusals; never a crash, never money by accident."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from paygate.banks.answers import Unreadable, parsed
from paygate.banks.callbacks import kbank as kbank_callback
from paygate.banks.callbacks import scb as scb_callback
from paygate.banks.slips import VerifierError, easyslip, easyslip2, kbank, scb, slip2go, slipok
from paygate.banks.slips.contract import Case
from paygate.core.errors import InvalidInput
from tests.banks.vendors import SHAPES, Paid, Transfer, dumped

MODULES = {module.NAME: module for module in (easyslip, easyslip2, slipok, slip2go, scb, kbank)}
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=12),
    st.sampled_from(["200000", "0000", "00", "1000", 1000, 200, "THB", "150.00", "R", "", "014", {}, []]),
)  # fmt: skip


def paths(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where everything stands in a JSON value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here, *(path for key, item in inside for path in paths(item, (*here, key)))]


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """The value with another one at that place."""
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = put(value[path[0]], path[1:], new)
    return copy


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_verifier_reads_any_change_of_its_vendors_answer(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(MODULES)))
    transfer = Transfer("014", "20260520Ab3dEfGh1jKlMno")
    status, good = SHAPES[name](transfer, data.draw(st.sampled_from(list(Case)))) or (200, {})
    answer = json.loads(dumped(good))
    for _ in range(data.draw(st.integers(1, 3))):
        answer = put(answer, data.draw(st.sampled_from(paths(answer))), data.draw(LEAVES))
    try:
        facts = MODULES[name].translate(status, parsed(json.dumps(answer).encode()))
    except (VerifierError, Unreadable):
        return
    assert type(facts.amount_satang) is int and 0 < facts.amount_satang < 10**12
    assert facts.occurred_at.tzinfo is not None and facts.trans_ref
    assert all(ref is None or ref == ref.strip().upper() for ref in (facts.ref1, facts.ref2, facts.ref3))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_an_inquiry_reads_any_change_of_the_banks_answer(data: st.DataObject) -> None:
    paid = Paid("20260520Ab3dEfGh1jKlMno", "INV1")
    qr = {"statusCode": "00", "txnStatus": "PAID", "txnAmount": "150.00", "txnCurrencyCode": "THB", "reference1": "A"}
    scbs = {"status": {"code": 1000}, "data": [paid.row]}
    is_scb = data.draw(st.booleans())
    answer: Any = scbs if is_scb else qr
    for _ in range(data.draw(st.integers(1, 3))):
        answer = put(answer, data.draw(st.sampled_from(paths(answer))), data.draw(LEAVES))
    value = parsed(json.dumps(answer).encode())
    try:
        if is_scb:
            found = scb_callback.translate(200, value)
        else:
            found = kbank_callback.translate(200, value, uid="U", payee="K")
    except (VerifierError, Unreadable):
        return
    assert all(type(arrival.amount_satang) is int and arrival.amount_satang > 0 for arrival in found)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_callback_is_a_hint_or_refused(data: st.DataObject) -> None:
    read = data.draw(st.sampled_from([scb_callback.read, kbank_callback.read]))
    raw = data.draw(st.one_of(st.binary(max_size=40), st.just(b"")))
    if not raw:
        body: Any = {**Paid("T1", "INV1").confirmation, "partnerTxnUid": "U", "statusCode": "00", "txnAmount": 1.5}
        body = put(body, data.draw(st.sampled_from(paths(body))), data.draw(LEAVES))
        raw = json.dumps(body).encode()
    try:
        hint = read(raw)
    except InvalidInput:
        return
    assert hint is None or (hint.amount_satang > 0 and hint.transaction_id)
