"""SAML providers, and the assertions that were seen."""
