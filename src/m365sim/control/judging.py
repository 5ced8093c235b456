"""Faults, the ledger and the true answer."""

from collections.abc import Iterator
from itertools import islice

import msgspec
from aiohttp import web

from m365sim import oracle
from m365sim.control.bodies import bad, tenant_meant, told
from m365sim.faults import BadRuleError, rule_of
from m365sim.narrowed import tenant_as_seen
from m365sim.tenant import Tenant
from m365sim.world import WORLD

_ROWS = 2000  # encoded and sent at once, so that a large tenant does not stand in memory twice
_encode = msgspec.json.Encoder().encode


async def set_faults(request: web.Request) -> web.Response:
    """These rules and no others are in force from now on."""
    faults = request.app[WORLD].faults
    described = await told(request, list[object])
    try:
        rules = [rule_of(item) for item in described]
    except BadRuleError as error:
        raise bad(str(error)) from error
    faults.clear()
    faults.add(rules)
    return await show_faults(request)


async def show_faults(request: web.Request) -> web.Response:
    """Each rule with how many requests it matched and how many it hit."""
    return web.json_response([rule.as_json() for rule in request.app[WORLD].faults.rules])


async def clear_faults(request: web.Request) -> web.Response:
    request.app[WORLD].faults.clear()
    return web.json_response([])


async def show_ledger(request: web.Request) -> web.Response:
    return web.json_response(request.app[WORLD].ledger.as_json())


async def clear_ledger(request: web.Request) -> web.Response:
    request.app[WORLD].ledger.clear()
    return await show_ledger(request)


async def show_truth(request: web.Request) -> web.StreamResponse:
    """A dataset as the product should export it: a JSON array, or one object a line with ?format=jsonl.

    ?as_user=NAME: what this person may see of it.
    """
    name, form = request.match_info["dataset"], request.query.get("format", "json")
    if not oracle.known(name):
        names = (*oracle.DATASETS, *oracle.FURTHER, *oracle.OF_THE_WORLD, "usage:FUNCTION", "site_usage", "group_usage")
        raise bad(f"there is no dataset {name}; known are {', '.join(names)}")
    if form not in {"json", "jsonl"}:
        raise bad("format is json or jsonl")
    world = request.app[WORLD]
    rows = oracle.dataset(_as_asked(request), name, world.clock.now(), world)
    answer = web.StreamResponse()
    answer.content_type = "application/json" if form == "json" else "application/x-ndjson"
    await answer.prepare(request)
    for chunk in _chunks(rows, lines=form == "jsonl"):
        await answer.write(chunk)
    return answer


def _as_asked(request: web.Request) -> Tenant:
    tenant, name = tenant_meant(request), request.query.get("as_user")
    if name is None:
        return tenant
    for user in tenant.users.values():
        if name.lower() in {user.id, user.user_principal_name.lower()}:
            return tenant_as_seen(request.app[WORLD], tenant, user.id)
    raise bad(f"there is no user {name}")


def _chunks(rows: Iterator[dict[str, object]], *, lines: bool) -> Iterator[bytes]:
    if not lines:
        yield b"["
    first = True
    while some := list(islice(rows, _ROWS)):
        if lines:
            yield b"".join(_encode(row) + b"\n" for row in some)
        else:
            yield (b"" if first else b",") + _encode(some)[1:-1]
        first = False
    if not lines:
        yield b"]"
