"""What can be wrong with a payment code, each with a machine-readable code, a character offset and a tag path.

    EmvcoError                  anything below; also a ValueError
    +-- StructureError          not a sequence of data objects: bad id or length, truncated, duplicated, CRC missing
    +-- ChecksumError           the structure is sound, but the CRC is not that of the text
    +-- FieldError              one data object breaks EMVCo's rules (amount "0.00", currency missing, ...)
    +-- SchemeError             sound EMVCo, but not the Thai PromptPay or bill payment that it claims to be
    +-- SlipError               the mini QR of a transfer slip, but not as a bank or TrueMoney writes it
    +-- BarcodeError            the text of a bill payment barcode ("|" first), but not as the standard has it
    +-- InputError              a builder was given something that must not be signed into a payload
    +-- SymbolError             a QR symbol cannot be drawn as asked

A reader checks in this order and stops at the first layer that fails; within a layer the error nearest to the start of
the text is raised. `layer` names it: tlv, crc, emvco, thai, slip, barcode, input, symbol.
"""

from __future__ import annotations

from typing import ClassVar


class EmvcoError(ValueError):
    """Base of every error of this library.

    `code`          stable machine-readable name of what is wrong, as in "bad_length"
    `offset`        where: index of a character (code point) in the text that was given; None if there is no such place
    `path`          which data object, as in "54" or "29/01"; "" is the text as a whole
    `message`       one English sentence about it; never repeats the value, which may be personal data
    `first_offset`  for a duplicate, where the first one stands
    """

    layer: ClassVar[str] = "emvco"

    def __init__(
        self,
        code: str,
        offset: int | None = None,
        path: str = "",
        message: str = "",
        first_offset: int | None = None,
    ) -> None:
        super().__init__(code, offset, path, message, first_offset)
        self.code = code
        self.offset = offset
        self.path = path
        self.message = message or code.replace("_", " ")
        self.first_offset = first_offset

    def __str__(self) -> str:
        where = [f"tag {self.path}"] if self.path else []
        if self.offset is not None:
            where.append(f"character {self.offset}")
        return f"{self.message} ({', '.join([self.code, *where])})"

    def moved(self, by: int) -> EmvcoError:
        """The same error for a text in which *by* characters stand before the one that was read."""
        offset = None if self.offset is None else self.offset + by
        first_offset = None if self.first_offset is None else self.first_offset + by
        return type(self)(self.code, offset, self.path, self.message, first_offset)


class StructureError(EmvcoError):
    """The text is not a sequence of data objects that ends in its CRC."""

    layer = "tlv"


class ChecksumError(EmvcoError):
    """The CRC is not that of the text; `offset` points at the CRC."""

    layer = "crc"


class FieldError(EmvcoError):
    """A data object breaks the EMVCo specification, or a mandatory one is missing."""

    layer = "emvco"


class SchemeError(EmvcoError):
    """Sound EMVCo, but not a valid Thai PromptPay or bill payment code although it says so."""

    layer = "thai"


class SlipError(EmvcoError):
    """A sound sequence of data objects, but not a valid slip code."""

    layer = "slip"


class BarcodeError(EmvcoError):
    """Not the text of a Thai bill payment barcode."""

    layer = "barcode"


class InputError(EmvcoError):
    """A builder's argument cannot go into a payload; `offset` counts in that argument."""

    layer = "input"


class SymbolError(EmvcoError):
    """A QR symbol cannot be drawn as asked."""

    layer = "symbol"
