"""JSON at the two doors: `loads` for text from strangers, `dumps` for bytes that a stranger will sign again.

`dumps` prints exactly what JavaScript's `JSON.stringify(JSON.parse(text))` would print, because that is what receivers
in the field compute the HMAC over. ECMA-262: QuoteJSONString (escapes), Number::toString (numbers),
OrdinaryOwnPropertyKeys (array indices first, ascending, then insertion order).

`loads` is RFC 8259 without the liberties: strict UTF-8, no NaN or Infinity, no NUL or lone surrogate in any string or
key, bounded depth, bounded numbers. Numbers keep their text, so that a money field can refuse `1e2` and `1.005`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import TypeAlias

from paygate.core.errors import Bug, InvalidInput

MAX_DEPTH = 64
"""Deepest nesting of arrays and objects that `loads` takes."""

MAX_WRITE_DEPTH = 128
"""`dumps` takes more than `loads`: an event wraps what came in at the door. A cyclic value ends here too."""

MAX_NUMBER_CHARS = 1024
"""Longest number text; a double written out in full needs about 1,080, which nobody sends."""

_MAX_SCALE = 2_000
"""Largest decimal exponent either way: `1e-999999999` is a harmless double but a gigabyte when a Decimal is printed."""

_LAST_ARRAY_INDEX = 4_294_967_294
_EXACT_INT = 2**53


class JsonNumber(Decimal):
    """A JSON number that is not plain digits (`150.00`, `1e2`, `1.0`); `text` is how it was written."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> JsonNumber:
        number = super().__new__(cls, text)
        number.text = text
        return number


JsonValue: TypeAlias = "bool | int | JsonNumber | str | list[JsonValue] | dict[str, JsonValue] | None"


class _Refusal:
    """Stands in the parsed tree for a number that cannot be taken, until the walk knows which field it is in."""

    def __init__(self, message: str) -> None:
        self.message = message


# --- reading -------------------------------------------------------------------------------------------------------


def loads(text: str | bytes) -> JsonValue:
    """Parse untrusted JSON.

    Integers (plain digits) become int, every other number `JsonNumber`. Of duplicate keys the last wins, in the place
    of the first, as in JavaScript. Raises InvalidInput for anything else than one clean JSON value; `field` is the
    top-level key that holds the fault, when there is one; for objects in an array their place and key: `[17].amount`,
    `payments[3].amount`.
    """
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8")
        except UnicodeDecodeError as error:
            raise InvalidInput(f"The body is not UTF-8 (byte {error.start}).") from error
    try:
        value = json.loads(text, parse_int=_read_int, parse_float=_read_fraction, parse_constant=_read_constant)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise InvalidInput(f"The body is not valid JSON: {error.msg} ({where}).") from error
    except RecursionError as error:
        raise InvalidInput(_too_deep(MAX_DEPTH)) from error
    _inspect(value)
    return value  # type: ignore[no-any-return]  # json.loads is typed Any; _inspect saw every node


def _read_int(text: str) -> int | _Refusal:
    # More than 309 digits overflow a double; checked before int(), whose cost grows with the square.
    if len(text) > 310:
        return _Refusal("The number is too large.")
    number = int(text)
    try:
        float(number)
    except OverflowError:
        return _Refusal("The number is too large.")
    return number


def _read_fraction(text: str) -> JsonNumber | _Refusal:
    if len(text) > MAX_NUMBER_CHARS:
        return _Refusal(f"The number is longer than {MAX_NUMBER_CHARS} characters.")
    if math.isinf(float(text)):
        return _Refusal("The number is too large.")
    try:
        number = JsonNumber(text)
    except InvalidOperation:
        return _Refusal("The number's exponent is out of range.")
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or abs(exponent) > _MAX_SCALE:
        return _Refusal("The number's exponent is out of range.")
    return number


def _read_constant(text: str) -> _Refusal:
    return _Refusal(f"{text} is not a JSON number.")


def _inspect(root: object) -> None:
    """Walk without recursion; raise InvalidInput at the first string, number or depth that may not enter."""
    stack: list[tuple[object, int, str | None]] = [(root, 0, None)]
    while stack:
        value, depth, field = stack.pop()
        if isinstance(value, str):
            _check_text(value, field)
        elif isinstance(value, _Refusal):
            raise InvalidInput(value.message, field=field)
        elif isinstance(value, dict | list):
            if depth >= MAX_DEPTH:
                raise InvalidInput(_too_deep(MAX_DEPTH), field=field)
            if isinstance(value, list):
                for place, item in enumerate(value):
                    is_entry = depth <= 1 and isinstance(item, dict)
                    stack.append((item, depth + 1, f"{field or ''}[{place}]" if is_entry else field))
                continue
            is_entry = depth <= 2 and field is not None and field.endswith("]")
            for key, item in value.items():
                _check_text(key, field)
                stack.append((item, depth + 1, f"{field}.{key}" if is_entry else field if depth else key))


def _check_text(text: str, field: str | None) -> None:
    if "\x00" in text:
        raise InvalidInput("Text may not contain the NUL character.", field=field)
    if not _is_unicode(text):
        raise InvalidInput("Text may not contain half of a surrogate pair.", field=field)


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _too_deep(limit: int) -> str:
    return f"The JSON is nested deeper than {limit} levels."


# --- writing -------------------------------------------------------------------------------------------------------


def dumps(value: object) -> str:
    """Print `value` byte for byte as JavaScript's JSON.stringify prints the same value after JSON.parse.

    Takes None, bool, int, float, Decimal (JsonNumber), str, lists and tuples, mappings with str keys. Idempotent:
    `dumps(loads(dumps(v))) == dumps(v)`. Raises InvalidInput for lone surrogates, numbers no double can hold and
    nesting deeper than MAX_WRITE_DEPTH; Bug for a type that JSON does not have.
    """
    text = _print(value, 0)
    if not _is_unicode(text):
        raise InvalidInput("Text may not contain half of a surrogate pair.")
    return text


def _print(value: object, depth: int) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # Python escapes the same seven characters and the same control range, with the same lower-case \u00xx.
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int | float | Decimal):
        return number_text(value)
    if depth >= MAX_WRITE_DEPTH:
        raise InvalidInput(_too_deep(MAX_WRITE_DEPTH))
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_print(k, 0)}:{_print(v, depth + 1)}" for k, v in _in_js_order(value)) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(_print(item, depth + 1) for item in value) + "]"
    raise Bug(f"A {type(value).__name__} cannot be printed as JSON.")


def _in_js_order(mapping: Mapping[object, object]) -> Iterable[tuple[str, object]]:
    indices: list[tuple[str, object]] = []
    names: list[tuple[str, object]] = []
    for key, value in mapping.items():
        if not isinstance(key, str):
            raise Bug(f"A JSON key must be text, not {type(key).__name__}.")
        (indices if _is_array_index(key) else names).append((key, value))
    indices.sort(key=lambda pair: int(pair[0]))
    return [*indices, *names]


def _is_array_index(key: str) -> bool:
    """ECMA-262 6.1.7: a canonical numeric string from 0 to 2**32 - 2."""
    if not (key.isascii() and key.isdigit() and len(key) <= 10):
        return False
    return (key == "0" or key[0] != "0") and int(key) <= _LAST_ARRAY_INDEX


def number_text(value: int | float | Decimal) -> str:
    """A number as JavaScript prints it: 150, 147.5, 1e+21, 1e-7. Raises InvalidInput when no double can hold it."""
    if isinstance(value, int) and -_EXACT_INT <= value <= _EXACT_INT:
        return int.__repr__(value)
    try:
        double = float(value)
    except (OverflowError, ValueError) as error:
        raise InvalidInput("The number is out of range.") from error
    if not math.isfinite(double):
        raise InvalidInput("The number is out of range.")
    if double < 0:
        return "-" + _positive_text(-double)
    return _positive_text(double) if double else "0"


def _positive_text(double: float) -> str:
    """ECMA-262 6.1.6.1.20. Python finds the same shortest digits; only where it turns to exponents differs."""
    mantissa, e, exponent = float.__repr__(double).partition("e")
    if not e:
        return mantissa.removesuffix(".0")
    digits = mantissa.replace(".", "")
    point = int(exponent) + 1
    if len(digits) <= point <= 21:
        return digits + "0" * (point - len(digits))
    if -6 < point <= 0:
        return "0." + "0" * -point + digits
    fraction = "." + digits[1:] if len(digits) > 1 else ""
    return f"{digits[0]}{fraction}e{point - 1:+d}"
