"""A file out of a form: multipart/form-data (RFC 7578), from bytes that are bounded and in memory already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from paygate.core.errors import InvalidInput

MAX_PARTS = 10
UNREADABLE = "The form (multipart/form-data) cannot be read."


@dataclass(slots=True)
class _Part:
    """A part under way: its Content-Disposition, and what it holds."""

    name: bytes = b""
    value: bytes = b""
    headers: dict[bytes, bytes] = field(default_factory=dict)
    content: bytearray = field(default_factory=bytearray)


@dataclass(frozen=True, slots=True)
class Form:
    """Files and texts by the names of their fields, the last of each name."""

    files: Mapping[str, bytes]
    texts: Mapping[str, str]


def is_form(request: Request) -> bool:
    """Whether the body is said to be a form with files."""
    return request.headers.get("content-type", "").split(";")[0].strip().lower() == "multipart/form-data"


def read_form(content_type: str, raw: bytes) -> Form:
    """The fields of a form. Raises InvalidInput for what is no form, is cut off, or has more than MAX_PARTS parts."""
    _, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if not boundary:
        raise InvalidInput(UNREADABLE)
    parts, done = list[_Part](), list[bool]()

    def begin() -> None:
        if len(parts) == MAX_PARTS:
            raise InvalidInput(f"The form has more than {MAX_PARTS} parts.")
        parts.append(_Part())

    def header_name(data: bytes, start: int, end: int) -> None:
        parts[-1].name += data[start:end]

    def header_value(data: bytes, start: int, end: int) -> None:
        parts[-1].value += data[start:end]

    def header_end() -> None:
        part = parts[-1]
        part.headers[part.name.lower()] = part.value
        part.name = part.value = b""

    def content(data: bytes, start: int, end: int) -> None:
        parts[-1].content += memoryview(data)[start:end]

    try:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": begin,
                "on_header_field": header_name,
                "on_header_value": header_value,
                "on_header_end": header_end,
                "on_part_data": content,
                "on_end": lambda: done.append(True),
            },
        )
        parser.write(raw)
        parser.finalize()
    except FormParserError as error:
        raise InvalidInput(UNREADABLE) from error
    if not done:
        raise InvalidInput(UNREADABLE)  # It was cut off.
    return _fields(parts)


def _fields(parts: list[_Part]) -> Form:
    files, texts = dict[str, bytes](), dict[str, str]()
    for part in parts:
        _, options = parse_options_header(part.headers.get(b"content-disposition"))
        try:
            name = options[b"name"].decode()
            if b"filename" in options:
                files[name] = bytes(part.content)
            else:
                texts[name] = part.content.decode()
        except (KeyError, UnicodeDecodeError) as error:
            raise InvalidInput(UNREADABLE) from error
    return Form(files, texts)
