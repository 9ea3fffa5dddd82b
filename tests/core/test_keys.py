"""API keys: kinds, checksum, and what the database keeps."""

from __future__ import annotations

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paygate.core import keys
from paygate.core.keys import Kind, Mode

RANDOM = st.binary(min_size=keys.RANDOM_BYTES, max_size=keys.RANDOM_BYTES)
KINDS = st.sampled_from(list(keys.PREFIX))


@given(KINDS, RANDOM)
def test_a_key_says_what_it_is(meaning: tuple[Kind, Mode], random_bytes: bytes) -> None:
    read = keys.read(keys.make(*meaning, random_bytes))
    assert read is not None
    assert (read.kind, read.mode) == meaning


@pytest.mark.parametrize(
    ("kind", "mode", "prefix"),
    [
        ("secret", "live", "sk_live_"),
        ("secret", "test", "sk_test_"),
        ("public", "live", "pk_live_"),
        ("public", "test", "pk_test_"),
    ],
)
def test_the_prefix_names_kind_and_mode(kind: Kind, mode: Mode, prefix: str) -> None:
    assert re.fullmatch(prefix + "[0-9A-Za-z]{33}", keys.make(kind, mode, bytes(range(20))))


def test_a_key_holds_at_least_128_random_bits() -> None:
    assert keys.RANDOM_BYTES * 8 >= 128
    assert 62**keys.RANDOM_DIGITS >= 256**keys.RANDOM_BYTES


@given(RANDOM, RANDOM)
def test_two_random_texts_make_two_keys(one: bytes, other: bytes) -> None:
    assert (keys.make("secret", "live", one) == keys.make("secret", "live", other)) == (one == other)


@given(KINDS, RANDOM, st.integers(0, keys.LENGTH - 1), st.characters())
def test_any_one_changed_character_is_noticed(
    meaning: tuple[Kind, Mode], random_bytes: bytes, place: int, character: str
) -> None:
    key = keys.make(*meaning, random_bytes)
    changed = key[:place] + character + key[place + 1 :]
    assert changed == key or keys.read(changed) is None


@given(KINDS, RANDOM, st.integers(0, keys.LENGTH - 2))
def test_two_swapped_characters_are_noticed(meaning: tuple[Kind, Mode], random_bytes: bytes, place: int) -> None:
    key = keys.make(*meaning, random_bytes)
    swapped = key[:place] + key[place + 1] + key[place] + key[place + 2 :]
    assert swapped == key or keys.read(swapped) is None


@given(st.text())
def test_junk_is_no_key(text: str) -> None:
    assert keys.read(text) is None
    assert keys.read(f"sk_live_{text}") is None


@pytest.mark.parametrize(
    "change", [lambda k: k + "A", lambda k: k[:-1], lambda k: " " + k, lambda k: k + "\n", str.upper]
)
def test_a_key_has_one_form(change: object) -> None:
    key = keys.make("secret", "live", bytes(range(20)))
    assert callable(change)
    assert keys.read(change(key)) is None


def test_the_database_keeps_the_sha_256_of_the_whole_key() -> None:
    key = keys.make("secret", "test", bytes(20))
    read = keys.read(key)
    assert read is not None
    assert read.hash == keys.digest(key) == hashlib.sha256(key.encode()).digest()
