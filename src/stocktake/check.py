"""What a connector can do: tenant, credential, each permission, a first read. Reads only, and changes nothing."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import msgspec
from yarl import URL

from stocktake.access.sources import TokenSource, application_of, token_source
from stocktake.catalog import SOURCES, Report
from stocktake.errors import ConfigurationError, LicenceMissingError, PermissionMissingError, StocktakeError
from stocktake.graph.client import GraphClient, Manners
from stocktake.graph.gate import Workload
from stocktake.graph.meter import Meter
from stocktake.graph.patience import Patience
from stocktake.graph.transport import Answer, Ask, Timeouts, Transport
from stocktake.identity.aadsts import SignIn, refusal
from stocktake.identity.applications import Application
from stocktake.identity.clouds import Cloud
from stocktake.identity.credentials import Certificate, ClientSecret
from stocktake.identity.keeping import TokenPatience
from stocktake.identity.sealing import Sealer
from stocktake.identity.tokens import diagnose
from stocktake.settings import Settings
from stocktake.store.checks import keep_check
from stocktake.store.connectors import Connector
from stocktake.store.engine import Store

SKEW_TOLERATED_S = 120  # Entra ID allows five minutes; a clock that is off by two will be off by more
EXPIRY_NOTICE_DAYS = 30
_CONSENT = (
    "Portal: App registrations, API permissions: add {what} and let a Global or Privileged Role Administrator consent"
)
_NEW_CREDENTIAL = "Portal: Certificates & secrets: make a new one, then add the connector again with it"


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. `ok` is None where it could not be told; an `optional` one is no reason to call the check failed."""

    check: str
    ok: bool | None
    message: str
    remedy: str = ""
    code: str = ""
    optional: bool = False
    expires_at: str | None = None  # of a credential, as the store writes instants

    def as_json(self) -> dict[str, object]:
        return {
            "check": self.check,
            "ok": self.ok,
            "message": self.message,
            "remedy": self.remedy or None,
            "code": self.code or None,
            "optional": self.optional,
        }


@dataclass(frozen=True)
class _Subject:
    """What is being checked."""

    settings: Settings
    cloud: Cloud
    connector: Connector
    application: Application
    tokens: TokenSource


def check_connector(
    settings: Settings, store: Store, sealer: Sealer, cloud: Cloud, connector: Connector
) -> list[Check]:
    """Every check, in the order in which a connection is made; what an earlier failure rules out is left out.

    The store is for the refresh token of a delegated connector, which Microsoft replaces at every use.
    """
    try:
        application = application_of(settings, sealer, connector)
        patience = TokenPatience(first_tries=2)
        tokens = token_source(settings, store, sealer, cloud, connector, patience)
    except StocktakeError as error:
        return [_failed("credential", error)]
    return asyncio.run(_checks(_Subject(settings, cloud, connector, application, tokens)))


def keep_checks(store: Store, connector: Connector, checks: list[Check]) -> None:
    """Store the findings for the pages that show them."""
    result = msgspec.json.encode([found.as_json() for found in checks]).decode()
    keep_check(store, connector.id, result, next((found.expires_at for found in checks if found.expires_at), None))


async def _checks(subject: _Subject) -> list[Check]:
    checks = await _tenant(subject)
    connector, cloud, application = subject.connector, subject.cloud, subject.application
    if isinstance(application.credential, Certificate):
        checks.append(_expiry("certificate expiry", application.credential.expires_at))
    if checks[0].ok is False:
        return checks
    try:
        facts = diagnose(await subject.tokens.token())
    except StocktakeError as error:
        return [*checks, _failed("credential", error)]
    checks.append(Check("credential", True, "Microsoft issues tokens for it"))
    if connector.permissions == "delegated":
        checks.append(_whose_eyes(connector))
    held = facts.roles | facts.scopes
    checks += permission_checks(held, cloud)
    manners = Manners(Timeouts(read=subject.settings.graph_timeout), Patience(failing_s=5.0, unreachable_tries=2))
    async with GraphClient(cloud.graph_url, subject.tokens, ca_pem=cloud.ca_bundle, manners=manners) as client:
        checks.append(await _organization(client))
        if checks[-1].ok:
            checks += [await _sign_ins(client, held), await _concealed_names(client, held)]
            if connector.permissions == "delegated":
                checks.append(await _reports_role(client, held, cloud))
            checks += await _secret_expiry(client, held, application)
    return checks


def _whose_eyes(connector: Connector) -> Check:
    message = f"as seen by {connector.granted_by}: partial by design, and completeness can't be proved"
    return Check("authorisation", True, message)


async def _reports_role(client: GraphClient, held: frozenset[str], cloud: Cloud) -> Check:
    """A delegated caller needs a directory role beside the permission (graph-docs reportroot-authorization.md)."""
    name = "role for usage reports"
    if not cloud.reports or "Reports.Read.All" not in held:
        return Check(name, None, "not asked: needs Reports.Read.All first", optional=True)
    try:
        await client.download(client.url("/reports/getOffice365ActiveUserDetail(period='D7')"), Meter())
    except PermissionMissingError:
        remedy = "Give the person the role Reports Reader, or authorise with somebody who has it"
        return Check(name, False, "the person may not read usage reports", remedy)
    except StocktakeError as error:
        return _failed(name, error, optional=True)
    return Check(name, True, "the person may read usage reports")


async def _tenant(subject: _Subject) -> list[Check]:
    """OpenID discovery needs no credential, and its answer also tells Microsoft's time."""
    cloud, tenant = subject.cloud, subject.connector.tenant
    address = f"{cloud.login_url}/{tenant}/v2.0/.well-known/openid-configuration"
    timeouts = Timeouts(connect=10, read=subject.settings.graph_timeout)
    try:
        async with Transport(cloud.ca_bundle, timeouts, Manners().user_agent) as transport:
            outcome = await transport.exchange(Ask(URL(address)), Meter(), fresh=False)
        if not isinstance(outcome, Answer):
            raise ConfigurationError(
                outcome.reason, f"Check the network, and that {cloud.login_url} is right for the cloud {cloud.name}"
            )
        if outcome.status != 200:
            sign_in = SignIn(subject.application.client_id, tenant, urlsplit(cloud.graph_url).hostname or "")
            raise refusal(_object(outcome.body), sign_in)
    except StocktakeError as error:
        return [_failed("tenant", error)]
    issuer = URL(str(_object(outcome.body).get("issuer", "")))
    found = Check("tenant", True, f"{tenant} is tenant {issuer.path.strip('/').split('/')[0]}")
    return [found, *_clock(outcome.headers.get("date"))]


def _clock(date: str | None) -> Iterator[Check]:
    try:
        theirs = parsedate_to_datetime(date or "")
    except ValueError:
        return
    skew = round(abs((datetime.now(UTC) - theirs).total_seconds()))
    yield Check(
        "clock",
        skew <= SKEW_TOLERATED_S,
        f"this machine's clock is {skew} s away from Microsoft's",
        "Set the clock by NTP: tokens and certificates are judged by it",
        optional=True,
    )


def permission_checks(roles: frozenset[str], cloud: Cloud) -> list[Check]:
    """One check for each source: whether the token holds any of the permissions that it accepts."""
    if not roles:
        wanted = "the permissions of the README"
        return [
            Check(
                "consent", False, "no administrator has granted application permissions", _CONSENT.format(what=wanted)
            )
        ]
    checks = []
    for source in SOURCES:
        name = f"permission: {source.name}"
        held = [permission for permission in source.permissions if permission in roles]
        if isinstance(source, Report) and not cloud.reports:
            checks.append(Check(name, None, f"cloud {cloud.name} has no usage reports", optional=True))
        elif held:
            checks.append(Check(name, True, held[0]))
        else:
            wanted = source.permissions[0]
            message = f"needs {' or '.join(source.permissions)}"
            checks.append(Check(name, False, message, _CONSENT.format(what=wanted), optional=source.optional))
    return checks


async def _organization(client: GraphClient) -> Check:
    try:
        body = await _get(client, "/organization?$select=id,displayName")
    except StocktakeError as error:
        return _failed("read", error)
    listed = body.get("value")
    name = listed[0].get("displayName") if isinstance(listed, list) and listed and isinstance(listed[0], dict) else None
    return Check("read", True, f"Microsoft Graph answers for {name or 'the tenant'}")


async def _sign_ins(client: GraphClient, roles: frozenset[str]) -> Check:
    name = "sign-in activity"
    if not roles & {"AuditLog.Read.All"}:
        return Check(name, None, "not read: needs AuditLog.Read.All", optional=True)
    try:
        await _get(client, "/users?$select=id,signInActivity&$top=1", "sign_ins")
    except LicenceMissingError as error:
        return Check(name, None, error.message, optional=True)
    except StocktakeError as error:
        return _failed(name, error, optional=True)
    return Check(name, True, "the tenant has the Entra ID licence for it", optional=True)


async def _concealed_names(client: GraphClient, roles: frozenset[str]) -> Check:
    name = "names in reports"
    if not any(role.startswith("ReportSettings.Read") for role in roles):
        return Check(name, None, "not known: needs ReportSettings.Read.All", optional=True)
    try:
        body = await _get(client, "/admin/reportSettings")
    except StocktakeError as error:
        return _failed(name, error, optional=True)
    # Flat, or wrapped in `value` as the documentation's example shows it.
    settings = body["value"] if isinstance(body.get("value"), dict) else body
    if isinstance(settings, dict) and settings.get("displayConcealedNames") is True:
        remedy = "Microsoft 365 admin center: Settings, Org settings, Services, Reports: show names in all reports"
        return Check(name, False, "usage reports conceal who is who", remedy, optional=True)
    return Check(name, True, "usage reports show names", optional=True)


async def _secret_expiry(client: GraphClient, roles: frozenset[str], application: Application) -> list[Check]:
    if not isinstance(application.credential, ClientSecret):
        return []
    # Graph never shows a secret again, but for its first three characters.
    return [await _expiry_of(client, roles, application.client_id, application.credential.value[:3])]


async def _expiry_of(client: GraphClient, roles: frozenset[str], client_id: str, hint: str) -> Check:
    name = "secret expiry"
    if not any(role.startswith("Application.Read") for role in roles):
        return Check(name, None, "not known: Graph tells it with Application.Read.All only", optional=True)
    try:
        body = await _get(client, f"/applications(appId='{client_id}')?$select=id,passwordCredentials")
    except StocktakeError as error:
        return Check(name, None, f"not known: {error.message}", optional=True)
    secrets = body.get("passwordCredentials")
    ends = [
        datetime.fromisoformat(str(secret["endDateTime"]))
        for secret in (secrets if isinstance(secrets, list) else ())
        if isinstance(secret, dict) and secret.get("endDateTime") and secret.get("hint") == hint
    ]
    if not ends:
        return Check(name, None, "not known: the application lists no such secret", optional=True)
    return _expiry(name, min(ends))


def _expiry(name: str, end: datetime) -> Check:
    days = (end - datetime.now(UTC)).days
    message = f"it expired on {end:%Y-%m-%d}" if days < 0 else f"it expires on {end:%Y-%m-%d}, in {days} days"
    at = end.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Check(name, days >= EXPIRY_NOTICE_DAYS, message, _NEW_CREDENTIAL, optional=True, expires_at=at)


async def _get(client: GraphClient, path: str, workload: Workload = "identity") -> Mapping[str, object]:
    return _object(await client.get(client.url(path), Meter(), workload=workload))


def _object(body: bytes) -> dict[str, object]:
    try:
        return msgspec.json.decode(body, type=dict[str, object])
    except msgspec.DecodeError:
        return {}


def _failed(name: str, error: StocktakeError, *, optional: bool = False) -> Check:
    code = error.code if isinstance(error, ConfigurationError) else ""
    return Check(name, False, error.message, error.remedy, code, optional)
