"""Names of products, and Microsoft's catalogue read from a file."""

import re
from pathlib import Path

import pytest

from stocktake.errors import UsageError
from stocktake.products.catalogue import CataloguePlan, CatalogueProduct, read_catalogue
from stocktake.products.names import common_products, product_name

E3 = "05e9a617-0261-4cee-bb44-138d3ef5d965"
PLAN = "113feb6c-3fe4-4440-bddc-54d774bf0318"
HEADER = "Product_Display_Name,String_Id,GUID,Service_Plan_Name,Service_Plan_Id,Service_Plans_Included_Friendly_Names\n"
CATALOGUE = Path("../shared/contract/sku-catalogue.csv")


def catalogue(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "catalogue.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_the_table_is_well_formed() -> None:
    table = common_products()
    assert len(table) > 100
    for sku_id, (part, name) in table.items():
        assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", sku_id)
        assert part
        assert name
        assert name == name.strip()


def test_an_imported_name_wins_then_ours_then_the_part_number() -> None:
    assert product_name("SPE_E3", E3.upper(), {E3: "Ours is renamed"}) == "Ours is renamed"
    assert product_name("SPE_E3", E3, {}) == "Microsoft 365 E3"
    assert product_name("spe_e3", "00000000-0000-0000-0000-000000000000", {}) == "Microsoft 365 E3"
    assert product_name("NEVER_SEEN", "00000000-0000-0000-0000-000000000000", {}) == "NEVER_SEEN"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_headings_are_read_case_blind_with_or_without_a_byte_order_mark(tmp_path: Path, encoding: str) -> None:
    text = (
        HEADER
        + f'"Größe, one",SPE_X,{E3.upper()},EXCH,{PLAN},Exchange\r\n\r\n"Größe, one",SPE_X,{E3},EXCH,{PLAN},Exchange\n'
    )
    rows = read_catalogue(catalogue(tmp_path, text, encoding))
    assert rows.products == (CatalogueProduct(E3, "SPE_X", "Größe, one"),)
    assert rows.plans == (CataloguePlan(E3, PLAN, "EXCH", "Exchange"),)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        (HEADER, "holds no product"),
        ("a,b\n1,2\n", "lacks the column product_display_name"),
        (HEADER + f"Name,PART,nonsense,P,{PLAN},F\n", "row 2: the product's GUID is 'nonsense'"),
        (HEADER + f"Name,PART,{E3},P,{PLAN},F\nName,PART,{E3},P,zzz,F\n", "row 3: the service plan's GUID"),
        (HEADER + f"Name,PART,{E3}\n", "row 2: has 3 columns only"),
        (HEADER + f",,{E3},P,{PLAN},F\n", "row 2: the product has no name"),
        (HEADER + f'"{"x" * 200_000}",PART,{E3},P,{PLAN},F\n', "row 2: field larger"),
    ],
)
def test_a_file_that_is_no_catalogue_is_refused_in_one_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_catalogue(catalogue(tmp_path, text))
    assert says in refused.value.message
    assert "\n" not in refused.value.message


def test_files_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        read_catalogue(tmp_path / "missing.csv")
    with pytest.raises(UsageError, match="directory"):
        read_catalogue(tmp_path)
    with pytest.raises(UsageError, match="not UTF-8"):
        read_catalogue(catalogue(tmp_path, HEADER + f"Größe,PART,{E3},P,{PLAN},F\n", "latin-1"))


@pytest.mark.skipif(not CATALOGUE.exists(), reason="Microsoft's catalogue is not beside the project")
def test_the_published_catalogue_is_read_whole_and_agrees_with_our_table() -> None:
    rows = read_catalogue(CATALOGUE)
    assert len(rows.products) == 619
    assert len({plan.service_plan_id for plan in rows.plans}) == 791
    names = {product.sku_id: (product.sku_part_number, product.product_name) for product in rows.products}
    assert {sku_id: names[sku_id] for sku_id in common_products()} == dict(common_products())
