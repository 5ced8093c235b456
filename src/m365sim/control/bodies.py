"""What the control plane is told: JSON of one shape, or a refusal in one line."""

from typing import TypeVar

import msgspec
from aiohttp import web

from m365sim.founding import ORIGIN
from m365sim.tenant import Tenant
from m365sim.world import WORLD

T = TypeVar("T")


async def told(request: web.Request, shape: type[T]) -> T:
    """The body; HTTP 400 for anything else."""
    try:
        return msgspec.json.decode(await request.read() or b"{}", type=shape)
    except msgspec.DecodeError as error:
        raise bad(str(error)) from error


def bad(reason: str) -> web.HTTPBadRequest:
    return web.HTTPBadRequest(text=" ".join(reason.split()) + "\n")


def tenant_meant(request: web.Request) -> Tenant:
    """The tenant of ?tenant=, by id or domain, else the one of the command line; HTTP 400 for an unknown one."""
    world = request.app[WORLD]
    name = request.query.get("tenant")
    if name is None:
        return request.app[ORIGIN].tenant(world)
    found = world.tenant_of(name)
    if found is None:
        raise bad(f"there is no tenant {name}")
    return found
