"""Codewords, correction and placement, against qrcodegen and against the standard spelled out."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from emvco.qr import render, spec, tables
from emvco.qr.board import board_of
from emvco.qr.codewords import template_for

ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


def full_text(version, level, random_, alphabet="abcDEF012;.ก", spare=0):
    """Text that fills a symbol of this version in byte mode, less *spare* codewords."""
    room = spec.data_codewords(version, level) - (2 if version < 10 else 3) - spare
    text = ""
    while (left := room - len(text.encode()) - (0 if text.isascii() else 2)) > 0:
        text += random_.choice([c for c in alphabet if len(c.encode()) + (0 if c.isascii() else 2) <= left] or "x")
    return text


@pytest.mark.parametrize("level", "LMQH")
@pytest.mark.parametrize("version", [*range(1, 11), 11, 26, 27, 40])
def test_fixed_mask_matrices_are_qrcodegen_s(version, level):
    qrcodegen = pytest.importorskip("qrcodegen")
    random_ = random.Random(version * 4 + "LMQH".index(level))
    ecc = dict(
        zip(
            "LMQH",
            (
                qrcodegen.QrCode.Ecc.LOW,
                qrcodegen.QrCode.Ecc.MEDIUM,
                qrcodegen.QrCode.Ecc.QUARTILE,
                qrcodegen.QrCode.Ecc.HIGH,
            ),
            strict=True,
        )
    )[level]
    for mask in range(8) if version <= 10 else (version % 8,):
        text = full_text(version, level, random_, spare=random_.randrange(4))
        byte = qrcodegen.QrSegment.make_bytes(text.encode())
        segments = [byte] if text.isascii() else [qrcodegen.QrSegment.make_eci(26), byte]
        symbol = render(text, error=level, mask=mask)
        code = qrcodegen.QrCode.encode_segments(segments, ecc, 1, 40, mask, False)
        assert code.get_version() == symbol.version
        assert symbol.rows() == tuple(
            bytes(code.get_module(column, row) for column in range(symbol.size)) for row in range(symbol.size)
        )


@pytest.mark.parametrize("text", ["0" * 25, "1234567", "A", "AB-:", "A1B2" * 11, "A/B:" * 13, "7" * 17])
def test_compact_single_segments_are_qrcodegen_s(text):
    qrcodegen = pytest.importorskip("qrcodegen")
    code = qrcodegen.QrCode.encode_segments(
        [qrcodegen.QrSegment.make_numeric(text) if text.isdigit() else qrcodegen.QrSegment.make_alphanumeric(text)],
        qrcodegen.QrCode.Ecc.MEDIUM,
        mask=3,
        boostecl=False,
    )
    symbol = render(text, mode="compact", mask=3)
    assert symbol.rows() == tuple(
        bytes(code.get_module(column, row) for column in range(symbol.size)) for row in range(symbol.size)
    )


@pytest.mark.parametrize("level", "LMQH")
@pytest.mark.parametrize("version", range(1, 11))
def test_the_tables_are_the_standard_spelled_out(version, level):
    random_ = random.Random(version)
    built = tables.tables_of(version, level)
    for _ in range(3):
        data = random_.randbytes(spec.data_codewords(version, level))
        assert built.board(data) == board_of(version).place(tables.final_sequence(version, level, data))


@pytest.mark.parametrize("mode", ["byte", "compact"])
@pytest.mark.parametrize("alphabet", [ALPHANUMERIC, "0123456789", "01ab", "ก1A", "A1"])
def test_a_text_cut_in_two_has_the_codewords_of_the_whole(mode, alphabet):
    random_ = random.Random(7)
    for length in (1, 2, 3, *range(23, 31), 60, 61, 62, 90, 120):
        raw = "".join(random_.choices(alphabet, k=length)).encode()
        template = template_for(raw, mode, "L")
        whole = template.encode(raw)
        assert len(whole) == spec.data_codewords(template.version, "L")
        expected = board_of(template.version).place(tables.final_sequence(template.version, "L", whole))
        assert tables.raw_board(template, raw) == expected
        assert tables.raw_board(template, raw) == expected


def test_threads_that_ask_for_the_same_tables_get_the_same_symbol():
    tables._tables.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        assert (
            len({symbol.rows() for symbol in pool.map(lambda _: render("z" * 30, error="Q", mask=1), range(16))}) == 1
        )
    assert tables._tables.cache_info().misses == 1


def test_what_is_kept_is_bounded():
    for cache in (tables._tables, tables._head, board_of):
        assert cache.cache_info().maxsize is not None
