"""Fixtures of the STS tests."""

from __future__ import annotations

from tests.federation.conftest import authority, provider, reach

__all__ = ["authority", "provider", "reach"]
