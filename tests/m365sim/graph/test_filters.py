"""$filter, $orderby and $search as predicates, against a company that was built for the purpose."""

from collections.abc import Callable

import pytest

from m365sim.company.build import build_tenant
from m365sim.graph.filters import filter_of, ids_of
from m365sim.graph.object_schemas import GROUP
from m365sim.graph.ordering import order_of, search_of
from m365sim.graph.user_schema import USER
from m365sim.refusal import GraphError
from m365sim.tenant import Group, Tenant, User

NOW = 1_790_000_000


@pytest.fixture(scope="module")
def tenant() -> Tenant:
    return build_tenant(400, 40, 3, NOW)


def licensed(user: User) -> set[str]:
    return {way.sku_id for way in user.assignments if way.state != "Error"}


SKU = "05e9a617-0261-4cee-bb44-138d3ef5d965"

CASES: list[tuple[str, bool, Callable[[User], bool]]] = [
    ("accountEnabled eq false", False, lambda user: not user.account_enabled),
    ("accountEnabled ne true", True, lambda user: not user.account_enabled),
    ("userType eq 'guest'", False, lambda user: user.user_type == "Guest"),
    ("department eq null", False, lambda user: user.department is None),
    ("usageLocation in ('DE','fr')", False, lambda user: user.usage_location in {"DE", "FR"}),
    ("startsWith(displayName,'s')", False, lambda user: user.display_name.lower().startswith("s")),
    ("startswith(displayName, 's') and accountEnabled eq true", False,
     lambda user: user.display_name.lower().startswith("s") and user.account_enabled),
    ("endsWith(mail,'.example')", True, lambda user: (user.mail or "").endswith(".example")),
    ("not startsWith(displayName,'s')", True, lambda user: not user.display_name.lower().startswith("s")),
    ("(department eq 'Finance' or department eq 'Sales') and accountEnabled eq true", False,
     lambda user: user.department in {"Finance", "Sales"} and user.account_enabled),
    (f"assignedLicenses/any(x:x/skuId eq {SKU})", False, lambda user: SKU in licensed(user)),
    (f"assignedLicenses/any(u:u/skuId eq '{SKU}')", False, lambda user: SKU in licensed(user)),
    ("assignedLicenses/$count ne 0", True, lambda user: bool(licensed(user))),
    ("assignedLicenses/$count eq 0", True, lambda user: not licensed(user)),
    ("createdDateTime ge 2024-01-01T00:00:00Z", False, lambda user: user.created_at >= 1_704_067_200),
    ("createdDateTime lt 2024-01-01", False, lambda user: user.created_at < 1_704_067_200),
    ("employeeOrgData/costCenter eq 'CC-1100'", True, lambda user: user.cost_center == "CC-1100"),
    ("onPremisesSyncEnabled eq true", False, lambda user: user.on_premises_sync_enabled is True),
    ("displayName eq 'Seán O''Brien'", False, lambda user: user.display_name == "Seán O'Brien"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "advanced", "expected"), CASES, ids=[case[0] for case in CASES])
def test_a_filter_keeps_what_it_says(
    tenant: Tenant, text: str, advanced: bool, expected: Callable[[User], bool]
) -> None:
    test = filter_of(text, USER, tenant, advanced=True)
    found = [user.id for user in tenant.users.values() if test(user)]
    assert found == [user.id for user in tenant.users.values() if expected(user)]
    assert found, "the case proves nothing where nobody fits"
    if advanced:
        with pytest.raises(GraphError) as refusal:
            filter_of(text, USER, tenant, advanced=False)
        assert refusal.value.code == "Request_UnsupportedQuery"
        assert "required parameters might be missing" in refusal.value.message
    else:
        filter_of(text, USER, tenant, advanced=False)


@pytest.mark.parametrize(
    ("text", "code", "part"),
    [
        ("nothing eq 1", "BadRequest", "Could not find a property named 'nothing' on type 'microsoft.graph.user'"),
        ("displayName eq", "BadRequest", "Syntax error"),
        ("displayName like 'a'", "BadRequest", "Syntax error"),
        ("(displayName eq 'a'", "BadRequest", "Syntax error"),
        ("displayName eq 'a' §", "BadRequest", "Syntax error"),
        ("startsWith(accountEnabled,'a')", "Request_UnsupportedQuery", "'accountEnabled' of resource 'User'"),
        ("licenseAssignmentStates/any(x:x/state eq 'Error')", "Request_UnsupportedQuery", "licenseAssignmentStates"),
        ("assignedLicenses/any(x:y/skuId eq 'a')", "BadRequest", "'y'"),
        ("signInActivity/lastSignInDateTime ge 2024-01-01 and accountEnabled eq true", "Request_UnsupportedQuery", ""),
    ],
)
def test_a_filter_that_graph_refuses(tenant: Tenant, text: str, code: str, part: str) -> None:
    with pytest.raises(GraphError) as refusal:
        filter_of(text, USER, tenant, advanced=True)
    assert (refusal.value.status, refusal.value.code) == (400, code)
    assert part in refusal.value.message


def test_created_date_of_groups_is_refused_as_published(tenant: Tenant) -> None:
    """Example advanced-query-error.4."""
    with pytest.raises(GraphError) as refusal:
        filter_of("createdDateTime ge 2021-11-01", GROUP, tenant, advanced=True)
    assert refusal.value.message == (
        "Unsupported or invalid query filter clause specified for property 'createdDateTime' of resource 'Group'."
    )


def test_group_types(tenant: Tenant) -> None:
    test = filter_of("groupTypes/any(c:c eq 'Unified')", GROUP, tenant, advanced=False)
    expected: Callable[[Group], bool] = lambda group: "Unified" in group.group_types  # noqa: E731
    assert [test(group) for group in tenant.groups.values()] == [expected(group) for group in tenant.groups.values()]


def test_ids_of_delta_filters() -> None:
    assert ids_of("id eq 'A' or id eq 'b'") == {"a", "b"}
    for wrong in ("displayName eq 'a'", "id eq 'a' and id eq 'b'", " or ".join(f"id eq '{n}'" for n in range(51))):
        with pytest.raises(GraphError):
            ids_of(wrong)


def test_search_by_words(tenant: Tenant) -> None:
    test = search_of('"displayName:br" OR "mail:zoe"', USER, tenant)
    found = {user.display_name for user in tenant.users.values() if test(user)}
    assert "Seán O'Brien" in found
    assert all("br" in name.lower() or "zo" in name.lower() for name in found)


def test_order_needs_an_advanced_query_beyond_names(tenant: Tenant) -> None:
    assert order_of("displayName desc", USER, advanced=False)[0][1]
    assert len(order_of("department,displayName asc", USER, advanced=True)) == 2
    for text in ("department", "nothing", "displayName sideways"):
        with pytest.raises(GraphError):
            order_of(text, USER, advanced=False)
