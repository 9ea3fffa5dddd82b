"""The verifiers that there are: ours, and those of installed packages (entry points of the group `paygate.banks`).

An entry point's object is a Vendor of the entry point's name. Installed is not enabled: PAYGATE_SLIP_VERIFIERS must
name it, and only what it names is loaded.
"""

from __future__ import annotations

from importlib.metadata import entry_points

from paygate.banks.slips import easyslip, easyslip2, kbank, scb, slip2go, slipok
from paygate.banks.slips.facts import Vendor

GROUP = "paygate.banks"
VERIFIERS: dict[str, Vendor] = {
    module.VENDOR.name: module.VENDOR for module in (easyslip, easyslip2, slipok, slip2go, scb, kbank)
}


def find(name: str) -> Vendor | None:
    """The vendor of that name; ours cannot be replaced. Raises what a broken package raises when it is loaded."""
    if name in VERIFIERS:
        return VERIFIERS[name]
    for entry in entry_points(group=GROUP, name=name):
        loaded = entry.load()
        if isinstance(loaded, Vendor) and loaded.name == name:
            return loaded
    return None
