"""What Microsoft Entra's error codes mean to the person who set the connector up.

Codes: entra-docs reference-error-codes.md@04f65548. Microsoft warns that they may change, so nothing but the wording
depends on them; those that are worth a repeat are listed for the same reason only.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stocktake.errors import ConfigurationError, UsageError

TRANSIENT = frozenset({50033, 50196, 90006, 90012, 90024, 90033, 90055})

_RENEW = (
    "Portal: App registrations, the application, Certificates & secrets, New client secret; "
    "copy its Value (shown once) and give it to the connector"
)
_UPLOAD = "Portal: App registrations, the application, Certificates & secrets, Certificates, Upload certificate"
_CONSENT = (
    "Portal: App registrations, the application, API permissions, Grant admin consent "
    "(needs a Global or Privileged Role Administrator)"
)
_TENANT = "Check the connector's tenant (a domain or a tenant id, as on the portal's Overview page) and its cloud"
_APP = (
    "Check the client id (Application (client) ID on the application's Overview page) and that the application is "
    "registered in this tenant or consented to by its administrator"
)
_ENABLE = "Portal: Enterprise applications, the application, Properties: set 'Enabled for users to sign in' to Yes"
_CLOUD = "Register the application in the tenant's own cloud and add the connector with --cloud"
_POLICY = "Ask the tenant's administrator to look at the sign-in log of the service principal and exempt it"
_CLOCK = "Set this machine's clock by NTP and try again"
_REPORT = "This should not happen: please report it with the code"
_SCOPE = "Check the cloud's Graph address (stocktake cloud list): the scope is made from it"

# code -> what is wrong, what to do; {app}, {tenant} and {host} are filled in
EXPLANATIONS: dict[int, tuple[str, str]] = {
    7000215: ("the client secret is wrong", f"Give the secret's Value, not its Secret ID. {_RENEW}"),
    7000222: ("the client secret has expired", _RENEW),
    70002: ("the client secret does not match the application's", _RENEW),
    7000216: (
        "the sign-in came without a secret or certificate",
        "Give the connector a client secret or a certificate",
    ),
    7000218: (
        "the sign-in came without a secret or certificate",
        "Give the connector a client secret or a certificate",
    ),
    700025: (
        "the application is registered as a public client, which has no secret",
        "Portal: App registrations, the application, Authentication: set 'Allow public client flows' to No",
    ),
    700027: (
        "the certificate is not registered on the application {app}, or the key does not match it",
        f"{_UPLOAD}; then give the connector the same certificate with its key",
    ),
    700030: (
        "the certificate's subject is not allowed for the application",
        "Use a certificate that the policy allows",
    ),
    50012: ("the certificate was not accepted", f"{_UPLOAD} again"),
    700024: ("the signed assertion is outside its validity: the clocks differ", _CLOCK),
    500133: ("the signed assertion is outside its validity: the clocks differ", _CLOCK),
    50013: ("the signed assertion was not accepted", f"{_CLOCK}; {_UPLOAD} again"),
    50027: ("the signed assertion was not accepted", f"{_CLOCK}; {_UPLOAD} again"),
    700016: ("the application {app} is not known in the tenant {tenant}", _APP),
    700011: ("the application {app} is not known in the tenant {tenant}", _APP),
    7000229: ("the application {app} has no service principal in the tenant {tenant}", _CONSENT),
    700038: ("the client id {app} is no application id", _APP),
    70001: ("the application {app} is disabled in the tenant", _ENABLE),
    7000112: ("the application {app} is disabled in the tenant", _ENABLE),
    1000031: ("the application can't be used at present", "Ask the tenant's administrator"),
    90002: ("the tenant {tenant} does not exist in this cloud", _TENANT),
    90019: ("the tenant is not named", _TENANT),
    50059: ("the tenant is not named", _TENANT),
    900023: ("{tenant} is neither a tenant id nor a domain name", _TENANT),
    900021: ("the tenant id consists of zeros", _TENANT),
    9001023: ("{tenant} is no single tenant", "Name one tenant: a domain or a tenant id"),
    50194: ("the application serves a single tenant, and another was named", _TENANT),
    50034: ("the account does not exist in the tenant {tenant}", "Sign in with an account of the tenant"),
    51004: ("the account does not exist in the tenant {tenant}", "Sign in with an account of the tenant"),
    50020: ("the account belongs to another tenant", "Sign in with an account of the tenant, or invite it as a guest"),
    90038: ("the tenant {tenant} belongs to another cloud", _CLOUD),
    900382: ("the tenant {tenant} belongs to another cloud", _CLOUD),
    900439: ("the application or the tenant belongs to another cloud", _CLOUD),
    500011: ("Microsoft Graph at {host} is not known in the tenant {tenant}", _SCOPE),
    50001: ("Microsoft Graph at {host} is not known in the tenant {tenant}", _SCOPE),
    70011: ("the requested scope is not valid", _SCOPE),
    1002012: ("the requested scope is not valid", _SCOPE),
    700022: ("the requested scope is not valid", _SCOPE),
    700023: ("the requested scope is not valid", _SCOPE),
    65001: ("nobody has consented to the application", _CONSENT),
    65004: ("the consent was declined", "Authorize again and accept"),
    650051: ("the application could not be added to the tenant", _CONSENT),
    650052: ("the tenant has no subscription to a service that the application asks for", _CONSENT),
    650056: ("the application lacks permissions or consent", _CONSENT),
    650057: ("the application's registration does not list Microsoft Graph", _CONSENT),
    90094: ("an administrator has to consent", _CONSENT),
    90095: ("an administrator has to consent", _CONSENT),
    90093: ("the account may not consent", _CONSENT),
    90099: ("the application is not authorized in the tenant", _CONSENT),
    53003: ("a Conditional Access policy blocks the sign-in", _POLICY),
    53000: ("a Conditional Access policy asks for a compliant device", _POLICY),
    53001: ("a Conditional Access policy asks for a domain joined device", _POLICY),
    53011: ("the sign-in is blocked because of risk", _POLICY),
    530032: ("a security policy of the tenant blocks the sign-in", _POLICY),
    530035: ("security defaults block the sign-in", _POLICY),
    500021: ("tenant restrictions of the network block the tenant", "Ask whoever runs the network's proxy"),
    50057: ("the account is disabled", "Sign in with another account"),
    50053: ("the account is locked", "Wait, or ask the administrator to unlock it"),
    50055: ("the password has expired", "Change it, then authorize the connector again"),
    50076: ("multifactor authentication is needed", "Authorize the connector again"),
    50079: ("multifactor authentication has to be set up", "Authorize the connector again"),
    50173: ("the authorization was revoked", "Authorize the connector again"),
    700082: ("the authorization has expired because it was not used", "Authorize the connector again"),
    70008: ("the authorization has expired because it was not used", "Authorize the connector again"),
    70043: ("the authorization has expired by a sign-in frequency policy", "Authorize the connector again"),
    54005: ("the authorization code was used before", "Authorize the connector again"),
    50011: (
        "the redirect address is not registered",
        "Portal: the application, Authentication: add it as a Web redirect",
    ),
    700211: (
        "no federated credential of the application fits the assertion's issuer",
        "Check the federated credential",
    ),
    700213: (
        "no federated credential of the application fits the assertion's subject",
        "Check the federated credential",
    ),
    900144: ("the sign-in lacks a parameter", _REPORT),
    9002313: ("the sign-in is malformed", _REPORT),
    70003: ("the grant type is not supported", "Check the cloud's login address (stocktake cloud list)"),
}


@dataclass(frozen=True, slots=True)
class SignIn:
    """Who tried to sign in where; for messages."""

    app: str
    tenant: str
    host: str  # of Microsoft Graph


def code_of(body: Mapping[str, Any]) -> int | None:
    """The AADSTS number of an error body: from `error_codes`, else from the description; None where it has none."""
    codes = body.get("error_codes")
    if isinstance(codes, list) and codes and isinstance(codes[0], int):
        return codes[0]
    found = re.search(r"AADSTS(\d{4,9})", str(body.get("error_description", "")))
    return int(found[1]) if found else None


def refusal(body: Mapping[str, Any], sign_in: SignIn) -> ConfigurationError:
    """The error that a body of the identity platform stands for; Microsoft's first line where we know no better."""
    code = code_of(body)
    name = f"AADSTS{code}" if code is not None else str(body.get("error", ""))[:60] or "no code"
    explanation = EXPLANATIONS.get(code) if code is not None else None
    if explanation is None:
        said = _first_sentence(str(body.get("error_description", "")))
        return ConfigurationError(
            f"Microsoft Entra refused the sign-in: {said or 'without an explanation'} ({name})",
            "Look the code up at https://login.microsoftonline.com/error" if code is not None else "",
            code=name,
        )
    message, remedy = explanation
    text = message.format(app=sign_in.app, tenant=sign_in.tenant, host=sign_in.host)
    return ConfigurationError(f"Microsoft Entra refused the sign-in: {text} ({name})", remedy, code=name)


def refuse_tenant_form(tenant: str) -> None:
    """UsageError unless `tenant` can be one tenant: a domain name or an id (both stand in the path of the address)."""
    if not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?", tenant):
        raise UsageError(f"{tenant!r} is neither a tenant id nor a domain name", _TENANT)
    if tenant.lower() in {"common", "organizations", "consumers"}:
        raise UsageError(f"{tenant} is no single tenant (AADSTS9001023)", "Name one tenant: a domain or a tenant id")


def _first_sentence(description: str) -> str:
    """The description without its code and without trace, correlation and time, which follow on lines of their own."""
    lines = re.split(r"[\r\n]|\bTrace ID:", description, maxsplit=1)
    text = re.sub(r"^AADSTS\d+:\s*", "", " ".join(lines[0].split())).rstrip(". ")
    return text if len(text) <= 160 else text[:159] + "…"
