"""The datasets that every usage report fills: one row per (report, period, user), and one per file."""

from typing import Annotated, NamedTuple

from stocktake.catalog.columns import Day, Means, ObjectId
from stocktake.catalog.declaration import Dataset


class Usage(NamedTuple):
    report: Annotated[str, Means("Microsoft's name of the report function.")]
    period: Annotated[int, Means("Days that the report covers; 0 in the store for reports without a period.")]
    subject: Annotated[str, Means("The report's own row: the case-folded name, marked when deleted.")]
    user_id: Annotated[ObjectId | None, Means("The user; null where the name can't be matched with certainty.")]
    user_principal_name: Annotated[str | None, Means("The name as the report prints it.")]
    last_activity_on: Annotated[Day | None, Means("Latest activity that the report names.")]
    metrics: Annotated[dict[str, object], Means("Every other column of the report, by its name in snake_case.")]


class ReportFile(NamedTuple):
    report: Annotated[str, Means("Microsoft's name of the report function.")]
    period: Annotated[int, Means("Days that the report covers; 0 for reports without a period.")]
    refreshed_on: Annotated[Day | None, Means("The last day that the report covers.")]
    concealed: Annotated[bool, Means("True: Microsoft printed codes in place of names.")]
    unknown_columns: Annotated[tuple[str, ...], Means("Columns that nobody documented; their cells are kept as text.")]
    missing_columns: Annotated[tuple[str, ...], Means("Documented columns that the file did not have.")]


USAGE = Dataset("usage", record=Usage, key=("report", "period", "subject"))
REPORT_FILES = Dataset("report_files", record=ReportFile, key=("report", "period"))
REPORT_DATASETS = (USAGE, REPORT_FILES)
