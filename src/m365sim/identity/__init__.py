"""Microsoft's identity platform: discovery, keys, tokens, and the check of the tokens that Graph is given."""
