"""Who a merchant is, as the dashboard face answers: the JSON that is sent, and its schema."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from paygate.core.answers import Done, Moment


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a dossier."""

    id: Annotated[
        str, Meta(description="The document's id.", pattern="^doc_", examples=["doc_06nz0nc5vj7r4gjx7c79l6za00"])
    ]
    kind: Annotated[
        Literal["id_card", "company_certificate", "bank_book", "photo", "other"], Meta(description="What it shows.")
    ]
    name: Annotated[str, Meta(description="The file's.", examples=["card.jpg"])]
    mediaType: Annotated[str, Meta(description="By its first bytes.", examples=["image/jpeg"])]
    bytes: Annotated[int, Meta(description="How large it is.")]
    sha256: Annotated[str, Meta(description="Of the file.")]
    addedBy: Annotated[str, Meta(description="Who handed it in.", examples=["cli:malee"])]
    createdAt: Moment


class Dossier(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a merchant; null: not yet."""

    merchantId: Annotated[str, Meta(description="Whose it is.", pattern="^mer_", examples=["mer_0cqh3kz9t2w4e"])]
    kind: Annotated[Literal["person", "company"] | None, Meta(description="Whom the ID is of.")]
    legalName: Annotated[str | None, Meta(description="As on the ID card, or in the company register.")]
    taxId: Annotated[str | None, Meta(description="National ID, or the company's tax ID.")]
    address: Annotated[str | None, Meta(description="Of the person, or of the registered office.")]
    business: Annotated[str | None, Meta(description="What it sells.")]
    contactName: Annotated[str | None, Meta(description="Whom to call.")]
    contactPhone: Annotated[str | None, Meta(description="Where.")]
    documents: list[Document]
    checkedAt: Annotated[Moment | None, Meta(description="When somebody compared it with the documents.")]
    checkedBy: Annotated[str | None, Meta(description="Who.", examples=["cli:malee"])]
    note: Annotated[str | None, Meta(description="What was looked at.")]
    missing: Annotated[
        list[str], Meta(description="What is to be known yet before it is approved.", examples=[["taxId", "check"]])
    ]


class Known(msgspec.Struct, frozen=True):
    """Who a merchant is."""

    dossier: Dossier
    success: Done = True


class Kept(msgspec.Struct, frozen=True):
    """A document that is kept."""

    document: Document
    success: Done = True
