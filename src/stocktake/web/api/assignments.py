"""/api/v1/assignments. Who holds which licence, and by which way."""

from stocktake.web.api.datasets import dataset_handler, grid_of

GRID = grid_of(
    "assignments", ("user_id", "sku_id", "source", "group_id"), ("user_principal_name", "sku_part_number", "user_id")
)
show = dataset_handler(GRID)
