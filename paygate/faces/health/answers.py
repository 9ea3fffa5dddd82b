"""What the health face answers with: envelopes `{status, code, message, data}`."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from paygate.core.answers import RequestId

Good: TypeAlias = Annotated[bool, Meta(description="Whether all that is needed is there.")]
Code: TypeAlias = Annotated[int, Meta(description="The HTTP status again.", examples=[200])]
Message: TypeAlias = Annotated[str, Meta(description="In words.", examples=["OK"])]


class HealthProblem(msgspec.Struct, frozen=True):
    """A refusal."""

    status: Annotated[bool, Meta(description="Always false.", examples=[False])]
    code: Annotated[int, Meta(description="The HTTP status again.", examples=[500])]
    message: Annotated[str, Meta(description="What is wrong.", examples=["Something went wrong on our side."])]
    data: Annotated[None, Meta(description="Nothing.")]
    requestId: RequestId


class DatabaseCheck(msgspec.Struct, frozen=True):
    """Without it nothing works."""

    status: Annotated[Literal["up", "down"], Meta(description="Whether it answers.")]
    latencyMs: Annotated[int, Meta(description="How long it took.", examples=[2])]


class StripeCheck(msgspec.Struct, frozen=True):
    """There is no Stripe here; some clients look for it."""

    status: Annotated[Literal["up"], Meta(description="Always up.")] = "up"
    secretKey: Annotated[bool, Meta(description="Always false.", examples=[False])] = False


class OptionalCheck(msgspec.Struct, frozen=True):
    """Something that works when it is set up."""

    status: Annotated[Literal["up", "optional"], Meta(description="up when there is one.")]
    configured: Annotated[bool, Meta(description="Whether there is one.")]


class Checks(msgspec.Struct, frozen=True):
    """Every part by itself."""

    database: DatabaseCheck
    stripe: StripeCheck
    bank: Annotated[OptionalCheck, Meta(description="Sources of evidence.")]
    callback: Annotated[OptionalCheck, Meta(description="Webhook endpoints.")]


class Parts(msgspec.Struct, frozen=True):
    """This server and its parts."""

    service: Annotated[str, Meta(description="Always paygate.", examples=["paygate"])]
    version: Annotated[str, Meta(description="Its version.", examples=["0.1.0"])]
    uptime: Annotated[int, Meta(description="Seconds since it started.", examples=[3600])]
    checks: Checks


class Word(msgspec.Struct, frozen=True):
    """How it is, in a word."""

    status: Annotated[Literal["alive", "ready", "not ready"], Meta(description="In a word.")]


class Overview(msgspec.Struct, frozen=True):
    """Every part by itself; 503 when one that is needed is away."""

    status: Good
    code: Code
    message: Message
    data: Parts


class Probe(msgspec.Struct, frozen=True):
    """One question, one word."""

    status: Good
    code: Code
    message: Message
    data: Word
