from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator

import pytest

from paygate import telemetry


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    telemetry.clear()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    said = capsys.readouterr()
    assert said.out == ""
    return [json.loads(line) for line in said.err.splitlines()]


def test_a_line_is_json_with_the_facts_that_were_bound(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.configure("info")
    telemetry.bind(request_id="req_1")
    telemetry.logger("wire").info("made", amount_satang=100, name="กาแฟ")
    (line,) = lines(capsys)
    expected = {"event": "made", "level": "info", "room": "wire", "amount_satang": 100, "name": "กาแฟ"}
    assert {**expected, "request_id": "req_1"}.items() <= line.items() and str(line["at"]).endswith("Z")


def test_what_is_below_the_level_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.configure("warning")
    telemetry.logger("wire").info("no")
    telemetry.logger("wire").warning("yes")
    assert [line["event"] for line in lines(capsys)] == ["yes"]


def test_other_libraries_come_out_the_same_and_access_logs_with_queries_do_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    telemetry.configure("info")
    logging.getLogger("uvicorn.error").warning("port %s", 8000)
    logging.getLogger("uvicorn.access").info("GET /?client_secret=x")
    assert [(line["event"], line["room"]) for line in lines(capsys)] == [("port 8000", "uvicorn.error")]


def test_an_exception_is_written_whole_even_when_its_text_is_not_unicode(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.configure("info")
    try:
        raise ValueError("half a pair: \ud800")
    except ValueError as error:
        telemetry.logger("wire").error("failed", exc_info=error)
        telemetry.logger("wire").exception("again")
        logging.getLogger("x").exception("thrice", exc_info=sys.exc_info())
    said = lines(capsys)
    assert len(said) == 3 and all("ValueError: half a pair" in str(line["exception"]) for line in said)


class Gone:
    """A stderr whose reader has left."""

    def write(self, text: str) -> int:
        raise BrokenPipeError

    def flush(self) -> None:
        raise BrokenPipeError


def test_a_log_that_nobody_reads_any_more_stops_no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    telemetry.configure("info")
    log = telemetry.logger("workers")
    monkeypatch.setattr(sys, "stderr", Gone())
    log.info("said to nobody")
    closed = open("/dev/null", "w")  # noqa: SIM115
    closed.close()
    monkeypatch.setattr(sys, "stderr", closed)
    log.info("said to nobody either")


def test_a_line_goes_where_stderr_is_now(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    log = telemetry.logger("workers")
    log.info("before")
    elsewhere = io.StringIO()
    monkeypatch.setattr(sys, "stderr", elsewhere)
    log.info("after")
    assert [line["event"] for line in lines(capsys)] == ["before"]
    assert json.loads(elsewhere.getvalue())["event"] == "after"


def test_what_is_counted_is_handed_over_once() -> None:
    telemetry.counted()
    telemetry.count_evidence("notice", "PAID")
    telemetry.count_evidence("notice", "PAID")
    telemetry.count_notice("KBANK", "otp")
    given = telemetry.counted()
    assert given == {
        ("paygate_evidence_total", (("kind", "notice"), ("outcome", "PAID"))): 2,
        ("paygate_notices_ignored_total", (("bank", "KBANK"), ("reason", "otp"))): 1,
    }
    assert telemetry.counted() == {}
    telemetry.uncounted(given)
    telemetry.count_evidence("notice", "PAID")
    assert telemetry.counted()["paygate_evidence_total", (("kind", "notice"), ("outcome", "PAID"))] == 3


def test_a_span_is_counted_in_the_bucket_that_it_ends_in() -> None:
    telemetry.counted()
    for seconds in (-0.001, 0.005, 0.006, 1e9):
        telemetry.observe_evidence_to_paid(seconds)
    name = "paygate_evidence_to_paid_seconds"
    given = telemetry.counted()
    assert given.pop((f"{name}_sum", ())) > 10**15
    assert given == {(f"{name}_bucket", (("le", le),)): n for le, n in (("0.005", 2), ("0.01", 1), ("+Inf", 1))}


def test_labels_that_somebody_invents_do_not_fill_the_memory() -> None:
    telemetry.counted()
    for number in range(3 * telemetry.MOST_SERIES):
        telemetry.count_notice(str(number), "x")
    given = telemetry.counted()
    assert len(given) == telemetry.MOST_SERIES + 1
    assert sum(given.values()) == 3 * telemetry.MOST_SERIES
