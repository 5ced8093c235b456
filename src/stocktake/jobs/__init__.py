"""What runs when and where: a thin adapter around DBOS, which is the only place that knows it."""
