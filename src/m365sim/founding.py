"""The world at its start, and how it gets back there."""

import gc
from copy import deepcopy
from dataclasses import dataclass

from aiohttp import web

from m365sim.company.build import build_tenant
from m365sim.planted import Planted, planted_applications
from m365sim.settling import settle
from m365sim.signing import KeyPair, new_key_pair
from m365sim.tenant import Tenant
from m365sim.world import Pace, World


@dataclass(slots=True, frozen=True)
class Plan:
    """What the command line asked for."""

    users: int = 1000
    groups: int = 100
    seed: int = 1
    conceal_names: bool = False
    premium: bool = True
    latency_ms: int = 0


@dataclass(slots=True)
class Origin:
    """Where a world came from: enough to found it again exactly as it was."""

    plan: Plan
    founded_at: float  # epoch seconds; the company is built as of then
    tenant_id: str
    certificate: KeyPair
    planted: tuple[Planted, ...]
    steps: int = 0  # steps of life that the tenant has taken since

    def tenant(self, world: World) -> Tenant:
        return world.tenants[self.tenant_id]


def found(world: World, plan: Plan) -> Origin:
    """Fill an empty world."""
    now = world.clock.now()
    tenant = _built(plan, now)
    certificate = new_key_pair("stocktake.example", now)
    origin = Origin(plan, now, tenant.id, certificate, planted_applications(tenant, now, certificate))
    _settle(world, origin, tenant)
    return origin


def found_again(world: World, origin: Origin) -> None:
    """Everything as at the start: tenants, registrations, people, clock, pace; no faults, an empty ledger.

    Tokens, page links and delta links that were issued before go on working as far as their times allow.
    """
    world.clock.reset()
    world.faults.clear()
    world.ledger.clear()
    world.verified.clear()
    origin.steps = 0
    _settle(world, origin, _built(origin.plan, origin.founded_at))


def _built(plan: Plan, now: float) -> Tenant:
    # Hundreds of thousands of objects that all stay: collecting while they are made finds nothing and takes as long.
    gc.disable()
    tenant = build_tenant(plan.users, plan.groups, plan.seed, now)
    gc.enable()
    tenant.premium, tenant.conceal_names = plan.premium, plan.conceal_names
    return tenant


def _settle(world: World, origin: Origin, tenant: Tenant) -> None:
    world.tenants.clear()
    world.tenants[tenant.id] = tenant
    world.pace = Pace(latency_ms=origin.plan.latency_ms)
    world.applications.clear()
    for planted in origin.planted:
        world.applications[planted.application.client_id] = deepcopy(planted.application)
    settle(world, tenant, origin.plan.seed, origin.founded_at)


ORIGIN: web.AppKey[Origin] = web.AppKey("ORIGIN", Origin)
