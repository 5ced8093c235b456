"""/api/v1/users. Who there is."""

from stocktake.web.api.datasets import dataset_handler, grid_of

GRID = grid_of("users", ("id",), ("display_name", "user_principal_name", "mail", "department", "employee_id", "id"))
show = dataset_handler(GRID)
