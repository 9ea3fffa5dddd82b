"""What a slip comes to. A picture proves nothing: the bank's record of the transfer, asked for by the slip's mini QR,
is laid beside the payment; what is not certain goes to a person, and each outcome has words for the payer.

Whether money that fits pays, and what it pays, is not decided here: that is `services.evidence` alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from paygate.core import canonical, masks
from paygate.core.credits import BANK_NAMESPACE, SKEW, Channel, Observation, voice
from paygate.core.events import timestamp
from paygate.core.masks import MaskMatch
from paygate.core.matching import Reason
from paygate.core.payments import VERIFYING_TIME, Payment

BAHT = frozenset({"THB", "764"})
BANKS_OWN = frozenset({"scb", "kbank"})  # Verifiers that are the bank itself: rank A, the others B.
MAX_SLIPS = 5  # Of one payment.
MAX_BLANKS = 20  # Pictures without a slip, of one payment: they cost us time, but no verifier.
PAUSES = tuple(timedelta(seconds=s) for s in (30, 60, 120, 300, 600, 900, 900, 900, 900))
NOT_FOUND_TRIES = 7  # After half an hour a transfer that its bank does not know was none.


class SlipOutcome(StrEnum):
    """Where a slip stands."""

    VERIFYING = "VERIFYING"
    PAID = "PAID"
    REVIEW = "REVIEW"
    REJECTED = "REJECTED"


class Refusal(StrEnum):
    """Why a slip is rejected, or (the last three) was not taken at all."""

    NO_QR = "NO_QR"
    NOT_A_SLIP = "NOT_A_SLIP"
    PAYMENT_QR_NOT_SLIP = "PAYMENT_QR_NOT_SLIP"
    UNKNOWN_BANK = "UNKNOWN_BANK"
    SEVERAL_SLIPS = "SEVERAL_SLIPS"
    DUPLICATE = "DUPLICATE"  # This transfer paid another order.
    WRONG_RECEIVER = "WRONG_RECEIVER"
    WRONG_CURRENCY = "WRONG_CURRENCY"
    STALE_SLIP = "STALE_SLIP"  # The transfer is older than the payment.
    NOT_FOUND = "NOT_FOUND"  # Its bank does not know it, and had the time to.
    REVERSED = "REVERSED"  # The bank took the money back.
    NOT_ACCEPTED = "NOT_ACCEPTED"  # A person looked and said no.
    PAID_ALREADY = "PAID_ALREADY"
    CLOSED = "CLOSED"
    TOO_MANY_SLIPS = "TOO_MANY_SLIPS"


AGAIN = frozenset({Refusal.NOT_FOUND})  # The same slip may be handed in again after these.


@dataclass(frozen=True, slots=True)
class Words:
    """One sentence or two for the payer."""

    th: str
    en: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """A slip's outcome with its reason: a Refusal when REJECTED, a Reason of the review queue when REVIEW."""

    outcome: SlipOutcome
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Receiver:
    """A version of the account that a payment's QR points at."""

    bank_code: str | None
    number: str | None
    proxy: str | None
    biller_id: str | None


@dataclass(frozen=True, slots=True)
class Told:
    """What the bank or a verifier says of a transfer: masks as they came, money in satang, time aware."""

    provider: str
    sending_bank: str
    trans_ref: str
    occurred_at: datetime
    amount_satang: int
    currency: str
    reversed: bool = False
    receiving_bank: str | None = None
    payer_name: str | None = None
    payer_account: str | None = None
    receiver_account: str | None = None
    receiver_proxy: str | None = None
    to_merchant_id: str | None = None
    ref1: str | None = None
    ref2: str | None = None


def judge(told: Told, payment: Payment, receivers: Sequence[Receiver], now: datetime) -> Observation | Verdict:
    """Lay what is told beside the payment that the slip was handed in for.

    *receivers* are the versions of its receiving account, *now* is the database's clock. An Observation may be
    believed, whatever its amount: it is money. A Verdict ends the matter before any reference is used up.
    """
    refused = _refused(told, payment, receivers)
    if refused is not None:
        return Verdict(SlipOutcome.REJECTED, refused)
    doubt = _doubt(told, receivers, now)
    if doubt is not None:
        return Verdict(SlipOutcome.REVIEW, doubt)
    facts: list[object] = [
        *(told.sending_bank, told.trans_ref, told.amount_satang, timestamp(told.occurred_at), told.ref1, told.ref2),
        *(told.payer_name, told.payer_account),
    ]
    return Observation(
        merchant_id=payment.owner_id,
        mode=payment.mode,
        receiving_id=payment.receiving_id,
        source_id=voice(f"verifier:{told.provider}"),
        rank="A" if told.provider in BANKS_OWN else "B",
        amount_satang=told.amount_satang,
        occurred_at=told.occurred_at,
        trust="host",  # Verifiers are the operator's: a reference that they resolved is used up everywhere.
        namespace=f"{BANK_NAMESPACE}{told.sending_bank}",
        reference=told.trans_ref,
        digest=hashlib.sha256(canonical.dumps(facts).encode()).digest(),
        sending_bank=told.sending_bank,
        payer_name=told.payer_name,
        payer_account=told.payer_account,
        ref1=told.ref1,
        ref2=told.ref2,
        channel=Channel.SLIP,
    )


def _refused(told: Told, payment: Payment, receivers: Sequence[Receiver]) -> Refusal | None:
    if told.currency.upper() not in BAHT:
        return Refusal.WRONG_CURRENCY
    if received_by(told, receivers) is MaskMatch.DIFFERS:
        return Refusal.WRONG_RECEIVER
    if told.occurred_at < payment.created_at - SKEW:
        return Refusal.STALE_SLIP
    return Refusal.REVERSED if told.reversed else None


def _doubt(told: Told, receivers: Sequence[Receiver], now: datetime) -> Reason | None:
    if told.occurred_at > now + SKEW:
        return Reason.IN_FUTURE
    return None if received_by(told, receivers) else Reason.RECEIVER_UNKNOWN


def received_by(told: Told, receivers: Sequence[Receiver]) -> MaskMatch:
    """Whether the money went to the account: MATCH if it did by any version of it, DIFFERS if by none.

    Account, PromptPay ID and biller ID are compared by position, each with what the account has. Where they disagree,
    or the bank is another one, it is UNKNOWN: a person looks. A name alone proves nothing.
    """
    return _any({_received(told, receiver) for receiver in receivers})


def _received(told: Told, account: Receiver) -> MaskMatch:
    seen = {
        masks.compare(told.receiver_account or "", account.number or ""),
        _proxy(told.receiver_proxy or "", [own for own in (account.proxy, account.biller_id) if own]),
        masks.compare(told.to_merchant_id or "", account.biller_id or ""),
    } - {MaskMatch.UNKNOWN}
    other_bank = bool(told.receiving_bank and account.bank_code and told.receiving_bank != account.bank_code)
    if seen == {MaskMatch.MATCH}:
        return MaskMatch.UNKNOWN if other_bank else MaskMatch.MATCH
    return MaskMatch.DIFFERS if seen == {MaskMatch.DIFFERS} else MaskMatch.UNKNOWN


def _proxy(shown: str, owned: Sequence[str]) -> MaskMatch:
    """A proxy is one of those that the account has, or none of them."""
    return _any({masks.same_proxy(shown, own) for own in owned})


def _any(verdicts: set[MaskMatch]) -> MaskMatch:
    if MaskMatch.MATCH in verdicts:
        return MaskMatch.MATCH
    return MaskMatch.DIFFERS if verdicts == {MaskMatch.DIFFERS} else MaskMatch.UNKNOWN


# --- asking again --------------------------------------------------------------------------------------------------


def after_failure(kind: str, tries: int, waited: timedelta, retry_after_s: int | None) -> timedelta | Verdict:
    """What follows when nobody could say what a slip is worth: ask again after a pause, or an end.

    *kind* is a verifier's ErrorKind, *tries* how often was asked, *waited* how long since the slip was handed in. A
    bank may publish a transfer late, so that "not found" is believed only after half an hour.
    """
    if kind == "NOT_SLIP":
        return Verdict(SlipOutcome.REJECTED, Refusal.NOT_A_SLIP)
    if kind == "NOT_FOUND" and tries >= NOT_FOUND_TRIES:
        return Verdict(SlipOutcome.REJECTED, Refusal.NOT_FOUND)
    if kind == "DUPLICATE_HINT":  # It will say the same for ever.
        return Verdict(SlipOutcome.REVIEW, Reason.SLIP_UNVERIFIED)
    pause = PAUSES[tries - 1] if 1 <= tries <= len(PAUSES) else None
    left = VERIFYING_TIME - waited
    if pause is None or left <= timedelta(0):
        if kind == "NOT_FOUND":
            return Verdict(SlipOutcome.REJECTED, Refusal.NOT_FOUND)
        return Verdict(SlipOutcome.REVIEW, Reason.SLIP_UNVERIFIED)
    return min(max(pause, timedelta(seconds=retry_after_s or 0)), max(left, PAUSES[0]))


# --- words ---------------------------------------------------------------------------------------------------------

_MONEY = Words(
    "ได้รับเงินสำหรับรายการนี้แล้ว เจ้าหน้าที่กำลังตรวจสอบ ไม่ต้องโอนซ้ำ",
    "Money for this payment has arrived. A person is checking it; please do not pay again.",
)
_MONEY_REASONS: dict[str, Words] = {
    Reason.UNDERPAID: Words(
        "ได้รับเงินน้อยกว่ายอดที่ต้องชำระ เจ้าหน้าที่กำลังตรวจสอบ กรุณาติดต่อร้านค้า",
        "Less money arrived than was asked for. A person is looking at it; please contact the shop.",
    ),
    Reason.OVERPAID: Words(
        "ได้รับเงินมากกว่ายอดที่ต้องชำระ เจ้าหน้าที่กำลังตรวจสอบ ไม่ต้องโอนซ้ำ",
        "More money arrived than was asked for. A person is looking at it; please do not pay again.",
    ),
    Reason.ALREADY_PAID: Words(
        "รายการนี้ชำระแล้ว และมีเงินยอดเดียวกันเข้ามาอีก เจ้าหน้าที่จะตรวจสอบเพื่อคืนเงิน",
        "This payment is paid, and the same amount arrived once more. A person will look at the second transfer.",
    ),
    Reason.CANCELLED: Words(
        "ได้รับเงินของรายการนี้ แต่รายการถูกปิดไปแล้ว เจ้าหน้าที่กำลังตรวจสอบ กรุณาติดต่อร้านค้า",
        "Money for this payment arrived, but it was closed. A person is looking at it; please contact the shop.",
    ),
    Reason.TOO_LATE: Words(
        "ได้รับเงินหลังหมดเวลาชำระ เจ้าหน้าที่กำลังตรวจสอบ กรุณาติดต่อร้านค้า",
        "Money arrived long after the time to pay. A person is looking at it; please contact the shop.",
    ),
}
_ASK = "กรุณาติดต่อร้านค้าพร้อมสลิปของคุณ"
_STAFF = Words(
    "เราได้รับสลิปของคุณแล้ว เจ้าหน้าที่กำลังตรวจสอบ คุณไม่ต้องโอนซ้ำ",
    "We have your slip. A person is checking it; please do not pay again.",
)
_OUTCOMES = {
    SlipOutcome.VERIFYING: Words(
        "เรากำลังตรวจสอบสลิปกับธนาคาร อาจใช้เวลาสักครู่ คุณไม่ต้องโอนซ้ำ",
        "We are checking your slip with the bank. This can take some minutes; please do not pay again.",
    ),
    SlipOutcome.PAID: Words("ได้รับเงินเรียบร้อยแล้ว ขอบคุณ", "Your payment has arrived. Thank you."),
    SlipOutcome.REVIEW: _STAFF,
    SlipOutcome.REJECTED: Words(
        f"สลิปนี้ใช้ไม่ได้ {_ASK}", "This slip cannot be used. Please contact the shop with your slip."
    ),
}
_REASONS: dict[str, Words] = {
    Refusal.NO_QR: Words(
        "ไม่พบ QR บนรูปนี้ กรุณาอัปโหลดรูปสลิปที่เห็น QR ชัดเจนทั้งอัน",
        "There is no readable QR in this picture. Please send the slip with its whole QR in sight.",
    ),
    Refusal.NOT_A_SLIP: Words(
        "QR บนรูปนี้ไม่ใช่ QR ของสลิปโอนเงิน กรุณาใช้สลิปที่แอปธนาคารบันทึกไว้",
        "The QR in this picture is not that of a transfer slip. Please use the slip that your bank app saved.",
    ),
    Refusal.PAYMENT_QR_NOT_SLIP: Words(
        "รูปนี้คือ QR สำหรับจ่ายเงิน ไม่ใช่สลิป กรุณาจ่ายเงินก่อน แล้วส่งสลิปที่ได้จากแอปธนาคาร",
        "This is the QR to be paid, not a slip. Please pay it first, then send the slip from your bank app.",
    ),
    Refusal.UNKNOWN_BANK: Words(
        f"เราไม่รู้จักธนาคารบนสลิปนี้ {_ASK}",
        "We do not know the bank on this slip. Please contact the shop with your slip.",
    ),
    Refusal.SEVERAL_SLIPS: Words(
        "รูปนี้มีมากกว่าหนึ่งสลิป กรุณาส่งทีละสลิป", "There is more than one slip in this picture. Please send one at a time."
    ),
    Refusal.DUPLICATE: Words(
        f"สลิปนี้ถูกใช้ชำระรายการอื่นไปแล้ว {_ASK}",
        "This transfer has already paid another order. If that is wrong, please contact the shop with your slip.",
    ),
    Refusal.WRONG_RECEIVER: Words(
        f"เงินตามสลิปนี้โอนเข้าบัญชีอื่น ไม่ใช่บัญชีผู้รับของรายการนี้ {_ASK}",
        "The money of this slip went to another account than the one of this order. Please contact the shop.",
    ),
    Refusal.WRONG_CURRENCY: Words(
        f"สลิปนี้ไม่ใช่การโอนเงินบาท {_ASK}", "This transfer was not in baht. Please contact the shop with your slip."
    ),
    Refusal.STALE_SLIP: Words(
        f"การโอนตามสลิปนี้เกิดขึ้นก่อนรายการนี้ กรุณาตรวจสอบว่าเลือกสลิปถูกใบ หรือ{_ASK.removeprefix('กรุณา')}",
        "This transfer was made before this order. Please check that it is the right slip, or contact the shop.",
    ),
    Refusal.NOT_FOUND: Words(
        f"ธนาคารไม่พบการโอนตามสลิปนี้ คุณส่งสลิปอีกครั้งได้ หรือ{_ASK.removeprefix('กรุณา')}",
        "The bank does not know this transfer. You may send the slip again, or contact the shop.",
    ),
    Refusal.REVERSED: Words(
        f"ธนาคารคืนเงินของการโอนนี้แล้ว {_ASK}", "The bank took this transfer back. Please contact the shop with your slip."
    ),
    Refusal.NOT_ACCEPTED: Words(
        f"เจ้าหน้าที่ตรวจสอบแล้ว สลิปนี้ใช้กับรายการนี้ไม่ได้ {_ASK}",
        "A person checked this slip; it cannot be used for this order. Please contact the shop.",
    ),
    Refusal.PAID_ALREADY: Words(
        "รายการนี้ชำระเงินแล้ว ไม่ต้องส่งสลิปเพิ่ม", "This payment is already paid. There is no need for a slip."
    ),
    Refusal.CLOSED: Words(
        f"รายการนี้ถูกยกเลิกแล้ว หากคุณโอนเงินไปแล้ว {_ASK}",
        "This payment was cancelled. If you have paid, please contact the shop with your slip.",
    ),
    Refusal.TOO_MANY_SLIPS: Words(
        f"ส่งสลิปสำหรับรายการนี้ครบจำนวนแล้ว {_ASK}",
        "Too many slips were sent for this payment. Please contact the shop with your slip.",
    ),
    Reason.UNDERPAID: Words(
        "ยอดเงินตามสลิปน้อยกว่ายอดที่ต้องชำระ เจ้าหน้าที่กำลังตรวจสอบ กรุณาติดต่อร้านค้า",
        "The slip is for less than the amount asked for. A person is looking at it; please contact the shop.",
    ),
    Reason.OVERPAID: Words(
        "ยอดเงินตามสลิปมากกว่ายอดที่ต้องชำระ เจ้าหน้าที่กำลังตรวจสอบ คุณไม่ต้องโอนซ้ำ",
        "The slip is for more than the amount asked for. A person is looking at it; please do not pay again.",
    ),
    Reason.ALREADY_PAID: Words(
        "รายการนี้ได้รับเงินจากการโอนอื่นแล้ว เจ้าหน้าที่จะตรวจสอบการโอนที่ซ้ำ กรุณาติดต่อร้านค้า",
        "Another transfer has already paid this order. A person will look at this second one; please contact the shop.",
    ),
}


def words(outcome: str, reason: str | None) -> Words:
    """What the payer is told, in Thai and English; it helps, and tells nothing of our side.

    >>> words("REJECTED", "SEVERAL_SLIPS").en
    'There is more than one slip in this picture. Please send one at a time.'
    >>> words("REVIEW", "AMBIGUOUS") == words("REVIEW", None)
    True
    """
    settled = outcome in (SlipOutcome.VERIFYING, SlipOutcome.PAID)
    found = None if settled or reason is None else _REASONS.get(reason)
    return found or _OUTCOMES[SlipOutcome(outcome)]


def words_of_money(reason: str | None) -> Words:
    """What the payer is told of money that came without a slip and waits for a person."""
    return _MONEY if reason is None else _MONEY_REASONS.get(reason, _MONEY)


def told_of_slip(outcome: str, reason: str | None, at: datetime) -> Mapping[str, object]:
    """How a slip stands, as the merchant's event tells it: the words are those that the payer sees."""
    return _told("slip", outcome, reason, words(outcome, reason), at)


def told_of_money(reason: str, at: datetime) -> Mapping[str, object]:
    """Money came for a payment and waits for a person, as the merchant's event tells it."""
    return _told("money", SlipOutcome.REVIEW, reason, words_of_money(reason), at)


def _told(evidence: str, outcome: str, reason: str | None, said: Words, at: datetime) -> Mapping[str, object]:
    return {
        "evidence": evidence,
        "status": outcome,
        "reason": reason,
        "message": {"th": said.th, "en": said.en},
        "at": timestamp(at),
    }
