"""The two shapes in which a transfer is told: the banks' own (SCB, KBank; SlipOK passes it on), and EasySlip's.

Banks: https://developer.scb, "Slip Verification". EasySlip: https://document.easyslip.com, "Verify".
"""

from __future__ import annotations

from typing import Any

from emvco import EmvcoError, parse
from paygate.banks import answers
from paygate.banks.answers import Record, Unreadable
from paygate.banks.slips.facts import Party, SlipFacts

_REVERSED = "R"


def banks_own(provider: str, data: Record, *, tx_id: object = None, duplicate: bool | None = None) -> SlipFacts:
    """The shape of SCB and KBank. Raises Unreadable."""
    return SlipFacts(
        provider=provider,
        provider_tx_id=answers.words(tx_id),
        sending_bank=answers.bank(data.get("sendingBank")) or "",
        receiving_bank=answers.bank(data.get("receivingBank")),
        trans_ref=answers.transaction_id(data.get("transRef")),
        occurred_at=answers.bangkok(data.get("transDate"), data.get("transTime")),
        amount_satang=answers.satang(data.get("amount")),
        currency=answers.currency(data.get("paidLocalCurrency"), data.get("countryCode")),
        sender=_bank_party(data.get("sender"), data.get("sendingBank")),
        receiver=_bank_party(data.get("receiver"), data.get("receivingBank")),
        ref1=answers.reference(data.get("ref1")),
        ref2=answers.reference(data.get("ref2")),
        ref3=answers.reference(data.get("ref3")),
        to_merchant_id=answers.words(data.get("toMerchantId")),
        provider_duplicate=duplicate,
        reversed=data.get("reverseFlag") == _REVERSED,
    )


def _bank_party(value: object, bank: object) -> Party:
    party = answers.optional(value)
    account, proxy = answers.optional(party.get("account")), answers.optional(party.get("proxy"))
    return Party(
        name=answers.words(party.get("displayName")) or answers.words(party.get("name")),
        bank=answers.bank(bank),
        account_mask=answers.words(account.get("value")),
        proxy_kind=answers.words(proxy.get("type")),
        proxy=answers.words(proxy.get("value")),
    )


def easyslip(provider: str, data: Record, *, duplicate: bool | None = None) -> SlipFacts:
    """The shape of both versions of EasySlip. Raises Unreadable."""
    amount = answers.record(data.get("amount"), "the amount")
    local = answers.optional(amount.get("local"))
    sender, receiver = _easy_party(data.get("sender")), _easy_party(data.get("receiver"))
    return SlipFacts(
        provider=provider,
        provider_tx_id=None,
        sending_bank=sender.bank or sending_bank(data.get("payload")),
        receiving_bank=receiver.bank,
        trans_ref=answers.transaction_id(data.get("transRef")),
        occurred_at=answers.moment(data.get("date")),
        amount_satang=answers.satang(amount.get("amount")),
        currency=answers.currency(local.get("currency"), data.get("countryCode")),
        sender=sender,
        receiver=receiver,
        ref1=answers.reference(data.get("ref1")),
        ref2=answers.reference(data.get("ref2")),
        ref3=answers.reference(data.get("ref3")),
        to_merchant_id=answers.words(answers.optional(data.get("receiver")).get("merchantId")),
        provider_duplicate=duplicate,
    )


def _easy_party(value: object) -> Party:
    party = answers.optional(value)
    account = answers.optional(party.get("account"))
    name: Any = account.get("name")
    if isinstance(name, dict):
        name = name.get("th") or name.get("en")
    numbered, proxy = answers.optional(account.get("bank")), answers.optional(account.get("proxy"))
    return Party(
        name=answers.words(name),
        bank=answers.bank(answers.optional(party.get("bank")).get("id")),
        account_mask=answers.words(numbered.get("account")),
        proxy_kind=answers.words(proxy.get("type")),
        proxy=answers.words(proxy.get("account")),
    )


def party(value: object) -> Party:
    """A payer or receiver as EasySlip and Slip2Go show one."""
    return _easy_party(value)


def sending_bank(payload: object) -> str:
    """The sending bank out of the mini QR that the answer repeats. Raises Unreadable."""
    try:
        slip = parse(payload).slip if isinstance(payload, str) else None
    except EmvcoError:
        slip = None
    if slip is None or slip.bank_code is None:
        raise Unreadable("The answer does not say which bank sent the money.")
    return slip.bank_code
