"""An event in the words that a receiver already understands: `paygate` (core/events.py), `gateway`, `stripe`.

All three are canonical text, so the signature over the raw bytes verifies by every receiver of ours in each of them.
"""

from __future__ import annotations

from paygate.core import canonical
from paygate.core.errors import Bug
from paygate.core.formats import gateway, stripe
from paygate.core.formats.facts import Facts, PaymentFacts

__all__ = ["FORMATS", "OTHERS", "Facts", "PaymentFacts", "render", "spoken_in"]

PAYGATE = "paygate"
OTHERS = {"gateway": gateway, "stripe": stripe}
FORMATS = (PAYGATE, *OTHERS)


def spoken_in(event_type: str) -> tuple[str, ...]:
    """The formats that have words for this type of event: endpoints of the others do not hear of it."""
    return (PAYGATE, *(name for name, form in OTHERS.items() if event_type in form.SPOKEN))


def render(body_format: str, facts: Facts) -> str:
    """The body of an event in *body_format* (not `paygate`: that one is the event itself).

    The same facts give the same bytes. Raises Bug when the format has no words for it.
    """
    form = OTHERS.get(body_format)
    if form is None or facts.type not in form.SPOKEN:
        raise Bug(f"The format {body_format} has no words for {facts.type}.")
    return canonical.dumps(form.body(facts))
