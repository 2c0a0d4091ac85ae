"""Enters every operation into the table, by importing the modules that define them."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Final

_PACKAGES: Final = ("iam", "iam_toolbox", "sts", "s3", "ec2", "organizations", "accessanalyzer")


def load_operations() -> None:
    """Import every module of every service."""
    for name in _PACKAGES:
        try:
            package = importlib.import_module(f"ostiary.services.{name}")
        except ModuleNotFoundError as error:
            if error.name == f"ostiary.services.{name}":
                continue
            raise
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{package.__name__}.{module.name}")
