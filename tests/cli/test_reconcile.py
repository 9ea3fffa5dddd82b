"""`paygate reconcile`: what it prints, writes and exits with."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import asyncpg
import pytest

from tests.cli.conftest import Answer, Paygate
from tests.services.sheets import Row, ago, sheet

ACCOUNT = ("account", "add", "--owner", "central", "--promptpay", "0812345678", "--bank", "014", "--number")
TOUGH = '<script>alert("x")</script>'


@pytest.fixture
def account(inside: Paygate) -> str:
    account_id: str = inside(*ACCOUNT, "4061234567", "--name", f"ร้าน {TOUGH}", "--json").json["accountId"]
    return account_id


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "may.csv"
    path.write_bytes(sheet(Row(ago(3), 7_700), Row(ago(2), -500, text="Fee")))
    return path


def test_a_statement_is_compared_told_and_exits_with_what_it_found(
    paygate: Paygate, account: str, file: Path, tmp_path: Path
) -> None:
    dry = paygate("reconcile", str(file), "--account", account, "--dry-run")
    assert dry.status == 1 and "nothing was written" in dry.out and "would be new credits" in dry.out
    page = tmp_path / "report.html"
    first = paygate("reconcile", str(file), "--account", account, "--html", str(page), "--json")
    assert (first.status, first.out.count("\n"), first.err) == (1, 1, "")
    found = json.loads(first.out)
    assert found["counts"]["withoutPayment"] == {"count": 1, "amount": 77}
    assert found["lines"] == {"in": {"count": 1, "amount": 77}, "out": {"count": 1, "amount": 5}}
    assert found["account"]["number"] == "xxxxxx4567" and found["statementId"].startswith("stm_")
    again = paygate("reconcile", "--report", found["statementId"], "--json")
    assert again.status == 1
    assert json.loads(again.out)["withoutPayment"] == found["withoutPayment"]
    text = page.read_text(encoding="utf-8")
    assert TOUGH not in text and "&lt;script&gt;" in text
    assert "รายงานกระทบยอด" in text and "Reconciliation report" in text and "77.00" in text
    assert not re.findall(r"(?:src|href)=|https?://|@import|url\(", text), "nothing comes from outside"


async def test_a_statement_that_was_read_is_in_the_audit_log_and_a_dry_run_is_not(
    paygate: Paygate, account: str, file: Path, dsn: str
) -> None:
    paygate("reconcile", str(file), "--account", account, "--dry-run")
    found = json.loads(paygate("reconcile", str(file), "--account", account, "--json").out)
    conn = await asyncpg.connect(dsn)
    rows = await conn.fetch("SELECT subject, after::text FROM audit_log WHERE action = 'statement.read'")
    await conn.close()
    assert [row["subject"] for row in rows] == [f"statement:{found['statementId']}"]
    assert json.loads(rows[0]["after"]) == {
        "account": account,
        "name": "may.csv",
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
    }


def test_a_statement_without_anything_open_is_clear(inside: Paygate, account: str, tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_bytes(sheet(Row(ago(2), -500, text="Fee")))
    answer = inside("reconcile", str(path), "--account", account, "--html", str(tmp_path / "r.html"))
    assert answer.status == 0 and "All is clear." in answer.out
    assert "ทุกรายการตรงกัน" in (tmp_path / "r.html").read_text(encoding="utf-8")


def refused(answer: Answer, word: str) -> bool:
    return answer.status == 2 and answer.out == "" and word in answer.err and "Traceback" not in answer.err


def test_what_cannot_be_read_is_refused_with_status_2(
    inside: Paygate, account: str, file: Path, tmp_path: Path
) -> None:
    nonsense = tmp_path / "x.pdf"
    nonsense.write_bytes(b"%PDF-1.7")
    assert refused(inside("reconcile", str(nonsense), "--account", account), "This is a PDF")
    assert refused(inside("reconcile", str(tmp_path / "gone.csv"), "--account", account), "No such file")
    assert refused(inside("reconcile", str(file), "--account", account, "--columns", "x=1"), "There is no column")
    other = tmp_path / "other.csv"
    other.write_bytes(b"Account No.,999-9-99999-9\n" + file.read_bytes())
    assert refused(inside("reconcile", str(other), "--account", account), "not of this one")
    assert refused(inside("reconcile", str(file)), "Give a FILE")


def test_columns_are_told_and_kept(inside: Paygate, account: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_bytes(b"A;B\n2026-05-01;12.00\n")
    assert inside("reconcile", str(path), "--account", account).status == 2
    told = inside("reconcile", str(path), "--account", account, "--columns", "date=A,in=1", "--keep-columns")
    assert told.status == 1 and "TIME_UNKNOWN" in told.out
    assert inside("reconcile", str(path), "--account", account).status == 1


def test_an_unknown_account_or_report_is_an_error(inside: Paygate, file: Path) -> None:
    unknown = "acc_" + "0" * 26
    answer = inside("reconcile", str(file), "--account", unknown)
    assert answer.status == 1 and answer.err.startswith("Error: There is no account")
    answer = inside("reconcile", "--report", "stm_" + "0" * 26)
    assert answer.status == 1 and answer.err.startswith("Error: There is no statement")
