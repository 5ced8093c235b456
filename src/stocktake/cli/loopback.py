"""Waiting for Microsoft's answer on this machine, where no console does.

Microsoft allows redirects without TLS to http://localhost and ignores the port there (reply-url.md of the Entra docs).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qsl, urlsplit

_HEADERS = (
    ("Content-Type", "text/html; charset=utf-8"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"),
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
)


class Loopback:
    """A listener on 127.0.0.1 that answers one address, until it has been answered well."""

    def __init__(self, server: HTTPServer) -> None:
        self._server = server
        self.answered = False

    @property
    def origin(self) -> str:
        return f"http://localhost:{self._server.server_port}"

    def wait(self) -> None:
        """Until somebody's answer was accepted."""
        while not self.answered:
            self._server.handle_request()


@contextmanager
def listening(port: int, path: str, answer: Callable[[dict[str, str]], tuple[bool, str]]) -> Iterator[Loopback]:
    """Listen on `port` (0: any). `answer` gets the query and says whether to stop, and what to show.

    OSError where the port is taken.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            own_name = self.headers.get("Host", "").partition(":")[0] in ("localhost", "127.0.0.1")
            if parts.path != path or not own_name:
                self._say(404, "Nothing is here.")
                return
            good, text = answer(dict(parse_qsl(parts.query)))
            self._say(200, text)
            loopback.answered = good

        def _say(self, status: int, text: str) -> None:
            page = f"<!doctype html><html lang=en><meta charset=utf-8><title>Stocktake</title><p>{escape(text)}</p>"
            self.send_response(status)
            for name, value in _HEADERS:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *_: object) -> None:
            """The query holds a code, which belongs into no log."""

    with HTTPServer(("127.0.0.1", port), Handler) as server:
        loopback = Loopback(server)
        yield loopback
