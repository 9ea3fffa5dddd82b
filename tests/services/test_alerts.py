"""The operator is told of alarms by LINE, mail and webhook: once for each thing, though processes die and servers are
deaf; and not again every minute."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from paygate.core.alarms import Alarm
from paygate.core.errors import Conflict
from paygate.db import alerts as rows
from paygate.db.pool import in_transaction
from paygate.outbound import OutboundError, VendorClient
from paygate.outbound.mail import Letter, MailServer, send
from paygate.services import alert_channels, alerts, closes
from paygate.services.context import Context
from paygate.services.words import words
from tests.services.alert_receivers import SECRET, TO, TOKEN, Receivers, receiving
from tests.services.helpers import Shop, open_shop, sql
from tests.services.test_closes import DAY, OVER

DAYS = 3


@pytest.fixture
async def told() -> AsyncIterator[Receivers]:
    async with receiving() as found:
        yield found


@pytest.fixture
async def http() -> AsyncIterator[VendorClient]:
    client = VendorClient(in_transaction=in_transaction)
    yield client
    await client.close()


def set_up(ctx: Context, told: Receivers, **more: str) -> None:
    reading = alert_channels.choose({**told.settings, **more})
    assert not reading.problems
    ctx.alerts = reading.channels


async def neglect(ctx: Context) -> Shop:
    """Days that nobody closed: an alarm."""
    shop = await open_shop(ctx)
    day = OVER - (DAYS + 2) * DAY
    await closes.run(ctx, shop.account.id, day=day, opening_satang=0, bank_satang=0, actor="cli:a")
    return shop


async def pass_time(ctx: Context, span: timedelta) -> None:
    """As if so much time had passed."""
    await sql(ctx, "UPDATE alert_states SET told_at = told_at - $1::interval", span)
    await sql(ctx, "UPDATE alerts SET created_at = created_at - $1::interval, run_at = run_at - $1", span)


async def listed(ctx: Context) -> list[tuple[str, str]]:
    """(word, channel), the oldest first."""
    return sorted((one.word, one.channel) for one in await alerts.listed(ctx, 1_000))


async def test_an_alarm_is_told_by_every_channel_once_and_its_end_too(
    ctx: Context, told: Receivers, http: VendorClient
) -> None:
    set_up(ctx, told)
    shop = await neglect(ctx)
    assert await alerts.watch(ctx) == 3
    assert await alerts.watch(ctx) == 0  # It stands: no news.
    assert await alerts.send_due(ctx, http) is False
    await alerts.send_due(ctx, http)
    [text] = told.line.shown
    assert re.search(r"เตือน: ยังไม่ได้ปิดยอด \d วัน", text) and "paygate close show" in text and "ร้านทดสอบ" in text
    [letter] = told.mail.letters
    assert letter["subject"].startswith("PayGate: เตือน: ยังไม่ได้ปิดยอด")
    assert letter.get_content().startswith(letter["subject"].removeprefix("PayGate: "))
    assert [len(to) for to in told.mail.receivers] == [2]
    [hooked] = told.hook.heard
    assert (hooked["alarm"], hooked["word"], hooked["count"] >= DAYS) == ("day_open", "RAISED", True)
    assert letter["message-id"].endswith("@pay.example>") and hooked["accountId"].startswith("acc_")
    assert {one.state for one in await alerts.listed(ctx)} == {"SENT"}
    for n in range(DAYS + 2):
        await closes.run(ctx, shop.account.id, day=OVER - (DAYS + 1 - n) * DAY, bank_satang=0, actor="cli:a")
    assert await alerts.watch(ctx) == 3
    await alerts.send_due(ctx, http)
    assert "หายแล้ว" in told.line.shown[1] and told.hook.heard[1]["word"] == "OVER"
    assert await alerts.watch(ctx) == 0


async def test_what_stands_is_told_again_after_a_day_and_what_flaps_at_most_once_an_hour(
    ctx: Context, told: Receivers
) -> None:
    set_up(ctx, told, PAYGATE_ALERT_ROUTES="day_open=line", PAYGATE_ALERT_LANGUAGE="en")
    await neglect(ctx)
    await alerts.watch(ctx)
    await pass_time(ctx, timedelta(hours=23))
    assert await alerts.watch(ctx) == 0
    await pass_time(ctx, timedelta(hours=2))
    assert await alerts.watch(ctx) == 1
    assert await listed(ctx) == [("RAISED", "line"), ("STILL", "line")]
    await pass_time(ctx, timedelta(hours=2))
    await sql(ctx, "UPDATE alert_states SET told_count = 1")  # There is more of it than was told.
    assert await alerts.watch(ctx) == 1
    await sql(ctx, "UPDATE daily_closes SET state = 'OPEN'")  # Over,
    assert await alerts.watch(ctx) == 1
    await sql(ctx, "UPDATE daily_closes SET state = 'CLOSED'")  # and back at once:
    assert await alerts.watch(ctx) == 0  # not within the hour.
    await pass_time(ctx, timedelta(hours=1))
    assert await alerts.watch(ctx) == 1
    assert [word for word, _ in await listed(ctx)] == ["MORE", "OVER", "RAISED", "RAISED", "STILL"]


async def test_twenty_processes_tell_of_an_alarm_once(crowd: Context, told: Receivers, http: VendorClient) -> None:
    set_up(crowd, told)
    await neglect(crowd)
    await asyncio.gather(*(alerts.watch(crowd) for _ in range(20)))
    await asyncio.gather(*(alerts.send_due(crowd, http) for _ in range(20)))
    assert (len(told.line.shown), len(told.mail.letters), len(told.hook.heard)) == (1, 1, 1)


async def test_a_process_that_dies_between_sending_and_saying_so_shows_line_nothing_twice(
    ctx: Context, told: Receivers, http: VendorClient
) -> None:
    set_up(ctx, told, PAYGATE_ALERT_ROUTES="day_open=line")
    await neglect(ctx)
    await alerts.watch(ctx)
    lease_id = ctx.new_id()
    [claimed] = await ctx.db.transaction(lambda conn: rows.claim(conn, lease_id, alerts.LEASE, 20))
    await alert_channels.send(ctx.alerts, http, claimed, None, in_transaction)  # And kill -9.
    await alerts.send_due(ctx, http)
    assert len(told.line.keys) == 1  # Its lease holds.
    await pass_time(ctx, alerts.LEASE)
    await alerts.send_due(ctx, http)
    assert told.line.keys == [str(claimed.id)] * 2 and len(told.line.shown) == 1
    [one] = await alerts.listed(ctx)
    assert (one.state, one.failures) == ("SENT", 0)
    await ctx.db.transaction(lambda conn: rows.failed(conn, claimed.id, lease_id, "late", alerts.LEASE))
    assert (await alerts.listed(ctx))[0].state == "SENT"  # Whoever comes back too late changes nothing.


async def test_what_was_not_taken_is_tried_again_and_given_up_after_a_day(
    ctx: Context, told: Receivers, http: VendorClient
) -> None:
    set_up(ctx, told)
    await neglect(ctx)
    told.line.deaf, told.mail.refuse, told.hook.status = 1, True, 302
    await alerts.watch(ctx)
    await alerts.send_due(ctx, http)
    errors = {one.channel: one.last_error or "" for one in await alerts.listed(ctx)}
    assert "451" in errors["mail"] and "302" in errors["webhook"] and errors["line"]
    await alerts.send_due(ctx, http)
    assert len(told.hook.heard) == 1  # Not before its time.
    await pass_time(ctx, timedelta(minutes=1))
    told.hook.status = 200
    await alerts.send_due(ctx, http)
    states = {one.channel: (one.state, one.failures) for one in await alerts.listed(ctx)}
    assert states == {"line": ("SENT", 1), "mail": ("WAITING", 2), "webhook": ("SENT", 1)}
    assert len(told.line.shown) == 1  # It had been taken: 409.
    assert told.hook.heard[0]["id"] == told.hook.heard[1]["id"]
    await pass_time(ctx, timedelta(hours=25))
    await alerts.send_due(ctx, http)
    assert {one.channel: one.state for one in await alerts.listed(ctx)}["mail"] == "GIVEN_UP"
    assert await alerts.prune(ctx, 100) == 0
    await pass_time(ctx, alerts.KEPT)
    assert await alerts.prune(ctx, 100) == 3


async def test_line_that_says_no_is_told_of_in_the_list(ctx: Context, told: Receivers, http: VendorClient) -> None:
    set_up(ctx, told, PAYGATE_ALERT_ROUTES="day_open=line", PAYGATE_ALERT_LINE_TOKEN="another")
    await neglect(ctx)
    await alerts.watch(ctx)
    await alerts.send_due(ctx, http)
    [one] = await alerts.listed(ctx)
    assert one.last_error is not None and "401" in one.last_error and "another" not in one.last_error


async def test_nothing_set_up_nothing_told(ctx: Context) -> None:
    await neglect(ctx)
    assert await alerts.watch(ctx) == 0
    with pytest.raises(Conflict, match="PAYGATE_ALERT_"):
        await alerts.test(ctx, "cli:a")
    assert not await sql(ctx, "SELECT 1 FROM alerts UNION ALL SELECT 1 FROM alert_states")


async def test_a_retired_account_ends_its_alarm(ctx: Context, told: Receivers) -> None:
    set_up(ctx, told, PAYGATE_ALERT_ROUTES="day_open=webhook")
    shop = await neglect(ctx)
    await alerts.watch(ctx)
    await sql(ctx, "UPDATE accounts SET retired_at = now() WHERE receiving_id = $1", shop.account.receiving_id)
    assert await alerts.watch(ctx) == 1
    assert await listed(ctx) == [("OVER", "webhook"), ("RAISED", "webhook")]


async def test_a_password_never_goes_out_without_tls() -> None:
    async with receiving() as found:
        server = MailServer("127.0.0.1", found.mail.port, False, "me", "secret")
        letter = Letter("a@b.example", ["c@d.example"], "x", "y", "<1@b.example>")
        with pytest.raises(OutboundError, match="no TLS"):
            await send(server, letter, timeout_s=5, in_transaction=lambda: False)
        gone = MailServer("127.0.0.1", 9, False)
        with pytest.raises(OutboundError, match="cannot be reached"):
            await send(gone, letter, timeout_s=5, in_transaction=lambda: False)
        assert not found.mail.letters


GOOD = {
    "PAYGATE_ALERT_LINE_TOKEN": TOKEN,
    "PAYGATE_ALERT_LINE_TO": TO,
    "PAYGATE_ALERT_MAIL_SERVER": "smtps://me%40pay.example:p%40ss@mail.example:465",
    "PAYGATE_ALERT_MAIL_FROM": "paygate@pay.example",
    "PAYGATE_ALERT_MAIL_TO": "malee@pay.example",
    "PAYGATE_ALERT_WEBHOOK_URL": "https://alerts.example/x",
    "PAYGATE_ALERT_WEBHOOK_SECRET": SECRET,
}


def test_the_settings_are_read() -> None:
    found = alert_channels.choose({**GOOD, "PAYGATE_ALERT_ROUTES": "balance_break=line,mail unread_notices=none"})
    assert not found.problems
    assert found.channels.ready == ("line", "mail", "webhook")
    assert found.channels.of("balance_break") == ("line", "mail")
    assert (found.channels.of("unread_notices"), found.channels.of("day_open")) == ((), ("line", "mail", "webhook"))
    server = alert_channels.read_server(GOOD["PAYGATE_ALERT_MAIL_SERVER"])
    assert (server.host, server.port, server.tls, server.user, server.password) == (
        *("mail.example", 465, True),
        *("me@pay.example", "p@ss"),
    )
    assert "p@ss" not in repr(server) and TOKEN not in repr(found) and SECRET not in repr(found)
    assert alert_channels.choose({}).channels.ready == ()


@pytest.mark.parametrize(
    "change",
    [
        {"LINE_TO": None},
        {"LINE_TO": "malee"},
        {"LINE_TOKEN": "ก"},
        {"LINE_URL": "line"},
        {"MAIL_FROM": None},
        {"MAIL_FROM": "a@b\nBcc: c@d"},
        {"MAIL_TO": "nobody"},
        {"MAIL_SERVER": "mail.example"},
        {"MAIL_SERVER": "smtp://mail.example:x"},
        {"WEBHOOK_SECRET": None},
        {"WEBHOOK_SECRET": "secret"},
        {"WEBHOOK_URL": "ftp://x"},
        {"ROUTES": "day_open=pigeon"},
        {"ROUTES": "day_open="},
        {"ROUTES": "day_close=line"},
        {"ROUTES": "day_open=line day_open=mail"},
        {"LANGUAGE": "de"},
    ],
)
def test_what_is_wrong_in_the_settings_is_named_and_no_secret_repeated(change: dict[str, Any]) -> None:
    values = dict(GOOD)
    for name, value in change.items():
        values.pop(f"PAYGATE_ALERT_{name}", None)
        if value is not None:
            values[f"PAYGATE_ALERT_{name}"] = value
    problems = alert_channels.choose(values).problems
    assert problems and any(f"PAYGATE_ALERT_{name}" in problems[0] for name in change)
    assert not any(secret in str(problems) for secret in (TOKEN, SECRET, "p%40ss"))


@pytest.mark.parametrize("language", alert_channels.LANGUAGES)
def test_every_alarm_has_its_words(language: str) -> None:
    said = words("alerts", language)
    for alarm in Alarm:
        assert said[alarm].format(count=3) != said[alarm] and said[f"{alarm}_do"]
    for word in ("raised", "more", "still", "over"):
        assert said[word].format(what="X").endswith("X")
