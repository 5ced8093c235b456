"""/api/v1/groups. Groups, and the licences that they give."""

from stocktake.web.api.datasets import dataset_handler, grid_of

GRID = grid_of("groups", ("id",), ("display_name", "mail", "id"))
show = dataset_handler(GRID)
