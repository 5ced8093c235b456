"""The grant of a connector where it is stored, sealed, between its uses."""

from stocktake.errors import ConfigurationError
from stocktake.identity.grants import Grant, Held, authorise_again, open_grant, seal_grant
from stocktake.identity.sealing import Sealer
from stocktake.store.connectors import Connector
from stocktake.store.engine import Store
from stocktake.store.grants import mark_grant_lost, replace_grant, stored_grant


class StoredVault:
    """A Vault of identity.grants over the connector's row. ConfigurationError where the connector has no grant."""

    def __init__(self, store: Store, sealer: Sealer, connector: Connector) -> None:
        self._store, self._sealer = store, sealer
        self._id, self._name = connector.id, connector.name

    def read(self) -> Held:
        sealed = stored_grant(self._store, self._id).sealed
        if sealed is None:
            raise ConfigurationError(f"nobody has authorised connector {self._name} yet", authorise_again(self._name))
        return Held(open_grant(self._sealer, self._name, sealed), sealed)

    def replace(self, used: Held, new: Grant) -> None:
        replace_grant(self._store, self._id, used.mark, seal_grant(self._sealer, self._name, new))

    def lose(self, used: Held, reason: str) -> None:
        mark_grant_lost(self._store, self._id, used.mark, reason)
