from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paygate.core.errors import InvalidInput
from paygate.core.links import redirect_url

GOOD = [
    "https://shop.example",
    "https://shop.example:8443/done?order=1&b=กาแฟ#top",
    "HTTPS://Shop.Example/done",
    "https://shop.example./",
    "https://xn--12c1bx0b.example/",
    "https://192.0.2.1/",
    "https://[2001:db8::1]/",
    "https://shop.example/{CHECKOUT_SESSION_ID}",
    "http://localhost:3000/done",
    "http://127.0.0.1/",
    "http://[::1]:3000/",
]
BAD = [
    "", " ", "shop.example", "//shop.example", "https:shop.example", "https:///x", "https://", "https://:443/", "https://.",
    "http://shop.example/", "http://localhost.example/", "http://127.0.0.2/", "http://[::2]/", "http://127.1/",
    "ftp://shop.example/", "javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "JaVaScRiPt://x/%0aalert(1)",
    "https://user@shop.example/", "https://user:pw@shop.example/", "https://@shop.example/",
    "https://shop.example:0/", "https://shop.example:x/", "https://shop.example:65536/", "https://[::1", "https://::1/",
    "https://shop.example\\@evil.example/", "https:\\\\shop.example/", "https://shop.example/ x", "https://shop.example/\tx",
    "https://shop.example/\r\nX: y", "https://shop.example/\u2028", "https://shop.example/\"onload=", "https://shop.example/<b>",
    "https://ร้าน.ไทย/", "https://shop。example/", "https://shop.example\u200b/", "https://sh op.example/",
]  # fmt: skip


@pytest.mark.parametrize("url", GOOD)
def test_a_good_url_is_kept_as_it_was_written(url: str) -> None:
    assert redirect_url({"callbackUrl": url}, "callbackUrl", ()) == url


@pytest.mark.parametrize("url", BAD)
def test_a_bad_url_is_refused_by_its_field(url: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        redirect_url({"callbackUrl": url}, "callbackUrl", ())
    assert refusal.value.field == "callbackUrl"


@given(st.text(max_size=60))
def test_no_text_at_all_breaks_the_reading(rest: str) -> None:
    for url in (rest, f"https://{rest}", f"https://shop.example{rest}", f"https://shop.example/{rest}"):
        try:
            redirect_url({"x": url}, "x", ("shop.example",))
        except InvalidInput as refusal:
            assert refusal.field == "x"


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://shop.example/", True),
        ("https://SHOP.EXAMPLE/", True),
        ("https://shop.example./", True),
        ("https://a.pages.example/", True),
        ("https://a.b.pages.example/", True),
        ("https://pages.example/", False),
        ("https://a.shop.example/", False),
        ("https://xshop.example/", False),
        ("https://shop.example.evil.example/", False),
        ("https://evil.example/?shop.example", False),
        ("https://evil.example#shop.example", False),
        ("http://localhost/", False),
    ],
)
def test_with_domains_only_they_are_allowed(url: str, allowed: bool) -> None:
    domains = ("Shop.example", "*.pages.example")
    if allowed:
        assert redirect_url({"x": url}, "x", domains) == url
    else:
        with pytest.raises(InvalidInput, match="callback domains"):
            redirect_url({"x": url}, "x", domains)
