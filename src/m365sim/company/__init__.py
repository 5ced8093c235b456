"""A believable company, drawn from a seed."""
