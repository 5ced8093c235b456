"""`stocktake serve`: the console."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stocktake.cli.installation import ready_settings
from stocktake.cli.output import note
from stocktake.errors import ConfigurationError, UsageError

if TYPE_CHECKING:
    import socket

    from fastapi import FastAPI

    from stocktake.app import App
    from stocktake.settings import Settings


def serve(
    host: Annotated[
        str | None, typer.Option("--host", metavar="ADDRESS", help="Address to listen on, instead of the setting.")
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", min=1, max=65535, metavar="N", help="Port, instead of the setting.")
    ] = None,
) -> None:
    """Serve the console until it is interrupted. Syncs that are running stop between two pages, and go on later."""
    settings = ready_settings()
    given: dict[str, Any] = {"listen_host": host, "listen_port": port}
    settings = settings.model_copy(update={name: value for name, value in given.items() if value is not None})
    if (settings.tls_certificate is None) != (settings.tls_key is None):
        raise UsageError(
            "TLS needs the certificate and its key", "set both STOCKTAKE_TLS_CERTIFICATE and STOCKTAKE_TLS_KEY"
        )
    from stocktake.app import open_app

    with open_app(settings) as app:
        serve_console(app, lambda: None)


def serve_console(app: "App", and_say: Callable[[], None]) -> None:
    """Serve until a signal; says where the console is and how to get in, and then what `and_say` adds."""
    from stocktake.web.application import create_console

    console = create_console(app)
    address = console.state.console.address

    def greet() -> None:
        _greet(app, address)
        and_say()

    with _listening(app.settings) as listener:
        _run(console, app.settings, listener, greet)


def _greet(app: "App", address: str) -> None:
    """Print where the console is, and the way in for the first administrator as long as there is no account."""
    note(f"The console is at {address}")
    from stocktake.store.accounts import make_first_start_link
    from stocktake.web.passwords import new_token, token_hash

    token = new_token()
    if make_first_start_link(app.store, token_hash(token)):
        note(f"There is no account yet. Make the first one, once and within 24 hours: {address}/first-start/{token}")


def _listening(settings: "Settings") -> "socket.socket":
    import socket

    family = socket.AF_INET6 if ":" in settings.listen_host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.listen_host, settings.listen_port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            f"{settings.listen_host} port {settings.listen_port} can't be listened on: {error.strerror or error}",
            "choose another with --port or STOCKTAKE_LISTEN_PORT",
        ) from None
    return listener


def _run(console: "FastAPI", settings: "Settings", listener: "socket.socket", when_ready: Callable[[], None]) -> None:
    import signal
    import ssl

    import uvicorn

    options: dict[str, Any] = {}
    if settings.tls_certificate is not None:
        options = {"ssl_certfile": str(settings.tls_certificate), "ssl_keyfile": str(settings.tls_key)}
    configuration = uvicorn.Config(
        console,
        log_config=None,
        access_log=False,
        server_header=False,
        # Only with an address of its own is there a proxy on this machine whose word about the client counts.
        proxy_headers=settings.public_url is not None,
        forwarded_allow_ips="127.0.0.1",
        timeout_graceful_shutdown=5,
        **options,
    )

    class Server(uvicorn.Server):
        async def startup(self, sockets: "list[socket.socket] | None" = None) -> None:
            await super().startup(sockets)
            if self.started:
                when_ready()

    server = Server(configuration)
    # uvicorn raises the signal that ended it once more, so that a process dies of it: we put things away instead.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        if not server.started:
            raise
    except (ssl.SSLError, FileNotFoundError) as error:
        raise ConfigurationError(
            f"the TLS certificate can't be used: {error.strerror or error}",
            "check STOCKTAKE_TLS_CERTIFICATE and STOCKTAKE_TLS_KEY",
        ) from None
