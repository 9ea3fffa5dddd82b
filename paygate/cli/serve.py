"""`paygate serve`: HTTP and background work, with a PostgreSQL of its own if none is named."""

from __future__ import annotations

import asyncio
import errno
import multiprocessing
import os
import signal
import socket
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import click
import uvicorn
from starlette.applications import Starlette
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from paygate import telemetry
from paygate.cli.output import emit, examples, json_option
from paygate.cli.protocol import Protocol
from paygate.cli.session import database, load, prepare
from paygate.core.errors import PayGateError
from paygate.services.licence import NOTICE
from paygate.settings import Settings

GRACE_S = 10  # What requests in hand get after SIGTERM.
# A server process on a busy host needs longer than uvicorn's 5 s before it answers its parent, and would be killed and
# started again for ever.
SILENT_S = 20
# Server processes of a killed `serve` need a moment to let go of the port.
BIND_PATIENCE_S = 3.0
POLL_S = 0.05
EMBEDDED_CONNECTIONS = 80  # Of its 100; the rest is for workers and commands.
log = telemetry.logger("serve")
FACTORY = "paygate.cli.serve:create_app"


class CannotServe(PayGateError):
    """The server cannot start; the text says why."""


@click.command(
    epilog=examples(
        "paygate serve",
        "paygate serve --host 0.0.0.0 --port 8000 --workers 2",
        "PAYGATE_DATABASE_URL=postgresql://... paygate serve --no-worker",
    )
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0: any free one.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Server processes.")
@click.option("--no-worker", is_flag=True, help="Leave background work to `paygate worker`.")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Data folder; before PAYGATE_DATA_DIR.")
@json_option
def serve(host: str, port: int, workers: int, no_worker: bool, data: Path | None, as_json: bool) -> None:
    """Run the gateway until SIGTERM: work in hand is finished, then it exits with status 0."""
    signal.signal(signal.SIGTERM, _leave)
    settings = load(data)
    if settings.database_url is None and workers * settings.db_pool_size > EMBEDDED_CONNECTIONS:
        raise CannotServe(
            f"{workers} server processes with {settings.db_pool_size} connections each are more than the embedded"
            f" PostgreSQL has for them ({EMBEDDED_CONNECTIONS}): lower --workers or PAYGATE_DB_POOL_SIZE."
        )
    try:
        with _listen(host, port) as listener, database(settings, watch=True, loud=True) as dsn:
            address = _address(host, listener.getsockname()[1])
            os.environ.update(_for_processes(settings, dsn, address, no_worker=no_worker))
            os.environ["PAYGATE_LISTENING"] = urlsplit(_address(*listener.getsockname()[:2])).netloc
            asyncio.run(prepare(settings, dsn, serving=True))
            if settings.free_plan:
                click.echo(f"NOTICE: {NOTICE}", err=True)
            text = f"PayGate on {address}, data in {settings.data_dir}. Stop it with Ctrl-C."
            emit({"url": address, "workers": workers}, [text], as_json=as_json)
            _run(listener, workers, settings)
    except KeyboardInterrupt:
        raise SystemExit(0) from None


def create_app() -> Starlette:
    """The application, in each server process; a child of `serve` ends when its parent does, however that dies."""
    # Server processes import the whole application; the command line that starts them need not.
    from paygate.app import create_app as create  # noqa: PLC0415

    parent = multiprocessing.parent_process()
    if parent is not None:

        def follow() -> None:
            parent.join()
            os.kill(os.getpid(), signal.SIGTERM)

        threading.Thread(target=follow, name="parent-watch", daemon=True).start()
    return create()


def _run(listener: socket.socket, workers: int, settings: Settings) -> None:
    telemetry.configure(settings.log_level)
    config = uvicorn.Config(
        FACTORY,
        factory=True,
        workers=workers,
        loop="uvloop",
        http=Protocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        forwarded_allow_ips=[str(network) for network in settings.trusted_proxies],
        timeout_graceful_shutdown=GRACE_S,
        timeout_worker_healthcheck=SILENT_S,
    )
    if workers > 1:
        supervisor = Multiprocess(config, sockets=[listener])
        supervisor.run()
        failed = any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes)
    else:
        server = uvicorn.Server(config)

        # For the moment before uvicorn listens to signals itself; and it repeats the one that ended it once it is done.
        def leave(*_: object) -> None:
            server.should_exit = True

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, leave)
        try:
            server.run(sockets=[listener])
        except SystemExit as error:
            if error.code != STARTUP_FAILURE:
                raise
        failed = not server.started
    if failed:
        raise CannotServe("The server could not start; the log above says why.")


def _listen(host: str, port: int) -> socket.socket:
    """The bound socket, taken before anything is started. Raises CannotServe when the port is in use."""
    deadline = time.monotonic() + BIND_PATIENCE_S
    while True:
        try:
            return _bind(host, port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise CannotServe(f"Cannot listen on {host} port {port}: {error.strerror or error}.") from error
            if time.monotonic() > deadline:
                raise CannotServe(
                    f"Port {port} on {host} is in use by another program. Stop it, or choose another with --port."
                ) from error
        time.sleep(POLL_S)


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.set_inheritable(True)
    except OSError:
        listener.close()
        raise
    return listener


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _for_processes(settings: Settings, dsn: str, address: str, *, no_worker: bool) -> dict[str, str]:
    """What server processes read their settings from, beside the environment they inherit."""
    chosen = {"PAYGATE_DATABASE_URL": dsn, "PAYGATE_DATA_DIR": str(settings.data_dir)}
    if not {"PAYGATE_PUBLIC_URL", "BASE_URL"} & os.environ.keys():
        chosen["PAYGATE_PUBLIC_URL"] = address
    if no_worker:
        chosen["PAYGATE_NO_WORKER"] = "1"
    return chosen


def _leave(*_: object) -> None:
    """SIGTERM before the server runs: leave, closing what is open."""
    raise SystemExit(0)
