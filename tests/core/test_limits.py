"""Rate limits as the operator writes them, and as answers tell of them."""

from __future__ import annotations

import pytest

from paygate.core import limits
from paygate.core.limits import DEFAULTS, Counted, Limit, Standing


def test_limits_are_read_and_what_is_not_said_stays() -> None:
    assert limits.read("key=200/s:500 address=off") == {
        Counted.KEY: Limit(200, 1, 500),
        Counted.SOURCE: DEFAULTS[Counted.SOURCE],
        Counted.LOGIN: DEFAULTS[Counted.LOGIN],
    }
    assert limits.read(" address=5/m, key=1/h ")[Counted.ADDRESS] == Limit(5, 60, 5)
    assert limits.read("off") == {}


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "key",
        "key=",
        "key=0/s",
        "key=1/d",
        "key=1/s:0",
        "key=1/s key=2/s",
        "keys=1/s",
        "off key=1/s",
        "key=9999999/s",
    ],
)
def test_what_is_no_limit_is_refused_with_the_reason(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"^must "):
        limits.read(wrong)


def test_a_limit_is_told_as_the_draft_says() -> None:
    key = Standing(Counted.KEY, Limit(100, 1, 300), left=299, full_s=1)
    assert (key.policy, key.state) == ('"key";q=300;w=3', '"key";r=299;t=1')
    slow = Limit(5, 60, 5)
    assert (slow.pause_us, slow.window_s, slow.credit, str(slow)) == (12_000_000, 60, 0, "5 a minute, 5 at once")
