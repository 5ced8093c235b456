"""The oracle answers in the shape of the contract, in one order, and in agreement with the tenant."""

import csv
import re
from itertools import pairwise

import pytest
from tests.contract import CONTRACT, needs_contract

from m365sim.activity import concealed, iso_day, refresh_date
from m365sim.company.build import build_tenant
from m365sim.oracle import DATASETS, dataset
from m365sim.reports.active_users import active_user_rows
from m365sim.tenant import Assignment, Group, SignIns, Tenant

NOW = 1_764_000_000.0
DAY = 86_400

# Columns of design section 7 without `connector` and `product_name`.
COLUMNS = {
    "subscriptions": "sku_id sku_part_number capability_status enabled warning suspended locked_out consumed available",
    "users": (
        "id user_principal_name display_name mail account_enabled user_type department company_name job_title "
        "office_location country usage_location employee_id cost_center on_premises_sync_enabled created_at "
        "last_sign_in_at last_successful_sign_in_at"
    ),
    "groups": "id display_name mail kind dynamic licence_sku_ids",
    "memberships": "group_id member_id member_type",
    "assignments": (
        "user_id user_principal_name sku_id sku_part_number source group_id state error disabled_plan_ids "
        "assigned_since"
    ),
    "terms": "subscription_id sku_id status total is_trial created_at next_lifecycle_at",
    "usage": "report user_id user_principal_name refreshed_on period last_activity_on metrics",
}
KEYS = {
    "subscriptions": ("sku_id",),
    "users": ("id",),
    "groups": ("id",),
    "memberships": ("group_id", "member_id"),
    "assignments": ("user_id", "sku_id", "source", "group_id"),
    "terms": ("subscription_id",),
    "usage": ("user_principal_name",),
}


@pytest.fixture
def tenant() -> Tenant:
    return build_tenant(600, 80, 1, NOW)


@pytest.mark.parametrize("name", COLUMNS)
def test_has_the_columns_of_the_contract_in_the_order_of_the_key(tenant: Tenant, name: str) -> None:
    rows = list(dataset(tenant, name, NOW))
    assert rows
    assert {tuple(row) for row in rows} == {tuple(COLUMNS[name].split())}
    keys = [tuple(str(row[column] or "") for column in KEYS[name]) for row in rows]
    assert all(before < after for before, after in pairwise(keys))
    assert rows == list(dataset(tenant, name, NOW))


def test_knows_these_datasets_alone(tenant: Tenant) -> None:
    assert set(DATASETS) == set(COLUMNS)
    with pytest.raises(KeyError):
        dataset(tenant, "findings", NOW)


def test_counts_seats(tenant: Tenant) -> None:
    rows = {row["sku_part_number"]: row for row in dataset(tenant, "subscriptions", NOW)}
    assignments = list(dataset(tenant, "assignments", NOW))
    for part, row in rows.items():
        holders = {a["user_id"] for a in assignments if a["sku_part_number"] == part and a["state"] != "Error"}
        assert row["consumed"] == len(holders)
    assert rows["ENTERPRISEPACK"]["available"] < 0
    warned = rows["VISIOCLIENT"]
    assert (warned["enabled"], warned["available"]) == (0, warned["warning"] - warned["consumed"])


def test_leaves_sign_ins_out_without_premium(tenant: Tenant) -> None:
    user = next(iter(tenant.users.values()))
    tenant.set_sign_ins(user, SignIns(1_700_000_000, 1_700_000_500, 1_690_000_000))
    row = next(row for row in dataset(tenant, "users", NOW) if row["id"] == user.id)
    assert row["last_sign_in_at"] == "2023-11-14T22:21:40Z"
    assert row["last_successful_sign_in_at"] == "2023-07-22T04:26:40Z"
    tenant.premium = False
    rows = list(dataset(tenant, "users", NOW))
    assert {(row["last_sign_in_at"], row["last_successful_sign_in_at"]) for row in rows} == {(None, None)}


def test_names_kinds_of_groups_and_members(tenant: Tenant) -> None:
    groups = list(dataset(tenant, "groups", NOW))
    assert {row["kind"] for row in groups} == {"security", "microsoft365", "mail_enabled_security", "distribution"}
    assert {row["dynamic"] for row in groups} == {True, False}
    assert any(len(row["licence_sku_ids"]) == 2 for row in groups)
    members = {row["member_type"] for row in dataset(tenant, "memberships", NOW)}
    assert members == {"user", "group", "device", "servicePrincipal", "orgContact"}


def test_gives_each_way_of_holding_a_licence(tenant: Tenant) -> None:
    rows = list(dataset(tenant, "assignments", NOW))
    assert len(rows) == sum(len(user.assignments) for user in tenant.users.values())
    assert all((row["source"] == "group") == (row["group_id"] is not None) for row in rows)
    assert "None" not in {row["error"] for row in rows}
    assert all((row["error"] is None) == (row["state"] in ("Active", "Disabled")) for row in rows)


def test_reports_every_licensed_user_once(tenant: Tenant) -> None:
    rows = list(dataset(tenant, "usage", NOW))
    licensed = {row["user_id"] for row in rows if row["metrics"]["has_exchange_license"]}
    mailbox_plans = {"EXCHANGE_S_STANDARD", "EXCHANGE_S_ENTERPRISE", "EXCHANGE_S_DESKLESS"}
    for user in tenant.users.values():
        plans = {
            plan.name
            for way in user.assignments
            if way.state != "Error"
            for plan in tenant.skus[way.sku_id].plans
            if plan.id not in way.disabled_plans
        }
        assert (user.id in licensed) == bool(plans & mailbox_plans and user.created_at // DAY <= NOW // DAY - 2)
    assert len({row["user_id"] for row in rows if row["user_id"]}) == sum(row["user_id"] is not None for row in rows)
    assert {row["refreshed_on"] for row in rows} == {refresh_date(NOW)} == {"2025-11-22"}


def test_prints_some_names_in_another_case_and_still_matches_them(tenant: Tenant) -> None:
    rows = [row for row in dataset(tenant, "usage", NOW) if row["user_id"]]
    names = [(row["user_principal_name"], tenant.users[row["user_id"]].user_principal_name) for row in rows]
    assert all(printed.lower() == stored.lower() for printed, stored in names)
    assert 0 < sum(printed != stored for printed, stored in names) < len(names) / 5


def test_matches_nobody_when_names_are_concealed(tenant: Tenant) -> None:
    clear = {row["user_principal_name"]: row for row in dataset(tenant, "usage", NOW)}
    tenant.conceal_names = True
    rows = list(dataset(tenant, "usage", NOW))
    assert {row["user_id"] for row in rows} == {None}
    assert {row["user_principal_name"] for row in rows} == {concealed(name) for name in clear}
    assert all(re.fullmatch(r"[0-9A-F]{32}", row["metrics"]["display_name"]) for row in rows)


def test_tells_deleted_users_from_live_ones(tenant: Tenant) -> None:
    deleted = [row for row in dataset(tenant, "usage", NOW) if row["metrics"]["is_deleted"]]
    assert deleted
    assert all(row["user_id"] is None and row["metrics"]["deleted_date"] for row in deleted)
    assert not any(row["metrics"]["has_exchange_license"] or row["metrics"]["assigned_products"] for row in deleted)


def test_does_not_know_yet_what_happened_after_the_refresh_date(tenant: Tenant) -> None:
    fresh = next(user for user in tenant.users.values() if user.activity and user.created_at < NOW - 30 * DAY)
    name = fresh.user_principal_name
    fresh.activity = {"exchange": int(NOW) // DAY, "teams": int(NOW) // DAY - 2}
    lines = {line.user_principal_name.lower(): line for line in active_user_rows(tenant, NOW)}
    assert lines[name.lower()].last_activity_on == (None, None, None, None, None, refresh_date(NOW))
    tenant.delete_user(fresh.id, int(NOW))
    lines = {line.user_principal_name.lower(): line for line in active_user_rows(tenant, NOW)}
    assert not lines[name.lower()].is_deleted
    later = {line.user_principal_name.lower(): line for line in active_user_rows(tenant, NOW + 3 * DAY)}
    assert (later[name.lower()].is_deleted, later[name.lower()].deleted_on) == (True, iso_day(int(NOW) // DAY))
    long_after = {line.user_principal_name.lower() for line in active_user_rows(tenant, NOW + 20 * DAY, period=7)}
    assert name.lower() not in long_after


def test_a_newcomer_is_not_in_the_report_yet(tenant: Tenant) -> None:
    user = next(user for user in tenant.users.values() if user.activity)
    user.created_at = int(NOW) - DAY
    assert user.id not in {row["user_id"] for row in dataset(tenant, "usage", NOW)}
    assert user.id in {row["user_id"] for row in dataset(tenant, "usage", NOW + 3 * DAY)}


def test_a_plan_that_is_disabled_does_not_count_as_licensed(tenant: Tenant) -> None:
    group: Group = next(group for group in tenant.groups.values() if group.display_name == "LIC-M365-F3")
    frontline = {
        row["user_id"]: row["metrics"]
        for row in dataset(tenant, "usage", NOW)
        if row["user_id"] in group.members and len(tenant.users[row["user_id"]].assignments) == 1
    }
    assert frontline
    for metrics in frontline.values():
        if metrics["has_exchange_license"]:
            assert metrics["has_yammer_license"] is False
            assert metrics["assigned_products"] == ["MICROSOFT 365 F3"]


def test_products_with_a_plus_in_their_name_stay_one(tenant: Tenant) -> None:
    products = {name for row in dataset(tenant, "usage", NOW) for name in row["metrics"]["assigned_products"]}
    assert "ENTERPRISE MOBILITY + SECURITY E3" in products
    assert all(name == name.upper() for name in products)


def test_a_licence_in_error_is_none(tenant: Tenant) -> None:
    user = next(user for user in tenant.users.values() if user.kind == "person" and user.activity)
    ways = tuple(
        Assignment(way.sku_id, None, (), "Error", "CountViolation", way.updated_at) for way in user.assignments
    )
    tenant.set_assignments(user, ways[:1])
    row = next(row for row in dataset(tenant, "usage", NOW) if row["user_id"] == user.id)
    assert row["metrics"]["has_exchange_license"] is False
    assert row["metrics"]["exchange_license_assign_date"] is None
    assert row["metrics"]["assigned_products"] == []


@needs_contract
def test_metrics_are_the_columns_of_the_published_report(tenant: Tenant) -> None:
    with (CONTRACT / "reports" / "getOffice365ActiveUserDetail.csv").open(encoding="utf-8-sig", newline="") as file:
        header = next(csv.reader(file))
    names = [re.sub(r"[^a-z0-9]+", "_", column.lower()).strip("_") for column in header]
    wanted = [name for name in names if name not in ("report_refresh_date", "user_principal_name")]
    row = next(dataset(tenant, "usage", NOW))
    assert list(row["metrics"]) == wanted
