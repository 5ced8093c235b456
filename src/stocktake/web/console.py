"""What every request of the console can reach: the installation, its address, the syncs that run."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from fastapi import Request

from stocktake.app import App
from stocktake.errors import ConfigurationError
from stocktake.insights.first_look import Fact
from stocktake.jobs.background import SyncRunner
from stocktake.settings import Settings

_HERE = {"127.0.0.1", "::1", "localhost"}


@dataclass(frozen=True)
class Console:
    """`address` is the one that people and Microsoft's redirects use, such as https://licences.example, no slash."""

    app: App
    runner: SyncRunner
    address: str
    facts: dict[int, tuple[Fact, ...]] = field(default_factory=dict)  # of finished runs, by run id

    @property
    def secure(self) -> bool:
        """True where browsers reach the console by https alone."""
        return self.address.startswith("https:")

    @property
    def host(self) -> str:
        """Host and, where it is not the scheme's own, port: what the Host header has to say."""
        return urlsplit(self.address).netloc


def console_of(request: Request) -> Console:
    console = request.app.state.console
    assert isinstance(console, Console)  # noqa: S101 - create_console put it there
    return console


def address_of(settings: Settings) -> str:
    """The console's address: `public_url`, else localhost, for which Microsoft allows redirects without TLS.

    ConfigurationError where other machines may connect and nobody said by which name.
    """
    if settings.public_url:
        return settings.public_url.rstrip("/").lower()
    if settings.listen_host not in _HERE:
        raise ConfigurationError(
            f"the console is to listen on {settings.listen_host}, and by which address people open it is not known",
            "set STOCKTAKE_PUBLIC_URL, for example to https://licences.example.com",
        )
    scheme = "https" if settings.tls_certificate else "http"
    return f"{scheme}://localhost:{settings.listen_port}"
