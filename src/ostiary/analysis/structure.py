"""analysis: the elements of a document: which there are, which are missing, what JSON type they have.

Source: IAM User Guide, "Grammar of the IAM JSON policy language", "IAM JSON policy elements reference".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ostiary.analysis.check import Hit, check, hit, key_at
from ostiary.analysis.model import PolicyType
from ostiary.analysis.paper import CURRENT_VERSION, Paper, Statement, entries, is_string
from ostiary.policy.parse import Json, Path

_VERSIONS: Final = (CURRENT_VERSION, "2008-10-17")
_TOP: Final = frozenset({"Version", "Id", "Statement"})
_ELEMENTS: Final = frozenset(
    {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
)
_PAIRS: Final = (("Action", "NotAction"), ("Resource", "NotResource"), ("Principal", "NotPrincipal"))
_SID: Final = re.compile(r"[0-9A-Za-z]*")

_STRING: Final = "String"
_STRINGS: Final = "String or JSON array of Strings"


@check("INVALID_POLICY_ELEMENT")
def _invalid_policy_element(paper: Paper) -> Iterator[Hit]:
    for name in paper.value:
        if name not in _TOP or (name == "Id" and paper.policy_type is not PolicyType.RESOURCE):
            yield hit(key_at((name,)), element=name)
    for statement in paper.statements:
        for name in statement.value:
            if name not in _ELEMENTS:
                yield hit(key_at((*statement.path, name)), element=name)


@check("DATA_TYPE_MISMATCH")
def _data_type_mismatch(paper: Paper) -> Iterator[Hit]:
    for name in ("Version", "Id"):
        if name in paper.value and not is_string(paper.value[name]):
            yield hit((name,), data_type=_STRING)
    if "Statement" in paper.value:
        for path, one in entries(paper.value["Statement"], ("Statement",)):
            if not isinstance(one, dict):
                yield hit(path, data_type="JSON object")
    for statement in paper.statements:
        yield from _mismatches(statement)


def _mismatches(statement: Statement) -> Iterator[Hit]:
    for name in ("Sid", "Effect"):
        if name in statement.value and not is_string(statement.value[name]):
            yield hit((*statement.path, name), data_type=_STRING)
    for name in ("Action", "NotAction", "Resource", "NotResource"):
        if name in statement.value:
            yield from _not_strings(statement.value[name], (*statement.path, name))
    for name in ("Principal", "NotPrincipal"):
        element = statement.value.get(name)
        if isinstance(element, dict):
            for key, listed in element.items():
                yield from _not_strings(listed, (*statement.path, name, key))
    if "Condition" in statement.value:
        yield from _condition_mismatches(statement.value["Condition"], (*statement.path, "Condition"))


def _not_strings(value: Json, path: Path) -> Iterator[Hit]:
    for at, item in entries(value, path):
        if not is_string(item):
            yield hit(at, data_type=_STRINGS)


def _condition_mismatches(block: Json, path: Path) -> Iterator[Hit]:
    if not isinstance(block, dict):
        yield hit(path, data_type="JSON object")
        return
    for operator, keys in block.items():
        if not isinstance(keys, dict):
            yield hit((*path, operator), data_type="JSON object")
            continue
        for key, listed in keys.items():
            for at, item in entries(listed, (*path, operator, key)):
                if not isinstance(item, str | bool):
                    yield hit(at, data_type="String, Number, Boolean or JSON array of them")


@check("INVALID_VERSION")
def _invalid_version(paper: Paper) -> Iterator[Hit]:
    if is_string(paper.version) and paper.version not in _VERSIONS:
        yield hit(("Version",), version=str(paper.version), versions=", ".join(_VERSIONS))


@check("MISSING_VERSION")
def _missing_version(paper: Paper) -> Iterator[Hit]:
    if "Version" not in paper.value:
        yield hit(())


@check("MISSING_STATEMENT")
def _missing_statement(paper: Paper) -> Iterator[Hit]:
    if "Statement" not in paper.value:
        yield hit(())
    elif paper.value["Statement"] == []:
        yield hit(("Statement",))


@check("MISSING_EFFECT")
def _missing_effect(paper: Paper) -> Iterator[Hit]:
    for statement in paper.statements:
        if "Effect" not in statement.value:
            yield hit(statement.path)


@check("INVALID_EFFECT")
def _invalid_effect(paper: Paper) -> Iterator[Hit]:
    for statement in paper.statements:
        effect = statement.value.get("Effect")
        if is_string(effect) and effect not in ("Allow", "Deny"):
            yield hit((*statement.path, "Effect"), effect=str(effect))


@check("MISSING_ACTION")
def _missing_action(paper: Paper) -> Iterator[Hit]:
    for statement in paper.statements:
        if statement.action_element is None:
            yield hit(statement.path)


@check("MISSING_RESOURCE")
def _missing_resource(paper: Paper) -> Iterator[Hit]:
    for statement in paper.statements:
        if statement.resource_element is None and not paper.trust:
            yield hit(statement.path)


@check("UNSUPPORTED_ELEMENT_COMBINATION")
def _unsupported_element_combination(paper: Paper) -> Iterator[Hit]:
    for statement in paper.statements:
        for one, other in _PAIRS:
            if one in statement.value and other in statement.value:
                places = key_at((*statement.path, one)), key_at((*statement.path, other))
                yield hit(*places, element1=one, element2=other)


@check("UNSUPPORTED_SID")
def _unsupported_sid(paper: Paper) -> Iterator[Hit]:
    if _free_sids(paper):
        return
    for path, sid in _sids(paper):
        if not _SID.fullmatch(sid):
            yield hit(path)


@check("UNIQUE_SIDS_REQUIRED")
def _unique_sids_required(paper: Paper) -> Iterator[Hit]:
    if not _free_sids(paper):
        yield from _repeated_sids(paper)


@check("UNIQUE_SIDS_RECOMMENDED")
def _unique_sids_recommended(paper: Paper) -> Iterator[Hit]:
    if _free_sids(paper):
        yield from _repeated_sids(paper)


@check("EMPTY_SID_VALUE")
def _empty_sid_value(paper: Paper) -> Iterator[Hit]:
    for path, sid in _sids(paper):
        if not sid:
            yield hit(path)


def _free_sids(paper: Paper) -> bool:
    """Services that keep resource policies allow other characters and repetitions; IAM and Organizations do not."""
    return paper.policy_type is PolicyType.RESOURCE and not paper.trust


def _sids(paper: Paper) -> Iterator[tuple[Path, str]]:
    for statement in paper.statements:
        sid = statement.value.get("Sid")
        if is_string(sid):
            yield (*statement.path, "Sid"), str(sid)


def _repeated_sids(paper: Paper) -> Iterator[Hit]:
    seen: dict[str, list[Path]] = {}
    for path, sid in _sids(paper):
        if sid:
            seen.setdefault(sid, []).append(path)
    for paths in seen.values():
        if len(paths) > 1:
            yield hit(*paths)
