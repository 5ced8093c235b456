"""The console: pages for people and a JSON API, served over HTTP."""
