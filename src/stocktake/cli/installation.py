"""The installation that a command works on."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stocktake.app import App
    from stocktake.settings import Settings
    from stocktake.store.connectors import Connector


def ready_settings() -> "Settings":
    """Settings from the environment, with logs set up by them."""
    from stocktake.logs import configure_logs, hide
    from stocktake.settings import load_settings

    settings = load_settings()
    configure_logs(settings.log_level, settings.log_format)
    if settings.key:
        hide(settings.key.get_secret_value())
    return settings


@contextmanager
def installation() -> Iterator["App"]:
    """The running parts of the installation in STOCKTAKE_HOME."""
    settings = ready_settings()
    from stocktake.app import open_app

    with open_app(settings) as app:
        yield app


def chosen(app: "App", name: str | None) -> list["Connector"]:
    """The connector of that name, or all of them; UsageError for an unknown name."""
    from stocktake.store.connectors import get_connector, list_connectors

    return [get_connector(app.store, name)] if name is not None else list_connectors(app.store)
