"""Pages: HTML from templates/, in Thai and English, without a script or a request to anybody else."""

from paygate.web import forwarder, sdk
from paygate.web.errors import refuse

HANDLERS = (forwarder.show_page, forwarder.read, forwarder.script, sdk.library)
"""For people: no part of the API's document."""

__all__ = ["HANDLERS", "forwarder", "refuse", "sdk"]
