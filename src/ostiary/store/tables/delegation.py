"""Delegation requests, role templates, service-linked roles and account properties."""
