"""`paygate qr`: one code in every form, and a table of them as pictures."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

import emvco
from paygate.cli.qr_many import SHOWN_FAULTS
from tests.cli.conftest import Paygate


def read_picture(path: Path) -> str:
    with Image.open(path) as picture:
        return str(zxingcpp.read_barcode(picture).text)


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_bill_payment_is_drawn_from_its_references(inside: Paygate) -> None:
    made = inside("qr", "099400016550100", "--ref1", "INV1", "--ref2", "T7", "--amount", "250.50", "--json").json
    assert made == {
        "payload": emvco.bill_payment_payload("099400016550100", "INV1", "T7", 25050),
        "billerId": "099400016550100",
        "ref1": "INV1",
        "ref2": "T7",
        "amountSatang": 25050,
    }
    told = inside("qr", "099400016550100", "--ref1", "INV1").out
    assert "█" in told and "099400016550100, INV1, any amount" in told


def test_a_wallet_and_a_bank_account_are_drawn_too(inside: Paygate) -> None:
    wallet = inside("qr", "0812345678", "--truemoney", "--message", "ค่ากาแฟ", "--amount", "40", "--json").json
    assert wallet["payload"] == emvco.truemoney_payload("0812345678", 4000, "ค่ากาแฟ")
    account = inside("qr", "123-4-56789-0", "--bank", "004", "--json").json
    assert account["promptpay"] == "0041234567890" and account["promptpayKind"] == "bank_account"
    assert "1234567890 (account at Kasikornbank), any amount" in inside("qr", "1234567890", "--bank", "004").out


def test_a_payment_from_abroad_and_a_one_time_code_are_drawn(inside: Paygate) -> None:
    bill = inside("qr", "099400016550100", "--ref1", "INV1", "--amount", "250", "--abroad", "--json").json
    assert bill["payload"] == emvco.cross_border_payload("099400016550100", "INV1", None, 25000)
    assert bill["crossBorder"] is True
    told = inside("qr", "099400016550100", "--ref1", "INV1", "--abroad").out
    assert "099400016550100 (cross-border), INV1, any amount" in told
    shown = inside("qr", "081-234-5678", "--one-time", "A1B2C3D4E5", "--amount", "40", "--json").json
    account = emvco.PromptPay(emvco.Proxy("mobile", "0066812345678"), "A1B2C3D4E5")
    assert emvco.parse(shown["payload"]).promptpay == account and shown["oneTimeCode"] == "A1B2C3D4E5"
    assert (
        "081-234-5678, one-time code A1B2C3D4E5, any amount"
        in inside(*("qr", "0812345678", "--one-time", "A1B2C3D4E5")).out
    )


def test_any_tag_can_be_set_and_what_may_not_work_is_said(inside: Paygate) -> None:
    sets = ["59=COFFEE SHOP", "60=BANGKOK", "62/07=T001", "64/00=TH", "64/01=ร้านกาแฟ", "80/00=0000", "80/02=7.00"]
    options = [word for change in sets for word in ("--set", change)]
    made = inside("qr", "0812345678", "--amount", "107", *options, "--json").json
    assert made["payload"] == emvco.build(
        emvco.PromptPay(emvco.Proxy("mobile", "0066812345678")),
        amount_satang=10700,
        merchant=emvco.Merchant("COFFEE SHOP", "BANGKOK"),
        additional=emvco.AdditionalData(terminal_label="T001"),
        language=emvco.LanguageTemplate("TH", "ร้านกาแฟ"),
        vat=emvco.Vat("0000", 700),
    )
    assert (made["kind"], made["language"]["name"]) == ("promptpay", "ร้านกาแฟ")
    bill = ["qr", "099400016550100", "--ref1", "REF1", "--set", "31/00=A000000677010113"]
    shop = inside(*bill, "--set", "31/01=004", "--set", "31/04=REF1", "--json").json
    assert emvco.parse(shop["payload"]).acquirer == emvco.AcquirerReference("004", None, "REF1")
    assert shop["acquirer"] == {"acquirer": "004", "orderReference": "REF1"}
    tip = inside("qr", "0812345678", "--set", "55=01")
    assert tip.status == 0 and "Warning: tips are not" in tip.err


@pytest.mark.parametrize(
    ("code", "line"),
    [
        (emvco.slip_payload("014", "2026112001aBcD"), "Siam Commercial Bank (014), 2026112001aBcD"),
        (emvco.truemoney_payload("0801111111", 1005, "Hi"), "0801111111 (TrueMoney wallet), 10.05 THB"),
        (emvco.bill_payment_payload("099400016550100", "INV1"), "099400016550100, INV1, any amount"),
        (
            emvco.build(
                emvco.Account.of("26", "com.example"),
                amount="5",
                merchant=emvco.Merchant("A", "B"),
                profile="EMVCO",
                currency="392",
                country="JP",
            ),
            "com.example, 5 JPY",
        ),
    ],
)
def test_a_whole_code_is_drawn_as_it_is(inside: Paygate, tmp_path: Path, code: str, line: str) -> None:
    told = inside("qr", code)
    assert told.status == 0 and told.out.splitlines()[-2:] == [line, code]
    assert inside("qr", code, "--png", "q.png", "--json").json["payload"] == code
    assert read_picture(tmp_path / "q.png") == code


def test_a_whole_code_takes_another_amount_and_a_barcode_becomes_a_qr(inside: Paygate) -> None:
    static = emvco.promptpay_payload("0812345678")
    paid = inside("qr", static, "--amount", "150", "--json").json
    assert (paid["payload"], paid["amountSatang"]) == (emvco.promptpay_payload("0812345678", 15000), 15000)
    barcode = emvco.barcode_text("099400016550100", "INV1", "T7", 25050)
    assert inside("qr", barcode, "--json").json["payload"] == emvco.bill_payment_payload(
        "099400016550100", "INV1", "T7", 25050
    )


def test_card_and_poster_are_pictures_when_they_are_named_so(inside: Paygate, tmp_path: Path) -> None:
    told = inside("qr", "0812345678", "--amount", "150", "--name", "ร้าน", "--card", "c.png", "--poster", "p.PNG")
    assert told.status == 0, told.err
    for name in ("c.png", "p.PNG"):
        assert read_picture(tmp_path / name) == emvco.promptpay_payload("0812345678", 15000)


def test_pictures_card_and_poster_are_written(inside: Paygate, tmp_path: Path) -> None:
    files = ["--png", "q.png", "--svg", "q.svg", "--card", "c.svg", "--poster", "p.svg"]
    told = inside("qr", "0812345678", "--amount", "150", "--scale", "3", "--name", "ร้านกาแฟ", "--paper", "A6", *files)
    assert told.status == 0, told.err
    assert told.out.splitlines()[:4] == [f"Written: {name}" for name in ("q.png", "q.svg", "c.svg", "p.svg")]
    assert read_picture(tmp_path / "q.png") == emvco.promptpay_payload("0812345678", 15000)
    with Image.open(tmp_path / "q.png") as picture:
        assert picture.size == (3 * (37 + 8),) * 2
    assert all("ร้านกาแฟ" in (tmp_path / name).read_text("utf-8") for name in ("c.svg", "p.svg"))
    assert 'width="105mm"' in (tmp_path / "p.svg").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ((), 2),
        (("0812345678", "--message", "x"), 2),
        (("0812345678", "--bank", "004", "--truemoney"), 2),
        (("0812345678", "--csv", "x.csv", "--out", "y"), 2),
        (("--csv", "x.csv"), 2),
        (("0812345678", "--amount", "0"), 2),
        (("0812345678", "--abroad"), 2),
        (("0812345678", "--bank", "004", "--one-time", "A1B2C3D4E5"), 2),
        (("0812345678", "--one-time", "123"), 1),
        (("0812345678", "--set", "59"), 2),
        (("0812345678", "--set", "59=A", "--set", "59=B"), 2),
        (("0812345678", "--set", "59="), 1),
        (("0812345678", "--set", "59=ก" + "ก" * 25), 1),
        (("0812345678", "--set", "63=FFFF"), 1),
        (("0812345678", "--set", "5=A"), 1),
        (("0812345678", "--set", "29/01=0066212345678x"), 1),
        (("0812345678", "--set", "54=0"), 1),
        ((emvco.slip_payload("014", "R"), "--amount", "5"), 1),
        ((emvco.slip_payload("014", "R"), "--card", "c.svg"), 1),
        ((emvco.promptpay_payload("0812345678"), "--ref1", "A"), 2),
        ((emvco.promptpay_payload("0812345678")[:-1] + "X",), 1),
        (("|0994",), 1),
        (("0812345678", "--amount", "10000000000"), 2),
        (("0812345678", "--scale", "0"), 2),
        (("08123",), 1),
        (("0812345678", "--ref1", "A"), 1),
        (("099400016550100", "--ref2", "A"), 1),
        (("1234", "--bank", "4"), 1),
        (("0812345678", "--card", "no/such/folder.svg"), 1),
        (("0812345678", "--card", "c.svg", "--name", "x" * 101), 1),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_what_cannot_be_drawn_is_refused_in_one_line(inside: Paygate, arguments: tuple[str, ...], status: int) -> None:
    answer = inside("qr", *arguments)
    assert answer.status == status and answer.err.splitlines()[-1].startswith("Error: ")
    assert answer.out == ""


def test_a_table_becomes_a_folder_of_pictures(inside: Paygate, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(
        "\ufeffpromptpay,biller_id,ref1,ref2,amount,name\r\n"
        "081-234-5678,,,,150,โต๊ะ 1\r\n"
        ",099400016550100,INV1,T7,99.5,\r\n"
        "\r\n"
        '1234567890121,,,,,"counter, left"\r\n',
        encoding="utf-8",
    )
    answer = inside("qr", "--csv", "in.csv", "--out", "made/pictures", "--scale", "4")
    assert (answer.status, answer.out.splitlines()[-1]) == (0, "Written: 3 pictures in made/pictures"), answer.err
    found = {path.name: read_picture(path) for path in (tmp_path / "made/pictures").iterdir()}
    assert found == {
        "โต๊ะ 1.png": emvco.promptpay_payload("0812345678", 15000),
        "3.png": emvco.bill_payment_payload("099400016550100", "INV1", "T7", 9950),
        "counter, left.png": emvco.promptpay_payload("1234567890121"),
    }


def test_pictures_that_are_there_are_overwritten_only_by_force(inside: Paygate, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("promptpay\n0812345678\n0812345679\n")
    (tmp_path / "out").mkdir()
    (tmp_path / "out/3.png").write_bytes(b"mine")
    answer = inside("qr", "--csv", "in.csv", "--out", "out")
    assert answer.status == 1 and "3.png is there already (line 3)" in answer.err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["3.png"]
    assert inside("qr", "--csv", "in.csv", "--out", "out", "--force", "--json").json == {"written": 2, "folder": "out"}
    assert read_picture(tmp_path / "out/3.png") == emvco.promptpay_payload("0812345679")


def test_every_faulty_line_is_named_and_nothing_is_written(inside: Paygate, tmp_path: Path) -> None:
    lines = [
        ("0812345678,,,,150,a", None),
        ("08123,,,,150,b", "promptpay"),
        (",123,INV1,,150,c", "biller_id"),
        (",099400016550100,,,150,d", "ref1"),
        (",099400016550100,INV1,ref-2,150,e", "ref2"),
        ("0812345678,,,,1e2,f", "amount"),
        ("0812345678,,,,150,A", "name: the name is that of line 2 already."),
        ("0812345678,,,,150,../x", "name"),
        ("0812345678,,,,150,.x", "name"),
        (f"0812345678,,,,150,{'ก' * 67}", "name"),
        (",,,,150,g", "promptpay"),
    ]
    text = "promptpay,biller_id,ref1,ref2,amount,name\n" + "\n".join(line for line, _ in lines) + "\n"
    (tmp_path / "in.csv").write_text(text + "x,,,,,\n" * 5, encoding="utf-8")
    answer = inside("qr", "--csv", "in.csv", "--out", "out")
    assert answer.status == 1 and not (tmp_path / "out").exists()
    told = [line.strip() for line in answer.err.splitlines()[1:]]
    assert len(told) == SHOWN_FAULTS + 1 and told[-1] == "and 5 more."
    for number, (_, fault) in enumerate(lines, 2):
        if fault is not None:
            assert told.pop(0).startswith(f"line {number}, {fault}"), fault


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "header"),
        (b"promptpay\n", "no lines"),
        (b"promptpay,ammount\n0812345678,5\n", "Not known: ammount"),
        (b"promptpay,promptpay\n0812345678,5\n", "at most once"),
        (b"amount\n5\n", "promptpay or biller_id"),
        (b"promptpay,amount\n0812345678,5,6\n", "line 2: more cells"),
        (b"promptpay,name\n0812345678,\xe0\xe1\n", "not UTF-8 in line 2"),
        (b"promptpay,name\n" + b"0812345678,\n" * 4_000 + b"0812345678,\xe0\xe1\n", "not UTF-8 in line 4002"),
        (b'promptpay,name\n0812345678,"a"b\n', "line 2"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_is_no_table_is_said_so(inside: Paygate, tmp_path: Path, content: bytes, fault: str) -> None:
    (tmp_path / "in.csv").write_bytes(content)
    answer = inside("qr", "--csv", "in.csv", "--out", "out")
    assert answer.status == 1 and fault in answer.err and not (tmp_path / "out").exists(), answer.err


def test_a_table_that_is_not_there_is_said_so(inside: Paygate) -> None:
    assert "cannot be read" in inside("qr", "--csv", "in.csv", "--out", "out").err


def test_many_pictures_are_written_quickly_and_in_the_right_files(inside: Paygate, tmp_path: Path) -> None:
    rows = [f"0812345678,{n // 100 + 1}.{n % 100:02d},code {n}" for n in range(3_000)]
    (tmp_path / "in.csv").write_text("promptpay,amount,name\n" + "\n".join(rows))
    assert inside("qr", "--csv", "in.csv", "--out", "out", "--json").json["written"] == 3_000
    for n in [0, 2_999, *random.Random(1).sample(range(3_000), 10)]:
        assert emvco.parse(read_picture(tmp_path / f"out/code {n}.png")).amount_satang == 100 + n


def test_a_process_says_how_far_it_is(paygate: Paygate, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("promptpay\n0812345678\n")
    answer = paygate("qr", "--csv", "in.csv", "--out", "out")
    assert (answer.status, answer.out) == (0, "Written: 1 pictures in out\n") and "Drawing" in answer.err
    assert json.loads(paygate("qr", "--csv", "in.csv", "--out", "new", "--json").out)["written"] == 1


def test_nothing_that_steers_a_terminal_is_printed_and_no_option_is_dropped(paygate: Paygate, tmp_path: Path) -> None:
    odd = paygate("qr", "0812345678", "--set", "59=\x1b[31mX")
    assert odd.status == 0 and "\x1b[31mX" not in odd.out and "\u241b[31mX" in odd.out
    table, picture, card = tmp_path / "t.csv", tmp_path / "q.png", tmp_path / "c.svg"
    table.write_text("promptpay\n0812345678\n")
    both = paygate("qr", "--csv", str(table), "--out", str(tmp_path / "o"), "--amount", "77")
    assert both.status == 2 and not (tmp_path / "o").exists()
    refused = paygate("qr", "0812345678", "--name", "x" * 300, "--card", str(card), "--png", str(picture))
    assert refused.status == 1 and not picture.exists()


@pytest.mark.parametrize(
    ("arguments", "warnings"),
    [
        (("0812345678",), []),
        (("1234567890121",), []),
        (("1234567890123",), ["the check digit of this national or tax ID is wrong (tag 29/02)"]),
        (("1234567890", "--bank", "004"), ["bank accounts are kept for the future"]),
        (("1234567890", "--bank", "999"), ["bank accounts are kept for the future", "no bank with the code 999"]),
        (("004999000000000",), []),
        (("140000812345678",), []),
        (("099400016550100",), ["15 digits are read as an e-wallet ID; for a biller ID give --ref1"]),
        (("0994000165501-00", "--one-time", "A1B2C3D4E5"), ["15 digits are read as an e-wallet ID"]),
        (("099400016550100", "--ref1", "A"), []),
        ((emvco.promptpay_payload("1234567890123"),), ["the check digit"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_what_may_not_work_is_said_of_every_code(
    inside: Paygate, arguments: tuple[str, ...], warnings: list[str]
) -> None:
    for answer in (inside("qr", *arguments), inside("qr", *arguments, "--json")):
        told = answer.err.splitlines()
        assert answer.status == 0 and len(told) == len(warnings), answer.err
        assert all(line.startswith(f"Warning: {warning}") for line, warning in zip(told, warnings, strict=True))


def test_a_table_says_what_may_not_work_line_by_line(inside: Paygate, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("promptpay,biller_id,ref1\n0812345678\n1234567890123\n,099400016550100,A\n")
    answer = inside("qr", "--csv", "in.csv", "--out", "a")
    assert answer.status == 0 and "Warning: line 3: the check digit" in answer.err
    assert answer.err.count("Warning") == 1
    (tmp_path / "in.csv").write_text("promptpay\n" + "099400016550100\n" * 12)
    told = [line for line in inside("qr", "--csv", "in.csv", "--out", "b").err.splitlines() if "Warning" in line]
    assert "line 2: 15 digits are read as an e-wallet ID; a biller ID stands in the column biller_id" in told[0]
    assert told[-1] == "Warning: and 2 more lines." and len(told) == SHOWN_FAULTS + 1


@pytest.mark.parametrize(
    "code",
    [
        emvco.slip_payload("014", "2026112001aBcD")[:-1] + "x",
        emvco.slip_payload("014", "2026112001aBcD")[:30],
        emvco.truemoney_payload("0801111111")[:40],
    ],
)
def test_a_damaged_code_is_called_one(inside: Paygate, code: str) -> None:
    answer = inside("qr", code)
    assert (answer.status, answer.out) == (
        1,
        "",
    ) and "This code is not sound; `paygate decode` shows where." in answer.err


@pytest.mark.parametrize("given", ["004000000000000", "004-0000-0000-0000", "0002000000000", "0002 00000 0000"])
def test_an_id_that_begins_as_a_code_does_is_an_id(inside: Paygate, given: str) -> None:
    assert inside("qr", given, "--json").json["promptpay"] == "".join(c for c in given if c.isdecimal())


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (("--png", "o.gif"), ".png"),
        (("--svg", "o.png"), ".svg"),
        (("--card", "x.jpg"), ".svg or .png"),
        (("--poster", "x.pdf"), ".svg or .png"),
        (("--paper", "A6"), "--paper is for --poster"),
        (("--paper", "A5", "--card", "c.svg"), "--paper is for --poster"),
        (("--name", "SHOP"), "--name is for --card and --poster"),
        (("--name", "SHOP", "--png", "q.png"), "--name is for --card and --poster"),
        (("--language", "en"), "--language is for --card and --poster"),
        (("--scale", "4"), "--scale is for --png, --svg and --csv"),
        (("--out", "x"), "--out is for --csv"),
        (("--force",), "--force is for --csv"),
        (("--amount", "0"), "not zero: leave it out"),
        (("--amount", "0.00"), "not zero: leave it out"),
        (("--amount", "1.005"), "at most two decimals"),
        (("--amount", "1,500.50"), "without commas, like 1500.50"),
        (("--amount", "10000000000"), "at most 9,999,999,999.99 baht"),
        (("--amount", "-5"), "baht like 150 or 99.50"),
        (("--amount", "1e2"), "baht like 150 or 99.50"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_an_option_that_does_not_fit_is_refused_and_says_why(
    inside: Paygate, tmp_path: Path, arguments: tuple[str, ...], fault: str
) -> None:
    answer = inside("qr", "0812345678", *arguments)
    assert (answer.status, answer.out) == (2, "") and fault in answer.err.splitlines()[-1], answer.err
    assert list(tmp_path.iterdir()) == []


def test_a_table_takes_no_options_of_cards(inside: Paygate, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("promptpay\n0812345678\n")
    for options in (("--paper", "A5"), ("--language", "th")):
        assert inside("qr", "--csv", "in.csv", "--out", "out", *options).status == 2
    (tmp_path / "in.csv").write_text('promptpay,amount\n0812345678,0\n0812345678,1.005\n0812345678,"1,500"\n')
    told = inside("qr", "--csv", "in.csv", "--out", "out").err
    assert all(words in told for words in ("not zero", "two decimals", "without commas"))


def test_a_card_shows_both_references_and_the_name_in_the_code(inside: Paygate, tmp_path: Path) -> None:
    bill = ("qr", "099400016550100", "--ref1", "INV1", "--ref2", "T7")
    assert inside(*bill, "--card", "c.svg", "--poster", "p.svg").status == 0
    assert all("อ้างอิง INV1 / T7" in (tmp_path / name).read_text("utf-8") for name in ("c.svg", "p.svg"))
    whole = inside(*bill, "--set", "64/00=TH", "--set", "64/01=ร้านกาแฟ", "--json").json["payload"]
    assert inside("qr", whole, "--card", "c.svg").status == 0
    drawn = (tmp_path / "c.svg").read_text("utf-8")
    assert "อ้างอิง INV1 / T7" in drawn and "ร้านกาแฟ" in drawn
    assert inside("qr", whole, "--card", "c.svg", "--name", "SHOP").status == 0
    drawn = (tmp_path / "c.svg").read_text("utf-8")
    assert "SHOP" in drawn and "ร้านกาแฟ" not in drawn
