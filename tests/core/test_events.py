"""What merchants are told, byte for byte."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paygate.core import canonical, ids
from paygate.core.events import EVENT_TYPES, PAYMENT_EVENTS, of_payment, payment_data, timestamp
from paygate.core.payments import ANNOUNCED, Oddity
from tests.core.samples import MINUTE, NOON, paid, payment, uid

BANGKOK = timezone(timedelta(hours=7))


def test_a_success_has_the_fields_of_the_documents_in_their_order() -> None:
    told = of_payment("payment.success", paid(metadata='{"cart":"7"}'), uid(5), NOON + 2 * MINUTE)
    assert told.body == (
        '{"event":"payment.success","timestamp":"2026-11-20T05:02:00.000Z","webhookId":"'
        + ids.show("wh", uid(5))
        + '","data":{"transactionId":"'
        + str(uid(1))
        + '","orderId":"ORDER-1","amount":150,"fee":4.5,"netAmount":145.5,"status":"PAID",'
        '"paidAt":"2026-11-20T05:01:00.000Z","metadata":{"cart":"7"},"exception":null,"payableAmount":150,'
        '"sequence":2,"amountSource":"server","paymentLink":null}}'
    )


def test_an_event_knows_its_subject_and_its_place() -> None:
    told = of_payment("payment.success", paid(), uid(5), NOON)
    assert (told.merchant_id, told.mode, told.id, told.type) == (41, "live", uid(5), "payment.success")
    assert (told.subject_id, told.sequence, told.at) == (paid().id, 2, NOON)


@pytest.mark.parametrize("event_type", PAYMENT_EVENTS)
def test_every_event_of_a_payment_is_canonical_and_can_be_read_back(event_type: str) -> None:
    told = of_payment(event_type, payment(metadata='{"ชื่อ":"สมชาย 🙂","2":1,"10":[1.5,1e+21]}'), uid(5), NOON)
    assert canonical.dumps(canonical.loads(told.body)) == told.body
    assert json.loads(told.body)["event"] == event_type


def test_every_announced_event_is_one_that_an_endpoint_can_ask_for() -> None:
    assert set(ANNOUNCED.values()) <= set(PAYMENT_EVENTS) <= set(EVENT_TYPES)


def test_an_oddity_is_told_by_its_name() -> None:
    data = json.loads(of_payment("payment.success", paid(exception=Oddity.LATE), uid(5), NOON).body)["data"]
    assert data["exception"] == "LATE"


def test_what_a_tag_changed_is_told_beside_the_orders_amount() -> None:
    data = payment_data(payment(payable_satang=15_007))
    assert (data["amount"], data["payableAmount"]) == (150, canonical.JsonNumber("150.07"))
    assert data["netAmount"] == canonical.JsonNumber("145.57")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(alphabet=st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=8), JSON, max_size=4))
def test_metadata_come_back_as_they_were_stored(metadata: dict[str, object]) -> None:
    try:
        stored = canonical.dumps(metadata)
    except Exception as error:  # Half a surrogate pair in a key never gets past the door.
        assert type(error).__name__ == "InvalidInput"
        return
    body = of_payment("payment.created", payment(metadata=stored), uid(5), NOON).body
    assert f'"metadata":{stored},' in body


def test_a_moment_is_written_as_javascript_writes_it() -> None:
    assert timestamp(datetime(2026, 11, 20, 3, 4, 5, 678_999, tzinfo=UTC)) == "2026-11-20T03:04:05.678Z"
    assert timestamp(datetime(2026, 11, 20, 10, 4, 5, 0, tzinfo=BANGKOK)) == "2026-11-20T03:04:05.000Z"
    assert timestamp(None) is None


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.sampled_from([UTC, BANGKOK])))
def test_a_written_moment_is_the_same_moment_to_the_millisecond(at: datetime) -> None:
    text = timestamp(at)
    assert text is not None
    assert timedelta(0) <= at - datetime.fromisoformat(text) < timedelta(milliseconds=1)
