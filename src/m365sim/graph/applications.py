"""/applications and its credentials (application-*.md of the documentation)."""

from base64 import b64encode

from m365sim.applications import Application, KeyCredential, Secret
from m365sim.clock import iso
from m365sim.graph.errors import bad_request, not_found
from m365sim.graph.payload import (
    created,
    fields_of,
    instant_of,
    no_content,
    object_of,
    objects_of,
    text_of,
    texts_of,
    wrong,
)
from m365sim.graph.queries import answer_rows, entity_row
from m365sim.graph.request import Answer, GraphRequest, entity
from m365sim.graph.write_access import actor, require_change, require_create, require_read
from m365sim.graph_permissions import BY_VALUE, GRAPH_APP_ID, ROLES, SCOPES
from m365sim.registrations import (
    Registration,
    add_secret,
    certificate_of,
    key_credential,
    register,
    remove,
    remove_secret,
    request_permissions,
    set_keys,
)

_TYPE = "microsoft.graph.application"
_WRITABLE = frozenset(
    {
        *("displayName", "signInAudience", "web", "spa", "publicClient", "isFallbackPublicClient"),
        *("requiredResourceAccess", "keyCredentials", "api", "appRoles", "description", "identifierUris"),
        *("info", "notes", "optionalClaims", "tags"),
    }
)
_AUDIENCES = {"AzureADMyOrg": False, "AzureADMultipleOrgs": True, "AzureADandPersonalMicrosoftAccount": True}


def collection(request: GraphRequest) -> Answer:
    """GET /applications"""
    require_read(request)
    rows = [row_of(application, request) for application in _here(request)]
    return answer_rows(request, "applications", _TYPE, rows)


def one(request: GraphRequest) -> Answer:
    """GET /applications/{id} and /applications(appId='…')"""
    require_read(request)
    row, context = entity_row(request, row_of(_found(request), request), _TYPE)
    return entity(request, f"applications{context}/$entity", row)


def create(request: GraphRequest) -> Answer:
    """POST /applications"""
    require_create(request)
    fields = fields_of(request, _WRITABLE, _TYPE)
    wanted = Registration(text_of(fields, "displayName", required=True) or "")
    owner = request.principal.user_id or request.principal.client_id
    _audience(fields)
    application = register(request.world, request.principal.tenant.id, wanted, owner, actor(request))
    _change(request, application, fields)
    return created(request, "applications/$entity", row_of(application, request))


def update(request: GraphRequest) -> Answer:
    """PATCH /applications/{id}"""
    application = _found(request)
    require_change(request, application)
    _change(request, application, fields_of(request, _WRITABLE, _TYPE))
    return no_content()


def delete(request: GraphRequest) -> Answer:
    """DELETE /applications/{id}: a soft delete."""
    application = _found(request)
    require_change(request, application)
    remove(request.world, application, actor(request))
    return no_content()


def add_password(request: GraphRequest) -> Answer:
    """POST /applications/{id}/addPassword: the only answer that ever shows the secret."""
    application = _found(request)
    require_change(request, application)
    fields = fields_of(request, frozenset({"passwordCredential"}), _TYPE)
    wanted = object_of(fields, "passwordCredential")
    name = text_of(wanted, "displayName") or ""
    secret = add_secret(request.world, application, name, instant_of(wanted, "endDateTime"), actor(request))
    value = {**_secret_row(secret), "secretText": secret.value}
    return entity(request, "microsoft.graph.passwordCredential", value)


def remove_password(request: GraphRequest) -> Answer:
    """POST /applications/{id}/removePassword"""
    application = _found(request)
    require_change(request, application)
    key_id = text_of(fields_of(request, frozenset({"keyId"}), _TYPE), "keyId", required=True) or ""
    if not remove_secret(request.world, application, key_id, actor(request)):
        raise bad_request(f"No password credential found with keyId {key_id}.")
    return no_content()


def application_of(request: GraphRequest, name: str) -> Application:
    """A registration of this tenant by object id or `appId=…`; GraphError 404."""
    by_client = name.lower().startswith("appid=")
    wanted = name[len("appid=") :].strip("'").lower() if by_client else name.lower()
    for application in _here(request):
        if wanted == (application.client_id if by_client else application.object_id):
            return application
    raise not_found(wanted)


def _found(request: GraphRequest) -> Application:
    return application_of(request, request.parameters[0])


def _here(request: GraphRequest) -> list[Application]:
    tenant_id = request.principal.tenant.id
    return [application for application in request.world.applications.values() if application.tenant_id == tenant_id]


def _change(request: GraphRequest, application: Application, fields: dict[str, object]) -> None:
    if "displayName" in fields:
        application.display_name = text_of(fields, "displayName", required=True) or ""
    if "signInAudience" in fields:
        application.multi_tenant = _audience(fields)
    if "web" in fields:
        application.redirect_uris[:] = texts_of(object_of(fields, "web"), "redirectUris")
    if "publicClient" in fields:
        application.public_redirect_uris[:] = texts_of(object_of(fields, "publicClient"), "redirectUris")
    if "isFallbackPublicClient" in fields:
        application.public_client = fields["isFallbackPublicClient"] is True
    if "requiredResourceAccess" in fields:
        roles, scopes = _required(fields)
        request_permissions(request.world, application, roles, scopes, actor(request))
    if "keyCredentials" in fields:
        set_keys(request.world, application, _keys(application, fields), actor(request))


def _audience(fields: dict[str, object]) -> bool:
    """True for many tenants; without the property a registration of the API is for this tenant here."""
    text = text_of(fields, "signInAudience") or "AzureADMyOrg"
    if text not in _AUDIENCES:
        raise wrong("signInAudience")
    return _AUDIENCES[text]


def _required(fields: dict[str, object]) -> tuple[set[str], set[str]]:
    """requiredResourceAccess as names of roles and scopes; only Microsoft Graph's are known here."""
    roles: set[str] = set()
    scopes: set[str] = set()
    for resource in objects_of(fields, "requiredResourceAccess"):
        if resource.get("resourceAppId") != GRAPH_APP_ID:
            raise wrong("requiredResourceAccess")
        for access in objects_of(resource, "resourceAccess"):
            permission_id = str(access.get("id", "")).lower()
            if access.get("type") == "Role" and permission_id in ROLES:
                roles.add(ROLES[permission_id].value)
            elif access.get("type") == "Scope" and permission_id in SCOPES:
                scopes.add(SCOPES[permission_id].value)
            else:
                raise wrong("requiredResourceAccess")
    return roles, scopes


def _keys(application: Application, fields: dict[str, object]) -> list[KeyCredential]:
    """The whole new list: an entry without `key` keeps the one of the same keyId."""
    present = {key.key_id: key for key in application.keys}
    keys = []
    for item in objects_of(fields, "keyCredentials"):
        text = text_of(item, "key")
        if text is None:
            kept = present.get(text_of(item, "keyId") or "")
            if kept is None:
                raise wrong("keyCredentials")
            keys.append(kept)
            continue
        try:
            certificate = certificate_of(text.replace("-", "+").replace("_", "/"))
        except ValueError as error:
            raise bad_request("Key credential is not a valid X.509 certificate.") from error
        keys.append(key_credential(certificate, text_of(item, "displayName") or ""))
    return keys


def row_of(application: Application, request: GraphRequest) -> dict[str, object]:
    """An application as Graph prints it; secrets are never there, only their first three characters."""
    publisher = next((domain.id for domain in request.principal.tenant.domains if domain.is_default), None)
    return {
        "id": application.object_id,
        "deletedDateTime": None,
        "addIns": [],
        "api": {
            "acceptMappedClaims": None,
            "knownClientApplications": [],
            "oauth2PermissionScopes": [],
            "preAuthorizedApplications": [],
            "requestedAccessTokenVersion": None,
        },
        "appId": application.client_id,
        "applicationTemplateId": None,
        "appRoles": [],
        "createdDateTime": iso(application.created_at),
        "description": None,
        "disabledByMicrosoftStatus": None,
        "displayName": application.display_name,
        "groupMembershipClaims": None,
        "identifierUris": [],
        "isDeviceOnlyAuthSupported": None,
        "isFallbackPublicClient": application.public_client or None,
        "keyCredentials": [_key_row(key) for key in application.keys],
        "notes": None,
        "optionalClaims": None,
        "passwordCredentials": [_secret_row(secret) for secret in application.secrets],
        "publicClient": {"redirectUris": list(application.public_redirect_uris)},
        "publisherDomain": publisher,
        "requiredResourceAccess": _required_rows(application),
        "signInAudience": audience_of(application),
        "spa": {"redirectUris": []},
        "tags": [],
        "tokenEncryptionKeyId": None,
        "web": {
            "homePageUrl": None,
            "implicitGrantSettings": {"enableAccessTokenIssuance": False, "enableIdTokenIssuance": False},
            "logoutUrl": None,
            "redirectUris": list(application.redirect_uris),
        },
    }


def audience_of(application: Application) -> str:
    return "AzureADMultipleOrgs" if application.multi_tenant else "AzureADMyOrg"


def _secret_row(secret: Secret) -> dict[str, object]:
    return {
        "customKeyIdentifier": None,
        "displayName": secret.display_name or None,
        "endDateTime": iso(secret.ends_at),
        "hint": secret.hint,
        "keyId": secret.key_id,
        "secretText": None,
        "startDateTime": iso(secret.starts_at),
    }


def _key_row(key: KeyCredential) -> dict[str, object]:
    return {
        "customKeyIdentifier": b64encode(key.thumbprint_sha1).decode(),
        "displayName": key.display_name,
        "endDateTime": iso(key.ends_at),
        "key": None,
        "keyId": key.key_id,
        "startDateTime": iso(key.starts_at),
        "type": "AsymmetricX509Cert",
        "usage": "Verify",
    }


def _required_rows(application: Application) -> list[dict[str, object]]:
    access: list[dict[str, object]] = [
        {"id": BY_VALUE[name].role_id, "type": "Role"}
        for name in sorted(application.requested_roles)
        if name in BY_VALUE
    ]
    access += [
        {"id": BY_VALUE[name].scope_id, "type": "Scope"}
        for name in sorted(application.requested_scopes)
        if name in BY_VALUE
    ]
    return [{"resourceAppId": GRAPH_APP_ID, "resourceAccess": access}] if access else []
