"""Which step of the guide (docs/connect-a-tenant.md) to do again after a failure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """A part of the guide by its heading, and the step in it."""

    title: str
    anchor: str


TENANT = Step("Tenant Name in the Azure portal", "tenant-name-in-the-azure-portal")
REGISTER = Step("Registering an App, step 5: Redirect URI", "registering-an-app-in-the-azure-portal")
CLIENT_ID = Step("Obtaining a Client ID from an App", "obtaining-a-client-id-from-an-app")
SECRET = Step("Creating a Client Secret for an App", "creating-a-client-secret-for-an-app")
PERMISSIONS = Step("Adding API permissions, steps 2 to 6", "adding-api-permissions")
CONSENT = Step("Adding API permissions, step 8: Grant admin consent", "adding-api-permissions")
REPORTS = Step("Adding API permissions, step 9: de-identified names", "adding-api-permissions")
AUTHORIZE = Step("Create a new Microsoft 365 Connector: Authorize", "create-a-new-microsoft-365-connector")

# AADSTS numbers and OAuth errors, for the wording only.
_BY_CODE: tuple[tuple[Step, frozenset[str]], ...] = (
    (
        TENANT,
        frozenset(
            f"AADSTS{number}" for number in (90002, 90019, 50059, 900023, 900021, 9001023, 50194, 90038, 900382, 900439)
        ),
    ),
    (REGISTER, frozenset({"AADSTS50011", "AADSTS700025"})),
    (CLIENT_ID, frozenset(f"AADSTS{number}" for number in (700016, 700011, 700038, 70001, 7000112))),
    (
        SECRET,
        frozenset(
            f"AADSTS{number}"
            for number in (7000215, 7000222, 70002, 7000216, 7000218, 700027, 50012, 700024, 500133, 50013, 50027)
        ),
    ),
    (PERMISSIONS, frozenset({"AADSTS650056", "AADSTS650057", "AADSTS650052", "AADSTS650053"})),
    (
        CONSENT,
        frozenset(f"AADSTS{number}" for number in (65001, 650051, 90094, 90095, 90093, 90099, 7000229)),
    ),
    (
        AUTHORIZE,
        frozenset(
            {
                *(
                    f"AADSTS{number}"
                    for number in (
                        65004,
                        54005,
                        50020,
                        50034,
                        51004,
                        50057,
                        50076,
                        50079,
                        50173,
                        700082,
                        70008,
                        70043,
                        50055,
                        50126,
                    )
                ),
                "access_denied",
                "permission_denied",
            }
        ),
    ),
)
_BY_CHECK: dict[str, Step] = {
    "tenant": TENANT,
    "credential": SECRET,
    "certificate expiry": SECRET,
    "secret expiry": SECRET,
    "consent": CONSENT,
    "names in reports": REPORTS,
    "authorisation": AUTHORIZE,
    "role for usage reports": AUTHORIZE,
    "read": CONSENT,
}


def step_of_code(code: str) -> Step | None:
    """The step to redo after an error of Microsoft's; None where no step of the guide would help."""
    return next((step for step, codes in _BY_CODE if code in codes), None)


def step_of_check(check: str, code: str = "") -> Step | None:
    """The step to redo for a finding of the connector check, the code deciding where it is known."""
    found = step_of_code(code)
    if found is not None:
        return found
    return PERMISSIONS if check.startswith(("permission:", "sign-in")) else _BY_CHECK.get(check)
