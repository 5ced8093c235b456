"""Consent and sign-in from the first click to the saved connector."""
