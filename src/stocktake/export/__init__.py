"""Typed rows to files: CSV, JSON Lines, XLSX and Parquet, each streamed in bounded memory."""
