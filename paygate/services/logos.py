"""How a merchant's page for payers looks: its logo, and whether an expired QR may be made anew."""

from __future__ import annotations

import asyncio
import hashlib
import io

from PIL import Image, ImageOps

from paygate.banks.slips.picture import SLIP_FORMATS, opened
from paygate.core import ids
from paygate.core.errors import InvalidInput, NotFound, TooLarge
from paygate.db import checkout, merchants
from paygate.db.checkout import Page
from paygate.db.pool import Conn
from paygate.services import audit
from paygate.services.context import Context

MAX_LOGO_BYTES = 5 * 1_048_576
MAX_LOGO_PIXELS = 25_000_000
SIDE_PIXELS = 144  # Shown 48 wide, on screens of three pixels to a point.
MAX_KEPT_BYTES = 24_576  # The page is to be light; a picture with more in it gets fewer colours.


async def set_page(
    ctx: Context,
    merchant_id: int,
    *,
    logo: bytes | None = None,
    drop_logo: bool = False,
    allow_renewal: bool | None = None,
    actor: str = audit.CLI,
) -> Page:
    """Change how the payers' page of a merchant looks; what is None stays. How it is set up afterwards.

    Raises NotFound, InvalidInput (logo: no picture), TooLarge.
    """
    picture = await asyncio.to_thread(drawn, logo) if logo is not None else None
    digest = hashlib.sha256(picture).hexdigest()[:32] if picture is not None else None

    async def work(conn: Conn) -> Page:
        if merchant_id <= 0 or not await merchants.lock(conn, merchant_id):
            raise NotFound(f"There is no merchant {ids.show_merchant(merchant_id)}.")
        if picture is not None and digest is not None:
            await checkout.put_logo(conn, merchant_id, digest, picture)
        elif drop_logo:
            await checkout.drop_logo(conn, merchant_id)
        page = await checkout.set_page(conn, merchant_id, allow_renewal)
        if page is None:
            raise NotFound(f"There is no merchant {ids.show_merchant(merchant_id)}.")
        if picture is not None or drop_logo or allow_renewal is not None:
            after = {"logo": page.logo, "allowRenewal": page.allow_renewal}
            subject = f"merchant:{ids.show_merchant(merchant_id)}"
            await audit.append(
                conn, ctx, merchant_id=merchant_id, actor=actor, action="merchant.page", subject=subject, after=after
            )
        return page

    return await ctx.db.transaction(work)


async def picture(ctx: Context, digest: str) -> bytes:
    """A logo by its digest, PNG. Raises NotFound."""
    async with ctx.db.connection() as conn:
        found = await checkout.logo(conn, digest)
    if found is None:
        raise NotFound("There is nothing at this address.")
    return found


def drawn(content: bytes) -> bytes:
    """A logo as we keep it: a square PNG with the whole picture in it, and nothing else of the file.

    Raises InvalidInput for what is no JPEG, PNG or WebP, TooLarge above MAX_LOGO_BYTES.
    """
    if len(content) > MAX_LOGO_BYTES:
        raise TooLarge(f"A logo has at most {MAX_LOGO_BYTES} bytes.", field="logo")
    try:
        with opened(content, SLIP_FORMATS, MAX_LOGO_PIXELS) as picture:
            upright = ImageOps.exif_transpose(picture).convert("RGBA")
            fitted = ImageOps.contain(upright, (SIDE_PIXELS, SIDE_PIXELS), Image.Resampling.LANCZOS)
    except InvalidInput as error:
        raise InvalidInput(error.message, field="logo") from error
    square = Image.new("RGBA", (SIDE_PIXELS, SIDE_PIXELS))
    square.paste(fitted, ((SIDE_PIXELS - fitted.width) // 2, (SIDE_PIXELS - fitted.height) // 2))
    kept = _png(square)
    for colours in (256, 64, 16):
        if len(kept) <= MAX_KEPT_BYTES:
            break
        kept = _png(square.quantize(colours, method=Image.Quantize.FASTOCTREE))
    return kept


def _png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()
