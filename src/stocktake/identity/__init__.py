"""Who we are towards Microsoft: clouds, credentials, tokens, and secrets sealed at rest."""
