"""The HTTP client that MSAL is given: it speaks to one login host, trusts one set of authorities, and follows nothing.

MSAL's own would read proxies and CA bundles from the environment, which overrides what the cloud says, and would turn a
server's bad day into its own exceptions.
"""

import ssl
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from stocktake.errors import ConfigurationError
from stocktake.identity.aadsts import TRANSIENT, SignIn, code_of, refusal
from stocktake.tls import trust

CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 30.0


class RepeatableError(Exception):
    """Worth another try. `unreachable`: the host was never spoken to; `retry_after_s`: as the server said."""

    def __init__(self, reason: str, *, unreachable: bool = False, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.unreachable = unreachable
        self.retry_after_s = retry_after_s


class EntraHttp:
    """`get` and `post` as MSAL calls them. Answers are JSON with a status below 500; everything else is raised."""

    def __init__(self, login_url: str, ca_pem: str | None, sign_in: SignIn) -> None:
        self._login = urlsplit(login_url)
        self._sign_in = sign_in
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.mount("https://", _Adapter(trust(ca_pem)))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()

    def get(self, url: str, **arguments: Any) -> requests.Response:  # noqa: ANN401 - MSAL passes what requests takes
        """A discovery document. A refusal says what is wrong with the tenant, where MSAL only says that it failed."""
        response, body = self._send("GET", url, arguments)
        if response.status_code >= 400:
            raise refusal(body, self._sign_in)
        return response

    def post(self, url: str, **arguments: Any) -> requests.Response:  # noqa: ANN401
        """A token request: holds the secret, so it goes to the login host of the cloud and nowhere else."""
        response, body = self._send("POST", url, arguments)
        if response.status_code >= 400 and code_of(body) in TRANSIENT:
            raise RepeatableError(f"{self._login.hostname} answered AADSTS{code_of(body)}")
        return response

    def close(self) -> None:
        """MSAL may close what it was given; the session closes with the context."""

    def _send(self, method: str, url: str, arguments: dict[str, Any]) -> tuple[requests.Response, dict[str, Any]]:
        self._refuse_other_host(url)
        host = self._login.hostname
        try:
            response = self._session.request(
                method, url, allow_redirects=False, timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S), **arguments
            )
        except requests.exceptions.SSLError as error:
            raise ConfigurationError(
                f"no secure connection to {host}: {_tls_reason(error)}",
                "Give the authority's certificate with `stocktake cloud add … --ca-bundle PEM`",
            ) from None
        except (requests.exceptions.ConnectionError, requests.exceptions.Timeout) as error:
            raise _unreachable(host or "", error) from None
        except requests.exceptions.RequestException as error:
            raise RepeatableError(f"an answer of {host} was cut short ({type(error).__name__})") from None
        if response.status_code == 429 or response.status_code >= 500:
            raise RepeatableError(f"{host} answered {response.status_code}", retry_after_s=_retry_after_s(response))
        return response, _json_object(response, host or "")

    def _refuse_other_host(self, url: str) -> None:
        target = urlsplit(url)
        if (target.scheme, target.hostname, target.port or 443) != (
            "https",
            self._login.hostname,
            self._login.port or 443,
        ):
            raise ConfigurationError(
                f"the sign-in of {self._sign_in.tenant} is served by {target.hostname}, not by {self._login.hostname}",
                "Nothing was sent there. The tenant may belong to another cloud: add the connector with --cloud",
            )


class _Adapter(HTTPAdapter):
    """Verifies by one TLS context and nothing else; requests would add its own list of authorities to it."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__(max_retries=0)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - requests' signature
        super().init_poolmanager(*arguments, ssl_context=self._context, **options)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:  # noqa: ANN401 - requests' signature
        conn.cert_reqs = "CERT_REQUIRED"


def _json_object(response: requests.Response, host: str) -> dict[str, Any]:
    try:
        body = response.json()
    except requests.exceptions.JSONDecodeError:
        raise RepeatableError(f"{host} answered {response.status_code} with something that is no JSON") from None
    if not isinstance(body, dict):
        raise RepeatableError(f"{host} answered {response.status_code} with JSON that is no object")
    return body


def _retry_after_s(response: requests.Response) -> float | None:
    text = response.headers.get("Retry-After", "")
    return float(text) if text.replace(".", "", 1).isdecimal() and text.isascii() else None


def _tls_reason(error: BaseException) -> str:
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted ({cause.verify_message})"
    return "the TLS handshake failed"


def _unreachable(host: str, error: Exception) -> RepeatableError:
    names = {type(cause).__name__ for cause in _causes(error)}
    if "NameResolutionError" in names:
        return RepeatableError(f"the name {host} can't be resolved", unreachable=True)
    if "ConnectionRefusedError" in names:
        return RepeatableError(f"{host} refuses the connection", unreachable=True)
    if isinstance(error, requests.exceptions.ReadTimeout):
        return RepeatableError(f"{host} did not answer in time")
    if isinstance(error, requests.exceptions.ConnectTimeout) or "NewConnectionError" in names:
        return RepeatableError(f"{host} can't be reached", unreachable=True)
    return RepeatableError(f"the connection to {host} broke")


def _causes(error: BaseException | None) -> list[BaseException]:
    """An exception with what it was raised from or wraps; requests and urllib3 keep the cause in `args` or `reason`."""
    found: list[BaseException] = []
    waiting: list[Any] = [error]
    while waiting and len(found) < 20:
        cause = waiting.pop()
        if isinstance(cause, BaseException) and cause not in found:
            found.append(cause)
            waiting += [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]
    return found
