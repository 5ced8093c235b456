"""/organization, /domains and /admin/reportSettings."""

from collections.abc import Mapping

from m365sim.clock import iso
from m365sim.graph.errors import not_found
from m365sim.graph.odata import SELECT_ONLY, names_in, options_of, unknown_property
from m365sim.graph.permissions import require, require_report_settings
from m365sim.graph.request import Answer, GraphRequest, entity, whole
from m365sim.graph.user_schema import service_of
from m365sim.tenant import Domain, Tenant

_OPTIONS = frozenset({"$select", "$filter", "$count", "$top"})


def organization(request: GraphRequest) -> Answer:
    """GET /organization: the one tenant, in a list."""
    require(request, "organization")
    row, context = _selected(request, _organization_row(request.tenant), "microsoft.graph.organization")
    return whole(request, f"organization{context}", [row])


def _organization_row(tenant: Tenant) -> dict[str, object]:
    plans = {plan.id: plan.name for sku in tenant.skus.values() for plan in sku.plans}
    created = iso(tenant.created_at)
    return {
        "id": tenant.id,
        "deletedDateTime": None,
        "businessPhones": [],
        "city": None,
        "country": None,
        "countryLetterCode": tenant.country_letter_code,
        "createdDateTime": created,
        "defaultUsageLocation": tenant.country_letter_code,
        "displayName": tenant.display_name,
        "marketingNotificationEmails": [],
        "onPremisesLastSyncDateTime": None,
        "onPremisesSyncEnabled": None,
        "partnerTenantType": None,
        "postalCode": None,
        "preferredLanguage": "en",
        "privacyProfile": None,
        "provisionedPlans": [],
        "securityComplianceNotificationMails": [],
        "securityComplianceNotificationPhones": [],
        "state": None,
        "street": None,
        "technicalNotificationMails": [],
        "tenantType": "AAD",
        "assignedPlans": [
            {
                "assignedDateTime": created,
                "capabilityStatus": "Enabled",
                "service": service_of(name),
                "servicePlanId": plan_id,
            }
            for plan_id, name in plans.items()
        ],
        "verifiedDomains": [
            {
                "capabilities": "Email, OfficeCommunicationsOnline",
                "isDefault": domain.is_default,
                "isInitial": domain.is_initial,
                "name": domain.id,
                "type": "Managed",
            }
            for domain in tenant.domains
            if domain.is_verified
        ],
    }


def domains(request: GraphRequest) -> Answer:
    """GET /domains"""
    require(request, "domains")
    rows = [_selected(request, _domain_row(domain), "microsoft.graph.domain") for domain in request.tenant.domains]
    return whole(request, f"domains{rows[0][1] if rows else ''}", [row for row, _ in rows])


def domain(request: GraphRequest) -> Answer:
    """GET /domains/{id}"""
    require(request, "domains")
    for item in request.tenant.domains:
        if item.id.lower() == request.parameters[0].lower():
            row, context = _selected(request, _domain_row(item), "microsoft.graph.domain")
            return entity(request, f"domains{context}/$entity", row)
    raise not_found(request.parameters[0])


def _domain_row(domain: Domain) -> dict[str, object]:
    return {
        "authenticationType": "Managed",
        "availabilityStatus": None,
        "id": domain.id,
        "isAdminManaged": True,
        "isDefault": domain.is_default,
        "isInitial": domain.is_initial,
        "isRoot": True,
        "isVerified": domain.is_verified,
        "manufacturer": None,
        "model": None,
        "passwordNotificationWindowInDays": None,
        "passwordValidityPeriodInDays": None,
        "state": None,
        "supportedServices": ["Email", "OfficeCommunicationsOnline"] if domain.is_verified else [],
    }


def _selected(request: GraphRequest, row: Mapping[str, object], type_name: str) -> tuple[dict[str, object], str]:
    """What $select leaves of an object, and how $metadata# says so."""
    wanted = names_in(options_of(request, _OPTIONS).get("$select"))
    if not wanted:
        return dict(row), ""
    spelling = {name.lower(): name for name in row}
    for name in wanted:
        if name.lower() not in spelling:
            raise unknown_property(name, type_name)
    names = list(dict.fromkeys(spelling[name.lower()] for name in wanted))
    return {name: row[name] for name in dict.fromkeys([*names, "id"])}, f"({','.join(names)})"


def report_settings(request: GraphRequest) -> Answer:
    """GET /admin/reportSettings, wrapped in value as the documentation prints it (graph-facts 1.6)."""
    require_report_settings(request)
    options_of(request, SELECT_ONLY)
    setting = {
        "@odata.type": "#microsoft.graph.adminReportSettings",
        "displayConcealedNames": request.tenant.conceal_names,
    }
    return entity(request, "admin/reportSettings/$entity", {"value": setting})
