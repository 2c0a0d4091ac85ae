"""analysis: statements that hand out roles: iam:PassRole and iam:CreateServiceLinkedRole.

Source: IAM User Guide, "Granting permissions to pass a role to a service", "Create a service-linked role".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ostiary.analysis.check import CHECKS, Check, Hit, hit
from ostiary.analysis.model import PolicyType
from ostiary.analysis.paper import Action, Item, Paper, Statement
from ostiary.policy.globs import glob


@dataclass(frozen=True, slots=True)
class _Subject:
    """An action that is to be granted on chosen roles only."""

    action: str
    codes: str
    """What its issue codes begin with."""
    key: str
    """The condition key that limits it as well."""
    everything: re.Pattern[str]
    """What a resource's last component looks like when it limits nothing."""


_PASS: Final = _Subject("iam:passrole", "PASS_ROLE", "iam:passedtoservice", re.compile(r"[*?]+|role/?[*?]+"))
_CREATE: Final = _Subject(
    "iam:createservicelinkedrole",
    "CREATE_SLR",
    "iam:awsservicename",
    re.compile(r"[*?]+|role/?[*?]+|role/aws-service-role/?[*?]+"),
)


_PREFIXES: Final = frozenset({"*", "iam"})


def _actions(statement: Statement, wanted: str) -> tuple[str, list[Action]]:
    """How a statement grants an action (nothing: by name; `none`: not at all), and with which items."""
    covering = [one for one in statement.actions if one.service in _PREFIXES and glob(one.text.lower()).matches(wanted)]
    if statement.action_element == "NotAction":
        return ("none", []) if covering else ("NOT_ACTION", list(statement.actions))
    named = [one for one in covering if not one.wild]
    if named:
        return "", named
    return ("STAR_IN_ACTION", covering) if covering else ("none", [])


def _resources(statement: Statement, everything: re.Pattern[str]) -> tuple[str, list[Item]]:
    """How a statement limits the roles: `NOT_RESOURCE`, `STAR_IN_RESOURCE`, or `none` that is to be told."""
    if statement.resource_element == "NotResource":
        return "NOT_RESOURCE", list(statement.resources)
    stars = [one for one in statement.resources if _limits_nothing(one.text, everything)]
    return ("STAR_IN_RESOURCE", stars) if stars else ("none", [])


def _limits_nothing(resource: str, everything: re.Pattern[str]) -> bool:
    fields = resource.split(":", 5)
    covers_iam = len(fields) < 3 or fields[2] == "iam" or glob(fields[2]).matches("iam")
    return covers_iam and everything.fullmatch(fields[-1]) is not None


_NAMES: Final = {
    ("", "NOT_RESOURCE"): "WITH_NOT_RESOURCE",
    ("STAR_IN_ACTION", "NOT_RESOURCE"): "WITH_STAR_IN_ACTION_AND_NOT_RESOURCE",
    ("NOT_ACTION", "NOT_RESOURCE"): "WITH_NOT_ACTION_AND_NOT_RESOURCE",
    ("", "STAR_IN_RESOURCE"): "WITH_STAR_IN_RESOURCE",
    ("STAR_IN_ACTION", "STAR_IN_RESOURCE"): "WITH_STAR_IN_ACTION_AND_RESOURCE",
    ("NOT_ACTION", "STAR_IN_RESOURCE"): "WITH_STAR_IN_RESOURCE_AND_NOT_ACTION",
}
"""How action and resource are written, and what the code ends in."""


def _check(subject: _Subject, how: tuple[str, str]) -> Check:
    def ask(paper: Paper) -> Iterator[Hit]:
        for statement in paper.statements if paper.policy_type is PolicyType.IDENTITY else ():
            if not statement.allows:
                continue
            action, granting = _actions(statement, subject.action)
            resource, covered = _resources(statement, subject.everything)
            limited = resource == "STAR_IN_RESOURCE" and statement.mentions(subject.key)
            if (action, resource) == how and not limited:
                paths = [one.path for one in granting] + [one.path for one in covered]
                yield hit(*(paths or [statement.path]))

    return ask


CHECKS.update(
    {f"{subject.codes}_{name}": _check(subject, how) for subject in (_PASS, _CREATE) for how, name in _NAMES.items()}
)
