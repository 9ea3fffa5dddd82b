"""POST /api/v1/qr: QR codes without a payment, one or up to 10,000, as JSON, NDJSON, a ZIP or one picture."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal, TypeAlias, get_args

from msgspec import UNSET
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from emvco import qr
from paygate import wire
from paygate.core import canonical, fields
from paygate.core import shapes as declare
from paygate.core.canonical import JsonValue
from paygate.core.errors import InvalidInput
from paygate.core.fields import Fields
from paygate.core.money import satang_from_json
from paygate.core.scopes import Scope
from paygate.core.shapes import Shape
from paygate.faces.v1 import answers
from paygate.faces.v1.archive import Archive
from paygate.faces.v1.payments import merchant
from paygate.services import codes, specimens
from paygate.services.codes import Code

MAX_CODES = 10_000
MAX_BODY_BYTES = 4 * 1_048_576  # 10,000 bill payments with long references do not fit into 1 MiB.
MAX_TEXT = 40  # The longest ID or reference, with the dashes and spaces that people write.

JSON, NDJSON, ZIP, PNG, SVG = (
    "application/json",
    "application/x-ndjson",
    "application/zip",
    "image/png",
    "image/svg+xml",
)
Format: TypeAlias = Literal["png", "svg", "payload"]
_FORMATS: tuple[Format, ...] = get_args(Format)
_SUFFIXES = {"png": "png", "svg": "svg", "payload": "txt"}
_BLOCK = 256  # Entries that are drawn for one piece of a stream.


def _format(given: Fields) -> Format:
    named = given.get("format")
    form = next((known for known in _FORMATS if known == ("png" if named is None else named)), None)
    if form is None:
        raise InvalidInput(f"format must be one of {', '.join(_FORMATS)}.", field="format")
    return form


def _amount(given: Fields) -> int | None:
    amount = given.get("amount")
    return None if amount is None else satang_from_json(amount, low=1, high=codes.MAX_AMOUNT_SATANG)


FORMAT = declare.custom(
    "format", _format, {"type": "string", "enum": list(_FORMATS)}, "What it is drawn as: png unless you say otherwise."
)
PROMPTPAY = declare.text("promptpay", MAX_TEXT, "A PromptPay ID; or give billerId.", example="0812345678")
BILLER_ID = declare.text("billerId", MAX_TEXT, "A biller ID, for a bill payment.")
REF1 = declare.text("ref1", MAX_TEXT, "Reference 1; a bill payment needs it.")
REF2 = declare.text("ref2", MAX_TEXT, "Reference 2.")
AMOUNT = declare.custom(
    "amount",
    _amount,
    {"type": "number", **declare.between(1, codes.MAX_AMOUNT_SATANG), "multipleOf": 0.01},
    "In baht; without one the payer types it.",
    example=150.00,
)
NEW_CODE = Shape("NewCode", "A QR code to draw.", (PROMPTPAY, BILLER_ID, REF1, REF2, AMOUNT, FORMAT))


@dataclass(frozen=True, slots=True)
class Entry:
    """One code to draw."""

    format: Format
    payload: str
    test: bool = False  # A specimen: drawn with its mark.


async def draw(request: Request) -> Response:
    """200: all codes in the order of the request, or a 400 that names the entry; nothing is half drawn."""
    test = (await merchant(request, Scope.PAYMENTS_WRITE)).mode == "test"
    raw = await wire.body(request, MAX_BODY_BYTES)
    entries, is_list = await asyncio.to_thread(_read, raw)
    if test:
        entries = await asyncio.to_thread(_specimens, entries)
    kind = wire.accepted(request, (JSON, NDJSON, ZIP) if is_list else (JSON, NDJSON, ZIP, PNG, SVG))
    if kind in {PNG, SVG}:
        drawn = await asyncio.to_thread(specimens.picture, entries[0].payload, test=test)
        return Response(drawn.png() if kind == PNG else drawn.svg(), media_type=kind)
    headers = {"Vary": "Accept"}
    if kind == ZIP:
        headers["Content-Disposition"] = 'attachment; filename="qr.zip"'
        return StreamingResponse(_streamed(_zip(entries)), media_type=ZIP, headers=headers)
    if kind == NDJSON:
        return StreamingResponse(_streamed(_lines(entries)), media_type=NDJSON, headers=headers)
    if not is_list:
        [answer] = await asyncio.to_thread(lambda: list(_answers(entries)))
        return wire.raw_json(b'{"success":true,"qr":' + answer + b"}", headers=headers)
    return StreamingResponse(_streamed(_json(entries)), media_type=JSON, headers=headers)


# --- in ------------------------------------------------------------------------------------------------------------


def _read(raw: bytes) -> tuple[list[Entry], bool]:
    """What is asked for, and whether it is an array."""
    given = canonical.loads(raw) if raw.strip() else None
    if isinstance(given, dict):
        return [_entry(given)], False
    if not isinstance(given, list) or not 1 <= len(given) <= MAX_CODES:
        raise InvalidInput(f"The body must be a JSON object, or an array of 1 to {MAX_CODES:,} of them.")
    entries = []
    for place, one in enumerate(given):
        if not isinstance(one, dict):
            raise InvalidInput(f"[{place}] must be a JSON object.", field=f"[{place}]")
        try:
            entries.append(_entry(one))
        except InvalidInput as error:
            raise fields.within(f"[{place}]", error) from error
    return entries, True


def _entry(given: dict[str, JsonValue]) -> Entry:
    form = FORMAT.read(given)
    code = Code(
        promptpay=PROMPTPAY.read(given),
        biller_id=BILLER_ID.read(given),
        ref1=REF1.read(given),
        ref2=REF2.read(given),
        amount_satang=AMOUNT.read(given),
    )
    return Entry(form, codes.payload(code))


def _specimens(entries: list[Entry]) -> list[Entry]:
    return [Entry(one.format, specimens.like(one.payload), test=True) for one in entries]


def _drawn(entries: list[Entry], form: Format, way: Literal["data_url", "svg", "png"]) -> Iterator[Any]:
    """The pictures of all entries of this form, in their order."""
    wanted = [one for one in entries if one.format == form]
    if wanted and wanted[0].test:
        return (getattr(specimens.picture(one.payload, test=True), way)() for one in wanted)
    return qr.render_many((one.payload for one in wanted), way, error="M")


# --- out -----------------------------------------------------------------------------------------------------------


async def _streamed(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """*pieces* in blocks, each drawn in a thread; what is not yet taken is not yet drawn."""
    while block := await asyncio.to_thread(lambda: b"".join(islice(pieces, _BLOCK))):
        yield block


def _json(entries: list[Entry]) -> Iterator[bytes]:
    before = b'{"success":true,"qrs":['
    for answer in _answers(entries):
        yield before + answer
        before = b","
    yield b"]}"


def _lines(entries: list[Entry]) -> Iterator[bytes]:
    return (answer + b"\n" for answer in _answers(entries))


def _answers(entries: list[Entry]) -> Iterator[bytes]:
    pictures, drawings = _drawn(entries, "png", "data_url"), _drawn(entries, "svg", "svg")
    for entry in entries:
        yield wire.encode(
            answers.Code(
                payload=entry.payload,
                format=entry.format,
                qrCode=next(pictures) if entry.format == "png" else UNSET,
                svg=next(drawings) if entry.format == "svg" else UNSET,
            )
        )


def _zip(entries: list[Entry]) -> Iterator[bytes]:
    pictures, drawings = _drawn(entries, "png", "png"), _drawn(entries, "svg", "svg")
    archive, width = Archive(), len(str(len(entries)))
    for number, entry in enumerate(entries, 1):
        if entry.format == "png":
            content = next(pictures)
        else:
            content = (next(drawings) if entry.format == "svg" else entry.payload).encode()
        yield archive.add(f"{number:0{width}d}.{_SUFFIXES[entry.format]}", content)
    yield archive.end()
