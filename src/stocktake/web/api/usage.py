"""/api/v1/usage. What Microsoft reports of each user."""

from stocktake.web.api.datasets import dataset_handler, grid_of

GRID = grid_of("usage", ("report", "period", "user_principal_name"), ("user_principal_name",))
show = dataset_handler(GRID)
