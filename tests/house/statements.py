"""Every statement that PayGate asks the database."""

from __future__ import annotations

import importlib
import pkgutil

import paygate.db
from paygate.db.sql import Sql


def statements() -> dict[str, Sql]:
    """`payments.GET` -> its statement, for each constant of paygate/db."""
    found: dict[str, Sql] = {}
    for module in pkgutil.iter_modules(paygate.db.__path__):
        names = vars(importlib.import_module(f"paygate.db.{module.name}"))
        found |= {f"{module.name}.{name}": value for name, value in names.items() if isinstance(value, Sql)}
    return found
