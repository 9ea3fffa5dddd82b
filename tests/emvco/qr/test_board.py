"""The rule for the mask, against segno's, which is the reading of the standard that we keep to."""

import random

import pytest
from segno import encoder

import emvco
from emvco.qr import render, spec
from emvco.qr.board import board_of
from emvco.qr.codewords import template_for
from emvco.qr.tables import final_sequence, raw_board


def penalties(board, raw):
    return [
        encoder.evaluate_mask([bytearray(row) for row in board.rows(raw ^ pattern)], board.size, board.size)
        for pattern in board.patterns
    ]


def assert_agreement(board, raw):
    expected = penalties(board, raw)
    assert [board.penalty(raw ^ pattern) for pattern in board.patterns] == expected
    mask, masked = board.best_mask(raw)
    assert mask == expected.index(min(expected))
    assert masked == raw ^ board.patterns[mask]


@pytest.mark.parametrize("version", [*range(1, 11), 12])
def test_penalties_and_mask_are_the_oracle_s(version):
    random_ = random.Random(version)
    board = board_of(version)
    # Bytes of long runs, of finder patterns and of neither.
    for alphabet in (range(256), (0, 255, 0x5D, 0xBA, 0x17, 0x0B, 0xE8), (0, 0xFF), (0x5D,)):
        level = random_.choice("LMQH")
        data = bytes(random_.choices(alphabet, k=spec.data_codewords(version, level)))
        assert_agreement(board, board.place(final_sequence(version, level, data)))
        # And noise that no codewords make, with finder patterns that overlap.
        assert_agreement(board, board.place(bytes(random_.choices(alphabet, k=spec.raw_bits(version) // 8))))


@pytest.mark.parametrize("mode", ["byte", "compact"])
def test_payment_codes_get_the_oracle_s_mask(mode):
    for amount in range(100, 900_000, 41_113):
        text = emvco.promptpay_payload("0812345678", amount)
        template = template_for(text.encode(), mode, "M")
        board = board_of(template.version)
        expected = penalties(board, raw_board(template, text.encode()))
        assert render(text, mode=mode).mask == expected.index(min(expected))


def test_the_longest_balance_penalty():
    board = board_of(1)
    assert board.penalty(0) == encoder.evaluate_mask([bytearray(21) for _ in range(21)], 21, 21)
    full = board.of((row, column) for row in range(21) for column in range(21))
    assert board.penalty(full) == encoder.evaluate_mask([bytearray(b"\1" * 21) for _ in range(21)], 21, 21)


def test_rows_and_columns_tell_the_same():
    board = board_of(3)
    cells = {(row, column) for row in range(29) for column in range(row)}
    one = board.of(cells)
    assert board.rows(one) == tuple(bytes((row, column) in cells for column in range(29)) for row in range(29))
    turned = board.of((column, row) for row, column in cells)
    low = (1 << 29 * board.width) - 1
    assert one >> 1 + 29 * board.width == turned >> 1 & low
