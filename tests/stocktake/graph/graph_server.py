"""A TLS server that answers what a test has scripted, and remembers what it was asked.

It is reached as https://localhost:PORT; https://127.0.0.1:PORT is another host to a client.
"""

import asyncio
import json
import ssl
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from aiohttp import web

PAGE: dict[str, Any] = {"value": [{"id": "1"}, {"id": "2"}]}


@dataclass(frozen=True)
class Say:
    """One answer. `drop`: close before it; `cut`: promise the whole length, send half, close; `stall`: say nothing."""

    status: int = 200
    body: object = field(default_factory=lambda: PAGE)
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: bool = False
    cut: bool = False
    stall: bool = False

    @property
    def raw(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Asked:
    method: str
    target: str  # as it stood in the request line
    host: str
    headers: Mapping[str, str]
    body: bytes
    at: float
    peer: object  # the client's end of the connection


Script = Say | Callable[[Asked], Say]


class GraphServer:
    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._scripts: dict[str, deque[Script]] = {}
        self._ended = asyncio.Event()
        self.asked: list[Asked] = []
        self.port = 0

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self._context)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def other_url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def script(self, path: str, *answers: Script) -> None:
        """What `path` (without query) answers, one after the other; the last one for ever."""
        self._scripts[path] = deque(answers)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        asked = Asked(
            request.method,
            request.raw_path,
            request.host,
            request.headers,
            await request.read(),
            asyncio.get_running_loop().time(),
            request.transport and request.transport.get_extra_info("peername"),
        )
        self.asked.append(asked)
        script = self._scripts.get(request.path)
        if not script:
            return web.json_response({"error": {"code": "NotScripted", "message": request.path}}, status=404)
        answer = script.popleft() if len(script) > 1 else script[0]
        say = answer if isinstance(answer, Say) else answer(asked)
        if say.stall:
            await self._ended.wait()
        if say.drop:
            return self._hang_up(request)
        if say.cut:
            return await self._cut_short(request, say)
        content = {"Content-Type": "application/json", **say.headers}
        return web.Response(status=say.status, body=say.raw, headers=content)

    async def _cut_short(self, request: web.Request, say: Say) -> web.StreamResponse:
        response = web.StreamResponse(status=say.status, headers=say.headers)
        response.content_length = len(say.raw)
        await response.prepare(request)
        await response.write(say.raw[: len(say.raw) // 2])
        self._hang_up(request)
        return response

    def _hang_up(self, request: web.Request) -> web.StreamResponse:
        if request.transport is not None:
            request.transport.abort()
        return web.Response()


class Tokens:
    """A token source that counts: token-1, then token-2 when a new one is asked for."""

    def __init__(self) -> None:
        self.number = 1
        self.claims: list[str] = []

    async def token(self, *, claims: str | None = None) -> str:
        if claims is not None:
            self.claims.append(claims)
            self.number += 1
        return f"token-{self.number}"


def only(token: str) -> Callable[[Asked], Say]:
    """Answers to this token, 401 to any other."""

    def answer(asked: Asked) -> Say:
        if asked.headers.get("Authorization") == f"Bearer {token}":
            return Say()
        return Say(401, {"error": {"code": "InvalidAuthenticationToken", "message": "Lifetime validation failed."}})

    return answer
