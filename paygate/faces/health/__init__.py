"""The health face, `/api/health`: envelopes `{status, code, message, data}` for load balancers and people."""

from paygate.faces.health.errors import refuse
from paygate.faces.health.handlers import live, overview, ready
from paygate.faces.health.metrics import show as metrics

__all__ = ["live", "metrics", "overview", "ready", "refuse"]
