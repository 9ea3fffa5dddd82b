"""URLs that strangers register as webhook receivers."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paygate.core.errors import InvalidInput
from paygate.outbound import check_url

from .hostile import FORBIDDEN_HOSTS, LOCAL, MALFORMED


@pytest.mark.parametrize("host", FORBIDDEN_HOSTS)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_address_that_may_not_be_reached_is_refused_in_every_notation(scheme: str, host: str) -> None:
    for live in (False, True):
        for port in ("", ":8080"):
            with pytest.raises(InvalidInput, match=r"may not (be reached|reach)") as caught:
                check_url(f"{scheme}://{host}{port}/hook", live=live, allow_networks=())
            assert caught.value.field == "url"


@pytest.mark.parametrize("url", MALFORMED)
def test_a_malformed_url_is_refused_and_names_the_field(url: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_url(url, live=False, allow_networks=LOCAL)
    assert caught.value.field == "url"


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("https://example.com", "https://example.com"),
        ("HTTPS://Example.COM:443/Hook?a=1&b=ข#part", "https://example.com/Hook?a=1&b=%E0%B8%82"),
        ("https://example.com.:8443/h", "https://example.com:8443/h"),
        (
            "https://ร้านค้า.ไทย/ตะกร้า",
            "https://xn--42c5b3a1dc8kd.xn--o3cw4h/%E0%B8%95%E0%B8%B0%E0%B8%81%E0%B8%A3%E0%B9%89%E0%B8%B2",
        ),
        ("https://my_shop.example/a/../b", "https://my_shop.example/b"),
        ("https://8.8.8.8/", "https://8.8.8.8/"),
        ("https://134744072/", "https://8.8.8.8/"),
        ("https://0x8.8.2056/", "https://8.8.8.8/"),
        ("https://[::ffff:8.8.8.8]/", "https://8.8.8.8/"),
        ("https://[2606:4700:4700:0::1111]:8443/", "https://[2606:4700:4700::1111]:8443/"),
        ("https://123.example.com/", "https://123.example.com/"),
        ("https://example.com/a?x=user@host", "https://example.com/a?x=user@host"),
    ],
)
def test_a_good_url_comes_back_in_normal_form_and_stays_so(url: str, normal: str) -> None:
    assert check_url(url, live=True, allow_networks=()) == normal
    assert check_url(normal, live=True, allow_networks=()) == normal


def test_http_is_for_test_mode_only() -> None:
    assert check_url("http://example.com/", live=False, allow_networks=()) == "http://example.com/"
    with pytest.raises(InvalidInput, match="https"):
        check_url("http://example.com/", live=True, allow_networks=())


def test_an_allowed_network_is_the_only_exception() -> None:
    for url in (
        "http://127.0.0.1:9000/x",
        "http://localhost:9000/x",
        "https://127.0.0.1/",
        "http://[::ffff:127.0.0.1]/",
    ):
        check_url(url, live=True, allow_networks=LOCAL)
    for url in ("http://10.0.0.1/", "http://[::1]/", "http://169.254.169.254/", "http://0.0.0.0/"):
        with pytest.raises(InvalidInput):
            check_url(url, live=False, allow_networks=LOCAL)
    with pytest.raises(InvalidInput, match="https"):
        check_url("http://8.8.8.8/", live=True, allow_networks=LOCAL)


def test_a_live_http_name_waits_for_the_connection_when_networks_are_allowed() -> None:
    assert check_url("http://shop:8080/hook", live=True, allow_networks=LOCAL) == "http://shop:8080/hook"


def test_opening_nat64_does_not_open_what_lies_behind_it() -> None:
    nat64 = (ip_network("64:ff9b::/96"),)
    assert check_url("https://[64:ff9b::808:808]/", live=True, allow_networks=nat64) == "https://[64:ff9b::808:808]/"
    for hidden in ("7f00:1", "a9fe:a9fe", "a00:1"):
        with pytest.raises(InvalidInput):
            check_url(f"https://[64:ff9b::{hidden}]/", live=True, allow_networks=nat64)


@given(st.text(max_size=40).map("https://".__add__) | st.text(max_size=40))
def test_any_text_is_a_url_or_invalid_input(url: str) -> None:
    try:
        normal = check_url(url, live=True, allow_networks=())
    except InvalidInput as error:
        assert error.field == "url"
    else:
        assert check_url(normal, live=True, allow_networks=()) == normal
