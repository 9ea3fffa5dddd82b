"""Know your merchant: nobody is approved before it is known who they are, unless the operator says why."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from paygate.core.dossiers import MAX_DOCUMENT_BYTES, MOST_DOCUMENTS, fits, media_type
from paygate.core.errors import Conflict, InvalidInput, NotFound, TooLarge
from paygate.services import audit, dossiers, merchants
from paygate.services.context import Context
from tests.services.helpers import sql

A, B = "cli:somchai", "cli:malee"
CARD = b"\xff\xd8\xff\xe0 a card"
PERSON = {
    "kind": "person",
    "legal_name": "สมหญิง ใจดี",
    "tax_id": "1-1017-00207-36-6",
    "address": "1 ถ.สุขุมวิท กรุงเทพฯ",
    "business": "กาแฟ",
    "contact_name": "สมหญิง",
    "contact_phone": "081-234-5678",
}


async def shop(ctx: Context, email: str = "a@b.co") -> int:
    return (await merchants.create(ctx, email=email, name="Shop", plan="free")).merchant_id


async def test_a_merchant_is_approved_once_it_is_known_and_somebody_looked(ctx: Context) -> None:
    one = await shop(ctx)
    names = ["kind", "legalName", "taxId", "address", "business", "contactName", "contactPhone"]
    papers = "document id_card or company_certificate"
    assert (await dossiers.show(ctx, one)).missing == [*names, papers, "check"]
    found = await dossiers.change(ctx, one, PERSON, A)
    assert (found.facts.tax_id, found.facts.contact_phone) == ("1101700207366", "0812345678")
    assert found.missing == ["document id_card", "check"]
    await dossiers.add(ctx, one, "bank_book", "book.pdf", b"%PDF-1.7 x", A)
    with pytest.raises(Conflict, match="document id_card"):
        await dossiers.check(ctx, one, "looked", B)
    card = await dossiers.add(ctx, one, "id_card", "card.jpg", CARD, A)
    assert (await dossiers.add(ctx, one, "id_card", "again.jpg", CARD, B)) == card
    with pytest.raises(Conflict, match=r"missing: check\."):
        await merchants.approve(ctx, one)
    checked = await dossiers.check(ctx, one, "Card against face", B)
    assert checked.check is not None and (checked.check.by, checked.check.note) == (B, "Card against face")
    assert (await merchants.approve(ctx, one)).status == "APPROVED"
    await merchants.suspend(ctx, one, "why")
    assert (await merchants.approve(ctx, one)).status == "APPROVED"  # It is known already.
    log = [row.record for row in await audit.list_records(ctx, one)]
    assert not [row for row in log if "1101700207366" in str((row.before, row.after)) or "สมหญิง" in str(row.after)]


async def test_any_change_undoes_a_check(ctx: Context) -> None:
    one = await shop(ctx)
    await dossiers.change(ctx, one, PERSON, A)
    card = await dossiers.add(ctx, one, "id_card", "card.jpg", CARD, A)
    for change in (
        lambda: dossiers.change(ctx, one, {"address": "2 ถ.สีลม"}, A),
        lambda: dossiers.add(ctx, one, "photo", "shop.png", b"\x89PNG\r\n\x1a\n", A),
    ):
        assert (await dossiers.check(ctx, one, "looked", B)).missing == []
        await change()
        assert (await dossiers.show(ctx, one)).missing == ["check"]
    await dossiers.check(ctx, one, "looked", B)
    await dossiers.change(ctx, one, {"address": "2 ถ.สีลม"}, A)  # The same again is no change.
    assert (await dossiers.show(ctx, one)).missing == []
    await dossiers.remove(ctx, one, card.id, "of another shop", A)
    assert (await dossiers.show(ctx, one)).missing == ["document id_card", "check"]


async def test_the_operator_may_say_why_it_does_not_wait(ctx: Context) -> None:
    one = await shop(ctx)
    with pytest.raises(InvalidInput):
        await merchants.approve(ctx, one, unchecked=" ")
    assert (await merchants.approve(ctx, one, unchecked="My own shop", actor=A)).status == "APPROVED"
    [row, *_] = await audit.list_records(ctx, one)
    told = json.loads(row.record.after or "")
    assert (told["unchecked"], "taxId" in told["missing"], row.record.actor) == ("My own shop", True, A)


async def test_documents_are_sealed_and_whoever_opens_one_is_known(ctx: Context) -> None:
    one, other = await shop(ctx), await shop(ctx, "c@d.co")
    card = await dossiers.add(ctx, one, "id_card", "card.jpg", CARD, A)
    await dossiers.change(ctx, one, PERSON, A)
    [row] = await sql(ctx, "SELECT content, size_bytes FROM dossier_documents")
    assert b"a card" not in row["content"] and row["size_bytes"] == len(CARD)
    [kept] = await sql(ctx, "SELECT tax_id FROM dossiers")
    assert b"1101700207366" not in kept["tax_id"]
    assert await dossiers.open_document(ctx, one, card.id, B) == (card, CARD)
    [seen, *_] = await audit.list_records(ctx, one)
    assert (seen.record.action, seen.record.actor) == ("dossier.open", B)
    for merchant_id, document_id in ((other, card.id), (one, ctx.new_id())):
        with pytest.raises(NotFound):
            await dossiers.open_document(ctx, merchant_id, document_id, B)
        with pytest.raises(NotFound):
            await dossiers.remove(ctx, merchant_id, document_id, "x", B)


async def test_documents_have_limits(ctx: Context) -> None:
    one = await shop(ctx)
    for wrong, error in (
        (("id_card", "x", b"GIF89a"), InvalidInput),
        (("id_card", "x", b""), InvalidInput),
        (("passport", "x", CARD), InvalidInput),
        (("id_card", "x\n", CARD + b"another"), None),
        (("id_card", "a\x00b", CARD), InvalidInput),
        (("id_card", "x", CARD + b"x" * MAX_DOCUMENT_BYTES), TooLarge),
    ):
        if error is None:
            await dossiers.add(ctx, one, *wrong, A)
            continue
        with pytest.raises(error):
            await dossiers.add(ctx, one, *wrong, A)
    for n in range(MOST_DOCUMENTS - 1):
        await dossiers.add(ctx, one, "other", "x", CARD + bytes([n]), A)
    with pytest.raises(Conflict, match="remove one"):
        await dossiers.add(ctx, one, "other", "x", CARD + b"one more", A)
    with pytest.raises(NotFound):
        await dossiers.add(ctx, 12345, "other", "x", CARD, A)


@pytest.mark.parametrize(
    ("field", "text", "named"),
    [
        ("kind", "robot", "kind"),
        ("tax_id", "1101700207367", "taxId"),
        ("tax_id", "110170020736", "taxId"),
        ("tax_id", "๑๑๐๑๗๐๐๒๐๗๓๖๖", "taxId"),
        ("contact_phone", "+66812345678", "contactPhone"),
        ("legal_name", "", "legalName"),
        ("address", "x" * 501, "address"),
        ("contact_name", "a\nb", "contactName"),
    ],
)
async def test_what_cannot_be_is_refused_and_named(ctx: Context, field: str, text: str, named: str) -> None:
    one = await shop(ctx)
    with pytest.raises(InvalidInput) as refused:
        await dossiers.change(ctx, one, {**PERSON, field: text}, A)
    assert refused.value.field == named
    assert not await sql(ctx, "SELECT 1 FROM dossiers")


async def test_what_is_not_needed_any_more_is_forgotten(ctx: Context) -> None:
    active, gone, waiting = [await shop(ctx, f"{name}@b.co") for name in "abc"]
    for one in (active, gone, waiting):
        await dossiers.change(ctx, one, PERSON, A)
        await dossiers.add(ctx, one, "id_card", "card.jpg", CARD, A)
    for one in (active, gone):
        await merchants.approve(ctx, one, unchecked="x")
    await merchants.suspend(ctx, gone, "why")
    with pytest.raises(Conflict, match="takes payments"):
        await dossiers.forget(ctx, active, "x", A)
    await dossiers.forget(ctx, gone, "It asked", A)
    assert await dossiers.prune(ctx, 10) == 0
    await sql(
        ctx, "UPDATE dossiers SET changed_at = changed_at - $1::interval", dossiers.ABANDONED + timedelta(hours=1)
    )
    assert await dossiers.prune(ctx, 10) == 1
    left = await sql(ctx, "SELECT merchant_id FROM dossiers UNION ALL SELECT merchant_id FROM dossier_documents")
    assert {row["merchant_id"] for row in left} == {active}
    acts: list[Any] = [(await audit.list_records(ctx, one))[0].record for one in (gone, waiting)]
    assert [(act.action, act.actor) for act in acts] == [("dossier.forget", A), ("dossier.forget", "prune")]


async def test_a_merchant_of_whom_all_was_forgotten_is_approved_again_once_it_is_known_anew(ctx: Context) -> None:
    one, unknown = await shop(ctx), await shop(ctx, "u@b.co")
    await dossiers.change(ctx, one, PERSON, A)
    await dossiers.add(ctx, one, "id_card", "card.jpg", CARD, A)
    await dossiers.check(ctx, one, "looked", B)
    await merchants.approve(ctx, one)
    await merchants.approve(ctx, unknown, unchecked="an old customer")
    for merchant_id in (one, unknown):
        await merchants.suspend(ctx, merchant_id, "why")
    await dossiers.forget(ctx, one, "It asked", A)
    with pytest.raises(
        Conflict, match=r"was forgotten on \d{4}-\d\d-\d\d.*any more who this merchant is; missing: kind"
    ):
        await merchants.approve(ctx, one)
    assert (await merchants.approve(ctx, unknown)).status == "APPROVED"  # Nothing was forgotten of it.
    await dossiers.change(ctx, one, PERSON, A)
    with pytest.raises(Conflict, match=r"missing: document id_card, check\."):
        await merchants.approve(ctx, one)
    await dossiers.add(ctx, one, "id_card", "card.jpg", CARD, A)
    await dossiers.check(ctx, one, "looked again", B)
    assert (await merchants.approve(ctx, one)).status == "APPROVED"
    await merchants.suspend(ctx, one, "why")
    assert (await merchants.approve(ctx, one)).status == "APPROVED"  # As before: it is known.
    await merchants.suspend(ctx, one, "why")
    await dossiers.forget(ctx, one, "It asked again", A)
    assert (await merchants.approve(ctx, one, unchecked="the owner is known to me")).status == "APPROVED"
    act: Any = (await audit.list_records(ctx, one))[0].record
    assert (act.action, json.loads(act.after)["unchecked"]) == ("merchant.approve", "the owner is known to me")


def test_a_thai_ids_last_digit_follows_from_the_others() -> None:
    assert fits("1101700207366")
    assert [sum(fits(f"110170020736{digit}") for digit in range(10))] == [1]
    assert media_type(b"RIFF\x00\x00\x00\x00WEBPVP8 ") == "image/webp"
