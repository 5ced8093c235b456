"""Every address of the console in reading order: method, path, what answers, and who may ask.

`None` stands for strangers; everything else needs a session of somebody with that role or a higher one. Whatever is
not GET is also checked for forgery. Both checks are put before each handler by application.py, not by the handlers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from stocktake.store.accounts import Role
from stocktake.web.api import assignments as api_assignments
from stocktake.web.api import connectors as api_connectors
from stocktake.web.api import groups as api_groups
from stocktake.web.api import runs as api_runs
from stocktake.web.api import schema as api_schema
from stocktake.web.api import subscriptions as api_subscriptions
from stocktake.web.api import usage as api_usage
from stocktake.web.api import users as api_users
from stocktake.web.pages import (
    authorize,
    check,
    connector_delete,
    connector_form,
    connectors,
    credentials,
    first_start,
    groups,
    health,
    overview,
    runs,
    sign_in,
    subscriptions,
    usage,
    user,
    users,
)


@dataclass(frozen=True, slots=True)
class Address:
    method: str
    path: str
    handler: Callable[..., Any]
    role: Role | None


ROUTES: tuple[Address, ...] = (
    # Strangers
    Address("GET", "/health", health.show, None),
    Address("GET", "/sign-in", sign_in.show, None),
    Address("POST", "/sign-in", sign_in.submit, None),
    Address("GET", "/first-start/{token}", first_start.show, None),
    Address("POST", "/first-start/{token}", first_start.submit, None),
    # Whoever is signed in
    Address("POST", "/sign-out", sign_in.sign_out, "viewer"),
    Address("GET", "/", overview.show, "viewer"),
    Address("GET", "/subscriptions", subscriptions.show, "viewer"),
    Address("GET", "/subscriptions/export", subscriptions.export, "viewer"),
    Address("GET", "/users", users.show, "viewer"),
    Address("GET", "/users/export", users.export, "viewer"),
    Address("GET", "/users/{connector}/{user}", user.show, "viewer"),
    Address("GET", "/groups", groups.show, "viewer"),
    Address("GET", "/groups/export", groups.export, "viewer"),
    Address("GET", "/usage", usage.show, "viewer"),
    Address("GET", "/usage/export", usage.export, "viewer"),
    # Runs
    Address("GET", "/runs", runs.show, "viewer"),
    Address("POST", "/runs", runs.start, "analyst"),
    Address("GET", "/runs/{run}", runs.show_run, "viewer"),
    Address("GET", "/runs/{run}/progress", runs.progress, "viewer"),
    Address("POST", "/runs/{run}/cancel", runs.cancel, "analyst"),
    # Connectors: fixed addresses first, a connector's own have one part more
    Address("GET", "/connectors", connectors.show, "viewer"),
    Address("GET", "/connectors/microsoft-365", connectors.show, "viewer"),
    Address("GET", "/connectors/microsoft-365/new", connector_form.new, "administrator"),
    Address("POST", "/connectors/microsoft-365/new", connector_form.go_on, "administrator"),
    # Microsoft sends people here who may have no account of ours; what they bring has to carry a state of ours.
    Address("GET", "/connectors/microsoft-365/authorize", authorize.callback, None),
    Address("POST", "/connectors/microsoft-365/authorize", authorize.start, "administrator"),
    Address("POST", "/connectors/microsoft-365/save", credentials.save, "administrator"),
    Address("GET", "/connectors/microsoft-365/{name}/edit", connector_form.edit, "administrator"),
    Address("POST", "/connectors/microsoft-365/{name}/edit", connector_form.save, "administrator"),
    Address("GET", "/connectors/microsoft-365/{name}/credentials", credentials.show, "administrator"),
    Address("POST", "/connectors/microsoft-365/{name}/enabled", connectors.switch, "administrator"),
    Address("GET", "/connectors/microsoft-365/{name}/delete", connector_delete.ask, "administrator"),
    Address("POST", "/connectors/microsoft-365/{name}/delete", connector_delete.delete, "administrator"),
    Address("GET", "/connectors/microsoft-365/{name}/check", check.show, "viewer"),
    Address("POST", "/connectors/microsoft-365/{name}/check", check.run, "analyst"),
    # The API
    Address("GET", "/api/v1/openapi.json", api_schema.show, "viewer"),
    Address("GET", "/api/v1/subscriptions", api_subscriptions.show, "viewer"),
    Address("GET", "/api/v1/users", api_users.show, "viewer"),
    Address("GET", "/api/v1/groups", api_groups.show, "viewer"),
    Address("GET", "/api/v1/assignments", api_assignments.show, "viewer"),
    Address("GET", "/api/v1/usage", api_usage.show, "viewer"),
    Address("GET", "/api/v1/runs", api_runs.show, "viewer"),
    Address("GET", "/api/v1/runs/{run}", api_runs.show_one, "viewer"),
    Address("GET", "/api/v1/connectors", api_connectors.show, "viewer"),
    Address("POST", "/api/v1/connectors/{connector}/sync", api_runs.start, "analyst"),
    Address("POST", "/api/v1/connectors/{connector}/cancel", api_runs.cancel, "analyst"),
)
