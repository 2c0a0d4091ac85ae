"""analysis: whether condition keys exist, and stand where they mean something.

Source: IAM User Guide, "AWS global condition context keys", "IAM JSON policy elements: Condition"; Service
Authorization Reference.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from ostiary.analysis.check import Hit, check, hit, key_at
from ostiary.analysis.global_keys import TAG_KEYS, global_type
from ostiary.analysis.model import PolicyType, ResourceType
from ostiary.analysis.paper import Paper, Statement, Test
from ostiary.analysis.reference import keys_of_actions, reference, service_keys, service_names

_MOST_PAIRS: Final = 100_000
"""Of tests and actions in a statement whose actions are held against its keys."""
_TAGGING: Final = tuple(f"aws:{name}" for name in TAG_KEYS)
_ENDPOINT_OWNERS: Final = frozenset({"aws:vpceaccount", "aws:vpceorgid", "aws:vpceorgpaths"})
_SPOOFED: Final = frozenset({"aws:referer", "aws:useragent"})
_PAIRED: Final = {
    "aws:vpcsourceip": ("aws:SourceVpc", "aws:SourceVpce", "aws:SourceVpcArn"),
    "aws:ec2instancesourceprivateipv4": ("aws:Ec2InstanceSourceVpc",),
}
"""Addresses that are unique inside one VPC only; any one of the keys on the right tells which."""
_S3_TYPES: Final = frozenset({ResourceType.BUCKET, ResourceType.ACCESS_POINT, ResourceType.MULTI_REGION_ACCESS_POINT})


def _prefix(test: Test) -> str:
    return test.key.partition(":")[0].lower()


def _from_provider(prefix: str) -> bool:
    """Whether the prefix is an identity provider's name: these are everybody's own."""
    return "." in prefix


@check("INVALID_CONDITION_KEY_FORMAT")
def _format(paper: Paper) -> Iterator[Hit]:
    for _, test in paper.tests():
        prefix, colon, name = test.key.partition(":")
        if not (prefix and colon and name):
            yield hit(key_at(test.path))


@check("DUPLICATE_KEYS_WITH_DIFFERENT_CASE")
def _duplicates(paper: Paper) -> Iterator[Hit]:
    for statement in paper.statements:
        seen = Counter((test.operator, test.key.lower()) for test in statement.tests)
        told: set[tuple[str, str]] = set()
        for test in statement.tests:
            name = (test.operator, test.key.lower())
            if seen[name] > 1 and name not in told:
                told.add(name)
                same = (one for one in statement.tests if (one.operator, one.key.lower()) == name)
                yield hit(*(key_at(one.path) for one in same), key=test.key)


@check("INVALID_GLOBAL_CONDITION_KEY")
def _global_key(paper: Paper) -> Iterator[Hit]:
    for _, test in paper.tests():
        name = test.key.lower()
        if _prefix(test) == "aws" and global_type(name) is None and not _lacks_tag(test) and "$" not in name:
            yield hit(key_at(test.path), key=test.key)


@check("UNSUPPORTED_GLOBAL_CONDITION_KEY")
def _unsupported_global_key(paper: Paper) -> Iterator[Hit]:
    for _, test in paper.tests():
        if test.key.lower() == "aws:arn" and paper.policy_type in (PolicyType.SCP, PolicyType.RCP):
            yield hit(key_at(test.path))


@check("DEPRECATED_GLOBAL_CONDITION_KEY")
def _deprecated_global_key(paper: Paper) -> Iterator[Hit]:
    for _, test in paper.tests():
        if test.key.lower() == "aws:arn" and paper.policy_type not in (PolicyType.SCP, PolicyType.RCP):
            yield hit(key_at(test.path))


@check("INVALID_SERVICE")
def _service(paper: Paper) -> Iterator[Hit]:
    for _, test in paper.tests():
        prefix = _prefix(test)
        known = prefix == "aws" or prefix in service_names() or prefix in reference().prefixes
        if ":" in test.key and prefix and not known and not _from_provider(prefix) and "$" not in prefix:
            yield hit(key_at(test.path), service=prefix)


@check("INVALID_SERVICE_CONDITION_KEY")
def _service_key(paper: Paper) -> Iterator[Hit]:
    for _, test in paper.tests():
        prefix = _prefix(test)
        if prefix == "aws" or _from_provider(prefix) or _lacks_tag(test) or "$" in test.key:
            continue
        known = prefix in service_names() or prefix in reference().prefixes
        if known and test.key.partition(":")[2] and not service_keys(test.key.lower()):
            yield hit(key_at(test.path), key=test.key, service=prefix)


def _lacks_tag(test: Test) -> bool:
    """Whether the key takes the name of a tag, and has none."""
    name = test.key.lower().removesuffix("/")
    if name in (one.lower() for one in _TAGGING):
        return True
    return bool(name.partition(":")[2]) and not service_keys(name) and bool(service_keys(f"{name}/x"))


@check("MISSING_TAG_KEY_IN_CONDITION")
def _missing_tag(paper: Paper) -> Iterator[Hit]:
    for _, test in paper.tests():
        if _lacks_tag(test):
            yield hit(key_at(test.path), key=test.key.removesuffix("/") + "/")


@check("UNSUPPORTED_ACTION_FOR_CONDITION_KEY")
def _unsupported_actions(paper: Paper) -> Iterator[Hit]:
    """Actions are judged by name only, and only keys of the actions' own service: the reference knows these best."""
    for statement in paper.statements:
        if len(statement.tests) * len(statement.actions) > _MOST_PAIRS:
            continue
        for test in statement.tests:
            if statement.action_element == "Action" and test.strict and service_keys(test.key.lower()):
                wrong = [one for one in statement.actions if _never_has(one.text, test)]
                if wrong and len(wrong) < len(statement.actions):
                    names = ", ".join(one.text for one in wrong)
                    yield hit(*(one.path for one in wrong), test.path, actions=names, key=test.key)


def _never_has(action: str, test: Test) -> bool:
    """Whether a request for an action (by name) never has a key, although other actions of its service have."""
    service, _, name = action.lower().partition(":")
    own = _prefix(test) == service or (service == "sts" and _from_provider(_prefix(test)))
    keys = keys_of_actions(service).get(name) if own else None
    if not keys:
        return False
    return not any(key.name.lower() in keys for key in service_keys(test.key.lower()))


@check("MISSING_PAIRED_CONDITION_KEYS")
def _paired(paper: Paper) -> Iterator[Hit]:
    for statement, test in paper.tests():
        pairs = _PAIRED.get(test.key.lower())
        if pairs and statement.allows and not statement.mentions(*(name.lower() for name in pairs)):
            yield hit(key_at(test.path), key=test.key, recommended=pairs[0])


@check("UNTRUSTWORTHY_CONDITION_KEY")
def _untrustworthy(paper: Paper) -> Iterator[Hit]:
    for _, test in paper.tests():
        if test.key.lower() in _SPOOFED:
            yield hit(key_at(test.path), key=test.key)


@check("USE_CONDITION_KEY_ONLY_WITH_SUPPORTED_SERVICES")
def _only_with_supported(paper: Paper) -> Iterator[Hit]:
    for statement, test in paper.tests():
        if test.key.lower() in _ENDPOINT_OWNERS and _unscoped(statement):
            yield hit(key_at(test.path), key=test.key)


def _unscoped(statement: Statement) -> bool:
    return statement.action_element == "NotAction" or any(action.text == "*" for action in statement.actions)


@check("IRRELEVANT_CONDITION_KEY_IN_POLICY")
def _irrelevant(paper: Paper) -> Iterator[Hit]:
    for _, test in paper.tests():
        if paper.resource_type in _S3_TYPES and paper.resource_type and test.key.lower() == "s3:resourceaccount":
            yield hit(key_at(test.path), key=test.key, resource_type=paper.resource_type.value)


@check("DYNAMODB_ATTRIBUTES_WITHOUT_SELECT")
def _attributes_without_select(paper: Paper) -> Iterator[Hit]:
    for statement, test in paper.tests():
        restricted = test.key.lower() == "dynamodb:attributes" and statement.allows
        if restricted and not statement.mentions("dynamodb:select"):
            yield hit(key_at(test.path))


@check("S3_PREFIX_IN_NEGATIVE_CONTEXT")
def _prefix_in_negative_context(paper: Paper) -> Iterator[Hit]:
    for statement, test in paper.tests():
        if test.key.lower() == "s3:prefix" and test.base.startswith("String") and statement.allows == test.negated:
            yield hit(key_at(test.path))
