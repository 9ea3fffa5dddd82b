"""Pages are served by the same running application as everything else."""

from __future__ import annotations

from tests.faces.conftest import gateway

__all__ = ["gateway"]
