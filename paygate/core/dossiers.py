"""Know your merchant: what an operator has to know of whom it pays out to, and what is missing of it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from paygate.core.errors import InvalidInput
from paygate.core.fields import has_controls

KINDS = ("person", "company")
DOCUMENTS = ("id_card", "company_certificate", "bank_book", "photo", "other")
PROOF = {"person": "id_card", "company": "company_certificate"}
"""The document without which nobody of that kind is known."""

MAX_DOCUMENT_BYTES = 5 * 1_048_576
MOST_DOCUMENTS = 20
LONGEST = {"legal_name": 200, "address": 500, "business": 200, "contact_name": 100}
_PHONE = re.compile(r"0[0-9]{8,9}", re.ASCII)
_TAX_ID = re.compile(r"[0-9]{13}", re.ASCII)
_MAGIC = (
    (re.compile(rb"%PDF-"), "application/pdf"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a person told of a merchant; None: not yet. `tax_id`: a national ID, or a company's tax ID."""

    kind: str | None = None
    legal_name: str | None = None
    tax_id: str | None = None
    address: str | None = None
    business: str | None = None
    contact_name: str | None = None
    contact_phone: str | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """Somebody compared what was told with the documents."""

    at: datetime
    by: str
    note: str


FIELDS = ("kind", "legal_name", "tax_id", "address", "business", "contact_name", "contact_phone")


def missing(facts: Facts, documents: Collection[str], check: Check | None) -> Sequence[str]:
    """What has to be known yet before a merchant is approved, in words of the API."""
    names = {
        "legal_name": "legalName",
        "tax_id": "taxId",
        "contact_name": "contactName",
        "contact_phone": "contactPhone",
    }
    found = [names.get(name, name) for name in FIELDS if getattr(facts, name) is None]
    proof = PROOF.get(facts.kind or "")
    if proof is None or proof not in documents:
        found.append(f"document {proof or ' or '.join(PROOF.values())}")
    if check is None:
        found.append("check")
    return found


def fits(digits: str) -> bool:
    """Whether the 13th digit of a Thai national or tax ID follows from the others.

    >>> fits("1101700207366"), fits("1101700207367")
    (True, False)
    """
    total = sum(int(digit) * (13 - place) for place, digit in enumerate(digits[:12]))
    return int(digits[12]) == (11 - total % 11) % 10


def read(field: str, text: str) -> str:
    """One of FIELDS, checked. Raises InvalidInput, naming it as the API does."""
    if field == "kind":
        if text not in KINDS:
            raise InvalidInput(f"kind must be one of {', '.join(KINDS)}.", field="kind")
        return text
    if field == "tax_id":
        digits = re.sub(r"[ -]", "", text)
        if not _TAX_ID.fullmatch(digits) or not fits(digits):
            raise InvalidInput(
                "taxId must be a national or tax ID of 13 digits; its last one does not fit.", field="taxId"
            )
        return digits
    if field == "contact_phone":
        digits = re.sub(r"[ -]", "", text)
        if not _PHONE.fullmatch(digits):
            raise InvalidInput("contactPhone must be a Thai phone number, like 0812345678.", field="contactPhone")
        return digits
    shown = {"legal_name": "legalName", "contact_name": "contactName"}.get(field, field)
    words = text.strip()
    if not 1 <= len(words) <= LONGEST[field] or has_controls(words):
        raise InvalidInput(f"{shown} must be one line of 1 to {LONGEST[field]} characters.", field=shown)
    return words


def media_type(content: bytes) -> str:
    """What a document is, by its first bytes. Raises InvalidInput (file) for what is no PDF and no picture."""
    for magic, kind in _MAGIC:
        if magic.match(content):
            return kind
    raise InvalidInput("The file must be a PDF, or a JPEG, PNG or WebP picture.", field="file")
