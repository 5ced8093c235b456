"""/api/v1/subscriptions. What each tenant owns."""

from stocktake.web.api.datasets import dataset_handler, grid_of

GRID = grid_of("subscriptions", ("sku_id",), ("product_name", "sku_part_number", "sku_id"))
show = dataset_handler(GRID)
