"""The clouds that Microsoft runs, and those that a user defines.

Endpoints: entra-docs authentication-national-cloud.md and microsoft-graph-docs concepts/deployments.md. A tenant lives
in one cloud; applications and tokens of one are not valid in another. Usage reports v1.0: in the global cloud only.
"""

import re
import ssl
from dataclasses import dataclass, field
from pathlib import Path

from yarl import URL

from stocktake.errors import ConfigurationError, UsageError


@dataclass(frozen=True, slots=True)
class Cloud:
    """`login_url` and `graph_url` have neither path nor slash at the end.

    `ca_bundle` is PEM text of the only authorities to trust; None trusts the system's. `reports` tells whether the
    cloud offers usage reports. A user-defined cloud (`built_in` false) is the simulator or a proxy.
    """

    name: str
    login_url: str
    graph_url: str
    ca_bundle: str | None = field(default=None, repr=False)
    reports: bool = True
    built_in: bool = False


GLOBAL = Cloud("global", "https://login.microsoftonline.com", "https://graph.microsoft.com", built_in=True)

BUILT_IN: tuple[Cloud, ...] = (
    GLOBAL,
    Cloud(
        "usgov-l4",
        "https://login.microsoftonline.us",
        "https://graph.microsoft.us",
        reports=False,
        built_in=True,
    ),
    Cloud(
        "usgov-l5",
        "https://login.microsoftonline.us",
        "https://dod-graph.microsoft.us",
        reports=False,
        built_in=True,
    ),
    Cloud(
        "china",
        "https://login.partner.microsoftonline.cn",
        "https://microsoftgraph.chinacloudapi.cn",
        reports=False,
        built_in=True,
    ),
)

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}", re.IGNORECASE)


def define_cloud(name: str, login_url: str, graph_url: str, ca_bundle: Path | None = None) -> Cloud:
    """A cloud with other endpoints than Microsoft's.

    UsageError: a name or an address that does not fit; ConfigurationError: a CA file that can't be read or holds none.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is no name for a cloud",
            "Use letters, digits, '-', '_' and '.', beginning with a letter or digit",
        )
    if name.lower() in {cloud.name for cloud in BUILT_IN}:
        raise UsageError(f"the cloud {name.lower()} is built in and can't be redefined", "Choose another name")
    return Cloud(
        name,
        _endpoint("--login", login_url),
        _endpoint("--graph", graph_url),
        read_ca_bundle(ca_bundle) if ca_bundle is not None else None,
    )


def read_ca_bundle(path: Path) -> str:
    """PEM text of the authorities in a file; ConfigurationError when it is unreadable or holds no certificate."""
    try:
        text = path.read_text("ascii")
    except UnicodeDecodeError:
        raise ConfigurationError(f"the CA bundle {path} is no PEM file", "Convert it to PEM (BASE64)") from None
    except OSError as error:
        raise ConfigurationError(
            f"the CA bundle {path} can't be read: {error.strerror}", "Check the path and its permissions"
        ) from None
    if "PRIVATE KEY" in text:
        raise ConfigurationError(
            f"the CA bundle {path} holds a private key", "Give a file with the authorities' certificates alone"
        )
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError):
        raise ConfigurationError(
            f"the CA bundle {path} holds no readable certificate", "Give a PEM file with the authority's certificate"
        ) from None
    return text


def _endpoint(option: str, address: str) -> str:
    try:
        url = URL(address.strip())
        host, port = url.host, url.port
    except ValueError:
        raise UsageError(f"{option}: {address!r} is no address", "Give https://HOST or https://HOST:PORT") from None
    if url.scheme != "https" or not host:
        raise UsageError(f"{option}: {address!r} is no https address", "Give https://HOST or https://HOST:PORT")
    if url.path not in ("", "/") or url.query_string or url.fragment or url.user or url.password:
        raise UsageError(
            f"{option}: {address!r} holds more than a host and a port", "Give https://HOST or https://HOST:PORT"
        )
    shown = f"[{host}]" if ":" in host else host
    return f"https://{shown}" if port in (None, 443) else f"https://{shown}:{port}"
