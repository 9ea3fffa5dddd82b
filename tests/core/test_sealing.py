"""Secrets at rest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paygate.core.errors import Bug
from paygate.core.sealing import NONCE_BYTES, SealingKey

KEY = SealingKey.of("a secret of the tests, long enough for it")
OTHER = SealingKey.of("another secret of the tests, also long enough")
NONCE = bytes(range(NONCE_BYTES))


@given(st.binary(max_size=200), st.text(max_size=40), st.binary(min_size=12, max_size=12))
def test_what_was_sealed_is_opened(plain: bytes, purpose: str, nonce: bytes) -> None:
    assert KEY.open(KEY.seal(plain, purpose, nonce), purpose) == plain


@given(st.integers(0, 8 * (9 + 12 + 5 + 16) - 1))
def test_any_one_changed_bit_is_refused(bit: int) -> None:
    sealed = bytearray(KEY.seal(b"whsec", "endpoint:1", NONCE))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Bug):
        KEY.open(bytes(sealed), "endpoint:1")


def test_a_value_cut_short_anywhere_is_refused() -> None:
    sealed = KEY.seal(b"whsec", "endpoint:1", NONCE)
    for length in range(len(sealed)):
        with pytest.raises(Bug):
            KEY.open(sealed[:length], "endpoint:1")


def test_a_secret_is_of_no_use_in_another_row() -> None:
    with pytest.raises(Bug, match="changed"):
        KEY.open(KEY.seal(b"whsec", "endpoint:1", NONCE), "endpoint:2")


def test_another_installation_cannot_open_it_and_says_why() -> None:
    with pytest.raises(Bug, match="another PAYGATE_SECRET_KEY"):
        OTHER.open(KEY.seal(b"whsec", "endpoint:1", NONCE), "endpoint:1")


@pytest.mark.parametrize("nonce", [b"", bytes(11), bytes(13)])
def test_a_nonce_has_twelve_bytes(nonce: bytes) -> None:
    with pytest.raises(Bug):
        KEY.seal(b"", "endpoint:1", nonce)


def test_the_same_secret_gives_the_same_keys_and_another_gives_others() -> None:
    assert SealingKey.of("a secret of the tests, long enough for it") == KEY
    assert KEY.id != OTHER.id
    assert KEY.sealing != KEY.signing


def test_a_key_is_not_shown_when_printed() -> None:
    shown = repr(KEY)
    assert repr(KEY.sealing) not in shown
    assert repr(KEY.signing) not in shown
    assert "sealing" not in shown


def test_neither_plain_text_nor_key_is_in_the_sealed_value() -> None:
    sealed = KEY.seal(b"whsec_in_the_clear", "endpoint:1", NONCE)
    assert b"whsec" not in sealed
    assert KEY.sealing not in sealed


def test_a_token_belongs_to_its_purpose_and_its_installation() -> None:
    token = KEY.token("client:live:1:x")
    assert len(token) == 26
    assert token == KEY.token("client:live:1:x")
    assert len({token, KEY.token("client:test:1:x"), OTHER.token("client:live:1:x")}) == 3
