"""catalog: what a refresh changed, in words."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from ostiary.catalog.archive import Archive
from ostiary.catalog.managed_policies import ManagedPolicy, read_policies
from ostiary.catalog.service_reference import read_action_names


def policy_changes(before: Path, after: Path) -> Iterator[str]:
    """A line for each policy that came, went or has another default version; after a line that counts them all."""
    old, new = _policies(before), _policies(after)
    offered_before = {arn for arn, policy in old.items() if not policy.retired}
    offered = {arn for arn, policy in new.items() if not policy.retired}
    yield f"{len(offered)} managed policies, {sum(len(policy.versions) for policy in new.values())} documents"
    if not old:
        return
    yield from (f"  new: {new[arn].name}" for arn in sorted(offered - offered_before))
    yield from (f"  retired: {old[arn].name}" for arn in sorted(offered_before - offered))
    for arn in sorted(offered & offered_before):
        was, now = old[arn].default_version, new[arn].default_version
        if was != now:
            yield f"  {new[arn].name}: {was} → {now}"


def reference_changes(before: Path, after: Path) -> Iterator[str]:
    """A line for each service that came or went, and for each whose actions changed; after a count."""
    old, new = _action_names(before), _action_names(after)
    yield f"{len(new)} services, {sum(map(len, new.values()))} actions"
    if not old:
        return
    yield from (f"  new service: {prefix}" for prefix in sorted(new.keys() - old.keys()))
    yield from (f"  service gone: {prefix}" for prefix in sorted(old.keys() - new.keys()))
    for prefix in sorted(new.keys() & old.keys()):
        came, went = _listed(new[prefix] - old[prefix]), _listed(old[prefix] - new[prefix])
        if came or went:
            yield f"  {prefix}:" + (f" new: {came}." if came else "") + (f" gone: {went}." if went else "")


def _policies(path: Path) -> dict[str, ManagedPolicy]:
    return {policy.arn: policy for policy in read_policies(Archive(path))} if path.exists() else {}


def _action_names(path: Path) -> dict[str, frozenset[str]]:
    if not path.exists():
        return {}
    return {prefix: frozenset(names) for prefix, names in read_action_names(Archive(path)).items()}


def _listed(names: Collection[str], most: int = 6) -> str:
    shown = sorted(names)[:most]
    return ", ".join(shown) + (f" and {len(names) - most} more" if len(names) > most else "")
