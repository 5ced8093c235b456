"""Everything that one running simulator holds; the request handlers reach it as `request.app[WORLD]`."""

from dataclasses import dataclass, field

from aiohttp import web

from m365sim.applications import Application
from m365sim.clock import Clock
from m365sim.faults import Faults
from m365sim.ledger import Ledger
from m365sim.principal import Verified
from m365sim.signed_in import Interactive
from m365sim.signing import SigningKey
from m365sim.tenant import Tenant


@dataclass(slots=True)
class Pace:
    """How quickly the simulator answers and how long its tokens live."""

    latency_ms: int = 0  # before each answer of Graph, of the token endpoint and of the download host
    token_lifetime: int | None = None  # seconds; None: 60 to 90 minutes by chance, as Microsoft does


@dataclass(slots=True)
class World:
    clock: Clock
    login_url: str  # https://localhost:PORT, no slash at the end
    graph_url: str  # https://localhost:PORT, no slash and no version at the end
    reports_url: str  # https://127.0.0.1:PORT: another host to a client, as reports.office.com is to Graph
    tenants: dict[str, Tenant] = field(default_factory=dict)  # by tenant id
    applications: dict[str, Application] = field(default_factory=dict)  # by client id
    pace: Pace = field(default_factory=Pace)
    ledger: Ledger = field(default_factory=Ledger)
    faults: Faults = field(init=False)
    signing_key: SigningKey = field(init=False)
    verified: dict[str, Verified] = field(default_factory=dict)  # by Authorization header (identity.bearer)
    interactive: Interactive = field(default_factory=Interactive)  # who signs in, and what came of it

    def __post_init__(self) -> None:
        self.faults = Faults(self.ledger)
        self.signing_key = SigningKey(self.clock.now())

    def tenant_of(self, name: str) -> Tenant | None:
        """A tenant by its id or by any of its domains, case-blind."""
        wanted = name.lower()
        for tenant in self.tenants.values():
            if tenant.id == wanted or any(domain.id.lower() == wanted for domain in tenant.domains):
                return tenant
        return None


WORLD: web.AppKey[World] = web.AppKey("WORLD", World)
