"""Hidden memberships, on a tenant of the test's own: the built company has none."""

import json

import pytest

from m365sim.clock import Clock
from m365sim.company.build import build_tenant
from m365sim.graph.packing import plain
from m365sim.graph.request import GraphRequest
from m365sim.graph.routing import answer, segments_of
from m365sim.principal import Principal
from m365sim.tenant import Group, Tenant
from m365sim.world import World

NOW = 1_790_000_000


@pytest.fixture(scope="module")
def tenant() -> Tenant:
    return build_tenant(200, 30, 5, NOW)


@pytest.fixture(scope="module")
def hidden(tenant: Tenant) -> Group:
    """The group with the most members, inside of another one."""
    group = max(tenant.groups.values(), key=lambda item: len(item.members))
    group.visibility = "HiddenMembership"
    outer = next(item for item in tenant.groups.values() if not item.members)
    tenant.add_member(outer, group.id)
    return group


def ids(tenant: Tenant, path: str, *roles: str) -> list[str]:
    world = World(Clock(), "https://localhost", "https://localhost", "https://127.0.0.1", {tenant.id: tenant})
    principal = Principal(tenant, "app", frozenset(roles), frozenset(), None)
    query = (("$select", "id,members" if path.endswith("delta") else "id"),)
    answered = answer(GraphRequest(world, principal, "GET", segments_of(path), query, {}, "request", "client"))
    assert answered.status == 200
    rows = json.loads(plain(answered.body))["value"]
    return [row["id"] for row in rows if not path.endswith("delta") or row.get("members@delta")]


@pytest.mark.parametrize("roles", [("Group.Read.All",), ("Directory.Read.All",)])
def test_hidden_members_need_a_permission_of_their_own(tenant: Tenant, hidden: Group, roles: tuple[str, ...]) -> None:
    listing = f"groups/{hidden.id}/members"
    assert ids(tenant, listing, *roles) == []
    assert ids(tenant, listing, *roles, "Member.Read.Hidden") == sorted(hidden.members)[:100]
    assert hidden.id not in ids(tenant, "groups/delta", *roles)
    assert hidden.id in ids(tenant, "groups/delta", *roles, "Member.Read.Hidden")


def test_what_is_inside_a_hidden_group_is_not_reached(tenant: Tenant, hidden: Group) -> None:
    outer = next(item for item in tenant.groups.values() if list(item.members) == [hidden.id])
    path = f"groups/{outer.id}/transitiveMembers"
    assert ids(tenant, path, "Group.Read.All") == [hidden.id]
    assert len(ids(tenant, path, "Group.Read.All", "Member.Read.Hidden")) > 1
