"""One request and its answer; whatever goes wrong on the way becomes a value or an error of ours."""

import asyncio
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import aiohttp
from yarl import URL

from stocktake.errors import ConfigurationError
from stocktake.graph.gate import whole
from stocktake.graph.meter import Meter
from stocktake.tls import trust

_LARGE = 2**22  # bytes that take long enough to unpack to be done beside the event loop


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to connect, without a byte arriving, and for a whole answer."""

    connect: float = 15.0
    read: float = 90.0
    total: float = 600.0


@dataclass(frozen=True, slots=True)
class Ask:
    """One HTTP request. `headers` may hold the token and stay out of repr."""

    url: URL
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer; `headers` is blind to case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


def is_html(answer: Answer) -> bool:
    """Whether a gateway or a portal has answered in Graph's place."""
    return "text/html" in answer.headers.get("content-type", "").lower()


@dataclass(frozen=True, slots=True)
class Interrupted:
    """No complete answer; `reason` is for people, `connected` tells whether the host was reached."""

    reason: str
    connected: bool


class BrokenPackingError(Exception):
    """A body that can't be unpacked as a whole."""


class Transport:
    """Two aiohttp sessions: one keeps its connections, one opens a new one for every request.

    The second is for what has just failed: Microsoft asks to repeat a 503 over a new connection (best-practices.md).
    Redirects are never followed, cookies never kept, proxies of the environment not used.
    """

    def __init__(self, ca_pem: str | None, timeouts: Timeouts, user_agent: str) -> None:
        self._ca_pem = ca_pem
        self._timeouts = timeouts
        self._user_agent = user_agent
        self._sessions: tuple[aiohttp.ClientSession, aiohttp.ClientSession] | None = None

    async def __aenter__(self) -> Self:
        context = trust(self._ca_pem)
        self._sessions = (
            self._session(aiohttp.TCPConnector(ssl=context, limit=32, keepalive_timeout=30)),
            self._session(aiohttp.TCPConnector(ssl=context, limit=32, force_close=True)),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        sessions, self._sessions = self._sessions, None
        for session in sessions or ():
            await session.close()

    async def exchange(self, ask: Ask, meter: Meter, *, fresh: bool) -> Answer | Interrupted:
        """Send `ask` once and book it. A certificate that can't be trusted is a ConfigurationError."""
        if self._sessions is None:
            raise RuntimeError("the client has to be entered (async with) before it is used")
        try:
            answer = await _send(self._sessions[1 if fresh else 0], ask, meter)
        except aiohttp.ClientConnectorCertificateError as error:
            raise ConfigurationError(
                f"the certificate of {ask.url.host} is not trusted: {_why(error.certificate_error)}",
                "Give the authority's certificate with `stocktake cloud add … --ca-bundle PEM`",
            ) from None
        except BrokenPackingError as error:
            return Interrupted(f"an answer of {ask.url.host} came {error}", connected=True)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            return _interruption(ask.url.host or "", error)
        meter.bytes += len(answer.body)
        meter.resource_units += whole(answer.headers.get("x-ms-resource-unit"))
        meter.throttled += answer.status == 429
        return answer

    def _session(self, connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(
                total=self._timeouts.total, sock_connect=self._timeouts.connect, sock_read=self._timeouts.read
            ),
            headers={"User-Agent": self._user_agent, "Accept-Encoding": "gzip"},
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
        )


async def _send(session: aiohttp.ClientSession, ask: Ask, meter: Meter) -> Answer:
    sent = 0

    async def count(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        """aiohttp repeats a GET once by itself when the connection closes without an answer; that counts as well."""
        nonlocal sent
        meter.requests += 1
        meter.retries += sent > 0
        sent += 1
        return await handler(request)

    async with session.request(
        ask.method, ask.url, headers=ask.headers, data=ask.body, allow_redirects=False, middlewares=(count,)
    ) as response:
        raw = await response.read()
        packing = response.headers.get("Content-Encoding", "identity").lower()
        if packing == "identity" or not raw:
            body = raw
        elif packing != "gzip":
            raise BrokenPackingError(f"packed as {packing}, which was not asked for")
        else:
            body = unpack(raw) if len(raw) < _LARGE else await asyncio.to_thread(unpack, raw)
        return Answer(response.status, response.headers, body)


def unpack(raw: bytes) -> bytes:
    """The content of a gzip body, whole and with its checksum right; BrokenPackingError otherwise.

    aiohttp's own unpacking takes half a stream for a whole one, which would shorten a report without a sign.
    """
    parts: list[bytes] = []
    while raw:
        stream = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        try:
            parts.append(stream.decompress(raw))
        except zlib.error:
            raise BrokenPackingError("packed wrongly") from None
        if not stream.eof:
            raise BrokenPackingError("packed, and ends too early")
        raw = stream.unused_data
    return b"".join(parts)


def _interruption(host: str, error: Exception) -> Interrupted:
    match error:
        case aiohttp.ClientConnectorDNSError():
            return Interrupted(f"the name {host} can't be resolved", connected=False)
        case aiohttp.ClientConnectorError():
            text = error.os_error.strerror or type(error.os_error).__name__
            return Interrupted(f"no connection to {host}: {text}", connected=False)
        case aiohttp.ConnectionTimeoutError():
            return Interrupted(f"no connection to {host} in time", connected=False)
        case TimeoutError():
            return Interrupted(f"{host} went silent before its answer was complete", connected=True)
        case aiohttp.ClientPayloadError():
            return Interrupted(f"an answer of {host} was cut short", connected=True)
        case _:
            return Interrupted(f"the connection to {host} broke ({type(error).__name__})", connected=True)


def _why(error: BaseException) -> str:
    """OpenSSL's own words for the refusal of a certificate."""
    return getattr(error, "verify_message", "") or type(error).__name__
