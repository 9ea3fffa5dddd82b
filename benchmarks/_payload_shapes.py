"""The codes of `python -m benchmarks payloads`: every shape that people make, each from rows that never repeat.

A shape has a name, 10,000 different rows of plain text and integers (what a shop's database holds), and how this
library makes a code of one row. The peers get the same rows, with amounts as they want them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Final, NamedTuple

import emvco

COUNT: Final = 10_000
Row = tuple[str | int, ...]

MOBILES: Final = [f"08{number * 7_919 % 10**8:08d}" for number in range(COUNT)]
SATANG: Final = [number * 3_701 % 900_000 + 100 for number in range(COUNT)]
REFERENCES: Final = [f"INV{number}" for number in range(COUNT)]
TABLES: Final = [f"TABLE{number % 97}" for number in range(COUNT)]
IDS: Final = [f"1{number * 104_729 % 10**12:012d}" for number in range(COUNT)]
WALLETS: Final = [f"004{number * 104_729 % 10**12:012d}" for number in range(COUNT)]
BILLERS: Final = [f"0{number * 104_729 % 10**12:012d}00" for number in range(COUNT)]
CODES: Final = [f"{number * 7_919 % 10**10:010d}" for number in range(COUNT)]
SLIPS: Final = [f"2026110{number * 104_729 % 10**9:09d}aB{number % 100:02d}" for number in range(COUNT)]
SHOP: Final = emvco.Merchant("COFFEE SHOP", "BANGKOK")
THAI: Final = emvco.LanguageTemplate("TH", "ร้านกาแฟ", "กรุงเทพ")
TRUEMONEY_SLIP: Final = partial(emvco.truemoney_slip_payload, day=date(2026, 11, 20))


class Shape(NamedTuple):
    """`build(*row)` for each of `rows`; `own_function`: by one made for it, not by `emvco.build`."""

    name: str
    build: Callable[..., str]
    rows: list[Row]

    @property
    def own_function(self) -> bool:
        return self.build is TRUEMONEY_SLIP or self.build.__module__.startswith("emvco")

    def texts(self) -> list[str]:
        """The codes themselves, for readers."""
        return [self.build(*row) for row in self.rows]


def _mobile(digits: str) -> emvco.PromptPay:
    return emvco.PromptPay(emvco.Proxy("mobile", digits))


def _rich(mobile: str, satang: int, reference: str) -> str:
    label = emvco.AdditionalData(bill_number=reference, terminal_label="T001")
    return emvco.build(_mobile(mobile), amount_satang=satang, merchant=SHOP, additional=label)


def _rich_bill(biller: str, ref1: str, ref2: str, satang: int) -> str:
    label = emvco.AdditionalData(terminal_label="T001")
    return emvco.build(emvco.BillPayment(biller, ref1, ref2), amount_satang=satang, merchant=SHOP, additional=label)


def _thai(mobile: str, satang: int) -> str:
    return emvco.build(_mobile(mobile), amount_satang=satang, language=THAI)


def _vat(mobile: str, satang: int, tax_satang: int) -> str:
    return emvco.build(_mobile(mobile), amount_satang=satang, vat=emvco.Vat("0000", tax_satang, "7.00"))


def shapes() -> list[Shape]:
    """All of them, the commonest first."""

    def rows(*columns: list[str] | list[int] | list[str | int]) -> list[Row]:
        return list(zip(*columns, strict=True))

    taxes = [satang * 7 // 107 for satang in SATANG]
    messages = [f"bill {number}" for number in range(COUNT)]
    return [
        Shape("transfer", emvco.promptpay_payload, rows(MOBILES, SATANG)),
        Shape("transfer, no amount", emvco.promptpay_payload, rows(MOBILES)),
        Shape("transfer, national ID", emvco.promptpay_payload, rows(IDS, SATANG)),
        Shape("transfer, e-wallet", emvco.promptpay_payload, rows(WALLETS, SATANG)),
        Shape("bill, ref1", emvco.bill_payment_payload, rows(BILLERS, REFERENCES)),
        Shape("bill, ref1, ref2, amount", emvco.bill_payment_payload, rows(BILLERS, REFERENCES, TABLES, SATANG)),
        Shape("bill from abroad", emvco.cross_border_payload, rows(BILLERS, REFERENCES, TABLES, SATANG)),
        Shape("transfer, tags 59 60 62", _rich, rows(MOBILES, SATANG, REFERENCES)),
        Shape("bill, tags 59 60 62", _rich_bill, rows(BILLERS, REFERENCES, TABLES, SATANG)),
        Shape("transfer, Thai name in 64", _thai, rows(MOBILES, SATANG)),
        Shape("one-time code", emvco.one_time_payload, rows(MOBILES, CODES, SATANG)),
        Shape("transfer, VAT in 80", _vat, rows(MOBILES, SATANG, taxes)),
        Shape("TrueMoney, message in 81", emvco.truemoney_payload, rows(MOBILES, SATANG, messages)),
        Shape("slip", emvco.slip_payload, rows(["014"] * COUNT, SLIPS)),
        Shape("TrueMoney slip", TRUEMONEY_SLIP, rows(["P2P"] * COUNT, SLIPS)),
    ]
