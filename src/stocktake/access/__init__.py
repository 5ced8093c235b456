"""How a stored connector gets its tokens: credential, grant and token source."""
