"""services/iam: which services and actions policies let somebody use at all, whatever the resource and the conditions.

An action counts where every level has an Allow of it, and no Deny takes it away altogether.

Source: IAM API Reference, GenerateServiceLastAccessedDetails, ListPoliciesGrantingServiceAccess,
GenerateOrganizationsAccessReport.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from ostiary import catalog
from ostiary.policy import CompiledPolicy, Effect
from ostiary.policy.statements import Statement

Levels = Sequence[Sequence[CompiledPolicy]]
"""Policies that must each allow, level by level; identity policies are one level."""


class Granted:
    """What levels of policies leave."""

    def __init__(self, levels: Levels) -> None:
        statements = [[each for policy in level for each in policy.statements] for level in levels]
        self._allows = [[each for each in level if each.effect is Effect.ALLOW] for level in statements]
        self._denies = [each for level in statements for each in level if _takes_all(each)]

    def services(self) -> tuple[str, ...]:
        """The prefixes of the services that may be used, sorted."""
        return tuple(sorted(service for service in self._candidates() if self.includes(service)))

    def includes(self, service: str) -> bool:
        """Whether anything of a service may be used."""
        return next(self._actions(service), None) is not None

    def actions(self, service: str) -> tuple[str, ...]:
        """The names of a service's actions that may be used, sorted."""
        return tuple(self._actions(service))

    def _actions(self, service: str) -> Iterator[str]:
        for action in catalog.expand(f"{service}:*"):
            folded = action.lower()
            if all(any(one.actions.match(folded) for one in level) for level in self._allows) and not any(
                one.actions.match(folded) for one in self._denies
            ):
                yield action.partition(":")[2]

    def _candidates(self) -> Iterable[str]:
        """The services that some level names; a level that speaks of all of them narrows nothing."""
        found = set(catalog.services())
        for level in self._allows:
            named = [one.actions.services for one in level]
            if None not in named:
                found &= {service for each in named for service in each or ()}
        return found


def _takes_all(statement: Statement) -> bool:
    """Whether it is a Deny of every resource without any condition."""
    resources = statement.resources
    everywhere = resources is None or (resources.everything and not resources.negated)
    return statement.effect is Effect.DENY and everywhere and not statement.tests


@cache
def service_name(service: str) -> str:
    """`Amazon S3` for `s3`."""
    known = catalog.service(service)
    return service if known is None else known.name
