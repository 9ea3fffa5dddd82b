"""A statement's report as one page without anything from outside, to read on a screen or to print, Thai and English."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from importlib import resources
from typing import Any

from jinja2 import Environment, StrictUndefined

from paygate.core import canonical
from paygate.core.money import show

TEMPLATE = "report.html"

# name in the report: (Thai, English, whether it needs a person)
FINDINGS = {
    "missing": ("ไม่พบในรายการเดินบัญชี", "Missing in the statement", True),
    "amountDiffers": ("ยอดเงินไม่ตรงกัน", "Amount differs", True),
    "duplicate": ("รายการซ้ำ", "Two credits, one line", True),
    "withoutPayment": ("เงินเข้าที่ยังไม่มีรายการชำระ", "Credit without a payment", True),
    "neverHeard": ("พบเฉพาะในรายการเดินบัญชี", "Never heard of before", True),
    "matched": ("ตรงกัน", "Matched", False),
}
ADVICE = {
    "missing": (
        "ระบบถือว่าได้รับเงินแล้ว แต่ธนาคารไม่มีรายการนี้ ตรวจสอบก่อนส่งของหรือโอนเงินออก",
        "We took this money as received, and the bank does not have it: check before you ship or pay out.",
    ),
    "amountDiffers": ("ยอดที่ธนาคารแจ้งไม่เท่ากับยอดในระบบ", "The bank has another amount than we have."),
    "duplicate": ("ธนาคารมีหนึ่งรายการ แต่ระบบมีสองรายการ", "The bank has one line where we have two credits."),
    "withoutPayment": ("รอคนตรวจสอบในคิว", "Waits for a person in the review queue."),
    "neverHeard": ("การทดลองนี้ไม่ได้บันทึกข้อมูล", "A dry run: nothing was written."),
}
PAGE_ROWS = 5_000
"""A page with more rows of one kind is of no use to anybody; the JSON has them all."""


def load(report: str) -> dict[str, Any]:
    """A stored report."""
    loaded = canonical.loads(report)
    return dict(loaded) if isinstance(loaded, Mapping) else {}


def dump(report: Mapping[str, Any]) -> str:
    """The report as one line of JSON."""
    return canonical.dumps(report)


def render(report: Mapping[str, Any]) -> str:
    """The page of a report as `Report.as_json` or `load` gives it."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["baht"] = _baht
    environment.filters["moment"] = lambda text: str(text)[:16].replace("T", " ")
    source = resources.files(__package__).joinpath(TEMPLATE).read_text(encoding="utf-8")
    return environment.from_string(source).render(r=report, findings=FINDINGS, advice=ADVICE, most=PAGE_ROWS)


def _baht(amount: int | Decimal) -> str:
    return show(int(Decimal(amount) * 100))
