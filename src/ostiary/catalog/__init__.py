"""catalog: facts about AWS, as data with its source. Nothing is read until something is asked.

AWS-managed policies with their versions (IAM User Guide, "Managed policies and inline policies") and the service
authorization reference (Service Authorization Reference, "Actions, resources, and condition keys"). Where the data
comes from and under which licences: `data/README.md` and `sources()`. `python -m ostiary.catalog.refresh` renews it.
"""

from __future__ import annotations

from ostiary.catalog.managed_policies import (
    ManagedPolicy,
    PolicyVersion,
    document,
    managed_policies,
    managed_policy,
)
from ostiary.catalog.service_reference import (
    Action,
    ActionResource,
    ByName,
    ConditionKey,
    ResourceType,
    Service,
    expand,
    service,
    services,
)
from ostiary.catalog.sources import Source, sources

__all__ = [
    "Action",
    "ActionResource",
    "ByName",
    "ConditionKey",
    "ManagedPolicy",
    "PolicyVersion",
    "ResourceType",
    "Service",
    "Source",
    "document",
    "expand",
    "managed_policies",
    "managed_policy",
    "service",
    "services",
    "sources",
]
