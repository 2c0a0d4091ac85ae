"""services/iam: how an identity provider's claims would become trusted context: kept with the provider, and shown.

Trusted identity propagation itself happens between services inside AWS: nothing here injects the context. There is no
IAM Identity Center either, so no instance can be associated.

Source: IAM API Reference, ContextProvider, UpdateOpenIDConnectProvider, UpdateSAMLProvider.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from ostiary.services.iam.faults import InvalidInput
from ostiary.services.operation import Call
from ostiary.store.transaction import Transaction

_KEY: Final = re.compile(r"[A-Za-z0-9_.:/=+\-@#]+(?: [A-Za-z0-9_.:/=+\-@#]+)*")
_BOTH_SET: Final = "{0} and Remove{0} can't be specified in the same request."
_TWO_CHANGES: Final = (
    "A request can change either the context provider or the IAM Identity Center association, but not both."
)
_TWO_TYPES: Final = "SubjectTypeValue and SubjectTypeSourceKey are mutually exclusive."
_NO_INSTANCE: Final = "The IAM Identity Center instance {} does not exist."


def is_asked(params: Mapping[str, Any]) -> bool:
    """Whether a request sets or removes anything of it."""
    return _about_context(params) or _about_instance(params)


def check(params: Mapping[str, Any]) -> None:
    """Hold a request's parameters against what they may be.

    Raises:
        InvalidInput: they contradict each other, a key has the wrong form, or an instance is named.
    """
    for name, removes in (("ContextProvider", "RemoveContextProvider"), *_INSTANCE):
        if params.get(name) is not None and params.get(removes):
            raise InvalidInput(_BOTH_SET.format(name.removesuffix("Arn")))
    if _about_context(params) and _about_instance(params):
        raise InvalidInput(_TWO_CHANGES)
    if params.get("IdentityCenterInstanceArn") is not None:
        raise InvalidInput(_NO_INSTANCE.format(params["IdentityCenterInstanceArn"]))
    provider: Mapping[str, Any] = params.get("ContextProvider") or {}
    if "SubjectTypeValue" in provider and "SubjectTypeSourceKey" in provider:
        raise InvalidInput(_TWO_TYPES)
    mapped = provider.get("KeyDefinitionList") or ()
    keys = [provider.get("SubjectSourceKey"), provider.get("SubjectTypeSourceKey")]
    keys += [each.get(name) for each in mapped for name in ("SourceKey", "TargetKey")]
    for key in keys:
        if key is not None and not _KEY.fullmatch(key):
            raise InvalidInput(f"The key {key} is not valid.")


def keep(call: Call, tx: Transaction, provider_id: str) -> None:
    """Set, replace or remove a provider's, as a checked request says."""
    if call.params.get("RemoveContextProvider"):
        forget(tx, provider_id)
    elif call.params.get("ContextProvider") is not None:
        tx.settings.put(_setting(provider_id), json.dumps(call.params["ContextProvider"]))


def shown(tx: Transaction, provider_id: str) -> dict[str, Any]:
    """The member of an answer; nothing where there is none."""
    kept = tx.settings.get(_setting(provider_id))
    return {} if kept is None else {"ContextProvider": json.loads(kept)}


def forget(tx: Transaction, provider_id: str) -> None:
    """The provider is gone, or has none any more."""
    tx.settings.put(_setting(provider_id), None)


_INSTANCE: Final = (("IdentityCenterInstanceArn", "RemoveIdentityCenterInstance"),)


def _about_context(params: Mapping[str, Any]) -> bool:
    return params.get("ContextProvider") is not None or bool(params.get("RemoveContextProvider"))


def _about_instance(params: Mapping[str, Any]) -> bool:
    return params.get("IdentityCenterInstanceArn") is not None or bool(params.get("RemoveIdentityCenterInstance"))


def _setting(provider_id: str) -> str:
    return f"context-provider:{provider_id}"
