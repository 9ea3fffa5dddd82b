"""The health face, `/api/health`: envelopes `{status, code, message, data}` for load balancers and people."""

from paygate.faces.health.answers import HealthProblem
from paygate.faces.health.errors import refuse
from paygate.faces.health.handlers import live, overview, ready
from paygate.faces.health.metrics import show as metrics
from paygate.faces.health.operations import OPERATIONS

__all__ = ["OPERATIONS", "HealthProblem", "live", "metrics", "overview", "ready", "refuse"]
