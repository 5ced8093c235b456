"""The usage reports that name users, sites and groups: one a file, listed in `catalogue.REPORTS`."""
