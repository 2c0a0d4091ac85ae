"""MFA devices and password policies."""
