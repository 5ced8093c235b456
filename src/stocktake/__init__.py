"""Stocktake: the Microsoft 365 licence position of an organisation."""
