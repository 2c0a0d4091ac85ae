"""OpenID Connect providers, and the keys of our own issuer."""
