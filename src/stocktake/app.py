"""The composition root: settings become running parts, and are put away again in the opposite order."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError, OperationalError

from stocktake.errors import ConfigurationError
from stocktake.identity.sealing import Sealer, load_sealer
from stocktake.products.names import product_name
from stocktake.settings import Settings, ensure_home
from stocktake.store.engine import Store, open_store
from stocktake.store.products import imported_names


@dataclass(frozen=True, slots=True)
class App:
    settings: Settings
    store: Store
    sealer: Sealer

    def name_of(self, connection: Connection) -> Callable[[str | None, str], str]:
        """A function from part number (null where the tenant no longer lists the SKU) and SKU id to a name."""
        imported = imported_names(connection)
        return lambda part_number, sku_id: product_name(part_number or sku_id, sku_id, imported)


@contextmanager
def open_app(settings: Settings) -> Iterator[App]:
    """The parts of an installation, with its database at the newest schema.

    ConfigurationError, in one line, where the home, the key or the database can't be used; also for the database
    while it is in use.
    """
    home = ensure_home(settings)
    sealer = load_sealer(home, settings.key.get_secret_value() if settings.key else None)
    try:
        with open_store(settings) as store:
            yield App(settings, store, sealer)
    except DatabaseError as error:
        # Its other subclasses (integrity, programming, data) would be mistakes of ours.
        if not isinstance(error, OperationalError) and type(error) is not DatabaseError:
            raise
        reason = " ".join(str(error.orig).split())
        raise ConfigurationError(
            f"the database can't be used: {reason}", "check STOCKTAKE_DATABASE_URL, or the file in STOCKTAKE_HOME"
        ) from None
