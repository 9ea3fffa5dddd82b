"""The policy for slips, with plain values: what is believed, what a person looks at, what is rejected, and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paygate.core import slips
from paygate.core.credits import Channel, Observation
from paygate.core.masks import MaskMatch
from paygate.core.matching import Reason
from paygate.core.payments import VERIFYING_TIME, Payment
from paygate.core.slips import Receiver, Refusal, SlipOutcome, Told, Verdict, judge
from tests.core.samples import NOON, payment

MINUTE = timedelta(minutes=1)
PAYMENT: Payment = payment()
ACCOUNT = Receiver("014", "4061234567", "0066812345678", "099400016550100")
TOLD = Told(
    provider="slipok",
    sending_bank="004",
    trans_ref="0161AbC",
    occurred_at=PAYMENT.created_at + MINUTE,
    amount_satang=PAYMENT.payable_satang,
    currency="THB",
    receiving_bank="014",
    receiver_account="xxx-x-x3456-x",
)
LATER = PAYMENT.created_at + 2 * MINUTE


def judged(told: Told, account: Receiver = ACCOUNT, now: datetime = LATER) -> Observation | Verdict:
    return judge(told, PAYMENT, [account], now)


def test_what_fits_is_an_observation_of_the_right_account_with_a_reference_of_the_whole_host() -> None:
    seen = judged(TOLD)
    assert isinstance(seen, Observation)
    assert (seen.merchant_id, seen.receiving_id) == (PAYMENT.owner_id, PAYMENT.receiving_id)
    assert (seen.trust, seen.namespace, seen.reference) == ("host", "bank:004", "0161AbC")
    assert (seen.rank, seen.channel, seen.amount_satang) == ("B", Channel.SLIP, PAYMENT.payable_satang)


@pytest.mark.parametrize(("provider", "rank"), [("scb", "A"), ("kbank", "A"), ("easyslip", "B"), ("somebody", "B")])
def test_a_banks_own_word_ranks_above_a_vendors(provider: str, rank: str) -> None:
    seen = judged(replace(TOLD, provider=provider))
    assert isinstance(seen, Observation) and seen.rank == rank


def test_the_same_words_have_the_same_digest_and_other_words_another() -> None:
    one, again, other = judged(TOLD), judged(TOLD), judged(replace(TOLD, payer_name="นาย ก"))
    assert isinstance(one, Observation) and isinstance(again, Observation) and isinstance(other, Observation)
    assert one.digest == again.digest != other.digest


REJECTED = [
    (replace(TOLD, currency="USD"), Refusal.WRONG_CURRENCY),
    (replace(TOLD, currency=""), Refusal.WRONG_CURRENCY),
    (replace(TOLD, receiver_account="xxx-x-x3457-x"), Refusal.WRONG_RECEIVER),
    (replace(TOLD, receiver_account=None, receiver_proxy="081-xxx-5679"), Refusal.WRONG_RECEIVER),
    (replace(TOLD, receiver_account=None, to_merchant_id="099400016550101"), Refusal.WRONG_RECEIVER),
    (replace(TOLD, occurred_at=PAYMENT.created_at - 2 * MINUTE - timedelta(seconds=1)), Refusal.STALE_SLIP),
    (replace(TOLD, reversed=True), Refusal.REVERSED),
]
REVIEWED = [
    (replace(TOLD, occurred_at=LATER + 2 * MINUTE + timedelta(seconds=1)), Reason.IN_FUTURE),
    (replace(TOLD, receiver_account=None), Reason.RECEIVER_UNKNOWN),
    (replace(TOLD, receiver_account="xxx-x-xxx56-x"), Reason.RECEIVER_UNKNOWN),
    (replace(TOLD, receiving_bank="011"), Reason.RECEIVER_UNKNOWN),
    (replace(TOLD, receiver_proxy="081-xxx-5679"), Reason.RECEIVER_UNKNOWN),  # One fits, the other does not.
]


@pytest.mark.parametrize(("told", "reason"), REJECTED)
def test_what_is_not_this_payments_money_is_rejected(told: Told, reason: Refusal) -> None:
    assert judged(told) == Verdict(SlipOutcome.REJECTED, reason)


@pytest.mark.parametrize(("told", "reason"), REVIEWED)
def test_what_is_not_certain_goes_to_a_person(told: Told, reason: Reason) -> None:
    assert judged(told) == Verdict(SlipOutcome.REVIEW, reason)


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_any_amount_on_the_right_account_is_money(more: int) -> None:
    seen = judged(replace(TOLD, amount_satang=PAYMENT.payable_satang + more))
    assert isinstance(seen, Observation) and seen.amount_satang == PAYMENT.payable_satang + more


def test_what_is_both_too_little_and_elsewhere_is_rejected_first() -> None:
    told = replace(TOLD, amount_satang=1, receiver_account="xxx-x-x9999-x")
    assert judged(told) == Verdict(SlipOutcome.REJECTED, Refusal.WRONG_RECEIVER)


RECEIVED: list[tuple[Told, list[Receiver], MaskMatch]] = [
    (replace(TOLD, receiver_account=None, receiver_proxy="0994000xxxxx100"), [ACCOUNT], MaskMatch.MATCH),
    (replace(TOLD, receiver_account=None, to_merchant_id="099400016550100"), [ACCOUNT], MaskMatch.MATCH),
    (replace(TOLD, receiver_account=None, receiver_proxy="+66 81 xxx 5678"), [ACCOUNT], MaskMatch.MATCH),
    (replace(TOLD, receiving_bank=None), [ACCOUNT], MaskMatch.MATCH),
    (TOLD, [replace(ACCOUNT, number=None)], MaskMatch.UNKNOWN),  # Nothing to compare with,
    (TOLD, [replace(ACCOUNT, number=None), ACCOUNT], MaskMatch.MATCH),  # until a later version of it had the number.
    (replace(TOLD, receiver_account="xxx-x-x9999-x"), [ACCOUNT, replace(ACCOUNT, number=None)], MaskMatch.UNKNOWN),
    (TOLD, [], MaskMatch.UNKNOWN),
]


@pytest.mark.parametrize(("told", "accounts", "expected"), RECEIVED)
def test_the_receiver_is_compared_by_position_with_every_version_of_the_account(
    told: Told, accounts: list[Receiver], expected: MaskMatch
) -> None:
    assert slips.received_by(told, accounts) is expected


@given(
    amount=st.integers(1, 10**9),
    minutes=st.integers(-300, 300),
    account=st.one_of(st.none(), st.text("xX*-0123456789", max_size=15)),
    proxy=st.one_of(st.none(), st.text("xX*-0123456789", max_size=17)),
    bank=st.sampled_from([None, "014", "004"]),
    name=st.one_of(st.none(), st.text(max_size=20).filter(lambda text: text.isprintable())),
    currency=st.sampled_from(["THB", "764", "USD", ""]),
    gone=st.booleans(),
)
def test_nothing_is_believed_but_the_exact_amount_for_this_account_in_its_time(
    amount: int,
    minutes: int,
    account: str | None,
    proxy: str | None,
    bank: str | None,
    name: str | None,
    currency: str,
    gone: bool,
) -> None:
    told = replace(
        TOLD,
        amount_satang=amount,
        occurred_at=NOON + minutes * MINUTE,
        receiver_account=account,
        receiver_proxy=proxy,
        receiving_bank=bank,
        payer_name=name,
        currency=currency,
        reversed=gone,
    )
    seen = judged(told)
    if isinstance(seen, Observation):
        assert amount == PAYMENT.payable_satang and currency in ("THB", "764") and not gone
        assert PAYMENT.created_at - 2 * MINUTE <= told.occurred_at <= LATER + 2 * MINUTE
        assert slips.received_by(told, [ACCOUNT]) is MaskMatch.MATCH


def test_questions_are_repeated_by_the_schedule_for_an_hour_and_a_half() -> None:
    waited, pauses = timedelta(0), []
    for tries in range(1, 20):
        follows = slips.after_failure("UPSTREAM_DOWN", tries, waited, None)
        if isinstance(follows, Verdict):
            assert follows == Verdict(SlipOutcome.REVIEW, Reason.SLIP_UNVERIFIED)
            break
        pauses.append(follows / MINUTE)
        waited += follows
    assert pauses[:6] == [0.5, 1, 2, 5, 10, 15]
    assert timedelta(minutes=60) <= waited <= VERIFYING_TIME


@pytest.mark.parametrize("kind", ["AUTH", "QUOTA", "RATE", "UPSTREAM_DOWN", "BAD_REQUEST", "UNKNOWN", "PENDING"])
def test_what_is_unknown_is_never_rejected(kind: str) -> None:
    for tries in range(1, 30):
        follows = slips.after_failure(kind, tries, tries * 7 * MINUTE, None)
        assert isinstance(follows, timedelta) or follows.outcome is SlipOutcome.REVIEW


def test_a_bank_may_be_late_so_not_found_is_believed_after_half_an_hour_only() -> None:
    assert [isinstance(slips.after_failure("NOT_FOUND", n, n * MINUTE, None), timedelta) for n in range(1, 9)] == [
        *[True] * 6, False, False
    ]  # fmt: skip
    assert slips.after_failure("NOT_FOUND", 7, 33 * MINUTE, None) == Verdict(SlipOutcome.REJECTED, Refusal.NOT_FOUND)


def test_a_vendors_wish_to_wait_is_honoured_within_the_limit() -> None:
    assert slips.after_failure("PENDING", 1, timedelta(0), 900) == 15 * MINUTE
    assert slips.after_failure("PENDING", 6, timedelta(0), 60) == 15 * MINUTE
    assert slips.after_failure("RATE", 2, 80 * MINUTE, 86_400) == 10 * MINUTE  # A last look at the end.


@pytest.mark.parametrize(("kind", "verdict"), [
    ("NOT_SLIP", Verdict(SlipOutcome.REJECTED, Refusal.NOT_A_SLIP)),
    ("DUPLICATE_HINT", Verdict(SlipOutcome.REVIEW, Reason.SLIP_UNVERIFIED)),
])  # fmt: skip
def test_a_definite_answer_is_not_asked_for_again(kind: str, verdict: Verdict) -> None:
    assert slips.after_failure(kind, 1, timedelta(0), None) == verdict


def test_every_outcome_has_words_in_thai_and_english_and_rejections_their_own() -> None:
    for outcome in SlipOutcome:
        for reason in (None, *Refusal, *Reason):
            words = slips.words(outcome, reason)
            assert any("\u0e00" <= letter <= "\u0e7f" for letter in words.th) and words.en.isascii()
            assert not any("\u0e00" <= letter <= "\u0e7f" for letter in words.en)
            assert len(words.th) < 200 and len(words.en) < 200
    own = {slips.words("REJECTED", reason).en for reason in Refusal}
    assert len(own) == len(Refusal)
    assert slips.words("REVIEW", "a reason of tomorrow") == slips.words("REVIEW", None)
