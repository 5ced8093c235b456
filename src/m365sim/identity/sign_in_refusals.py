"""Refusals of the interactive endpoints, with Microsoft's codes (reference-error-codes.md, aadsts list of 2024).

A refusal goes back to the application by redirect once its redirect URI is proved; before that, and for what only the
person at the browser can mend, it is shown on a page.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from m365sim.world import World


class SignInError(Exception):
    """`error` is OAuth's word, `code` Microsoft's number; `text` does not repeat the number."""

    def __init__(self, code: int, error: str, text: str, *, on_page: bool = False) -> None:
        super().__init__(f"AADSTS{code}: {text}")
        self.code = code
        self.error = error
        self.text = text
        self.on_page = on_page


@dataclass(slots=True, frozen=True)
class Incident:
    """What Microsoft prints below every refusal."""

    trace_id: str
    correlation_id: str
    timestamp: str  # YYYY-MM-DD HH:MM:SSZ

    def description(self, code: int, text: str) -> str:
        return (
            f"AADSTS{code}: {text}\r\nTrace ID: {self.trace_id}\r\nCorrelation ID: {self.correlation_id}\r\n"
            f"Timestamp: {self.timestamp}"
        )


def incident(world: World) -> Incident:
    stamp = datetime.fromtimestamp(int(world.clock.now()), UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    return Incident(str(uuid4()), str(uuid4()), stamp)


def unknown_tenant(name: str) -> SignInError:
    return SignInError(
        90002,
        "invalid_request",
        f"Tenant '{name}' not found. Check to make sure you have the correct tenant ID and are signing into the "
        "correct cloud. Check with your subscription administrator, this may happen if there are no active "
        "subscriptions for the tenant.",
        on_page=True,
    )


def unknown_application(client_id: str, tenant: str) -> SignInError:
    return SignInError(
        700016,
        "unauthorized_client",
        f"Application with identifier '{client_id}' was not found in the directory '{tenant}'. This can happen if the "
        "application has not been installed by the administrator of the tenant or consented to by any user in the "
        "tenant. You may have sent your authentication request to the wrong tenant.",
        on_page=True,
    )


def missing(parameter: str, *, on_page: bool = False) -> SignInError:
    return SignInError(
        900144,
        "invalid_request",
        f"The request body must contain the following parameter: '{parameter}'.",
        on_page=on_page,
    )


def redirect_mismatch(address: str, client_id: str) -> SignInError:
    return SignInError(
        50011,
        "invalid_request",
        f"The redirect URI '{address}' specified in the request does not match the redirect URIs configured for the "
        f"application '{client_id}'. Make sure the redirect URI sent in the request matches one added to your "
        "application in the Azure portal.",
        on_page=True,
    )


def not_in_tenant(name: str, home: str, tenant: str, application: str) -> SignInError:
    return SignInError(
        50020,
        "invalid_request",
        f"User account '{name}' from identity provider '{home}' does not exist in tenant '{tenant}' and cannot access "
        f"the application '{application}' in that tenant. The account needs to be added as an external user in the "
        "tenant first. Sign out and sign in again with a different Azure Active Directory user account.",
        on_page=True,
    )


def no_account(name: str, tenant: str) -> SignInError:
    return SignInError(
        50034,
        "invalid_request",
        f"The user account {name} does not exist in the {tenant} directory. To sign into this application, the "
        "account must be added to the directory.",
        on_page=True,
    )


def wrong_password() -> SignInError:
    return SignInError(
        50126, "invalid_grant", "Error validating credentials due to invalid username or password.", on_page=True
    )


def account_disabled() -> SignInError:
    return SignInError(50057, "invalid_grant", "The user account is disabled.", on_page=True)


def second_factor_wanted() -> SignInError:
    return SignInError(
        50076,
        "interaction_required",
        "Due to a configuration change made by your administrator, or because you moved to a new location, you must "
        "use multi-factor authentication to access '00000003-0000-0000-c000-000000000000'.",
    )


def consent_missing(client_id: str, name: str, error: str) -> SignInError:
    return SignInError(
        65001,
        error,
        f"The user or administrator has not consented to use the application with ID '{client_id}' named '{name}'. "
        "Send an interactive authorization request for this user and resource.",
    )


def consent_declined() -> SignInError:
    return SignInError(65004, "access_denied", "User declined to consent to access the app.")


def administrator_wanted() -> SignInError:
    return SignInError(
        90094,
        "access_denied",
        "The grant requires admin permission. The application requires permissions that only an administrator of "
        "your organization can grant.",
    )
