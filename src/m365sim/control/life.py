"""The tenant's own life: where it stands, back to the start, the next step, its switches, the clock and the pace."""

from typing import Annotated

import msgspec
from aiohttp import web

from m365sim.changes import change_tenant
from m365sim.clock import iso
from m365sim.control.bodies import bad, tenant_meant, told
from m365sim.founding import ORIGIN, found_again
from m365sim.world import WORLD

_MOST_STEPS = 1000


class Step(msgspec.Struct, forbid_unknown_fields=True):
    """`fraction` of the users that one step touches."""

    steps: Annotated[int, msgspec.Meta(ge=1, le=_MOST_STEPS)] = 1
    fraction: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.01


class Move(msgspec.Struct, forbid_unknown_fields=True):
    """Seconds; negative moves back."""

    advance: float


class Switches(msgspec.Struct, forbid_unknown_fields=True):
    """What is left out stays as it is."""

    conceal_names: bool | None = None
    premium: bool | None = None


class Latency(msgspec.Struct, forbid_unknown_fields=True):
    ms: Annotated[int, msgspec.Meta(ge=0, le=600_000)]


class Lifetime(msgspec.Struct, forbid_unknown_fields=True):
    """Seconds that tokens issued from now on live; null: 60 to 90 minutes by chance."""

    lifetime: Annotated[int, msgspec.Meta(ge=1, le=10**9)] | None


async def state(request: web.Request) -> web.Response:
    """Where everything stands."""
    world, origin, tenant = request.app[WORLD], request.app[ORIGIN], tenant_meant(request)
    now = world.clock.now()
    return web.json_response(
        {
            "tenant": next((domain.id for domain in tenant.domains if domain.is_default), tenant.id),
            "tenant_id": tenant.id,
            "users": len(tenant.users),
            "groups": len(tenant.groups),
            "deleted_users": len(tenant.deleted_users),
            "sequence": tenant.sequence,
            "revision": tenant.revision,
            "steps": origin.steps,
            "conceal_names": tenant.conceal_names,
            "premium": tenant.premium,
            "now": iso(now),
            "offset": world.clock.offset,
            "latency_ms": world.pace.latency_ms,
            "token_lifetime": world.pace.token_lifetime,
            "faults": len(world.faults.rules),
        }
    )


async def reset(request: web.Request) -> web.Response:
    found_again(request.app[WORLD], request.app[ORIGIN])
    return await state(request)


async def change(request: web.Request) -> web.Response:
    """The next steps of life; answers with how often each kind of change happened."""
    world, origin, tenant = request.app[WORLD], request.app[ORIGIN], tenant_meant(request)
    wanted = await told(request, Step)
    counts: dict[str, int] = {}
    for _ in range(wanted.steps):
        origin.steps += 1
        done = change_tenant(tenant, origin.steps, origin.plan.seed, world.clock.now(), wanted.fraction)
        for kind, count in done.items():
            counts[kind] = counts.get(kind, 0) + count
    return web.json_response({"steps": origin.steps, "changes": counts})


async def move_clock(request: web.Request) -> web.Response:
    clock = request.app[WORLD].clock
    clock.advance((await told(request, Move)).advance)
    try:
        now = iso(clock.now())
    except (OverflowError, ValueError) as error:
        clock.reset()
        raise bad("the clock can't be moved that far; it shows real time again") from error
    return web.json_response({"now": now, "offset": clock.offset})


async def switch(request: web.Request) -> web.Response:
    tenant, wanted = tenant_meant(request), await told(request, Switches)
    if wanted.conceal_names is not None:
        tenant.conceal_names = wanted.conceal_names
    if wanted.premium is not None:
        tenant.premium = wanted.premium
    return web.json_response({"conceal_names": tenant.conceal_names, "premium": tenant.premium})


async def set_latency(request: web.Request) -> web.Response:
    pace = request.app[WORLD].pace
    pace.latency_ms = (await told(request, Latency)).ms
    return web.json_response({"ms": pace.latency_ms})


async def set_lifetime(request: web.Request) -> web.Response:
    pace = request.app[WORLD].pace
    pace.token_lifetime = (await told(request, Lifetime)).lifetime
    return web.json_response({"lifetime": pace.token_lifetime})
