"""`render_many` gives what `render` gives, with NumPy and without."""

import itertools
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import emvco
from emvco import SymbolError
from emvco.qr import batch, render, render_many, spec
from emvco.qr.board import board_of
from emvco.qr.vector import Scratch, lines_of, to_words

FORMATS = ["png", "modules", "rows", "svg", "data_url", "terminal"]
AMOUNTS = [emvco.promptpay_payload("0812345678", amount) for amount in range(100, 4_000_000, 9_973)]
BILLS = [emvco.bill_payment_payload("099400016550100", f"INV{i}", "T7", 100 + i * 1_009) for i in range(60)]
STATIC = [emvco.promptpay_payload(f"08{i * 123_457:08d}") for i in range(60)]
THAI = [f"ร้านที่ {i:03d}" for i in range(40)]
NUMBERS = [f"{i:020d}" for i in range(0, 60_000_000, 999_983)]
ODD = [f"{i:02d}6304{end}" for i in range(30) for end in ("1234", "A2F0", "ZZ:9", "abcd", "12é")]
MIXED = [
    text for texts in itertools.zip_longest(AMOUNTS[:80], BILLS, STATIC, THAI, NUMBERS, ODD) for text in texts if text
]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("mode", ["byte", "compact"])
def test_a_batch_is_the_single_symbols_in_order(format, mode):
    expected = [getattr(render(text, mode=mode), format)() for text in MIXED]
    assert list(render_many(MIXED, format, mode=mode)) == expected


@pytest.mark.parametrize(
    "options",
    [
        {"error": "L"},
        {"error": "Q", "mode": "compact"},
        {"error": "H", "border": 1},
        {"mask": 5},
        {"scale": 1},
        {"scale": 2, "border": 2},
        {"scale": 4},
        {"scale": 3},
        {"scale": 8, "border": 0},
    ],
)
def test_every_option_is_kept_to(options):
    texts = AMOUNTS[:60] + THAI
    assert list(render_many(texts, **options)) == [render(text, **options).png() for text in texts]


@pytest.mark.parametrize("level", "LMQH")
@pytest.mark.parametrize("version", range(1, 11))
def test_every_version_and_level_is_the_same(version, level):
    random_ = random.Random(version)
    length = spec.data_codewords(version, level) - (2 if version < 10 else 3)
    texts = ["".join(random_.choices("abcdefgh", k=length)) for _ in range(30)]
    assert render(texts[0], error=level).version == version
    assert list(render_many(texts, error=level)) == [render(text, error=level).png() for text in texts]


@pytest.mark.parametrize("version", range(1, 11))
def test_masks_are_those_of_the_single_engine_on_any_board(version):
    random_ = random.Random(version)
    board = board_of(version)
    alphabets = [range(256), (0, 255, 0x5D, 0xBA, 0x17, 0x0B, 0xE8), (0, 0xFF), (0x5D, 0x00)]
    raws = [board.place(bytes(random_.choices(alphabets[i % 4], k=spec.raw_bits(version) // 8))) for i in range(90)]
    found = lines_of(version).best_masks(to_words(board, raws), Scratch())
    assert found.tolist() == [board.best_mask(raw)[0] for raw in raws]


def test_many_texts_of_one_template_are_the_same():
    texts = [emvco.promptpay_payload("0812345678", amount) for amount in range(100_000, 101_300)]
    for mode in ("byte", "compact"):
        assert list(render_many(texts, mode=mode)) == [render(text, mode=mode).png() for text in texts]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.text(st.sampled_from("0123456789ABCZ $%:-abcกé"), min_size=1, max_size=40), min_size=24, max_size=40),
    st.sampled_from(["byte", "compact"]),
    st.booleans(),
)
def test_any_texts_are_the_same(texts, mode, alike):
    if alike:  # Of one length, so that they make one group.
        texts = [(text * 40)[:40] for text in texts]
    assert list(render_many(texts, "rows", mode=mode)) == [render(text, mode=mode).rows() for text in texts]


def test_what_is_too_large_for_the_tables_is_drawn_too():
    texts = [f"{i:03d}" * 150 for i in range(26)]
    assert render(texts[0]).version > 10
    assert list(render_many(texts)) == [render(text).png() for text in texts]


def test_a_stream_is_read_only_as_far_as_it_is_taken():
    taken = []

    def texts():
        for i in itertools.count():
            taken.append(i)
            yield emvco.promptpay_payload("0812345678", i + 1)

    stream = render_many(texts(), mask=0)
    assert taken == []
    first = list(itertools.islice(stream, 9_000))
    assert len(first) == 9_000
    assert len(taken) <= 2 * 8_192
    assert first[8_999] == render(emvco.promptpay_payload("0812345678", 9_000), mask=0).png()


def test_no_texts_no_symbols():
    assert list(render_many([])) == []


def test_many_empty_texts_are_one_error():
    with pytest.raises(SymbolError) as caught:
        list(render_many([""] * 50))
    assert caught.value.code == "empty"


@pytest.mark.parametrize("count", [3, 100, 9_000])
@pytest.mark.parametrize(("wrong", "code"), [("", "empty"), ("\ud800", "not_unicode"), ("x" * 3_000, "too_long")])
def test_a_bad_text_is_named_after_those_before_it(count, wrong, code):
    stream = render_many([*(f"text {i}" for i in range(count)), wrong, "never"], mask=0)
    for _ in range(count):
        next(stream)
    with pytest.raises(SymbolError) as caught:
        next(stream)
    assert caught.value.code == code
    assert f"text {count}:" in str(caught.value)


@pytest.mark.parametrize(
    ("options", "code"),
    [({"format": "gif"}, "unknown_format"), ({"scale": 0}, "bad_scale"), ({"mode": "kanji"}, "unknown_mode")],
)
def test_bad_options_are_refused_at_once(options, code):
    with pytest.raises(SymbolError) as caught:
        render_many([], **options)
    assert caught.value.code == code


def test_streams_in_several_threads_do_not_meet():
    def draw(shift):
        texts = AMOUNTS[shift : shift + 300]
        return list(render_many(texts)) == [render(text).png() for text in texts]

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(draw, range(0, 64, 8)))


def test_without_numpy_the_bytes_are_the_same(monkeypatch):
    expected = list(render_many(AMOUNTS[:50]))
    monkeypatch.setitem(sys.modules, "emvco.qr.vector_batch", None)
    assert batch._vectors("png", batch.Options("byte", "M", 8, 4, None)) is None
    assert list(render_many(AMOUNTS[:50])) == expected


def test_numpy_is_not_loaded_for_single_symbols():
    code = "import sys; from emvco.qr import render; render('x').png(); print('numpy' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert found.stdout.strip() == "False"
