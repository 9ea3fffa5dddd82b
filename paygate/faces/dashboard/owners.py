"""Whose something is, in addresses for admins: `central` (the operator's), or a merchant's id."""

from __future__ import annotations

from paygate.core import ids
from paygate.core import shapes as declare
from paygate.core.errors import InvalidInput, NotFound
from paygate.core.fields import Fields
from paygate.core.shapes import Field
from paygate.services.audit import PLATFORM

CENTRAL = "central"
VALUES = {"type": "string", "pattern": "^(central|mer_[0-9a-hjkmnp-tv-z]{13})$"}


def read(text: str, name: str = "owner") -> int:
    """0 for central, else the merchant's number. Raises InvalidInput."""
    if text == CENTRAL:
        return PLATFORM
    try:
        return ids.read_merchant(text)
    except NotFound:
        raise InvalidInput(f"{name} must be central, or a merchant's id.", field=name) from None


def show(merchant_id: int) -> str:
    """The reverse."""
    return CENTRAL if merchant_id == PLATFORM else ids.show_merchant(merchant_id)


def _or_central(given: Fields) -> int:
    text = given.get("owner")
    return PLATFORM if text is None else read(str(text))


def _or_all(given: Fields) -> int | None:
    text = given.get("owner")
    return None if text is None else read(str(text))


OWNER: Field[int] = declare.custom("owner", _or_central, VALUES, "Whose: central, or a merchant's.", example=CENTRAL)
ANY_OWNER: Field[int | None] = declare.custom(
    "owner", _or_all, VALUES, "Whose: central, or a merchant's; without it, everybody's.", example=CENTRAL
)
