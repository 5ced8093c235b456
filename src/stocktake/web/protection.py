"""What stands before and around every request: the Host header, the size of a body, the headers of an answer."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stocktake.web.console import Console

POLICY = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "img-src 'self' data:"
)
LARGEST_BODY = 1_048_576  # bytes; the largest thing anybody sends is a certificate
_FOR_EVER = "public, max-age=31536000, immutable"
_SAME_MACHINE = {"127.0.0.1", "[::1]", "localhost"}


class Protection:
    """ASGI middleware, outermost but for the handler of server errors, which calls `protect` itself."""

    def __init__(self, app: ASGIApp, console: Console) -> None:
        self.app = app
        self.console = console

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                protect(MutableHeaders(scope=message), self.console, scope["path"])
            await send(message)

        answer = self._refusal(scope) or self.app
        await answer(scope, receive, protected)

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "").lower()
        if host != self.console.host and scope["path"] != "/health":
            return self._wrong_host(scope, host)
        if scope["method"] in {"GET", "HEAD"}:
            return None
        length = headers.get("content-length", "")
        if not length.isdecimal():
            # Without it nobody could tell in advance how much is coming.
            return None if "transfer-encoding" not in headers else PlainTextResponse("Length required\n", 411)
        return PlainTextResponse("Too large\n", 413) if int(length) > LARGEST_BODY else None

    def _wrong_host(self, scope: Scope, host: str) -> ASGIApp:
        """Other names are refused: links and redirects must never be built from what a stranger wrote there."""
        name, _, port = host.rpartition(":")
        _, _, own_port = self.console.host.rpartition(":")
        same = name in _SAME_MACHINE and port == own_port and self.console.host.startswith("localhost:")
        if same and scope["method"] in {"GET", "HEAD"}:
            # One name only: a session and Microsoft's redirect have to meet under the same one.
            query = "?" + scope["query_string"].decode("latin-1") if scope["query_string"] else ""
            path = scope["raw_path"].decode("latin-1").split("?")[0]
            return RedirectResponse(self.console.address + path + query, 307)
        return PlainTextResponse(f"This console is at {self.console.address}\n", 400)


def protect(headers: MutableHeaders, console: Console, path: str) -> None:
    """Put the security headers on an answer. Pages are never kept in a cache; files of ours for ever."""
    headers["Content-Security-Policy"] = POLICY
    headers["X-Content-Type-Options"] = "nosniff"
    headers["X-Frame-Options"] = "DENY"
    # Not "no-referrer": with that, browsers send the Origin of our own forms as "null".
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=()"
    headers["Cache-Control"] = _FOR_EVER if path.startswith("/static/") else "no-store"
    if console.secure:
        headers["Strict-Transport-Security"] = "max-age=31536000"
