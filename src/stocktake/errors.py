"""Errors, sorted by what their reader can do about them.

Every message is one line for people that says what is wrong; `remedy` says what to do. Neither ever holds a secret.
"""


class StocktakeError(Exception):
    """Something that a person has to know; the command line prints message and remedy, and ends with `exit_code`."""

    exit_code = 1

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class UsageError(StocktakeError):
    """Call it differently: an unknown name, an argument that does not fit."""

    exit_code = 2


class ConfigurationError(StocktakeError):
    """Change a setting or a credential: wrong tenant, expired secret, unreachable host, unknown CA, unwritable home."""

    def __init__(self, message: str, remedy: str = "", *, code: str = "") -> None:
        super().__init__(message, remedy)
        self.code = code  # AADSTSnnnn or Graph's error code where there is one


class PermissionMissingError(StocktakeError):
    """Grant a permission: the tenant refused because the connector lacks it."""

    def __init__(self, message: str, remedy: str = "", *, permission: str = "") -> None:
        super().__init__(message, remedy)
        self.permission = permission


class LicenceMissingError(StocktakeError):
    """Nothing to do: the tenant does not own the Microsoft licence that this figure needs."""


class TransientError(StocktakeError):
    """Try again later: Microsoft's side failed for longer than patience allows."""


class CancelledRunError(StocktakeError):
    """Nothing to do: somebody cancelled the run."""


class StoppedRunError(StocktakeError):
    """Start again: this process is ending, and the run goes on where it stands."""


class ExpiredLinkError(StocktakeError):
    """Start the listing again: a page token or delta token is no longer valid."""


class UntrustworthyAnswerError(StocktakeError):
    """What came back can't be believed: a truncated body, a looping or foreign link, a wrong shape."""
