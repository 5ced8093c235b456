"""Users, and the licences that each of them holds, in one listing.

Properties: graph-facts 1.3 (user.md, licenseassignmentstate.md). The licence states ride on the listing because a
second pass over all users would double the requests for the same answer.
"""

from collections.abc import Iterator
from typing import Annotated, NamedTuple

from msgspec import Struct, field

from stocktake.catalog.columns import Instant, Means, ObjectId
from stocktake.catalog.declaration import Dataset, Delta, Stream
from stocktake.catalog.instants import instant


class OrganisationData(Struct, gc=False):
    cost_center: Annotated[str | None, Means("Cost centre (employeeOrgData).")] = field(default=None, name="costCenter")
    division: Annotated[str | None, Means("Division (employeeOrgData).")] = None


class User(Struct, rename="camel", gc=False):
    id: Annotated[ObjectId, Means("Object id in Entra ID.")]
    user_principal_name: Annotated[str | None, Means("Sign-in name.")] = None
    display_name: Annotated[str | None, Means("Name shown in the address book.")] = None
    mail: Annotated[str | None, Means("Primary SMTP address.")] = None
    account_enabled: Annotated[bool | None, Means("False: sign-in is blocked.")] = None
    user_type: Annotated[str | None, Means("Member or Guest; null where Entra ID holds none.")] = None
    department: Annotated[str | None, Means("Department.")] = None
    company_name: Annotated[str | None, Means("Company.")] = None
    job_title: Annotated[str | None, Means("Job title.")] = None
    office_location: Annotated[str | None, Means("Office.")] = None
    country: Annotated[str | None, Means("Country as written in the directory.")] = None
    usage_location: Annotated[str | None, Means("Country of licence use, ISO 3166 two letters.")] = None
    employee_id: Annotated[str | None, Means("Employee number.")] = None
    employee_org_data: OrganisationData | None = None
    on_premises_sync_enabled: Annotated[
        bool | None, Means("True: synchronised from a local directory; false: once was; null: never.")
    ] = None
    created_at: Annotated[Instant | None, Means("When the account was created.")] = field(
        default=None, name="createdDateTime"
    )


class LicenceState(Struct, rename="camel", gc=False):
    sku_id: str
    assigned_by_group: str | None = None
    disabled_plans: list[str] | None = None
    state: str | None = None
    error: str | None = None
    updated_at: str | None = field(default=None, name="lastUpdatedDateTime")


class AssignedLicence(Struct, rename="camel", gc=False):
    sku_id: str
    disabled_plans: list[str] | None = None


class LicensedUser(User, rename="camel", gc=False):
    """What one element of the listing holds: the user's own columns and the licence properties behind `assignments`."""

    assigned_licenses: list[AssignedLicence] | None = None
    license_assignment_states: list[LicenceState] | None = None


class LicenceHolder(Struct, rename="camel", gc=False):
    """The licence properties alone, for the pass over what delta does not track (microsoft-graph-docs#16690)."""

    id: str
    assigned_licenses: list[AssignedLicence] | None = None
    license_assignment_states: list[LicenceState] | None = None


class Assignment(NamedTuple):
    user_id: Annotated[ObjectId, Means("Who holds the licence.")]
    sku_id: Annotated[str, Means("Which product.")]
    source: Annotated[str, Means("direct, or group: inherited from group_id.")]
    group_id: Annotated[ObjectId | None, Means("The group that gives the licence; null when direct.")]
    state: Annotated[str | None, Means("Active, ActiveWithError, Disabled or Error.")]
    error: Annotated[str | None, Means("Why Microsoft could not assign it; null when fine.")]
    disabled_plan_ids: Annotated[tuple[str, ...], Means("Service plans switched off in this assignment.")]
    assigned_since: Annotated[Instant | None, Means("When Microsoft last changed this assignment.")]


def assignments_of(user: LicensedUser | LicenceHolder) -> Iterator[Assignment]:
    """One row per (user, SKU, way).

    A licence that only `assignedLicenses` shows (states come from another store and can lag, docs issue 9636) is kept,
    as direct with a null state.
    """
    seen: set[str] = set()
    for state in user.license_assignment_states or ():
        sku_id = state.sku_id.lower()
        seen.add(sku_id)
        group = state.assigned_by_group
        error = state.error
        yield Assignment(
            user_id=ObjectId(user.id),
            sku_id=sku_id,
            source="group" if group else "direct",
            group_id=ObjectId(group) if group else None,
            state=state.state,
            error=None if error is None or error.lower() in {"none", ""} else error,
            disabled_plan_ids=_plan_ids(state.disabled_plans),
            assigned_since=_instant(state.updated_at),
        )
    for licence in user.assigned_licenses or ():
        if licence.sku_id.lower() not in seen:
            yield Assignment(
                ObjectId(user.id),
                licence.sku_id.lower(),
                "direct",
                None,
                None,
                None,
                _plan_ids(licence.disabled_plans),
                None,
            )


def _plan_ids(plans: list[str] | None) -> tuple[str, ...]:
    return tuple(sorted(plan.lower() for plan in plans)) if plans else ()


def _instant(value: str | None) -> Instant | None:
    text = instant(value)
    return None if text is None else Instant(text)


_ASSIGNMENTS = Dataset(
    "assignments", record=Assignment, key=("user_id", "sku_id", "group_id"), rows=assignments_of, ledger=True
)

LICENCE_STATES = Stream(
    name="assignments",
    meaning="The licences of every account and how each came about, where users themselves are read by delta.",
    path="/users",
    item=LicenceHolder,
    datasets=(_ASSIGNMENTS,),
    permissions=("User.Read.All", "Directory.Read.All"),
    counted="/users/$count",
)

USERS = Stream(
    name="users",
    meaning="Every account of the directory, and the licences that it holds.",
    path="/users",
    item=LicensedUser,
    datasets=(Dataset("users", record=User, key=("id",), folded="user_principal_name"), _ASSIGNMENTS),
    permissions=("User.Read.All", "Directory.Read.All"),
    counted="/users/$count",
    delta=Delta("/users/delta", latest=True, untracked=("licenseAssignmentStates",), rest=LICENCE_STATES),
)
