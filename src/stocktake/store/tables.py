"""The schema: fixed tables, and for each dataset of the catalogue a table of spans with its staging twin.

A span says what was true of one key from the run `from_run` until (not including) the run `to_run`; null means
still true. Directory objects have an integer key; a column of kind object holds that key, and 0 where there is none.
Every table of tenant data carries the connector.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeEngine

from stocktake.catalog import Dataset, datasets
from stocktake.catalog.columns import Kind

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite counts rows by itself only in a column that is called INTEGER.
_KEY = BigInteger().with_variant(Integer, "sqlite")

clouds = Table(
    "clouds",
    metadata,
    Column("name", Text, primary_key=True),
    Column("login_url", Text, nullable=False),
    Column("graph_url", Text, nullable=False),
    Column("ca_bundle", Text),
    Column("reports", Boolean, nullable=False),
)

connectors = Table(
    "connectors",
    metadata,
    Column("id", _KEY, primary_key=True, autoincrement=True),
    Column("name", Text, nullable=False, unique=True),
    Column("tenant", Text, nullable=False),
    Column("cloud", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("permissions", Text, nullable=False),
    Column("client_id", Text),  # null: the provider's application, from the settings
    Column("sealed_credential", Text),
    Column("credential_expires_at", Text),
    Column("sealed_grant", Text),  # delegated: the refresh token of the person who consented
    Column("granted_by", Text),  # delegated: that person's sign-in name
    Column("grant_lost", Text),  # delegated: why the grant no longer works
    Column("enabled", Boolean, nullable=False),
    Column("created_at", Text, nullable=False),
)

connector_checks = Table(
    "connector_checks",
    metadata,
    Column(
        "connector_id", _KEY, ForeignKey("connectors.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    ),
    Column("checked_at", Text, nullable=False),
    Column("result", Text, nullable=False),  # JSON: the lines of the check
)

# A consent or sign-in that was sent to Microsoft and has not been saved into a connector yet.
authorizations = Table(
    "authorizations",
    metadata,
    Column("state_hash", Text, primary_key=True),
    Column("account_id", _KEY, ForeignKey("accounts.id", ondelete="CASCADE")),
    Column("connector", Text, nullable=False),  # the name that the authorisation is for
    Column("sealed_request", Text, nullable=False),  # verifier, nonce, and what the dialog held
    Column("sealed_result", Text),
    Column("created_at", Text, nullable=False),
    Column("completed_at", Text),
    Column("used_at", Text),
)

accounts = Table(
    "accounts",
    metadata,
    Column("id", _KEY, primary_key=True, autoincrement=True),
    Column("name", Text, nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    Column("role", Text, nullable=False),  # administrator, analyst or viewer
    Column("enabled", Boolean, nullable=False),
    Column("created_at", Text, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("account_id", _KEY, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("csrf_token", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("last_seen_at", Text, nullable=False),
)

sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("id", _KEY, primary_key=True, autoincrement=True),
    Column("account", Text, nullable=False, index=True),
    Column("address", Text, nullable=False, index=True),
    Column("at", Text, nullable=False),
)

# Invitations to make the first administrator, or to choose a new password; each works once.
one_time_links = Table(
    "one_time_links",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("purpose", Text, nullable=False),
    Column("account_id", _KEY, ForeignKey("accounts.id", ondelete="CASCADE")),
    Column("expires_at", Text, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("id", _KEY, primary_key=True, autoincrement=True),
    Column("connector_id", _KEY, ForeignKey("connectors.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("workflow_id", Text, nullable=False, unique=True),
    Column("mode", Text, nullable=False),
    Column("started_at", Text, nullable=False),
    Column("finished_at", Text),
    Column("outcome", Text),
    Column("reason", Text),
    Column("cancel_requested", Boolean, nullable=False),
)

# The completeness ledger, and where each source stands while its run is going on.
run_sources = Table(
    "run_sources",
    metadata,
    Column("run_id", _KEY, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("source", Text, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("outcome", Text),
    Column("reason", Text),
    Column("remedy", Text),
    Column("mode", Text, nullable=False),
    Column("pages", Integer, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("added", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    Column("removed", Integer, nullable=False),
    Column("requests", Integer, nullable=False),
    Column("retries", Integer, nullable=False),
    Column("throttled", Integer, nullable=False),
    Column("waited_s", Float, nullable=False),
    Column("check", Text),
    Column("waiting", Text),  # what a running source waits for
    Column("checkpoint", Text, nullable=False),
)

directory_objects = Table(
    "directory_objects",
    metadata,
    Column("key", _KEY, primary_key=True, autoincrement=True),
    Column("connector_id", _KEY, ForeignKey("connectors.id", ondelete="CASCADE"), nullable=False),
    Column("id", Text, nullable=False),
    UniqueConstraint("connector_id", "id"),
)

product_names = Table(
    "product_names",
    metadata,
    Column("sku_id", Text, primary_key=True),
    Column("sku_part_number", Text, nullable=False),
    Column("product_name", Text, nullable=False),
)

product_plans = Table(
    "product_plans",
    metadata,
    Column("sku_id", Text, primary_key=True),
    Column("service_plan_id", Text, primary_key=True),
    Column("service_plan_name", Text, nullable=False),
    Column("friendly_name", Text, nullable=False),
)

_TYPES: dict[Kind, TypeEngine[Any]] = {
    Kind.TEXT: Text(),
    Kind.INTEGER: BigInteger(),
    Kind.BOOLEAN: Boolean(),
    Kind.INSTANT: Text(),
    Kind.DAY: Text(),
    Kind.OBJECT: BigInteger(),
    Kind.LIST: Text(),
    Kind.JSON: Text(),
}


def folded_name(dataset: Dataset) -> str | None:
    """The hidden column that holds a name case-folded, where the dataset asks for one."""
    return f"{dataset.folded}_folded" if dataset.folded else None


def _data_columns(dataset: Dataset) -> list[Column[object]]:
    made: list[Column[object]] = [
        Column(
            column.name,
            _TYPES[column.kind],
            nullable=column.name not in dataset.key and column.kind is not Kind.OBJECT,
            primary_key=column.name in dataset.key,
            autoincrement=False,
        )
        for column in dataset.columns
    ]
    folded = folded_name(dataset)
    if folded:
        made.append(Column(folded, Text))
    return made


def _connector() -> Column[int]:
    return Column("connector_id", _KEY, ForeignKey("connectors.id", ondelete="CASCADE"), primary_key=True)


def _spans(dataset: Dataset) -> Table:
    table = Table(
        dataset.name,
        metadata,
        _connector(),
        *_data_columns(dataset),
        Column("from_run", BigInteger, primary_key=True, autoincrement=False),
        Column("to_run", BigInteger),
        sqlite_with_rowid=False,
    )
    folded = folded_name(dataset)
    if folded:
        Index(None, table.c.connector_id, table.c[folded])
    return table


def _staging(dataset: Dataset) -> Table:
    return Table(f"stage_{dataset.name}", metadata, _connector(), *_data_columns(dataset), sqlite_with_rowid=False)


SPANS: dict[str, Table] = {dataset.name: _spans(dataset) for dataset in datasets()}
STAGING: dict[str, Table] = {dataset.name: _staging(dataset) for dataset in datasets()}
