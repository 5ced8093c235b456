"""getOffice365ActivationsUserDetail: on which devices each product was activated, a row per user and product type.

Columns: the v1.0 page (graph-facts 2.3): no parameter, no Report Period. Date and counts are blank where the product
was never activated.
"""

from collections.abc import Iterator

from m365sim.activity import extras_of, iso_day, reported_name
from m365sim.reports.devices import CLIENTS, Activation, activation_of
from m365sim.reports.people import people
from m365sim.reports.report import COUNT, DAY, DISPLAY, FLAG, PRINCIPAL, REFRESHED, Cell, Column, Report, Row, columns
from m365sim.reports.window import Window
from m365sim.tenant import Tenant


def _rows(tenant: Tenant, window: Window) -> Iterator[Row]:
    for person in people(tenant, window):
        since = extras_of(person.held)
        for product in CLIENTS:
            if product in since:
                yield (
                    window.refreshed_on,
                    reported_name(person.user),
                    person.user.display_name,
                    product,
                    *_cells(activation_of(person, product, since[product], window)),
                )


def _cells(activation: Activation | None) -> tuple[Cell, ...]:
    if activation is None:
        return None, None, None, None, None, None, False
    return (
        iso_day(activation.day),
        activation.windows,
        activation.mac,
        0,
        activation.ios,
        activation.android,
        activation.shared,
    )


ACTIVATIONS = Report(
    function="getOffice365ActivationsUserDetail",
    columns=(
        REFRESHED,
        PRINCIPAL,
        DISPLAY,
        Column("Product Type"),
        Column("Last Activated Date", DAY),
        *columns("Windows", "Mac", "Windows 10 Mobile", "iOS", "Android", kind=COUNT),
        Column("Activated On Shared Computer", FLAG),
    ),
    rows=_rows,
    periods=False,
    days_back=None,
)
