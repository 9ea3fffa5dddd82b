"""Know your merchant, by the admin API: what it told, its documents, who checked them."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from paygate import wire
from paygate.core import dossiers as core
from paygate.core import fields, ids
from paygate.core import shapes as declare
from paygate.core.errors import InvalidInput, TooLarge
from paygate.core.events import timestamp
from paygate.core.people import May
from paygate.core.shapes import Schema, Shape
from paygate.db import dossiers as rows
from paygate.faces.dashboard import answers as dashboard_answers
from paygate.faces.dashboard import dossier_answers as answers
from paygate.faces.dashboard import shapes
from paygate.faces.dashboard.admin_duties import REASON
from paygate.services import dossiers
from paygate.services.dossiers import Dossier

FORM_BYTES = 16_384  # What a form has around its file.
MOST_BYTES = core.MAX_DOCUMENT_BYTES
MEDIA_TYPES = ("application/pdf", "image/jpeg", "image/png", "image/webp")
FORM: Schema = {
    "type": "object",
    "properties": {
        "file": {"type": "string", "format": "binary", "description": "A PDF, JPEG, PNG or WebP."},
        "kind": {"type": "string", "enum": list(core.DOCUMENTS), "description": "What it shows."},
        "name": {"type": "string", "maxLength": 100, "description": "The file's name."},
    },
    "required": ["file", "kind"],
}
NAMES = {
    "kind": "kind",
    "legalName": "legal_name",
    "taxId": "tax_id",
    "address": "address",
    "business": "business",
    "contactName": "contact_name",
    "contactPhone": "contact_phone",
}
TOLD = (
    declare.choice("kind", core.KINDS, "Whom the ID is of.", example="person"),
    declare.text("legalName", 200, "As on the ID card, or in the company register.", example="สมหญิง ใจดี"),
    declare.text("taxId", 32, "National ID, or the company's tax ID: 13 digits.", example="1101700207366"),
    declare.text("address", 500, "Of the person, or of the registered office.", example="1 ถ.สุขุมวิท กรุงเทพฯ"),
    declare.text("business", 200, "What it sells.", example="กาแฟ"),
    declare.text("contactName", 100, "Whom to call.", example="สมหญิง"),
    declare.text("contactPhone", 32, "Where.", example="0812345678"),
)
FACTS = Shape("DossierFacts", "What a merchant told; what is absent stays.", TOLD)
NOTE = shapes.needed("note", 500, "What you looked at.", "ID card against face")
CHECKED = Shape("DossierCheck", "What was looked at.", (NOTE,))


async def show(request: Request) -> Response:
    """GET /api/admin/merchants/{id}/dossier: who it is, and what is missing for its approval."""
    await wire.person(request, May.OPERATE)
    return wire.json_answer(_known(await dossiers.show(wire.context(request), _merchant_id(request))))


async def change(request: Request) -> Response:
    """PATCH /api/admin/merchants/{id}/dossier: what is absent stays as it is."""
    who, given = await wire.person(request, May.OPERATE), fields.json_object(await wire.body(request))
    read = {NAMES[field.name]: field.read(given) for field in TOLD}
    told = {name: text for name, text in read.items() if text is not None}
    return wire.json_answer(
        _known(await dossiers.change(wire.context(request), _merchant_id(request), told, who.actor))
    )


async def forget(request: Request) -> Response:
    """DELETE /api/admin/merchants/{id}/dossier?reason=...: of a merchant that takes no payments."""
    who = await wire.person(request, May.OPERATE)
    await dossiers.forget(wire.context(request), _merchant_id(request), REASON.read(wire.query(request)), who.actor)
    return wire.json_answer(dashboard_answers.Success())


async def check(request: Request) -> Response:
    """POST /api/admin/merchants/{id}/dossier/check: who compared it with the documents, and when."""
    who, given = await wire.person(request, May.OPERATE), fields.json_object(await wire.body(request))
    done = await dossiers.check(wire.context(request), _merchant_id(request), NOTE.read(given), who.actor)
    return wire.json_answer(_known(done))


async def add(request: Request) -> Response:
    """POST /api/admin/merchants/{id}/documents: a form with `file` and `kind`."""
    who = await wire.person(request, May.OPERATE)
    if not wire.is_form(request):
        raise InvalidInput("A form (multipart/form-data) with file and kind is wanted.", field="file")
    form = wire.read_form(request.headers["content-type"], await wire.body(request, MOST_BYTES + FORM_BYTES))
    content = form.files.get("file")
    if content is None:
        raise InvalidInput("file is required: a PDF, or a JPEG, PNG or WebP picture.", field="file")
    if len(content) > MOST_BYTES:
        raise TooLarge(f"A document has at most {MOST_BYTES} bytes.", field="file")
    kind = form.texts.get("kind", "")
    name = form.texts.get("name") or kind or "-"
    done = await dossiers.add(wire.context(request), _merchant_id(request), kind, name, content, who.actor)
    return wire.json_answer(answers.Kept(_document(done)), 201)


async def open_document(request: Request) -> Response:
    """GET /api/admin/merchants/{id}/documents/{id}: the file, to be saved."""
    who = await wire.person(request, May.OPERATE)
    found, content = await dossiers.open_document(
        wire.context(request), _merchant_id(request), _document_id(request), who.actor
    )
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.name, safe='')}"}
    return Response(content, media_type=found.media_type, headers=headers)


async def remove(request: Request) -> Response:
    """DELETE /api/admin/merchants/{id}/documents/{id}?reason=..."""
    who = await wire.person(request, May.OPERATE)
    reason = REASON.read(wire.query(request))
    await dossiers.remove(wire.context(request), _merchant_id(request), _document_id(request), reason, who.actor)
    return wire.json_answer(dashboard_answers.Success())


def _known(found: Dossier) -> answers.Known:
    facts = found.facts
    return answers.Known(
        answers.Dossier(
            merchantId=ids.show_merchant(found.merchant_id),
            kind=facts.kind,  # type: ignore[arg-type]
            legalName=facts.legal_name,
            taxId=facts.tax_id,
            address=facts.address,
            business=facts.business,
            contactName=facts.contact_name,
            contactPhone=facts.contact_phone,
            documents=[_document(one) for one in found.documents],
            checkedAt=timestamp(found.check.at) if found.check else None,
            checkedBy=found.check.by if found.check else None,
            note=found.check.note if found.check else None,
            missing=list(found.missing),
        )
    )


def _document(one: rows.Document) -> answers.Document:
    return answers.Document(
        id=ids.show("doc", one.id),
        kind=one.kind,  # type: ignore[arg-type]
        name=one.name,
        mediaType=one.media_type,
        bytes=one.size_bytes,
        sha256=one.digest.hex(),
        addedBy=one.added_by,
        createdAt=timestamp(one.created_at),
    )


def _merchant_id(request: Request) -> int:
    return ids.read_merchant(request.path_params["merchant_id"])


def _document_id(request: Request) -> UUID:
    return ids.read("doc", request.path_params["document_id"])
