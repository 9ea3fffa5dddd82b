"""The health face, `/api/health`: envelopes `{status, code, message, data}` for load balancers and people."""

from paygate.faces.health.errors import refuse
from paygate.faces.health.handlers import live, overview, ready

__all__ = ["live", "overview", "ready", "refuse"]
