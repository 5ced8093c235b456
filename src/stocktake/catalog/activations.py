"""Activations of Microsoft 365 Apps, Visio and Project: a line for each user and product (graph-facts 2.3).

The function takes no parameter, and its file has no Report Period.
"""

from stocktake.catalog.columns import Kind
from stocktake.catalog.declaration import Gathering, Report, ReportColumn, report_columns
from stocktake.catalog.usage import DISPLAY, OFFICE_PLANS, PRINCIPAL, REFRESHED, REPORT_DATASETS

ACTIVATIONS = Report(
    name="activations",
    function="getOffice365ActivationsUserDetail",
    period=None,
    meaning="On which devices each user has activated which product.",
    columns=(
        REFRESHED,
        PRINCIPAL,
        DISPLAY,
        ReportColumn("Product Type", Kind.TEXT),
        ReportColumn("Last Activated Date", Kind.DAY),
        *report_columns(Kind.INTEGER, "Windows", "Mac", "Windows 10 Mobile", "iOS", "Android"),
        ReportColumn("Activated On Shared Computer", Kind.BOOLEAN),
    ),
    datasets=REPORT_DATASETS,
    gathering=Gathering(name="activations", by="Product Type", whole=("Display Name",)),
    holders=OFFICE_PLANS,
)
