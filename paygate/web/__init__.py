"""Pages: HTML from templates/, in Thai and English, without a script or a request to anybody else."""

from paygate.web import forwarder
from paygate.web.errors import refuse

__all__ = ["forwarder", "refuse"]
