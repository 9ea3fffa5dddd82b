"""Origins as browsers send them, and as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paygate.core.errors import InvalidInput
from paygate.core.origins import allowable, shown


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://shop.example", "https://shop.example"),
        (" HTTPS://Shop.Example/ ", "https://shop.example"),
        ("https://shop.example:443", "https://shop.example"),
        ("https://shop.example:8443", "https://shop.example:8443"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("https://[::1]:8443", "https://[::1]:8443"),
        ("https://ร้าน.example", "https://xn--q3ct9b5e.example"),
    ],
)
def test_an_origin_has_one_form(text: str, origin: str) -> None:
    assert shown(text) == origin
    assert allowable(text) == origin


@pytest.mark.parametrize(
    "text",
    [
        *("", "null", "*", "shop.example", "https://", "https://*.shop.example", "https://shop.example/pay"),
        *("https://shop.example?x", "https://a@shop.example", "ftp://shop.example", "https://shop.example:0"),
        *("https://shop.example:99999", "https://shop.example\r\nX: y", "https://shop.example https://b.example"),
        *("javascript:alert(1)", "file:///etc", "https://" + "a" * 300, "https://a..example", "https://[::1"),
    ],
)
def test_what_is_no_origin_is_none(text: str) -> None:
    assert shown(text) is None
    with pytest.raises(InvalidInput):
        allowable(text)


def test_http_is_for_this_computer() -> None:
    with pytest.raises(InvalidInput, match="https"):
        allowable("http://shop.example")


@given(st.text())
def test_no_text_raises_and_the_form_is_stable(text: str) -> None:
    origin = shown(text)
    assert origin is None or (shown(origin) == origin and origin.isascii() and origin.isprintable())
