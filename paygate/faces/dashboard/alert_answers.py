"""Alerts as the dashboard face answers: the JSON that is sent, and its schema."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from paygate.core.answers import Done, Moment


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """One message by one channel."""

    id: Annotated[str, Meta(description="The receiver knows it again by this.")]
    alarm: Annotated[str, Meta(description="What it is about.", examples=["balance_break"])]
    word: Annotated[Literal["RAISED", "MORE", "STILL", "OVER", "TEST"], Meta(description="What became of the alarm.")]
    channel: Annotated[Literal["line", "mail", "webhook"], Meta(description="How it is told.")]
    accountId: Annotated[str | None, Meta(description="Which account it is about.")]
    count: Annotated[int, Meta(description="How much of it there is.")]
    title: Annotated[str, Meta(description="In the operator's language.")]
    body: Annotated[str, Meta(description="Likewise: what to do.")]
    state: Annotated[Literal["SENT", "WAITING", "GIVEN_UP"], Meta(description="Whether it was taken.")]
    failures: Annotated[int, Meta(description="Tries that ended badly.")]
    lastError: Annotated[str | None, Meta(description="Why the last one did.")]
    createdAt: Moment
    sentAt: Annotated[Moment | None, Meta(description="When it was taken.")]


class Alerts(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator was told, the newest first."""

    alerts: list[Alert]
    channels: Annotated[list[str], Meta(description="Ways of telling that are set up.", examples=[["line", "mail"]])]
    success: Done = True
