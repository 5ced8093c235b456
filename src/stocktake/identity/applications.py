"""App registrations: what signs in, and the one that a provider offers to all customers."""

from dataclasses import dataclass
from pathlib import Path

from stocktake.errors import ConfigurationError
from stocktake.identity.credentials import ClientSecret, Credential, read_certificate
from stocktake.settings import Settings

_LONGEST = 65_536  # bytes of a credential file


@dataclass(frozen=True, slots=True)
class Application:
    """An app registration with what it proves itself with."""

    client_id: str
    credential: Credential


def provider_application(settings: Settings) -> Application | None:
    """The provider's app of the settings; None where none is set.

    ConfigurationError: an app without a credential or with two, or a file that can't be read.
    """
    if settings.provider_client_id is None:
        return None
    secret, certificate = settings.provider_secret_file, settings.provider_certificate
    if (secret is None) == (certificate is None):
        raise ConfigurationError(
            f"the provider's app has {'no credential' if secret is None else 'two credentials'}",
            "set one of STOCKTAKE_PROVIDER_SECRET_FILE and STOCKTAKE_PROVIDER_CERTIFICATE",
        )
    credential: Credential
    if secret is not None:
        credential = ClientSecret(_read(secret, "STOCKTAKE_PROVIDER_SECRET_FILE").strip())
    else:
        assert certificate is not None  # noqa: S101 - one of them is set
        credential = read_certificate(_read(certificate, "STOCKTAKE_PROVIDER_CERTIFICATE"))
    return Application(settings.provider_client_id.lower(), credential)


def _read(path: Path, setting: str) -> str:
    try:
        with path.expanduser().open("rb") as file:
            raw = file.read(_LONGEST + 1)
        text = raw.decode("utf-8-sig")
    except OSError as error:
        raise ConfigurationError(
            f"{setting}: {path} can't be read: {error.strerror}", "Check the path and its permissions"
        ) from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{setting}: {path} is no text file", "Give the file as the portal made it") from None
    if len(raw) > _LONGEST:
        raise ConfigurationError(f"{setting}: {path} is too long to be a credential", "Check the path")
    return text
