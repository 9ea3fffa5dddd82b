"""The dashboard face, `/api`: the native face's shapes, for people who log in instead of programs with keys.

`auth` has logins, `admin` what the operator does; `shapes` reads its JSON and `answers` are what is sent, `errors` is
its table of refusals, `operations` says what each handler does for `/openapi.json`.
"""

from paygate.faces.dashboard import (
    admin,
    admin_alerts,
    admin_behalf,
    admin_closes,
    admin_destinations,
    admin_dossiers,
    admin_duties,
    admin_evidence,
    admin_exports,
    admin_invoices,
    admin_merchants,
    admin_money,
    admin_people,
    admin_plans,
    admin_tax,
    audit,
    auth,
    invoices,
    own,
    own_money,
    payments,
    reviews,
    stats,
    team,
)
from paygate.faces.dashboard.errors import refuse
from paygate.faces.dashboard.operations import OPERATIONS
from paygate.faces.dashboard.own_operations import in_person

__all__ = [
    "OPERATIONS",
    "admin",
    "admin_alerts",
    "admin_behalf",
    "admin_closes",
    "admin_destinations",
    "admin_dossiers",
    "admin_duties",
    "admin_evidence",
    "admin_exports",
    "admin_invoices",
    "admin_merchants",
    "admin_money",
    "admin_people",
    "admin_plans",
    "admin_tax",
    "audit",
    "auth",
    "in_person",
    "invoices",
    "own",
    "own_money",
    "payments",
    "refuse",
    "reviews",
    "stats",
    "team",
]
