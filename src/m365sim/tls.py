"""TLS by a certificate authority that lives as long as the process."""

import ssl
from dataclasses import dataclass

import trustme

NAMES = ("localhost", "127.0.0.1", "::1")


@dataclass(slots=True, frozen=True)
class Authority:
    """The CA's certificate as PEM, and a server context with a certificate of it."""

    ca_pem: str
    context: ssl.SSLContext


def new_authority(host: str) -> Authority:
    """A server certificate for localhost and for the address that is listened on."""
    authority = trustme.CA(organization_name="m365sim")
    wildcard = host in {"", "0.0.0.0", "::"}  # noqa: S104  # compared, not listened on
    names = NAMES if wildcard or host in NAMES else (*NAMES, host)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, common_name="m365sim").configure_cert(context)
    return Authority(authority.cert_pem.bytes().decode(), context)
