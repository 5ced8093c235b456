"""An application during sign-in: the address to open, the redemption of what comes back, requests with the token."""

import base64
import json
from typing import Any

import msal
import requests
from tests.m365sim.browser import Browser
from tests.simulator import Simulator

CALLBACK = "http://localhost:53682/connectors/microsoft-365/authorize"
GUIDE = ("Directory.Read.All", "Group.Read.All", "Reports.Read.All", "User.Read.All")
PLANTED = "the planted secret of the default application"
VERIFIER = "a-verifier-of-more-than-forty-three-characters-0123"


class Connecting:
    """`tenant` is the segment of the address; None for the tenant of the simulator."""

    def __init__(
        self, simulator: Simulator, client_id: str = "", secret: str | None = PLANTED, tenant: str | None = None
    ) -> None:
        self.simulator = simulator
        self.client_id = client_id or simulator.client_id
        self.secret = simulator.client_secret if secret == PLANTED else secret
        self.tenant = tenant or simulator.tenant_id
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = str(simulator.ca_bundle)

    def close(self) -> None:
        self.session.close()

    def address(self, path: str = "oauth2/v2.0/authorize") -> str:
        return f"{self.simulator.login_url}/{self.tenant}/{path}"

    def question(self, **changed: str | None) -> dict[str, str]:
        """The query of an authorisation; None leaves a parameter out."""
        asked: dict[str, str | None] = {
            "client_id": self.client_id,
            "response_type": "code",
            "redirect_uri": CALLBACK,
            "scope": "openid profile offline_access " + " ".join(GUIDE),
            "state": "st4te",
            "nonce": "n0nce",
            "code_challenge": VERIFIER,
            "code_challenge_method": "plain",
            **changed,
        }
        return {name: value for name, value in asked.items() if value is not None}

    def open(self, browser: Browser, **changed: str | None) -> None:
        browser.open(self.address(), self.question(**changed))

    def sign_in(self, browser: Browser, name: str) -> None:
        person = self.simulator.person(name)
        browser.sign_in(person["user_principal_name"], person["password"])

    def code(self, browser: Browser, name: str = "global_administrator", **changed: str | None) -> str:
        """Sign in, accept whatever is asked, and return the code."""
        self.open(browser, **changed)
        self.sign_in(browser, name)
        if "Permissions requested" in browser.page.text:
            browser.press("Accept")
        return browser.answer["code"]

    def redeem(self, **fields: str | None) -> requests.Response:
        form: dict[str, str | None] = {"client_id": self.client_id, "client_secret": self.secret, **fields}
        sent = {name: value for name, value in form.items() if value is not None}
        return self.session.post(self.address("oauth2/v2.0/token"), data=sent, timeout=30)

    def redeem_code(self, code: str, /, **changed: str | None) -> requests.Response:
        fields: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
            **changed,
        }
        return self.redeem(**fields)

    def refresh(self, token: str, /, **changed: str | None) -> requests.Response:
        return self.redeem(**{"grant_type": "refresh_token", "refresh_token": token, **changed})

    def tokens(self, browser: Browser, name: str = "global_administrator", **changed: str | None) -> dict[str, Any]:
        answer = self.redeem_code(self.code(browser, name, **changed))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def graph(self, token: str, path: str, method: str = "GET", **options: Any) -> requests.Response:
        return self.session.request(
            method,
            path if path.startswith("https://") else f"{self.simulator.graph_url}/v1.0/{path}",
            headers={"Authorization": f"Bearer {token}", **options.pop("headers", {})},
            allow_redirects=False,
            timeout=60,
            **options,
        )

    def rows(self, token: str, path: str) -> list[dict[str, Any]]:
        """All pages of a listing."""
        found: list[dict[str, Any]] = []
        link: str | None = path
        while link is not None:
            answer = self.graph(token, link)
            assert answer.status_code == 200, (link, answer.text)
            found += answer.json()["value"]
            link = answer.json().get("@odata.nextLink")
        return found

    def msal_client(self, authority: str | None = None) -> msal.ConfidentialClientApplication:
        return msal.ConfidentialClientApplication(
            self.client_id,
            client_credential=self.secret,
            authority=authority or f"{self.simulator.login_url}/{self.tenant}",
            instance_discovery=False,
            http_client=self.session,
        )


def claims_of(token: str) -> dict[str, Any]:
    """The claims of a JWT, unverified."""
    part = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def number_of(answer: requests.Response) -> tuple[int, str, int]:
    """Status, OAuth's word and Microsoft's number of a refusal."""
    body = answer.json()
    assert body["error_description"].startswith(f"AADSTS{body['error_codes'][0]}: "), body
    assert "\r\nTrace ID: " in body["error_description"]
    return answer.status_code, body["error"], body["error_codes"][0]
