"""Microsoft's own client for Python reads the simulated tenant: it knows nothing of us.

It is imported inside of the tests, because importing it warns, which fails a module but can be allowed in a test.
"""

import ssl
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from azure.identity.aio import ClientSecretCredential
from tests.simulator import Simulator

pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


@pytest.fixture
async def client(simulator: Simulator) -> AsyncIterator[Any]:
    from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
    from msgraph import GraphRequestAdapter, GraphServiceClient
    from msgraph_core import GraphClientFactory

    trust = ssl.create_default_context(cafile=str(simulator.ca_bundle))
    credential = ClientSecretCredential(
        simulator.tenant_id,
        simulator.client_id,
        simulator.client_secret,
        authority=simulator.login_url,
        disable_instance_discovery=True,
        connection_verify=str(simulator.ca_bundle),
    )
    provider = AzureIdentityAuthenticationProvider(
        credential, scopes=["https://graph.microsoft.com/.default"], allowed_hosts=["localhost"]
    )
    transport = httpx.AsyncHTTPTransport(verify=trust)
    http = GraphClientFactory.create_with_default_middleware(client=httpx.AsyncClient(transport=transport))
    adapter = GraphRequestAdapter(provider, http)
    adapter.base_url = f"{simulator.graph_url}/v1.0"
    async with credential, http, transport:  # the factory's pipeline does not close the transport that it wraps
        yield GraphServiceClient(request_adapter=adapter)


async def test_users_in_pages(client: Any, simulator: Simulator) -> None:
    from msgraph.generated.users.users_request_builder import UsersRequestBuilder

    parameters = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters(
        select=["id", "userPrincipalName", "assignedLicenses", "licenseAssignmentStates"], top=200
    )
    configuration = UsersRequestBuilder.UsersRequestBuilderGetRequestConfiguration(query_parameters=parameters)
    page = await client.users.get(configuration)
    held: dict[str, int] = {}
    while page is not None:
        for user in page.value:
            held[user.id] = len(user.license_assignment_states)
        link = page.odata_next_link
        page = await client.users.with_url(link).get() if link else None
    expected = dict.fromkeys((user["id"] for user in simulator.oracle("users")), 0)
    for row in simulator.oracle("assignments"):
        expected[row["user_id"]] += 1
    assert held == expected


async def test_groups_and_skus(client: Any, simulator: Simulator) -> None:
    from msgraph.generated.groups.groups_request_builder import GroupsRequestBuilder

    parameters = GroupsRequestBuilder.GroupsRequestBuilderGetQueryParameters(top=999)
    groups = await client.groups.get(
        GroupsRequestBuilder.GroupsRequestBuilderGetRequestConfiguration(query_parameters=parameters)
    )
    assert {group.id for group in groups.value} == {row["id"] for row in simulator.oracle("groups")}
    skus = await client.subscribed_skus.get()
    assert {str(sku.sku_id): sku.consumed_units for sku in skus.value} == {
        row["sku_id"]: row["consumed"] for row in simulator.oracle("subscriptions")
    }


async def test_a_refusal_is_read_as_graphs(client: Any) -> None:
    from msgraph.generated.models.o_data_errors.o_data_error import ODataError

    with pytest.raises(ODataError) as refusal:
        await client.users.by_user_id("nobody@nowhere.example").get()
    assert refusal.value.error.code == "Request_ResourceNotFound"


async def test_a_report_through_the_redirect(client: Any, simulator: Simulator) -> None:
    content = await client.reports.get_office365_active_user_detail_with_period("D180").get()
    assert content.startswith(b"\xef\xbb\xbfReport Refresh Date,User Principal Name")
    assert content.count(b"\r\n") == len(simulator.oracle("usage")) + 1
