"""Whether the tenant's usage reports print codes in place of names (graph-facts 1.6, 2.2).

Only read: changing it is the administrator's decision (guide, step 9).
"""

from typing import Annotated

from msgspec import Struct, field

from stocktake.catalog.columns import Means
from stocktake.catalog.declaration import Dataset, Stream


class ReportSettings(Struct, gc=False):
    names_concealed: Annotated[bool, Means("True: reports print codes in place of names.")] = field(
        name="displayConcealedNames"
    )
    setting: Annotated[str, Means("Always adminReportSettings.")] = field(
        default="adminReportSettings", name="@setting"
    )


REPORT_SETTINGS = Stream(
    name="report_settings",
    meaning="Whether usage reports show names.",
    path="/admin/reportSettings",
    item=ReportSettings,
    datasets=(Dataset("report_settings", record=ReportSettings, key=("setting",)),),
    permissions=("ReportSettings.Read.All",),
    page_sizes=(),
    single=True,
    optional=True,
)
