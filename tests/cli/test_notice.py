"""`paygate notice`: what a text reads as, for scripts and for people, without any database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from paygate.cli.main import cli

SMS = "20/11/69 10:05 บช X-1234 รับโอนจาก X-5678 1,150.00 คงเหลือ 8,437.27 บ."
AT = "2026-11-20T03:06:00Z"


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without data, and a database that is away: neither is needed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PAYGATE_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, ["notice", *words])


def test_a_notice_is_one_line_of_json_for_programs() -> None:
    done = run("--text", SMS, "--sender", "kbank", "--received-at", AT, "--json")
    assert done.exit_code == 0
    assert json.loads(done.output) == {
        "kind": "credit",
        "bank": "KBANK",
        "bankCode": "004",
        "channel": "sms",
        "direction": "in",
        "amountSatang": 115_000,
        "accountMask": "X-1234",
        "counterparty": "X-5678",
        "occurredAt": "2026-11-20T10:05:00+07:00",
        "timeSource": "text",
        "balanceSatang": 843_727,
        "reason": None,
        "truncated": False,
    }
    assert not list(Path().iterdir())


def test_whatever_the_text_is_the_exit_status_is_0() -> None:
    for text, sender, kind, reason in (
        ("OTP 123456", "SCB", "ignored", "OTP"),
        ("อะไรก็ไม่รู้", "014", "unread", "NOT_UNDERSTOOD"),
        (SMS, "+66812345678", "ignored", "SPOOFED"),
        ("", "", "ignored", "UNKNOWN_SENDER"),
    ):
        done = run("--text", text, "--sender", sender, "--json")
        assert done.exit_code == 0
        said = json.loads(done.output)
        assert (said["kind"], said["reason"]) == (kind, reason)
        assert said["occurredAt"].endswith("+07:00")


def test_people_are_told_in_words() -> None:
    done = run("--text", SMS, "--sender", "KBank", "--received-at", AT)
    assert done.output.splitlines()[0] == "Money in"
    assert "1,150.00 THB" in done.output
    assert "Money that left the account." in run("--text", "ถอนเงิน 100.00 บาท", "--sender", "SCB").output
    assert "cut off" in run("--text", "เงินเข้า: 1.00 บาท เข้าบัญชี XX1234 เมื่อ 27/0", "--sender", "KTB").output


def test_a_time_that_is_none_is_refused_with_an_example() -> None:
    done = run("--text", SMS, "--sender", "KBank", "--received-at", "yesterday")
    assert (done.exit_code, "2026-11-20T10:00:00+07:00" in done.output) == (2, True)
