"""Microsoft Graph v1.0 as far as a licence inventory reads it: one module a service, one dispatcher for all of it."""
