"""Which verifier is asked when another cannot say, and whose word counts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from paygate.banks.slips import ErrorKind, Party, SlipFacts, SlipRef, VerifierError
from paygate.banks.slips.contract import Case as Does
from paygate.banks.transport import NO_HEADERS, TIMEOUT_S, Http, HttpAnswer
from paygate.core.errors import Bug
from paygate.db.pool import Conn
from paygate.services import verification
from paygate.services.context import Context
from paygate.services.vendors import Chosen, build
from tests.banks.vendors import SHAPES, Transfer, VendorServer

SLIP = SlipRef("", "014", "20260520Ab3dEfGh1jKlMno")
FACTS = SlipFacts(
    "second", None, "014", "014", SLIP.trans_ref, datetime(2026, 5, 20, tzinfo=UTC), 100, "THB", Party(), Party()
)
NEXT = [
    *(ErrorKind.AUTH, ErrorKind.QUOTA, ErrorKind.RATE, ErrorKind.UPSTREAM_DOWN, ErrorKind.BAD_REQUEST),
    *(ErrorKind.UNKNOWN, ErrorKind.DUPLICATE_HINT),
]
DEFINITE = [ErrorKind.NOT_SLIP, ErrorKind.NOT_FOUND, ErrorKind.PENDING]


@dataclass
class Plugin:
    """A third party's verifier."""

    name: str
    says: SlipFacts | ErrorKind | Exception | None
    wait_s: int | None = None
    asked: list[SlipRef] = field(default_factory=list)

    async def check(self, http: Http, slip: SlipRef) -> SlipFacts:
        self.asked.append(slip)
        if isinstance(self.says, ErrorKind):
            raise VerifierError(self.says, provider=self.name, retry_after_s=self.wait_s)
        if isinstance(self.says, Exception):
            raise self.says
        if self.says is None:
            await asyncio.Event().wait()
        assert isinstance(self.says, SlipFacts)
        return self.says


class Nowhere:
    """An Http that these plug-ins do not need."""

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] = NO_HEADERS,
        body: bytes = b"",
        timeout_s: float = TIMEOUT_S,
    ) -> HttpAnswer:
        raise AssertionError(url)


def given(ctx: Context, *plugins: Plugin) -> Context:
    ctx.verifiers, ctx.http = tuple(plugins), Nowhere()
    return ctx


@pytest.mark.parametrize("kind", NEXT)
async def test_the_next_is_asked_when_one_cannot_say(ctx: Context, kind: ErrorKind) -> None:
    first, second = Plugin("first", kind), Plugin("second", FACTS)
    assert await verification.verify(given(ctx, first, second), SLIP) == FACTS
    assert (len(first.asked), len(second.asked)) == (1, 1)


@pytest.mark.parametrize("kind", DEFINITE)
async def test_a_definite_answer_ends_the_matter(ctx: Context, kind: ErrorKind) -> None:
    first, second = Plugin("first", kind, wait_s=300), Plugin("second", FACTS)
    with pytest.raises(VerifierError) as refused:
        await verification.verify(given(ctx, first, second), SLIP)
    assert (refused.value.kind, refused.value.provider, refused.value.retry_after_s) == (kind, "first", 300)
    assert second.asked == []


@pytest.mark.parametrize("kind", DEFINITE)
async def test_a_definite_answer_counts_after_an_outage_too(ctx: Context, kind: ErrorKind) -> None:
    with pytest.raises(VerifierError) as refused:
        await verification.verify(given(ctx, Plugin("a", ErrorKind.UPSTREAM_DOWN), Plugin("b", kind)), SLIP)
    assert (refused.value.kind, refused.value.provider) == (kind, "b")


async def test_when_nobody_can_say_the_first_ones_reason_counts_and_the_soonest_wait(ctx: Context) -> None:
    some = Plugin("a", ErrorKind.QUOTA, 900), Plugin("b", ErrorKind.RATE, 30), Plugin("c", ErrorKind.UPSTREAM_DOWN, 60)
    with pytest.raises(VerifierError) as refused:
        await verification.verify(given(ctx, *some), SLIP)
    assert (refused.value.kind, refused.value.provider, refused.value.retry_after_s) == (ErrorKind.QUOTA, "a", 30)


async def test_one_that_names_no_wait_is_asked_again_by_our_own_schedule(ctx: Context) -> None:
    with pytest.raises(VerifierError) as refused:
        await verification.verify(
            given(ctx, Plugin("a", ErrorKind.RATE, 900), Plugin("b", ErrorKind.UPSTREAM_DOWN)), SLIP
        )
    assert refused.value.retry_after_s is None


@pytest.mark.parametrize(
    "says",
    [
        KeyError("data"),
        ValueError(),
        replace(FACTS, trans_ref=SLIP.trans_ref.lower()),
        replace(FACTS, sending_bank="004"),
        replace(FACTS, amount_satang=0),
        replace(FACTS, occurred_at=datetime(2026, 5, 20)),
    ],
)
async def test_a_plug_in_that_breaks_or_tells_of_another_slip_is_not_believed(
    ctx: Context, says: SlipFacts | Exception
) -> None:
    with pytest.raises(VerifierError) as refused:
        await verification.verify(given(ctx, Plugin("first", says)), SLIP)
    assert refused.value.kind is ErrorKind.UNKNOWN
    assert await verification.verify(given(ctx, Plugin("first", says), Plugin("second", FACTS)), SLIP) == FACTS


async def test_a_plug_in_that_hangs_does_not_hold_up_the_next(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "CHECK_TIMEOUT_S", 0.05)
    assert await verification.verify(given(ctx, Plugin("first", None), Plugin("second", FACTS)), SLIP) == FACTS


async def test_without_a_verifier_nobody_knows(ctx: Context) -> None:
    with pytest.raises(VerifierError) as refused:
        await verification.verify(ctx, SLIP)
    assert refused.value.kind is ErrorKind.UNKNOWN


async def test_nobody_is_asked_while_a_transaction_is_open(ctx: Context) -> None:
    given(ctx, Plugin("a", FACTS))

    async def work(_: Conn) -> None:
        with pytest.raises(Bug):
            await verification.verify(ctx, SLIP)

    await ctx.db.transaction(work)


async def test_a_request_is_refused_while_a_transaction_is_open(ctx: Context) -> None:
    with VendorServer("slip2go") as vendor:
        made = build(Chosen(("slip2go",), {"slip2go": vendor.options}))
        assert made.http is not None
        http = made.http

        async def work(_: Conn) -> None:
            with pytest.raises(Bug):
                await http.send("GET", vendor.url)

        await ctx.db.transaction(work)
        await http.close()
        assert vendor.asked == []


async def test_six_vendors_one_after_the_other_until_one_can_say(ctx: Context) -> None:
    transfer = Transfer("014", SLIP.trans_ref)
    servers = [VendorServer(name) for name in SHAPES]
    for server in servers:
        server.__enter__()
        server.add(transfer)
        server.does = Does.DOWN
    servers[-1].does = Does.SUCCESS
    made = build(Chosen(tuple(s.name for s in servers), {s.name: s.options for s in servers}))
    ctx.verifiers, ctx.http = made.verifiers, made.http
    facts = await verification.verify(ctx, transfer.slip)
    assert (facts.provider, facts.amount_satang) == (servers[-1].name, 15_000)
    assert [len(server.asked) for server in servers] == [1] * len(servers)
    await ctx.close()
    for server in servers:
        server.__exit__()
