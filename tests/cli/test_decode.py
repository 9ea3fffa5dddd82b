"""`paygate decode`: any code that a camera may see, as text or picture, in words and for programs."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import emvco
from emvco import qr
from tests.cli.conftest import Paygate

PAYLOAD = emvco.promptpay_payload("0812345678", 15000)


def test_a_payload_is_told_in_words(inside: Paygate) -> None:
    told = inside("decode", PAYLOAD)
    assert told.status == 0
    assert "PromptPay credit transfer" in told.out and "081-234-5678 (mobile)" in told.out and "150.00 THB" in told.out


CASES: list[tuple[str, str, dict[str, Any]]] = [
    (PAYLOAD, "promptpay", {"proxyKind": "mobile", "proxy": "0066812345678", "amountSatang": 15000, "amount": "150.00",
                            "currency": "764", "country": "TH", "dynamic": True}),
    (emvco.bill_payment_payload("099400016550100", "INV1", "T7"), "bill_payment",
     {"billerId": "099400016550100", "ref1": "INV1", "ref2": "T7", "crossBorder": False, "currency": "764",
      "country": "TH", "dynamic": False}),
    (emvco.truemoney_payload("0812345678", 4000, "ค่ากาแฟ"), "promptpay",
     {"proxyKind": "ewallet", "proxy": "140000812345678", "mobile": "0812345678", "message": "ค่ากาแฟ",
      "amountSatang": 4000, "amount": "40.00", "currency": "764", "country": "TH", "dynamic": True}),
    (emvco.slip_payload("014", "00111222233344ABCD12"), "slip",
     {"bankCode": "014", "reference": "00111222233344ABCD12"}),
    (emvco.truemoney_slip_payload("P2P", "TX1", date(2026, 5, 31)), "truemoney_slip",
     {"event": "P2P", "transactionId": "TX1", "date": "2026-05-31"}),
    (emvco.barcode_text("099400016550100", "12", "3", 10000), "barcode",
     {"billerId": "099400016550100", "ref1": "12", "ref2": "3", "amountSatang": 10000}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "fields"), CASES, ids=[kind for _, kind, _ in CASES])
def test_programs_get_kind_fields_and_problems(inside: Paygate, text: str, kind: str, fields: dict[str, Any]) -> None:
    told = inside("decode", text, "--json").json
    assert told == {"kind": kind, "valid": True, "fields": fields, "problems": told["problems"], "payload": text}
    assert all(problem["severity"] != "error" for problem in told["problems"])


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "gif", "bmp", "tiff"])
@pytest.mark.parametrize("text", [text for text, _, _ in CASES], ids=[kind for _, kind, _ in CASES])
def test_a_picture_says_what_its_text_says(inside: Paygate, tmp_path: Path, suffix: str, text: str) -> None:
    (tmp_path / "code.png").write_bytes(qr.render(text).png())
    picture = tmp_path / f"picture.{suffix}"
    Image.open(tmp_path / "code.png").rotate(90).save(picture)
    assert inside("decode", str(picture), "--json").json == inside("decode", text, "--json").json


def test_a_picture_with_a_transparent_ground_is_read(inside: Paygate, tmp_path: Path) -> None:
    (tmp_path / "code.png").write_bytes(qr.render(PAYLOAD).png())
    grey = Image.open(tmp_path / "code.png").convert("L")
    black = Image.new("RGBA", grey.size, (0, 0, 0, 255))
    black.putalpha(grey.point(lambda value: 255 - value))
    black.save(tmp_path / "clear.png")
    assert inside("decode", str(tmp_path / "clear.png"), "--json").json["payload"] == PAYLOAD


def test_of_several_codes_in_a_picture_the_payment_comes_first(inside: Paygate, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(qr.render("https://example.com").png())
    (tmp_path / "b.png").write_bytes(qr.render(PAYLOAD).png())
    both = Image.new("L", (1000, 500), "white")
    for place, name in enumerate(("a", "b")):
        both.paste(Image.open(tmp_path / f"{name}.png"), (500 * place, 0))
    both.save(tmp_path / "both.png")
    told = inside("decode", str(tmp_path / "both.png"), "--json").json
    assert (told["payload"], told["others"]) == (PAYLOAD, ["https://example.com"])
    assert "Not a payment code" in inside("decode", str(tmp_path / "both.png")).out


def test_what_is_wrong_is_pointed_at_and_the_status_tells(inside: Paygate) -> None:
    damaged = PAYLOAD.replace("150.00", "950.00")
    told = inside("decode", damaged)
    assert told.status == 1 and "^1" in told.out and "wrong_crc" in told.out
    for text in (damaged, "hello", "", "0" * 300, "x." * 300, "a\x01b", "ก" * 300, "https://example.com/a.b"):
        answer = inside("decode", text, "--json")
        assert answer.status == 1 and '"valid": false' in answer.out, text
        problem = json.loads(answer.out)["problems"][0]
        assert set(problem) == {"code", "severity", "offset", "path", "message"}


def test_standard_input_and_every_data_object(paygate: Paygate) -> None:
    told = paygate("decode", "-", "--json", "--objects", stdin=f"{PAYLOAD}\n").json
    assert told["payload"] == PAYLOAD
    assert ("29/01", "0066812345678") in [(one["path"], one["value"]) for one in told["objects"]]
    nowhere = {"PAYGATE_DATABASE_URL": "postgresql://127.0.0.1:1/x"}
    assert paygate("decode", PAYLOAD, "--objects", env=nowhere).status == 0


def test_files_that_hold_no_code_are_refused_in_one_line(inside: Paygate, tmp_path: Path) -> None:
    Image.new("L", (50, 50), "white").save(tmp_path / "empty.png")
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "cut.png").write_bytes(qr.render(PAYLOAD).png()[:60])
    Image.new("1", (8000, 7000)).save(tmp_path / "huge.png")
    for name, fault in (
        ("empty.png", "no readable code"),
        ("text.png", "not a readable"),
        ("cut.png", "not a readable"),
        ("huge.png", "megapixels"),
        ("none.png", "There is no file"),
    ):
        answer = inside("decode", str(tmp_path / name))
        assert answer.status == 1 and fault in answer.err and answer.err.count("\n") == 1, answer.err


@pytest.mark.parametrize(
    "text", [PAYLOAD, emvco.slip_payload("014", "R1"), emvco.barcode_text("099400016550100", "12").replace("\r", "\n")]
)
@pytest.mark.parametrize(("before", "after"), [("", "\r\n"), ("", " "), ("  ", ""), ("\t", "\n\n")])
def test_what_a_shell_or_a_paste_puts_around_is_left_out_and_said(
    paygate: Paygate, inside: Paygate, text: str, before: str, after: str
) -> None:
    for told in (inside("decode", before + text + after, "--json"),) + (
        (paygate("decode", "-", "--json", stdin=before + text + after),) if before == "\t" else ()
    ):
        assert told.status == 0 and told.json["payload"] == text and told.json["valid"]
        infos = [one["code"] for one in told.json["problems"] if one["code"].startswith("stripped")]
        assert infos == ["stripped_before"] * bool(before) + ["stripped_after"] * bool(after)
    assert inside("decode", before + text[:-1] + "X" + after).status == 1


def test_the_end_of_a_line_on_standard_input_is_no_part_of_the_code(paygate: Paygate) -> None:
    for end in ("\n", "\r\n"):
        told = paygate("decode", "-", "--json", stdin=PAYLOAD + end).json
        assert (told["payload"], told["problems"]) == (PAYLOAD, [])
    assert paygate("decode", "-", stdin=" \n").status == 1
