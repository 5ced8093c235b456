"""Every setting of an installation, read from the environment once, and the directory that it lives in."""

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from stocktake.errors import ConfigurationError, UsageError

PREFIX = "STOCKTAKE_"


class Settings(BaseSettings):
    """The settings, each from the environment variable STOCKTAKE_<NAME>; an empty variable counts as unset."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="ignore")

    home: Path = Field(
        default=Path("~/.stocktake"),
        description="Directory that holds the database, the key and the clouds' certificates.",
    )
    database_url: str | None = Field(
        default=None, description="SQLAlchemy URL of the database; unset: an SQLite file in the home.", repr=False
    )
    key: SecretStr | None = Field(
        default=None, description="Base64 of the 32 byte key that seals credentials; unset: the file `key` in the home."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="warning", description="How much is logged to stderr."
    )
    log_format: Literal["text", "json"] = Field(default="text", description="Form of a log line.")
    graph_concurrency: int = Field(
        default=8, ge=1, le=64, description="Requests to Microsoft Graph at one time, for each connector."
    )
    graph_page_size: int = Field(
        default=999, ge=1, le=999, description="Objects asked for in a page where Graph allows it (its maximum is 999)."
    )
    graph_timeout: float = Field(
        default=90.0, gt=0, le=3600, description="Seconds without a byte until a request is given up and tried again."
    )
    graph_patience: float = Field(
        default=120.0,
        ge=0,
        le=86400,
        description="Seconds of failures in a row until a request is given up; waits that Graph asks for do not count.",
    )
    sign_ins_per_minute: int = Field(
        default=10, ge=1, le=6000, description="Requests for sign-in activity a minute; Microsoft publishes 10."
    )
    listen_host: str = Field(default="127.0.0.1", description="Address that the console listens on.")
    listen_port: int = Field(default=8717, ge=1, le=65535, description="Port that the console listens on.")
    public_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^/?#@\s]+/?$",
        description="Address that people open the console by, without a path; unset: http://localhost with the port.",
    )
    tls_certificate: Path | None = Field(
        default=None, description="PEM file with the console's certificate and its chain; unset: no TLS."
    )
    tls_key: Path | None = Field(default=None, description="PEM file with the private key of tls_certificate.")
    provider_client_id: str | None = Field(
        default=None,
        pattern=r"^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$",
        description="Application (client) ID of a provider's multi-tenant app, to which customers only consent.",
    )
    provider_secret_file: Path | None = Field(
        default=None, description="File with the client secret of the provider's app, and nothing else."
    )
    provider_certificate: Path | None = Field(
        default=None, description="PEM file with private key and certificate of the provider's app."
    )
    consent_patience: float = Field(
        default=300.0,
        ge=0,
        le=3600,
        description="Seconds that Save waits for a consent to take effect at Microsoft.",
    )


def load_settings() -> Settings:
    """Settings from the environment. UsageError names the variable that can't be used, never its value."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = PREFIX + "_".join(str(part) for part in first["loc"]).upper()
        raise UsageError(f"{name}: {first['msg']}", f"set {name} to another value, or unset it") from None


def ensure_home(settings: Settings) -> Path:
    """The home as an absolute path, made with mode 0700 if missing. ConfigurationError if it can't be written."""
    remedy = f"choose a directory of your own with {PREFIX}HOME"
    try:
        home = settings.home.expanduser().absolute()
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigurationError(f"the home {settings.home} can't be made: {reason}", remedy) from None
    if not os.access(home, os.R_OK | os.W_OK | os.X_OK):
        raise ConfigurationError(f"the home {home} can't be written", remedy)
    return home
