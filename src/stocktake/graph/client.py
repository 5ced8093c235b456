"""The client of Microsoft Graph: asks, waits, repeats, and gives back only what can be believed."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, Self, TypeVar

import msgspec
from yarl import URL

from stocktake.errors import ConfigurationError, TransientError, UntrustworthyAnswerError
from stocktake.graph.answers import claims_challenge, failure, repeatable
from stocktake.graph.batch import BatchAnswer, BatchItem, decode_batch, encode_batch
from stocktake.graph.download import fetch
from stocktake.graph.gate import Gate, Gates, Workload, retry_after_s
from stocktake.graph.link import VERSION, batch_path, check_link, in_request_line, parse_https
from stocktake.graph.meter import Meter
from stocktake.graph.pages import Page, decode_page
from stocktake.graph.patience import Patience, Trial, pause
from stocktake.graph.rounds import Path, Rounds
from stocktake.graph.transport import Answer, Ask, Interrupted, Timeouts, Transport, is_html

T = TypeVar("T")

FRESH_TOKEN = "{}"  # noqa: S105 - claims that ask for nothing but a token that was not kept
_DOWNLOAD_ADDRESSES = 3


class TokenSource(Protocol):
    async def token(self, *, claims: str | None = None) -> str:
        """An access token; with `claims` (JSON text) a newly issued one that fulfils them, never a kept one."""


@dataclass(frozen=True, slots=True)
class Manners:
    """How the client behaves towards Microsoft."""

    timeouts: Timeouts = field(default_factory=Timeouts)
    patience: Patience = field(default_factory=Patience)
    user_agent: str = "NONISV|Stocktake|Stocktake"  # the form that Microsoft asks for in traffic decoration


@dataclass(frozen=True, slots=True)
class _Call:
    url: URL
    workload: Workload
    headers: Mapping[str, str]
    method: str = "GET"
    body: bytes | None = field(default=None, repr=False)
    accepted: frozenset[int] = frozenset({200})

    @property
    def what(self) -> str:
        return self.url.path.removeprefix(VERSION)

    @property
    def key(self) -> str:
        """Each report function has a budget of its own."""
        return self.url.path.partition("(")[0] if self.workload == "reports" else ""


class GraphClient:
    """Reads one tenant of one cloud; an async context manager, for one event loop.

    `graph_url` has no slash at the end; `ca_pem` is PEM text of the only authorities to trust, None for the system's;
    `gates` are shared with every other client of the same tenant. All methods raise the errors of stocktake.errors and
    of graph.answers, after as many repeats as `manners.patience` allows.
    """

    def __init__(
        self,
        graph_url: str,
        tokens: TokenSource,
        *,
        ca_pem: str | None = None,
        gates: Gates | None = None,
        manners: Manners | None = None,
    ) -> None:
        self.graph_url = graph_url.rstrip("/")
        self._tokens = tokens
        self._gates = gates or Gates()
        manners = manners or Manners()
        self._patience = manners.patience
        self._transport = Transport(ca_pem, manners.timeouts, manners.user_agent)
        self._renewing = asyncio.Lock()
        self._reached = False

    async def __aenter__(self) -> Self:
        await self._transport.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._transport.__aexit__(kind, error, trace)

    def url(self, path_with_query: str) -> str:
        """The whole address of `/users?$select=…`; spaces and non-ASCII are encoded, `%` is left as it is."""
        return f"{self.graph_url}{VERSION}{in_request_line(path_with_query)}"

    async def get(
        self,
        url: str,
        meter: Meter,
        *,
        headers: Mapping[str, str] | None = None,
        workload: Workload = "identity",
    ) -> bytes:
        """The body of a 200: sound JSON, or plain text (`/$count`). `url` is from `url()` or a link of Graph's."""
        return await self._settle(self._call(url, workload, headers), meter, _sound)

    async def get_page(
        self,
        url: str,
        decoder: msgspec.json.Decoder[Page[T]],
        meter: Meter,
        *,
        headers: Mapping[str, str] | None = None,
        workload: Workload = "identity",
    ) -> Page[T]:
        """One page of a listing, decoded by `pages.page_decoder(…)`; a body that does not fit is asked for again."""
        call = self._call(url, workload, headers)
        return await self._settle(call, meter, lambda answer: decode_page(answer.body, decoder))

    async def batch(
        self, items: Sequence[BatchItem], meter: Meter, *, workload: Workload = "identity"
    ) -> dict[str, BatchAnswer]:
        """Final answers by item id: 2xx, 3xx or 4xx, the last returned and not raised.

        Asks for 20 at a time, one batch after the other. Only items that were throttled, failed (5xx) or left out are
        asked for again, each after its own Retry-After; an item that keeps failing is a TransientError.
        """
        if len({item.id for item in items}) != len(items):
            raise ValueError("the ids of batch items have to be unique")

        async def send(paths: Sequence[Path]) -> dict[int, BatchAnswer]:
            target = URL(self.url("/$batch"), encoded=True)
            call = _Call(target, workload, {"Content-Type": "application/json"}, "POST", encode_batch(paths))
            return await self._settle(call, meter, lambda answer: decode_batch(answer.body, len(paths)))

        async def renew(claims: str | None) -> None:
            await self._renew(await self._tokens.token(), claims)

        paths = [(batch_path(self.graph_url, item.url), item.headers) for item in items]
        rounds = Rounds(paths, send, renew, self._gates.of(workload), self._patience, meter)
        answers = await rounds.run()
        return {item.id: answer for item, answer in zip(items, answers, strict=True)}

    async def download(self, url: str, meter: Meter, *, workload: Workload = "reports") -> bytes:
        """A report: the body of a 200, or what the address of a 302 holds.

        That address is on another host and authorises by itself, so it never gets the token. It lives for a few minutes
        (report pages of Graph's documentation); when it has expired, a new one is asked for.
        """
        call = self._call(url, workload, None, accepted=frozenset({200, 302}))
        for _ in range(_DOWNLOAD_ADDRESSES):
            answer = await self._settle(call, meter, _report_or_address)
            if answer.status == 200:
                return answer.body
            address = parse_https(answer.headers.get("location", ""))
            body = await fetch(self._transport, self._gates.downloads, address, call.what, Trial(self._patience), meter)
            if body is not None:
                return body
            meter.retries += 1
        raise TransientError(
            f"{call.what}: the download address had expired {_DOWNLOAD_ADDRESSES} times when it was used",
            "Try again later",
        )

    def _call(
        self,
        url: str,
        workload: Workload,
        headers: Mapping[str, str] | None,
        accepted: frozenset[int] = frozenset({200}),
    ) -> _Call:
        target = parse_https(check_link(self.graph_url, url))
        return _Call(target, workload, headers or {}, accepted=accepted)

    async def _settle(self, call: _Call, meter: Meter, read: Callable[[Answer], T]) -> T:
        """Ask until there is a final answer that `read` can make sense of."""
        gate = self._gates.of(call.workload)
        trial = Trial(self._patience)
        while True:
            async with gate.admitted(meter, call.key):
                token = await self._tokens.token()
                headers = {**call.headers, "Authorization": f"Bearer {token}"}
                outcome = await self._transport.exchange(
                    Ask(call.url, call.method, headers, call.body), meter, fresh=trial.fresh
                )
                if isinstance(outcome, Answer):
                    self._reached = True
                    gate.observe(outcome.headers)
                    if outcome.status in (429, 503):  # while the slot is held: nobody may slip in before
                        self._close(gate, outcome, trial)
            if isinstance(outcome, Interrupted):
                await self._after_interruption(outcome, call.what, trial, meter)
            elif outcome.status == 401 and not trial.renewed:
                trial.renewed = True
                await self._renew(token, claims_challenge(outcome.headers))
            elif repeatable(outcome.status, outcome.body):
                await self._after_refusal(outcome, call.what, trial, meter)
            elif outcome.status not in call.accepted:
                raise failure(call.what, outcome.status, outcome.body)
            else:
                try:
                    return read(outcome)
                except UntrustworthyAnswerError as error:
                    await pause(trial.after_distrust(error), meter, "an answer that makes no sense")
            meter.retries += 1

    def _close(self, gate: Gate, answer: Answer, trial: Trial) -> None:
        seconds = retry_after_s(answer.headers)
        if seconds is not None:
            gate.close_for(seconds)
        elif answer.status == 429:
            gate.close_for(trial.after_throttle())

    async def _after_refusal(self, answer: Answer, what: str, trial: Trial, meter: Meter) -> None:
        if answer.status == 429:
            trial.renewed = False  # the token was good, and may expire during a long wait
            return
        backoff, asked = trial.after_failure(what, f"HTTP {answer.status}"), retry_after_s(answer.headers)
        if asked is None or answer.status != 503:  # a 503 that says for how long has closed the gate
            await pause(max(backoff, asked or 0.0), meter, f"Microsoft answered {answer.status}")

    async def _after_interruption(self, outcome: Interrupted, what: str, trial: Trial, meter: Meter) -> None:
        self._reached = self._reached or outcome.connected
        if self._reached:
            seconds = trial.after_failure(what, outcome.reason)
        else:
            seconds = trial.after_unreachable(
                ConfigurationError(outcome.reason, "Check the network and the addresses of the connector's cloud")
            )
        await pause(seconds, meter, outcome.reason)

    async def _renew(self, rejected: str, claims: str | None) -> None:
        """Get a new token in place of `rejected`, once for all tasks that were refused with it."""
        async with self._renewing:
            if await self._tokens.token() == rejected:
                await self._tokens.token(claims=claims or FRESH_TOKEN)


def _sound(answer: Answer) -> bytes:
    if answer.headers.get("content-type", "").startswith("text/plain"):  # /$count is a number, behind a BOM
        return answer.body
    try:
        msgspec.json.decode(answer.body, type=msgspec.Raw)
    except msgspec.DecodeError as problem:
        raise UntrustworthyAnswerError(f"an answer of Microsoft Graph is no sound JSON: {problem}") from None
    return answer.body


def _report_or_address(answer: Answer) -> Answer:
    if answer.status == 200 and is_html(answer):
        raise UntrustworthyAnswerError("Microsoft Graph answered with a web page where a report was asked for")
    return answer
