"""Input that nobody here made: Microsoft's examples and report headers go through our decoding without loss."""

import csv
import json
from typing import Any

import msgspec
import pytest
from tests.contract import CONTRACT, examples, item_type, needs_contract, properties, reference

from stocktake.catalog import SOURCES, Report, Stream
from stocktake.catalog.columns import Kind
from stocktake.catalog.copilot import COPILOT
from stocktake.catalog.deleted_users import DELETED_USERS
from stocktake.catalog.directory_roles import DIRECTORY_ROLES, ROLE_MEMBERS
from stocktake.catalog.domains import DOMAINS
from stocktake.catalog.groups import GROUPS
from stocktake.catalog.memberships import MEMBERSHIPS
from stocktake.catalog.organization import ORGANIZATION
from stocktake.catalog.report_file import ReportReader
from stocktake.catalog.report_settings import REPORT_SETTINGS
from stocktake.catalog.service_principals import SERVICE_PRINCIPALS
from stocktake.catalog.subscribed_skus import SUBSCRIBED_SKUS
from stocktake.catalog.terms import TERMS
from stocktake.catalog.users import USERS
from stocktake.graph.pages import decode_page, page_decoder

LISTINGS = {
    "user-list": USERS,
    "group-list": GROUPS,
    "group-list-members": MEMBERSHIPS,
    "subscribedsku-list": SUBSCRIBED_SKUS,
    "organization-list": ORGANIZATION,
    "domain-list": DOMAINS,
    "directory-list-subscriptions": TERMS,
    "directory-deleteditems-list": DELETED_USERS,
    "directoryrole-list": DIRECTORY_ROLES,
    "directoryrole-list-members": ROLE_MEMBERS,
    "serviceprincipal-list": SERVICE_PRINCIPALS,
}
STREAMS = [source for source in SOURCES if isinstance(source, Stream)]
REPORTS = [source for source in SOURCES if isinstance(source, Report)]
of_each_report = pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.name)


def published(prefix: str) -> list[dict[str, Any]]:
    return [
        example
        for example in examples(prefix)
        if example["response"]["status"] == 200
        and isinstance(example["response"].get("body"), dict)
        and "value" in example["response"]["body"]
    ]


@needs_contract
@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
def test_every_selected_property_exists_in_microsofts_schema(stream: Stream) -> None:
    known = properties(item_type(stream.path))
    assert not [name for name in stream.select if name not in known]


@needs_contract
@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
def test_every_nested_property_exists_in_microsofts_schema(stream: Stream) -> None:
    for dataset in stream.datasets:
        for column in dataset.columns:
            if len(column.path) > 1:
                outer = properties(item_type(stream.path))[column.path[0]]
                assert column.path[1] in properties(reference(outer)), column


@needs_contract
@pytest.mark.parametrize(("prefix", "stream"), LISTINGS.items(), ids=LISTINGS)
def test_published_listings_are_decoded_row_by_row(prefix: str, stream: Stream) -> None:
    found = published(prefix)
    assert found, f"no published example of {prefix}"
    decoder = page_decoder(stream.item)
    for example in found:
        body = example["response"]["body"]
        if not all("id" in item or "skuId" in item for item in body["value"]):
            continue  # examples that select single properties without the id that Graph always returns
        page = decode_page(msgspec.json.encode(body), decoder)
        assert len(page.items) == len(body["value"])
        for dataset in stream.datasets:
            for raw, item in zip(body["value"], page.items, strict=True):
                given = ("group", item) if stream.parent else item
                rows = list(dataset.row_maker(given))
                for row in rows:
                    for column, value in zip(dataset.columns, row, strict=True):
                        if len(column.path) == 1 and column.kind is not Kind.INSTANT:
                            assert value == raw.get(column.path[0]), (example["name"], column.name)


@needs_contract
def test_the_published_report_setting_is_read_wrapped_as_printed() -> None:
    from stocktake.sync.listing import read_single

    [example] = examples("adminreportsettings-get")
    page = read_single(REPORT_SETTINGS, msgspec.json.encode(example["response"]["body"]))
    assert [item.names_concealed for item in page.items] == [True]
    flat = read_single(REPORT_SETTINGS, b'{"displayConcealedNames":false}')
    assert [item.names_concealed for item in flat.items] == [False]


def header(report: Report) -> bytes:
    """The header alone: some files have an example row."""
    return (CONTRACT / "reports" / f"{report.function}.csv").read_bytes().splitlines()[0]


@needs_contract
@of_each_report
def test_declared_columns_are_those_of_the_published_header(report: Report) -> None:
    [names] = csv.reader([header(report).decode("utf-8-sig")])
    assert [column.name for column in report.columns if not column.seen] == [name.strip() for name in names]


@needs_contract
@of_each_report
def test_the_function_is_called_as_published(report: Report) -> None:
    known = {path.removesuffix("()") for path in published_paths()}
    assert report.path.replace(f"D{report.period}", "{period}").removesuffix("()") in known


def published_paths() -> set[str]:
    index = json.loads((CONTRACT / "reports.json").read_text(encoding="utf-8"))
    return {path for report in index["reports"] for path in report["v1_paths"]}


@needs_contract
@of_each_report
def test_a_published_header_alone_is_a_report_without_rows_and_without_surprises(report: Report) -> None:
    reader = ReportReader(report, header(report))
    assert list(reader.rows()) == []
    assert reader.file.unknown_columns == ()
    assert reader.file.missing_columns == ()
    assert reader.file.refreshed_on is None


@needs_contract
def test_what_microsoft_prints_of_copilot_is_read_from_either_form() -> None:
    read = 0
    for example in examples("copilotreportroot-usageuserdetail"):
        response = example["response"]
        raw = response.get("body_raw")
        reader = ReportReader(COPILOT, raw.encode() if raw else msgspec.json.encode(response["body"]))
        [row] = reader.rows()
        assert row.subject == row.user_principal_name.casefold()
        assert reader.file.concealed
        assert (reader.file.unknown_columns, reader.file.missing_columns) == ((), ())
        printed = [day for day in row.metrics.values() if day and str(day).startswith("20")]
        assert row.last_activity_on == max(printed, default=None)
        read += 1
    assert read == 3
