"""Whom a connection to Microsoft, or to what stands in for it, trusts."""

import ssl

from stocktake.errors import ConfigurationError


def trust(ca_pem: str | None) -> ssl.SSLContext:
    """Trust the system's authorities, or the given ones (PEM text) and no others."""
    try:
        return ssl.create_default_context(cadata=ca_pem)
    except ssl.SSLError:
        raise ConfigurationError(
            "the CA bundle of the cloud holds no readable certificate", "Add the cloud again with a PEM file"
        ) from None
