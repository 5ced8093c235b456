"""What a connector signs in as, and its token source, whichever kind of permissions it has."""

from stocktake.access.vault import StoredVault
from stocktake.errors import ConfigurationError
from stocktake.identity.applications import Application, provider_application
from stocktake.identity.clouds import Cloud
from stocktake.identity.credentials import deserialize
from stocktake.identity.grants import DelegatedTokens
from stocktake.identity.keeping import TokenPatience
from stocktake.identity.sealing import Sealer
from stocktake.identity.tokens import EntraTokens
from stocktake.settings import Settings
from stocktake.store.connectors import Connector, credential_context
from stocktake.store.engine import Store

TokenSource = EntraTokens | DelegatedTokens


def application_of(settings: Settings, sealer: Sealer, connector: Connector) -> Application:
    """What the connector signs in as. ConfigurationError where it has no credential, or none that can be opened."""
    if connector.client_id is None:
        provided = provider_application(settings)
        if provided is None:
            raise ConfigurationError(
                f"connector {connector.name} signs in with the provider's app, and the settings name none",
                "set STOCKTAKE_PROVIDER_CLIENT_ID and its credential, or give the connector an app of its own",
            )
        return provided
    if connector.sealed_credential is None:
        raise ConfigurationError(
            f"connector {connector.name} has no credential", "give it one in the console: Connectors, Credentials"
        )
    plain = sealer.open(connector.sealed_credential, credential_context(connector.name))
    return Application(connector.client_id, deserialize(plain))


def token_source(
    settings: Settings,
    store: Store,
    sealer: Sealer,
    cloud: Cloud,
    connector: Connector,
    patience: TokenPatience | None = None,
) -> TokenSource:
    """Errors of `application_of`. Whether a delegated connector was authorised shows at its first token."""
    application = application_of(settings, sealer, connector)
    if connector.permissions == "delegated":
        vault = StoredVault(store, sealer, connector)
        return DelegatedTokens(cloud, connector.tenant, application, vault, name=connector.name, patience=patience)
    return EntraTokens(cloud, connector.tenant, application.client_id, application.credential, patience=patience)
