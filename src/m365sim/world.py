"""Everything that one running simulator holds; the request handlers reach it as `request.app[WORLD]`."""

from dataclasses import dataclass, field

from aiohttp import web

from m365sim.applications import Application
from m365sim.clock import Clock
from m365sim.tenant import Tenant


@dataclass(slots=True)
class World:
    clock: Clock
    login_url: str  # https://localhost:PORT, no slash at the end
    graph_url: str  # https://localhost:PORT, no slash and no version at the end
    reports_url: str  # https://127.0.0.1:PORT: another host to a client, as reports.office.com is to graph.microsoft.com
    tenants: dict[str, Tenant] = field(default_factory=dict)  # by tenant id
    applications: dict[str, Application] = field(default_factory=dict)  # by client id

    def tenant_of(self, name: str) -> Tenant | None:
        """A tenant by its id or by any of its domains, case-blind."""
        wanted = name.lower()
        for tenant in self.tenants.values():
            if tenant.id == wanted or any(domain.id.lower() == wanted for domain in tenant.domains):
                return tenant
        return None


WORLD: web.AppKey[World] = web.AppKey("WORLD", World)
