"""The composition root: settings become running parts, and are put away again in the opposite order."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError

from stocktake.errors import ConfigurationError
from stocktake.identity.sealing import Sealer, load_sealer
from stocktake.settings import Settings, ensure_home
from stocktake.store.engine import Store, open_store


@dataclass(frozen=True, slots=True)
class App:
    settings: Settings
    store: Store
    sealer: Sealer


@contextmanager
def open_app(settings: Settings) -> Iterator[App]:
    """The parts of an installation, with its database at the newest schema.

    ConfigurationError, in one line, where the home, the key or the database can't be used.
    """
    home = ensure_home(settings)
    sealer = load_sealer(home, settings.key.get_secret_value() if settings.key else None)
    try:
        opened = open_store(settings)
    except DBAPIError as error:
        reason = " ".join(str(error.orig).split())
        raise ConfigurationError(
            f"the database can't be opened: {reason}", "check STOCKTAKE_DATABASE_URL, or the file in STOCKTAKE_HOME"
        ) from None
    with opened as store:
        yield App(settings, store, sealer)
