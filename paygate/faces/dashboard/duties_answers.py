"""What the dashboard face answers an operator about its duties: the JSON that is sent, and its schema."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from paygate.core.answers import Done, Moment


class Frozen(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a merchant's payouts stand still."""

    success: Done = True
    payoutsFrozen: Annotated[bool, Meta(description="Whether they do.")]
    reason: Annotated[str | None, Meta(description="Why; the merchant does not read it.")] = None
    since: Annotated[Moment | None, Meta(description="Since when.")] = None
    by: Annotated[str | None, Meta(description="Who wanted it so.", examples=["cli:malee"])] = None
