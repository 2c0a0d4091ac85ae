"""policy: what is asked, and the policies in force while it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ostiary.policy.principals import Principal

ContextValue = str | tuple[str, ...]
"""A string is a single-valued key, a tuple a multivalued one, even with one or no element."""


@dataclass(slots=True, kw_only=True)
class Request:
    """One action on one resource, with the complete condition context; the engine adds no keys of its own.

    INVARIANT: nobody changes a request after it is made. It is not a frozen dataclass because making one of those
    costs as much as deciding it.
    """

    principal: Principal
    action: str
    """`service:Name`."""
    resource: str
    """An ARN, or `*` for actions without resource-level permissions."""
    resource_account: str | None
    """The account that owns the resource (the caller's own for `*`)."""
    context: Mapping[str, ContextValue]
    resource_in_management_account: bool = False
    _keys: Mapping[str, ContextValue] | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def keys(self) -> Mapping[str, ContextValue]:
        """The context by lower-case key, made when first asked for: names of keys are compared without case."""
        keys = self._keys
        if keys is None:
            keys = self._keys = {key.lower(): value for key, value in self.context.items()}
        return keys

    @property
    def action_key(self) -> str:
        """The action in lower case."""
        return self.action.lower()
