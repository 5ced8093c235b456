"""microsoft.graph.user (resources/user.md, graph-facts 1.3)."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache

from m365sim.graph.schema import MISSING, Entity, Traits, describe, words
from m365sim.tenant import Assignment, Sku, Tenant, User, merged_licences

NEVER = "0001-01-01T00:00:00Z"


def when(epoch: int) -> str:
    """As `clock.iso`, but quick: a page of 999 users holds thousands of instants."""
    return datetime.fromtimestamp(epoch, UTC).isoformat()[:19] + "Z"


def assigned_licences(_tenant: Tenant, user: User) -> list[dict[str, object]]:
    return _merged(tuple([(way.sku_id, way.disabled_plans, way.state == "Error") for way in user.assignments]))


@lru_cache(maxsize=16_384)
def _merged(ways: tuple[tuple[str, tuple[str, ...], bool], ...]) -> list[dict[str, object]]:
    """Most people hold one of few combinations, so each is merged once."""
    merged = merged_licences(
        tuple(
            Assignment(sku_id, None, plans, "Error" if failed else "Active", "None", 0)
            for sku_id, plans, failed in ways
        )
    )
    return [{"disabledPlans": sorted(disabled), "skuId": sku_id} for sku_id, disabled in merged.items()]


def _licence_states(_tenant: Tenant, user: User) -> list[dict[str, object]]:
    return [
        {
            "skuId": way.sku_id,
            "disabledPlans": way.disabled_plans,
            "assignedByGroup": way.group_id,
            "state": way.state,
            "error": way.error,
            "lastUpdatedDateTime": when(way.updated_at),
        }
        for way in user.assignments
    ]


def _assigned_plans(tenant: Tenant, user: User) -> list[dict[str, object]]:
    since = {way.sku_id: way.updated_at for way in reversed(user.assignments)}
    plans: dict[str, dict[str, object]] = {}
    for sku_id, disabled in merged_licences(user.assignments).items():
        sku = tenant.skus.get(sku_id)
        for plan in sku.plans if sku is not None else ():
            plans[plan.id] = {
                "assignedDateTime": when(since[sku_id]),
                "capabilityStatus": "Deleted" if plan.id in disabled else "Enabled",
                "service": service_of(plan.name),
                "servicePlanId": plan.id,
            }
    return list(plans.values())


# The service behind a plan, by how its name begins; Microsoft prints these names in assignedPlans.
_SERVICES = (
    ("EXCHANGE", "exchange"),
    ("SHAREPOINT", "SharePoint"),
    ("ONEDRIVE", "SharePoint"),
    ("TEAMS", "TeamspaceAPI"),
    ("MCO", "MicrosoftCommunicationsOnline"),
    ("YAMMER", "YammerEnterprise"),
    ("AAD", "AADPremiumService"),
    ("INTUNE", "SCO"),
    ("RMS", "RMSOnline"),
    ("POWERAPPS", "PowerAppsService"),
    ("FLOW", "ProcessSimple"),
    ("BI_", "PowerBI"),
)


@lru_cache(maxsize=2048)
def service_of(plan_name: str) -> str:
    return next((service for start, service in _SERVICES if plan_name.startswith(start)), "MicrosoftOffice")


def plan_rows(sku: Sku, disabled: frozenset[str] = frozenset()) -> list[dict[str, object]]:
    """servicePlanInfo[] of a product; plans of a suspended one and those switched off are Disabled."""
    dead = sku.capability_status in {"Suspended", "Deleted", "LockedOut"}
    return [
        {
            "servicePlanId": plan.id,
            "servicePlanName": plan.name,
            "provisioningStatus": "Disabled" if dead or plan.id in disabled else "Success",
            "appliesTo": plan.applies_to,
        }
        for plan in sku.plans
    ]


def _organisation_data(_tenant: Tenant, user: User) -> dict[str, object] | None:
    if user.cost_center is None and user.division is None:
        return None
    return {"costCenter": user.cost_center, "division": user.division}


def _sign_in_activity(tenant: Tenant, user: User) -> object:
    """Absent for an account without any; 0001-01-01 where one kind never happened (graph-facts 1.3)."""
    seen = user.sign_ins
    if seen is None or not tenant.premium:
        return MISSING
    return {
        "lastSignInDateTime": _sign_in(seen.last_attempt_at),
        "lastSignInRequestId": _sign_in_id(user, seen.last_attempt_at),
        "lastNonInteractiveSignInDateTime": _sign_in(seen.last_non_interactive_at),
        "lastNonInteractiveSignInRequestId": _sign_in_id(user, seen.last_non_interactive_at),
        "lastSuccessfulSignInDateTime": None if seen.last_successful_at is None else when(seen.last_successful_at),
        "lastSuccessfulSignInRequestId": _sign_in_id(user, seen.last_successful_at),
    }


def _sign_in(at: int | None) -> str:
    return NEVER if at is None else when(at)


def _sign_in_id(user: User, at: int | None) -> str:
    return "" if at is None else f"{user.id[:24]}{at:012x}"


def _identities(_tenant: Tenant, user: User) -> list[dict[str, object]]:
    return [
        {
            "signInType": "userPrincipalName",
            "issuer": user.user_principal_name.rpartition("@")[2],
            "issuerAssignedId": user.user_principal_name,
        }
    ]


def _nickname(_tenant: Tenant, user: User) -> str:
    return user.user_principal_name.partition("@")[0]


READERS: dict[str, Callable[[Tenant, User], object]] = {
    "businessPhones": lambda _, user: [],
    "displayName": lambda _, user: user.display_name,
    "givenName": lambda _, user: user.given_name,
    "jobTitle": lambda _, user: user.job_title,
    "mail": lambda _, user: user.mail,
    "mobilePhone": lambda _, user: None,
    "officeLocation": lambda _, user: user.office_location,
    "preferredLanguage": lambda _, user: None,
    "surname": lambda _, user: user.surname,
    "userPrincipalName": lambda _, user: user.user_principal_name,
    "id": lambda _, user: user.id,
    "accountEnabled": lambda _, user: user.account_enabled,
    "assignedLicenses": assigned_licences,
    "assignedPlans": _assigned_plans,
    "city": lambda _, user: user.city,
    "companyName": lambda _, user: user.company_name,
    "country": lambda _, user: user.country,
    "createdDateTime": lambda _, user: when(user.created_at),
    "creationType": lambda _, user: "Invitation" if user.user_type == "Guest" else None,
    "deletedDateTime": lambda _, user: None if user.deleted_at is None else when(user.deleted_at),
    "department": lambda _, user: user.department,
    "employeeId": lambda _, user: user.employee_id,
    "employeeOrgData": _organisation_data,
    "externalUserState": lambda _, user: "Accepted" if user.user_type == "Guest" else None,
    "identities": _identities,
    "licenseAssignmentStates": _licence_states,
    "mailNickname": _nickname,
    "onPremisesSyncEnabled": lambda _, user: user.on_premises_sync_enabled,
    "proxyAddresses": lambda _, user: [] if user.mail is None else [f"SMTP:{user.mail}"],
    "signInActivity": _sign_in_activity,
    "usageLocation": lambda _, user: user.usage_location,
    "userType": lambda _, user: user.user_type,
    # Not nullable in the CSDL, so that "none" has to be said in another way.
    "birthday": lambda _, user: NEVER,
    "hireDate": lambda _, user: NEVER,
    "deviceEnrollmentLimit": lambda _, user: 5,
}
_EMPTY_VALUES = words(
    "aboutMe ageGroup authorizationInfo consentProvidedForMinor customSecurityAttributes "
    "employeeHireDate employeeLeaveDateTime employeeType externalUserStateChangeDateTime "
    "faxNumber identityParentId isManagementRestricted isResourceAccount lastPasswordChangeDateTime "
    "legalAgeGroupClassification mailboxSettings mySite onPremisesDistinguishedName onPremisesDomainName "
    "onPremisesExtensionAttributes onPremisesImmutableId onPremisesLastSyncDateTime onPremisesSamAccountName "
    "onPremisesSecurityIdentifier onPremisesUserPrincipalName passwordPolicies passwordProfile postalCode "
    "preferredDataLocation preferredName print securityIdentifier showInAddressList signInSessionsValidFromDateTime "
    "state streetAddress"
)
_EMPTY_LISTS = words(
    "imAddresses interests onPremisesProvisioningErrors otherMails pastProjects provisionedPlans responsibilities "
    "schools serviceProvisioningErrors skills"
)

_COMPARED = "eq ne not ge le in"
_TEXT = f"{_COMPARED} startsWith"
_OPERATORS = {
    "id": "eq ne not in",
    "accountEnabled": "eq ne not in",
    "assignedLicenses": "eq not any $count",
    "assignedPlans": "eq not any",
    "city": _TEXT,
    "companyName": _TEXT,
    "country": _TEXT,
    "createdDateTime": _COMPARED,
    "creationType": "eq ne not in",
    "deletedDateTime": _COMPARED,
    "department": _COMPARED,
    "displayName": _TEXT,
    "employeeId": _TEXT,
    "employeeOrgData": _COMPARED,
    "externalUserState": "eq ne not in",
    "givenName": _TEXT,
    "identities": "eq any",
    "jobTitle": _TEXT,
    "mail": f"{_TEXT} endsWith",
    "mailNickname": _TEXT,
    "officeLocation": _TEXT,
    "onPremisesSyncEnabled": "eq ne not in",
    "proxyAddresses": "eq not any startsWith endsWith $count",
    "otherMails": "eq not any startsWith endsWith $count",
    "signInActivity": "eq ne not ge le",
    "surname": _TEXT,
    "usageLocation": _TEXT,
    "userPrincipalName": f"{_TEXT} endsWith",
    "userType": "eq ne not in",
}

USER: Entity[User] = Entity(
    "microsoft.graph.user",
    "User",
    describe(
        READERS,
        Traits(
            operators=_OPERATORS,
            defaults=frozenset(
                words(
                    "businessPhones displayName givenName jobTitle mail mobilePhone officeLocation "
                    "preferredLanguage surname userPrincipalName id"
                )
            ),
            single_only=frozenset(
                words(
                    "aboutMe birthday hireDate interests mailboxSettings mySite pastProjects preferredName "
                    "responsibilities schools skills"
                )
            ),
            basic=frozenset(words("id displayName givenName surname mail userPrincipalName")),
        ),
        _EMPTY_VALUES,
        _EMPTY_LISTS,
    ),
    searchable=("displayName", "mail", "userPrincipalName", "givenName", "surname", "mailNickname"),
    sortable=("displayName", "userPrincipalName"),
)
