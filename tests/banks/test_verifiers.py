"""Every verifier against a server that speaks its vendor's documented shapes."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import pytest
from aiohttp import web

from paygate.banks.slips import ErrorKind, SlipFacts, SlipRef, VerifierError, contract, registry
from paygate.banks.slips.contract import Case
from paygate.banks.transport import Http
from paygate.services.vendors import VendorHttp
from tests.banks.vendors import KEY, SECRET, SHAPES, Transfer, VendorServer

AT = datetime(2026, 5, 20, 13, 5, 48, tzinfo=UTC)
TRANSFER = Transfer("014", "20260520Ab3dEfGh1jKlMno", "150.00", AT, ref1="INV1", ref2="TABLE7")
NAMES = sorted(SHAPES)


@pytest.fixture(params=NAMES)
def vendor(request: pytest.FixtureRequest) -> Iterator[VendorServer]:
    with VendorServer(request.param) as running:
        running.add(TRANSFER)
        yield running


@pytest.fixture
async def http() -> AsyncIterator[VendorHttp]:
    client = VendorHttp()
    yield client
    await client.close()


async def check(vendor: VendorServer, http: Http, slip: SlipRef = TRANSFER.slip) -> SlipFacts:
    return await registry.VERIFIERS[vendor.name].make(vendor.options).check(http, slip)


async def refusal(vendor: VendorServer, http: Http, slip: SlipRef = TRANSFER.slip) -> VerifierError:
    with pytest.raises(VerifierError) as refused:
        await check(vendor, http, slip)
    assert refused.value.provider == vendor.name
    return refused.value


def test_every_vendor_has_a_server_here() -> None:
    assert set(registry.VERIFIERS) == set(SHAPES)


async def test_every_verifier_keeps_the_contract(vendor: VendorServer, http: VendorHttp) -> None:
    def http_for(case: Case) -> Http | None:
        vendor.does = case
        return http if SHAPES[vendor.name](TRANSFER, case) is not None else None

    make = registry.VERIFIERS[vendor.name].make
    found = await contract.problems(lambda: make(vendor.options), http_for, TRANSFER.slip, amount_satang=15_000)
    assert found == []


async def test_the_facts_are_what_the_vendor_told(vendor: VendorServer, http: VendorHttp) -> None:
    facts = await check(vendor, http)
    assert facts.provider == vendor.name
    assert (facts.occurred_at, facts.amount_satang, facts.currency) == (AT, 15_000, "THB")
    assert (facts.sending_bank, facts.trans_ref, facts.receiving_bank) == ("014", TRANSFER.ref, "014")
    assert (facts.ref1, facts.ref2, facts.ref3, facts.reversed) == ("INV1", "TABLE7", None, False)
    assert (facts.receiver.account_mask, facts.receiver.name) == ("xxx-x-x3456-x", "บจก. เพย์เกต")
    assert (facts.sender.account_mask, facts.sender.name, facts.sender.bank) == ("xxx-x-x9876-x", "นาย สมมุติ ท", "014")
    assert facts.rank == ("A" if vendor.name in {"scb", "kbank"} else "B")


async def test_a_proxy_and_a_biller_are_told(vendor: VendorServer, http: VendorHttp) -> None:
    paid = dataclasses.replace(
        TRANSFER, receiver_account=None, receiver_proxy=("MSISDN", "xxx-xxx-5678"), to_merchant_id="099400016550100"
    )
    vendor.add(paid)
    facts = await check(vendor, http)
    assert (facts.receiver.account_mask, facts.receiver.proxy_kind) == (None, "MSISDN")
    assert facts.receiver.proxy == "xxx-xxx-5678"
    assert facts.to_merchant_id == (None if vendor.name == "slip2go" else "099400016550100")


@pytest.mark.parametrize(
    ("amount", "satang"), [("1", 100), ("0.01", 1), ("1500.5", 150_050), ("99999999.99", 9_999_999_999), ("7.10", 710)]
)
async def test_amounts_are_read_to_the_satang(http: VendorHttp, amount: str, satang: int) -> None:
    for name in NAMES:
        with VendorServer(name) as vendor:
            vendor.add(dataclasses.replace(TRANSFER, amount=amount))
            assert (await check(vendor, http)).amount_satang == satang


@pytest.mark.parametrize("amount", ["0", "-150.00", "1.5e2", "150.001", "0.001", "12345678901"])
async def test_amounts_that_are_none_are_not_believed(http: VendorHttp, amount: str) -> None:
    for name in NAMES:
        with VendorServer(name) as vendor:
            vendor.add(dataclasses.replace(TRANSFER, amount=amount))
            assert (await refusal(vendor, http)).kind is ErrorKind.UNKNOWN


async def test_a_wrong_key_is_for_the_operator(vendor: VendorServer, http: VendorHttp) -> None:
    verifier = registry.VERIFIERS[vendor.name].make(vendor.options | {"key": "wrong", "secret": "wrong"})
    if vendor.name == "kbank":
        vendor.script = [web.json_response({"code": "openapi_error", "message": "Invalid API Key"}, status=401)]
    with pytest.raises(VerifierError) as refused:
        await verifier.check(http, TRANSFER.slip)
    assert refused.value.kind is ErrorKind.AUTH


async def test_the_case_of_a_reference_matters(vendor: VendorServer, http: VendorHttp) -> None:
    slip = dataclasses.replace(TRANSFER, ref=TRANSFER.ref.swapcase()).slip
    assert (await refusal(vendor, http, slip)).kind in {ErrorKind.NOT_FOUND, ErrorKind.UNKNOWN}


async def test_only_the_slips_text_is_sent_and_no_duplicates_are_asked_for(
    vendor: VendorServer, http: VendorHttp
) -> None:
    await check(vendor, http)
    [asked] = vendor.asked
    sent = (asked.body + str(asked.query).encode()).decode()
    assert "checkDuplicate" not in sent and "image" not in sent and "matchAccount" not in sent and "amount" not in sent
    if vendor.name == "slipok":
        assert asked.content == {"data": TRANSFER.slip.payload, "log": False}
        assert asked.path == "/12345"


async def test_a_vendor_that_hangs_up_or_sends_too_much_is_down(vendor: VendorServer, http: VendorHttp) -> None:
    vendor.script = [None, None]  # A GET is sent a second time when its connection was closed.
    assert (await refusal(vendor, http)).kind is ErrorKind.UPSTREAM_DOWN
    vendor.script.clear()
    vendor.script = [web.Response(body=b" " * 1_100_000)]
    assert (await refusal(vendor, http)).kind is ErrorKind.UPSTREAM_DOWN


async def test_a_vendor_may_say_how_long_to_wait(vendor: VendorServer, http: VendorHttp) -> None:
    vendor.script = [web.Response(status=429, headers={"Retry-After": "77"})]
    refused = await refusal(vendor, http)
    assert (refused.kind, refused.retry_after_s) == (ErrorKind.RATE, 77)


async def test_slipok_says_when_a_late_bank_will_know(http: VendorHttp) -> None:
    with VendorServer("slipok") as vendor:
        vendor.does = Case.PENDING
        assert (await refusal(vendor, http)).retry_after_s == 300
        vendor.does = Case.DOWN
        assert (await refusal(vendor, http)).retry_after_s == 900


async def test_what_we_never_asked_to_be_compared_is_compared_by_us(http: VendorHttp) -> None:
    with VendorServer("slipok") as vendor:
        vendor.add(TRANSFER)
        for code in (1013, 1014):
            answer = SHAPES["slipok"](TRANSFER, Case.SUCCESS)
            assert answer is not None
            vendor.script = [vendor._json(400, {"code": code, "message": "", "data": answer[1]["data"]})]
            assert (await check(vendor, http)).amount_satang == 15_000


async def test_a_time_without_a_zone_is_not_believed(http: VendorHttp) -> None:
    with VendorServer("easyslip") as vendor:
        answer = SHAPES["easyslip"](TRANSFER, Case.SUCCESS)
        assert answer is not None
        answer[1]["data"]["date"] = "2026-05-20T20:05:48"
        vendor.script = [vendor._json(*answer)]
        assert (await refusal(vendor, http)).kind is ErrorKind.UNKNOWN


async def test_a_bank_that_is_not_named_is_read_from_the_slip_that_is_echoed(http: VendorHttp) -> None:
    with VendorServer("easyslip") as vendor:
        answer = SHAPES["easyslip"](TRANSFER, Case.SUCCESS)
        assert answer is not None
        del answer[1]["data"]["sender"]["bank"]
        vendor.script = [vendor._json(*answer)]
        assert (await check(vendor, http)).sending_bank == "014"
        answer[1]["data"]["payload"] = "00020101"
        vendor.script = [vendor._json(*answer)]
        assert (await refusal(vendor, http)).kind is ErrorKind.UNKNOWN


async def test_secrets_are_in_no_error_and_no_repr(vendor: VendorServer, http: VendorHttp) -> None:
    verifier = registry.VERIFIERS[vendor.name].make(vendor.options)
    shown = [repr(verifier), repr(getattr(verifier, "api", None))]
    for case in Case:
        vendor.does = case
        try:
            facts = await verifier.check(http, TRANSFER.slip)
        except VerifierError as error:
            shown += [str(error), repr(error), repr(error.__cause__)]
        else:
            shown.append(repr(facts))
    text = " ".join(shown)
    assert KEY not in text and SECRET not in text
    assert "สมมุติ" not in text and "9876" not in text  # Nor people's names and numbers.


# --- tokens --------------------------------------------------------------------------------------------------------

BANKS = pytest.mark.parametrize("name", ["scb", "kbank"])


@BANKS
async def test_a_token_is_asked_for_once_however_many_wait(name: str, http: VendorHttp) -> None:
    with VendorServer(name) as vendor:
        vendor.add(TRANSFER)
        verifier = registry.VERIFIERS[name].make(vendor.options)
        told = await asyncio.gather(*(verifier.check(http, TRANSFER.slip) for _ in range(20)))
        assert len(told) == 20 and len(vendor.tokens) == 1
        assert len({asked.headers["authorization"] for asked in vendor.asked}) == 1


@BANKS
async def test_a_token_that_the_bank_ended_is_replaced_once(name: str, http: VendorHttp) -> None:
    with VendorServer(name) as vendor:
        vendor.add(TRANSFER)
        verifier = registry.VERIFIERS[name].make(vendor.options)
        await verifier.check(http, TRANSFER.slip)
        vendor.revoked.add("Bearer token-1")
        told = await asyncio.gather(*(verifier.check(http, TRANSFER.slip) for _ in range(5)))
        assert len(told) == 5 and len(vendor.tokens) == 2


@BANKS
async def test_a_bank_that_takes_no_token_at_all_is_for_the_operator(name: str, http: VendorHttp) -> None:
    with VendorServer(name) as vendor:
        vendor.revoked |= {f"Bearer token-{n}" for n in range(1, 100)}
        verifier = registry.VERIFIERS[name].make(vendor.options)
        with pytest.raises(VerifierError) as refused:
            await verifier.check(http, TRANSFER.slip)
        assert refused.value.kind is ErrorKind.AUTH
        assert len(vendor.tokens) == 2


async def test_kbanks_quota_of_tokens_is_never_used_up(http: VendorHttp) -> None:
    with VendorServer("kbank") as vendor:
        vendor.revoked |= {f"Bearer token-{n}" for n in range(1, 100)}
        verifier = registry.VERIFIERS["kbank"].make(vendor.options)
        kinds = []
        for _ in range(6):
            with pytest.raises(VerifierError) as refused:
                await verifier.check(http, TRANSFER.slip)
            kinds.append(refused.value.kind)
        assert len(vendor.tokens) == 4
        assert kinds == [ErrorKind.AUTH] * 3 + [ErrorKind.RATE] * 3
        assert 1_700 < (refused.value.retry_after_s or 0) <= 1_801


@BANKS
async def test_an_outage_of_the_token_service_uses_up_no_quota(name: str, http: VendorHttp) -> None:
    with VendorServer(name) as vendor:
        vendor.add(TRANSFER)
        vendor.no_tokens = True
        verifier = registry.VERIFIERS[name].make(vendor.options)
        for _ in range(12):
            with pytest.raises(VerifierError) as refused:
                await verifier.check(http, TRANSFER.slip)
            assert refused.value.kind is ErrorKind.UPSTREAM_DOWN
        vendor.no_tokens = False
        assert (await verifier.check(http, TRANSFER.slip)).amount_satang == 15_000


async def test_a_refused_key_stays_the_reason_when_no_more_tokens_may_be_asked_for(http: VendorHttp) -> None:
    with VendorServer("scb") as vendor:
        verifier = registry.VERIFIERS["scb"].make(vendor.options | {"secret": "wrong"})
        for _ in range(13):
            with pytest.raises(VerifierError) as refused:
                await verifier.check(http, TRANSFER.slip)
            assert refused.value.kind is ErrorKind.AUTH
        assert len(vendor.tokens) == 10 and refused.value.retry_after_s


async def test_a_short_token_is_asked_for_again_in_time(http: VendorHttp) -> None:
    with VendorServer("scb", token_s=1) as vendor:
        vendor.add(TRANSFER)
        verifier = registry.VERIFIERS["scb"].make(vendor.options)
        await verifier.check(http, TRANSFER.slip)
        verifier.api._tokens._until_s -= 1  # type: ignore[attr-defined]
        await verifier.check(http, TRANSFER.slip)
        assert len(vendor.tokens) == 2


async def test_every_question_to_scb_has_an_id_of_its_own(http: VendorHttp) -> None:
    with VendorServer("scb") as vendor:
        vendor.add(TRANSFER)
        verifier = registry.VERIFIERS["scb"].make(vendor.options)
        for _ in range(3):
            await verifier.check(http, TRANSFER.slip)
        ids = {asked.headers["requestuid"] for asked in [*vendor.tokens, *vendor.asked]}
        assert len(ids) == 4
        assert {asked.headers["accept-language"] for asked in vendor.asked} == {"EN"}
