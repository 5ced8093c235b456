"""What a handler is asked and what it answers, the same for plain HTTP and for a request inside $batch."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import msgspec

from m365sim.graph.packing import Sealed
from m365sim.narrowed import tenant_as_seen
from m365sim.principal import Principal
from m365sim.tenant import Tenant
from m365sim.world import World

JSON = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"


@dataclass(slots=True, frozen=True)
class GraphRequest:
    """`segments` are the decoded parts of the path after the version, `parameters` those that stand for ids."""

    world: World
    principal: Principal
    method: str
    segments: tuple[str, ...]
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]  # names in lower case
    request_id: str
    client_request_id: str
    body: bytes = b""
    parameters: tuple[str, ...] = ()

    @property
    def tenant(self) -> Tenant:
        """What the caller may see of the tenant."""
        return tenant_as_seen(self.world, self.principal.tenant, self.principal.user_id)

    @property
    def now(self) -> float:
        return self.world.clock.now()

    @property
    def root(self) -> str:
        """The base of every address that Graph prints."""
        return f"{self.world.graph_url}/v1.0"

    @property
    def eventual(self) -> bool:
        """True where the caller accepts the index that lags behind (advanced-queries.md)."""
        return self.headers.get("consistencylevel", "").strip().lower() == "eventual"


@dataclass(slots=True)
class Answer:
    status: int = 200
    body: bytes | Sealed = b""
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str | None = JSON


Handler: TypeAlias = Callable[[GraphRequest], Answer]

_encode = msgspec.json.Encoder().encode


def entity(request: GraphRequest, context: str, value: Mapping[str, object]) -> Answer:
    """One object; `context` is what follows $metadata#."""
    return Answer(body=_encode({"@odata.context": f"{request.root}/$metadata#{context}", **value}))


def whole(request: GraphRequest, context: str, rows: list[dict[str, object]]) -> Answer:
    """A collection that Graph answers in one piece."""
    return Answer(body=_encode({"@odata.context": f"{request.root}/$metadata#{context}", "value": rows}))


def number(count: int) -> Answer:
    """The answer of /$count: plain text."""
    return Answer(body=str(count).encode(), content_type="text/plain")
