"""What the dashboard face reads, and how people and merchants become answers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from paygate.core import ids
from paygate.core import shapes as declare
from paygate.core.errors import InvalidInput, NotFound
from paygate.core.events import timestamp
from paygate.core.fields import Fields
from paygate.core.people import Person
from paygate.core.shapes import Field, Shape
from paygate.db import merchants as merchant_rows
from paygate.db import sessions as session_rows
from paygate.db import users as user_rows
from paygate.faces.dashboard import answers
from paygate.services.sessions import SignedIn

MAX_TEXT = 1_024
MAX_TOKEN = 200
DEFAULT_LIMIT = 20
MAX_LIMIT = 100
MAX_SEARCH = 128
STATUSES = ("PENDING", "APPROVED", "SUSPENDED")
_LIMIT = re.compile(r"[0-9]{1,3}", re.ASCII)


def needed(name: str, longest: int, about: str, example: str) -> Field[str]:
    """A text that must be there."""
    return declare.needed(declare.text(name, longest, about, example=example), f"{name} is required.")


EMAIL = needed("email", 254, "What they log in with.", "owner@shop.example")
PASSWORD = needed("password", MAX_TEXT, "10 to 1,024 characters.", "correct horse battery")
PRESENT_PASSWORD = needed("password", MAX_TEXT, "The present one, again: it is really them.", "correct horse battery")
NEW_PASSWORD = needed("newPassword", MAX_TEXT, "10 to 1,024 characters.", "another horse battery")
NAME = needed("name", 100, "The shop's name, as payers read it.", "ร้านกาแฟ")
CODE = declare.text("code", 100, "Of the authenticator app, or a recovery code; where codes are on.", example="123456")
FIRST_CODE = needed("code", 100, "Of the authenticator app, in which the secret is now.", "123456")
REFRESH_TOKEN = needed("refreshToken", MAX_TOKEN, "Of the login, or of the last refresh.", "rt_AAAA_example")
LINK_TOKEN = needed("token", MAX_TOKEN, "What stands behind the `#` of the link.", "link_AAAA_example")


EVERYWHERE = declare.flag("everywhere", "End all of the person's logins.", example=False)

UNCHECKED = declare.text(
    "unchecked", 500, "Why it is approved although it is not known who it is.", example="My own shop"
)

REASON = needed("reason", 500, "Why, for the audit log.", "Sells what it may not")
SUSPENSION = Shape("Suspension", "A merchant is stopped.", (REASON,))
APPROVAL = Shape("Approval", "A merchant is approved.", (UNCHECKED,))
NEW_MERCHANT = Shape("NewMerchant", "A merchant, and its owner.", (EMAIL, PASSWORD, NAME))
CREDENTIALS = Shape("Credentials", "Who comes in.", (EMAIL, PASSWORD, CODE))
REFRESH = Shape("Refresh", "A refresh token, which is used up.", (REFRESH_TOKEN,))
LOGOUT = Shape("Logout", "Which logins are over.", (EVERYWHERE,))
PASSWORD_CHANGE = Shape("PasswordChange", "Another password.", (PRESENT_PASSWORD, NEW_PASSWORD, CODE))
PASSWORD_RESET = Shape("PasswordReset", "A new password, by a link.", (LINK_TOKEN, NEW_PASSWORD))
CONFIRMATION = Shape("Confirmation", "That it is really them.", (PRESENT_PASSWORD, CODE))
FIRST = Shape("FirstCode", "The first code of a new secret.", (FIRST_CODE,))


def _limit(query: Fields) -> int:
    text = str(query.get("limit", DEFAULT_LIMIT))
    if not _LIMIT.fullmatch(text) or not 1 <= int(text) <= MAX_LIMIT:
        raise InvalidInput(f"limit must be a whole number from 1 to {MAX_LIMIT}.", field="limit")
    return int(text)


def _cursor(query: Fields) -> int | None:
    text = query.get("cursor")
    try:
        return ids.read_merchant(str(text)) if text else None
    except NotFound:
        raise InvalidInput("cursor must be a nextCursor of an earlier answer.", field="cursor") from None


LIMIT = declare.custom(
    "limit", _limit, {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}, "How many."
)
STATUS = declare.word("status", STATUSES, "Only merchants in this status.", example="PENDING")
SEARCH = declare.at_most("q", MAX_SEARCH, "Part of the name or the address.", example="coffee")
CURSOR = declare.custom("cursor", _cursor, {"type": "string"}, "`nextCursor` of the page before.")
MERCHANTS = Shape("MerchantQuery", "Which merchants.", (STATUS, SEARCH, LIMIT, CURSOR))


def merchant_page(query: Mapping[str, str]) -> merchant_rows.Page:
    """The query of `admin/merchants`. Raises InvalidInput, naming the field."""
    return merchant_rows.Page(
        limit=LIMIT.read(query), status=STATUS.read(query), q=SEARCH.read(query), before=CURSOR.read(query)
    )


# --- out -----------------------------------------------------------------------------------------------------------


def signed_in(done: SignedIn) -> answers.LoggedIn:
    """The answer of a login or a refresh."""
    return answers.LoggedIn(
        token=done.access, refreshToken=done.refresh, expiresIn=done.expires_in_s, user=me(done.person)
    )


def me(person: Person) -> answers.Me:
    """Who is logged in."""
    admin = person.role == "admin"
    return answers.Me(
        id=ids.show("usr", person.user_id),
        email=person.email,
        role=person.role,
        totp=person.has_totp,
        totpRequired=admin,
        merchant=None
        if admin
        else answers.OwnMerchant(ids.show_merchant(person.merchant_id), person.merchant_name, person.merchant_status),
    )


def logins(found: Sequence[session_rows.Session], current: Person) -> answers.Logins:
    """A person's open logins."""
    return answers.Logins(
        [
            answers.Login(
                id=ids.show("ses", session.id),
                current=session.id == current.session_id,
                userAgent=session.user_agent,
                address=session.address,
                createdAt=timestamp(session.created_at),
                lastUsedAt=timestamp(session.refreshed_at),
                expiresAt=timestamp(session.expires_at),
            )
            for session in found
        ]
    )


def user(found: user_rows.User) -> answers.User:
    """A person as their merchant and the operator see them."""
    return answers.User(
        id=ids.show("usr", found.id),
        email=found.email,
        role=found.role,
        totp=found.totp_secret is not None,
        disabledAt=timestamp(found.disabled_at),
        createdAt=timestamp(found.created_at),
    )


def merchant(found: merchant_rows.Merchant) -> answers.Merchant:
    """A merchant as the operator sees it."""
    return answers.Merchant(
        id=ids.show_merchant(found.merchant_id),
        name=found.name,
        email=found.email,
        plan=found.plan,
        feeBps=found.fee_bps,
        status=found.status,
        lacks=found.lacks,
        approvedAt=timestamp(found.approved_at),
        createdAt=timestamp(found.created_at),
    )


def merchants(found: Sequence[merchant_rows.Merchant], limit: int) -> answers.Merchants:
    """A page of at most *limit* merchants, of which one more was read to know whether there are more."""
    more = len(found) > limit
    rows = [merchant(one) for one in found[:limit]]
    return answers.Merchants(merchants=rows, hasMore=more, nextCursor=rows[-1].id if more else None)
