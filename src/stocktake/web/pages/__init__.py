"""Pages, one module each, with the template of the same name."""
