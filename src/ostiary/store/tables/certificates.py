"""Signing certificates, SSH public keys, server certificates and service-specific credentials."""
