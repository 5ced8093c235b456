"""A server of Graph's that is as bad as a test wants it to be."""

import ssl
from collections.abc import AsyncIterator

import pytest
import trustme
from tests.stocktake.graph.graph_server import GraphServer, Tokens

from stocktake.graph.client import GraphClient, Manners
from stocktake.graph.patience import Patience
from stocktake.graph.transport import Timeouts

QUICK = Manners(
    timeouts=Timeouts(connect=5.0, read=1.0, total=20.0), patience=Patience(failing_s=0.15, first_s=0.01, cap_s=0.02)
)


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def ca_pem(authority: trustme.CA) -> str:
    return authority.cert_pem.bytes().decode()


@pytest.fixture(scope="session")
def server_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
async def graph(server_context: ssl.SSLContext) -> AsyncIterator[GraphServer]:
    async with GraphServer(server_context) as server:
        yield server


@pytest.fixture
def tokens() -> Tokens:
    return Tokens()


@pytest.fixture
async def client(graph: GraphServer, tokens: Tokens, ca_pem: str) -> AsyncIterator[GraphClient]:
    async with GraphClient(graph.url, tokens, ca_pem=ca_pem, manners=QUICK) as client:
        yield client
