"""Health, as load balancers and people ask for it. (A database that is away: test_contract.)"""

from __future__ import annotations

import paygate
from tests.faces.conftest import Gateway


async def test_health_has_the_documented_envelope(gateway: Gateway) -> None:
    answer = (await gateway.ask("GET", "/api/health", key=None)).json()
    data = answer.pop("data")
    assert answer == {"status": True, "code": 200, "message": "OK"}
    assert (data["service"], data["version"]) == ("paygate", paygate.__version__) and data["uptime"] >= 0
    assert data["checks"]["database"]["status"] == "up" and data["checks"]["database"]["latencyMs"] >= 0
    assert data["checks"]["stripe"] == {"status": "up", "secretKey": False}
    assert data["checks"]["bank"] == {"status": "up", "configured": True}
    assert data["checks"]["callback"] == {"status": "optional", "configured": False}


async def test_live_and_ready_say_so(gateway: Gateway) -> None:
    for name, word in (("live", "alive"), ("ready", "ready")):
        answer = await gateway.ask("GET", f"/api/health/{name}", key=None)
        expected = {"status": True, "code": 200, "message": "OK", "data": {"status": word}}
        assert (answer.status_code, answer.json()) == (200, expected)
        assert (await gateway.ask("HEAD", f"/api/health/{name}", key=None)).content == b""
