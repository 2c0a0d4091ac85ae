"""policy: what is asked, and the policies in force while it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ostiary.policy.principals import Principal

ContextValue = str | tuple[str, ...]
"""A string is a single-valued key, a tuple a multivalued one, even with one or no element."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One action on one resource, with the complete condition context; the engine adds no keys of its own."""

    principal: Principal
    action: str
    """`service:Name`."""
    resource: str
    """An ARN, or `*` for actions without resource-level permissions."""
    resource_account: str | None
    """The account that owns the resource (the caller's own for `*`)."""
    context: Mapping[str, ContextValue]
    resource_in_management_account: bool = False
    keys: Mapping[str, ContextValue] = field(init=False, repr=False, compare=False)
    """The context by lower-case key: names of condition keys are compared without case."""

    action_key: str = field(init=False, repr=False, compare=False)
    """The action in lower case."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "action_key", self.action.lower())
        object.__setattr__(self, "keys", {key.lower(): value for key, value in self.context.items()})
