"""A login host that a test can script."""

import ssl
from collections.abc import AsyncIterator

import pytest
import trustme
from tests.stocktake.graph.graph_server import GraphServer, Say

from stocktake.identity.clouds import Cloud
from stocktake.identity.tokens import TokenPatience

TENANT = "norvelt.example"
CLIENT = "11111111-2222-3333-4444-555555555555"
DISCOVERY = f"/{TENANT}/v2.0/.well-known/openid-configuration"
TOKEN = f"/{TENANT}/oauth2/v2.0/token"
QUICK = TokenPatience(first_tries=3, later_tries=4, first_s=0.01, cap_s=0.02)


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def server_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
async def entra(server_context: ssl.SSLContext) -> AsyncIterator[GraphServer]:
    async with GraphServer(server_context) as server:
        server.script(DISCOVERY, discovery(server))
        server.script(TOKEN, issued())
        yield server


@pytest.fixture
def cloud(entra: GraphServer, authority: trustme.CA) -> Cloud:
    return Cloud("test", entra.url, "https://graph.example", authority.cert_pem.bytes().decode())


def discovery(server: GraphServer, token_host: str | None = None) -> Say:
    return Say(
        body={
            "issuer": f"{server.url}/tid/v2.0",
            "authorization_endpoint": f"{server.url}/{TENANT}/oauth2/v2.0/authorize",
            "token_endpoint": f"{token_host or server.url}{TOKEN}",
            "jwks_uri": f"{server.url}/{TENANT}/discovery/v2.0/keys",
        }
    )


def issued(token: str = "token-1", expires_in: int = 3599) -> Say:  # noqa: S107
    return Say(body={"token_type": "Bearer", "expires_in": expires_in, "access_token": token})


def refused(code: int, error: str = "invalid_client", status: int = 400, text: str = "Something.") -> Say:
    return Say(
        status,
        {
            "error": error,
            "error_description": f"AADSTS{code}: {text}\r\nTrace ID: 0000\r\nCorrelation ID: 1111\r\nTimestamp: now",
            "error_codes": [code],
            "timestamp": "2026-11-24 10:00:00Z",
            "trace_id": "0000",
            "correlation_id": "1111",
        },
    )
