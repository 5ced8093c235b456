"""Questions that the stored data answer."""
