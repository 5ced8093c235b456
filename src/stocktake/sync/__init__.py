"""A run: which sources, what came of each, and what may be concluded from it."""
