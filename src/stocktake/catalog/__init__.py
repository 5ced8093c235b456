"""What Stocktake asks Microsoft for: one source a file, all of them in `SOURCES`."""

from stocktake.catalog.declaration import Dataset, Report, Source, Stream
from stocktake.catalog.sources import SOURCES, datasets

__all__ = ["SOURCES", "Dataset", "Report", "Source", "Stream", "datasets"]
