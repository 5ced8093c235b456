"""Microsoft Graph's manners: paging, `$batch`, reports, throttling, errors. Knows nothing of what we read."""
