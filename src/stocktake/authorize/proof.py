"""Whether an authorisation works: a real token, and a first read with it."""

import asyncio
from dataclasses import dataclass

import msgspec

from stocktake.app import App
from stocktake.authorize.begin import application_of_draft
from stocktake.authorize.draft import Outcome, Pending
from stocktake.errors import ConfigurationError, PermissionMissingError, StocktakeError
from stocktake.graph.client import GraphClient, Manners
from stocktake.graph.meter import Meter
from stocktake.graph.patience import Patience
from stocktake.graph.transport import Timeouts
from stocktake.identity.clouds import Cloud
from stocktake.identity.grants import DelegatedTokens, Grant, MemoryVault
from stocktake.identity.keeping import TokenPatience
from stocktake.identity.tokens import EntraTokens, diagnose
from stocktake.store.clouds import get_cloud

# What Microsoft says of an app whose consent has not reached all of its parts yet; the same as if there were none.
_NOT_THERE_YET = frozenset({"AADSTS7000229", "AADSTS700016", "AADSTS65001", "Authorization_IdentityNotFound"})


class NotYetError(StocktakeError):
    """Wait: a consent that was given may take some minutes to take effect."""


@dataclass(frozen=True, slots=True)
class Proved:
    """`grant` is the newest one of a delegated authorisation: the proof itself has replaced it."""

    tenant_name: str
    grant: Grant | None


def prove(app: App, pending: Pending, outcome: Outcome) -> Proved:
    """Get a token and read /organization with it; blocks for some seconds at most.

    NotYetError where a consent may still be on its way; every other error is final.
    """
    draft = pending.draft
    cloud = get_cloud(app.store, draft.cloud)
    application = application_of_draft(app, draft)
    patience = TokenPatience(first_tries=2)
    if outcome.grant is None:
        tokens = EntraTokens(cloud, draft.tenant, application.client_id, application.credential, patience=patience)
        try:
            return Proved(asyncio.run(_first_read(app, cloud, tokens, pending.tenant_id)), None)
        except PermissionMissingError as error:
            raise NotYetError(error.message, _WHO_READS) from None
        except ConfigurationError as error:
            if error.code in _NOT_THERE_YET:
                raise NotYetError(error.message, error.remedy) from None
            raise
    vault = MemoryVault(outcome.grant)
    delegated = DelegatedTokens(cloud, draft.tenant, application, vault, name=draft.name, patience=patience)
    return Proved(asyncio.run(_first_read(app, cloud, delegated, pending.tenant_id)), vault.grant)


_WHO_READS = "Portal: API permissions: add Organization.Read.All or Directory.Read.All, and Grant admin consent"


async def _first_read(app: App, cloud: Cloud, tokens: EntraTokens | DelegatedTokens, tenant_id: str) -> str:
    facts = diagnose(await tokens.token())
    if isinstance(tokens, EntraTokens) and facts.app_id and not facts.roles:
        raise NotYetError("the token holds no application permission yet", _WHO_READS)
    manners = Manners(Timeouts(read=app.settings.graph_timeout), Patience(failing_s=5.0, unreachable_tries=2))
    async with GraphClient(cloud.graph_url, tokens, ca_pem=cloud.ca_bundle, manners=manners) as client:
        body = await client.get(client.url("/organization?$select=id,displayName"), Meter())
    try:
        listed = msgspec.json.decode(body, type=_Organizations).value
    except msgspec.DecodeError:
        listed = []
    if not listed or listed[0].id.lower() != tenant_id.lower():
        raise ConfigurationError(
            f"Microsoft Graph answers for tenant {listed[0].id if listed else 'unknown'}, and not for {tenant_id}",
            "Check the tenant and the cloud of the connector",
        )
    return listed[0].displayName or listed[0].id


class _Organization(msgspec.Struct):
    id: str
    displayName: str | None = None  # noqa: N815 - Graph's name


class _Organizations(msgspec.Struct):
    value: list[_Organization]
