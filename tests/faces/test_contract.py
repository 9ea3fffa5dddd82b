"""One shape for each face's refusals, whatever is wrong and wherever it went wrong."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit, urlunsplit

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from paygate import app
from paygate.core import errors
from paygate.core.errors import PayGateError
from paygate.faces.bank_in import errors as bank_errors
from paygate.faces.dashboard import errors as dashboard_errors
from paygate.faces.health import errors as health_errors
from paygate.faces.v1 import errors as v1_errors
from paygate.services.context import Context
from paygate.wire import Address, Edge
from tests.faces.conftest import Gateway, serving
from tests.servers import Server
from tests.worlds import World

UNKNOWN = "01900000-0000-7000-8000-000000000000"
REQUEST_ID = re.compile(r"req_[0-9a-f]{24}")
PAGES = (
    *("/forwarder", "/account", "/pay/", "/payment/", "/link/", "/refund/", "/simulator/", "/logo/", "/favicon.ico"),
    *("/payment-example.html", "/docs"),
)  # They refuse as pages do.
KEPT = {"/favicon.ico", "/paygate-widget.js", "/docs/search.json"}  # What browsers may keep.
TABLES = {"v1": v1_errors.TABLE, "bank_in": bank_errors.TABLE, "health": health_errors.TABLE}
TABLES["dashboard"] = dashboard_errors.TABLE


def leaves(kind: type[PayGateError]) -> Iterator[type[PayGateError]]:
    below = [sub for sub in kind.__subclasses__() if sub.__module__ == errors.__name__]
    if not below:
        yield kind
    for sub in below:
        yield from leaves(sub)


def address(path: str) -> str:
    """An address with something in each of its places."""
    return re.sub(r"\{[^}]+\}", UNKNOWN, path)


def check_shape(path: str, answer: httpx2.Response, code: str) -> None:
    if path == "/" or path.startswith(PAGES):
        assert answer.headers["content-type"].startswith("text/html")
        assert answer.headers["request-id"] in answer.text
        return
    body = answer.json()
    assert answer.headers["content-type"] == "application/json"
    assert REQUEST_ID.fullmatch(body["requestId"]) and body["requestId"] == answer.headers["request-id"]
    assert body["message"] and isinstance(body["message"], str)
    if path.startswith("/api/health"):
        assert set(body) == {"status", "code", "message", "data", "requestId"}
        assert (body["status"], body["code"], body["data"]) == (False, answer.status_code, None)
        return
    received = {"received"} if path.startswith("/api/bank") else set()
    assert set(body) - {"field", "status", "payerMessage"} == {"error", "message", "requestId"} | received, (path, body)
    assert body["error"] == code and body.get("received", False) is False


@pytest.mark.parametrize("face", TABLES)
def test_every_leaf_of_the_error_tree_is_in_every_faces_table(face: str) -> None:
    assert set(leaves(PayGateError)) - set(TABLES[face]) == set()


async def test_every_answer_carries_its_request_id_and_the_safety_headers(gateway: Gateway) -> None:
    seen = set()
    for one in app.ADDRESSES:
        for method in sorted(one.methods or ()):
            answer = await gateway.ask(method, address(one.path))
            assert REQUEST_ID.fullmatch(answer.headers["request-id"]), one.path
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert (answer.headers["cache-control"] == "no-store") is (one.path not in KEPT)
            seen.add(answer.headers["request-id"])
    assert len(seen) == sum(len(one.methods or ()) for one in app.ADDRESSES)


async def test_a_wrong_method_is_405_with_the_methods_that_there_are(gateway: Gateway) -> None:
    for one in app.ADDRESSES:
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} - (one.methods or set()):
            answer = await gateway.ask(method, address(one.path))
            assert answer.status_code == 405, (method, one.path)
            assert answer.headers["allow"].split(", ") == sorted(one.methods or ())
            check_shape(one.path, answer, "METHOD_NOT_ALLOWED")


async def test_an_unknown_path_is_404_in_the_shape_of_its_neighbours(gateway: Gateway) -> None:
    native = ("/api/v1", "/api/v1/", "/api/v1/nope", "/api/v1/payment/create/", "/api/v1/payment/create%0a")
    others = ("/api/bank", "/api/bank/a/b", "/api/health/nope", "/api/healthy", "/nope", "//api/v1/transactions")
    for path in native + others:
        answer = await gateway.ask("GET", path)
        assert answer.status_code == 404, path
        check_shape("/nope" if path == "/api/healthy" else path, answer, "NOT_FOUND")


async def test_without_a_key_every_native_address_is_401_with_the_documented_words(gateway: Gateway) -> None:
    for one in app.ADDRESSES:
        if one.path.startswith("/api/v1"):
            for method in (one.methods or set()) - {"HEAD", "OPTIONS"}:  # A browser asks before it sends a key.
                answer = await gateway.ask(method, address(one.path), key=None)
                assert answer.status_code == 401 and answer.headers["www-authenticate"].startswith("Bearer")
                check_shape(one.path, answer, "UNAUTHORIZED")
                assert answer.json()["message"] == "API key is required. Send it via X-API-Key header."


@asynccontextmanager
async def relay(dsn: str) -> AsyncIterator[tuple[str, Any]]:
    """A way to the database that can be cut: its connection string, and `cut(True)` or `cut(False)`."""
    folder = parse_qs(urlsplit(dsn).query)["host"][0]
    with TemporaryDirectory() as here:
        name = ".s.PGSQL.5432"
        pipes: set[asyncio.StreamWriter] = set()
        state: dict[str, asyncio.Server] = {}

        async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            pipes.add(writer)
            try:
                while data := await reader.read(65_536):
                    writer.write(data)
            except OSError:
                pass
            finally:
                writer.close()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            there, back = await asyncio.open_unix_connection(f"{folder}/{name}")
            await asyncio.gather(pump(reader, back), pump(there, writer))

        async def cut(away: bool) -> None:
            if away:
                state["server"].close()
                Path(here, name).unlink(missing_ok=True)
                for pipe in pipes:
                    pipe.transport.abort()
                pipes.clear()
            else:
                state["server"] = await asyncio.start_unix_server(connected, f"{here}/{name}")

        await cut(False)
        parts = urlsplit(dsn)
        query = re.sub(r"host=[^&]*", f"host={quote(here, safe='')}", parts.query)
        yield urlunsplit(parts._replace(query=query)), cut
        await cut(True)


async def test_a_database_that_goes_away_is_503_in_each_shape_and_all_recovers_by_itself(
    dsn: str, ctx: Context, world: World
) -> None:
    async with (
        relay(dsn) as (way, cut),
        serving(way) as base,
        httpx2.AsyncClient(base_url=base, timeout=30, trust_env=False) as client,
    ):
        gateway = Gateway(client, ctx, world)
        made = await gateway.create()
        await cut(True)
        for method, path in (
            ("POST", "/api/v1/payment/create"),
            ("GET", f"/api/v1/payment/{made['id']}"),
            ("GET", "/api/v1/transactions"),
            ("POST", f"/api/bank/{world.source}"),
            ("GET", f"/qr/{made['id']}.png"),
        ):
            answer = await gateway.ask(method, path, {"amount": 1})
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1"), answer.text
            check_shape(path, answer, "UNAVAILABLE")
        assert (await gateway.ask("GET", "/api/health/live")).status_code == 200
        for path in ("/api/health", "/api/health/ready"):
            answer = await gateway.ask("GET", path)
            assert (answer.status_code, answer.json()["status"], answer.json()["code"]) == (503, False, 503)
        await cut(False)
        assert (await gateway.ask("GET", "/api/health/ready")).status_code == 200
        assert (await gateway.ask("GET", f"/api/v1/payment/{made['id']}")).status_code == 200


async def _ask(handler: Any, path: str = "/api/v1/x") -> httpx2.Response:
    """What is made of a handler of ours that fails."""
    failing = Starlette(routes=[Address(path, GET=handler)], middleware=[Middleware(Edge, dialects=app.DIALECTS)])
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(failing), base_url="http://x") as client:
        return await client.get(path)


@pytest.mark.parametrize("path", ["/api/v1/x", "/api/bank/x", "/api/health/x", "/x"])
async def test_a_bug_is_500_in_the_faces_shape_and_leaks_nothing(path: str) -> None:
    async def fails(_: Request) -> Response:
        raise ZeroDivisionError("password=hunter2")

    async def impossible(_: Request) -> Response:
        raise errors.Bug("the secret is hunter2", field="secret")

    for handler in (fails, impossible):
        answer = await _ask(handler, path)
        assert answer.status_code == 500
        check_shape(path, answer, "SERVER_ERROR")
        assert "hunter2" not in answer.text and "secret" not in answer.text


async def test_an_answer_that_breaks_half_way_breaks_the_connection() -> None:
    async def stream() -> AsyncIterator[str]:
        yield "id,orderId\r\n"
        raise ZeroDivisionError

    async def fails(_: Request) -> Response:
        return StreamingResponse(stream())

    with pytest.raises(ZeroDivisionError):
        await _ask(fails)


async def test_the_apis_document_is_served_with_this_hosts_address_and_limits(dsn: str, ctx: Context) -> None:
    env = {"PAYGATE_PUBLIC_URL": "https://pay.shop.example", "PAYGATE_MIN_AMOUNT": "20"}
    async with serving(dsn, **env) as base, httpx2.AsyncClient(base_url=base, trust_env=False) as client:
        answer = await client.get("/openapi.json")
        plain = await client.get("/openapi.json", headers={"Accept-Encoding": "br, gzip;q=0"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == plain.json() == app.document("https://pay.shop.example", 2_000)
    assert (answer.headers["content-encoding"], "content-encoding" in plain.headers) == ("gzip", False)
    assert int(answer.headers["content-length"]) * 10 < len(plain.content)


async def test_answers_run_nothing_are_in_no_frame_and_open_to_no_other_origin(gateway: Gateway) -> None:
    made = await gateway.create()
    picture = f"/qr/{made['clientSecret'].partition('_secret_')[0]}"
    for path in (f"/api/v1/payment/{made['id']}", "/api/v1/nope", "/openapi.json", "/api/health", f"{picture}.svg"):
        headers = (await gateway.ask("GET", path)).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy, path
        assert "script" not in policy and "camera=()" in headers["permissions-policy"]
        assert headers["cross-origin-opener-policy"] == "same-origin"
        shown_anywhere = path.startswith("/qr/")  # A merchant's page has it as an <img>.
        assert headers["cross-origin-resource-policy"] == ("cross-origin" if shown_anywhere else "same-origin")
        assert "strict-transport-security" not in headers and "set-cookie" not in headers
        assert "access-control-allow-origin" not in headers


async def test_a_host_that_people_reach_by_https_says_so_for_a_year(dsn: str, ctx: Context) -> None:
    async with (
        serving(dsn, PAYGATE_PUBLIC_URL="https://pay.shop.example") as base,
        httpx2.AsyncClient(base_url=base, trust_env=False) as client,
    ):
        for path in ("/api/health/live", "/forwarder", "/nope"):
            assert (await client.get(path)).headers["strict-transport-security"] == "max-age=31536000"


def test_every_line_of_a_requests_log_names_it(server: Callable[..., Server], world: World) -> None:
    running = server("--no-worker", env={"PAYGATE_LOG_LEVEL": "debug"})
    asked = set()
    for path in ("/api/v1/transactions", "/api/v1/nope", "/forwarder"):
        answer = httpx2.get(f"{running.base}{path}", headers={"X-API-Key": world.secret_key}, trust_env=False)
        asked.add((answer.headers["request-id"], path, answer.status_code))
    assert running.stop() == 0  # A request's line is written after its answer.
    lines = [json.loads(line) for line in running.log.read_text().splitlines() if line.startswith("{")]
    told = {(one["request_id"], one["path"], one["status"]) for one in lines if one["event"] == "request"}
    assert asked <= told
    assert all("request_id" in one for one in lines if one.get("room") == "wire")
    assert not [one for one in lines if one["level"] not in {"info", "debug"}]
