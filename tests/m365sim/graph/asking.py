"""Plain requests to the simulator's Graph, as an application with chosen permissions."""

from collections.abc import Iterator
from typing import Any

import requests
from tests.simulator import Simulator

EVENTUAL = {"ConsistencyLevel": "eventual"}


class Graph:
    """One application's view of Graph. Addresses are relative to /v1.0 or whole."""

    def __init__(self, simulator: Simulator, client_id: str, client_secret: str) -> None:
        self.simulator = simulator
        self.client_id = client_id
        self.client_secret = client_secret
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = str(simulator.ca_bundle)
        self.renew()

    def renew(self) -> None:
        """A new token, with the permissions that are granted by now."""
        answer = self.session.post(
            f"{self.simulator.login_url}/{self.simulator.tenant_id}/oauth2/v2.0/token",
            data={
                "grant_type": "client_credentials",
                "client_id": self.client_id,
                "client_secret": self.client_secret,
                "scope": "https://graph.microsoft.com/.default",
            },
            timeout=30,
        )
        answer.raise_for_status()
        self.session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def close(self) -> None:
        self.session.close()

    def ask(self, address: str, method: str = "GET", **options: Any) -> requests.Response:
        url = address if address.startswith("https://") else f"{self.simulator.graph_url}/v1.0/{address.lstrip('/')}"
        return self.session.request(method, url, timeout=60, allow_redirects=False, **options)

    def json(self, address: str, **headers: str) -> Any:
        answer = self.ask(address, headers=headers)
        assert answer.status_code == 200, (address, answer.status_code, answer.text[:500])
        return answer.json()

    def refused(self, address: str, **headers: str) -> tuple[int, str, str]:
        """Status, code and message of a refusal."""
        answer = self.ask(address, headers=headers)
        assert answer.status_code >= 400, (address, answer.text[:500])
        error = answer.json()["error"]
        return answer.status_code, error["code"], error["message"]

    def pages(self, address: str, **headers: str) -> Iterator[dict[str, Any]]:
        """Every page of a listing or of a delta round."""
        link: str | None = address
        while link is not None:
            page = self.json(link, **headers)
            yield page
            link = page.get("@odata.nextLink")

    def rows(self, address: str, **headers: str) -> list[dict[str, Any]]:
        return [row for page in self.pages(address, **headers) for row in page["value"]]

    def batch(self, *items: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """Replies of a $batch by id."""
        answer = self.ask("$batch", "POST", json={"requests": list(items)})
        assert answer.status_code == 200, answer.text
        return {reply["id"]: reply for reply in answer.json()["responses"]}
