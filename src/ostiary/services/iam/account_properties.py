"""services/iam: settings of the account: its properties, and SetSecurityTokenServicePreferences.

Which namespaces and properties AWS has is not published but for Role Manager's; what is put here is kept and answered,
and changes nothing else.

Source: IAM API Reference, GetAccountProperties, PutAccountProperties, SetSecurityTokenServicePreferences; Service
Authorization Reference, `iam:AccountPropertyNamespaces`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from ostiary.authorization.judge import Ask
from ostiary.services.iam.faults import InvalidInput
from ostiary.services.operation import Call, on_everything, operation
from ostiary.store.transaction import Transaction

_KEY: Final = "iam:AccountPropertyNamespaces"
_FORM: Final = "The property name {} is not valid: it must be of the form Namespace/PropertyName."
_ONE: Final = "All properties must belong to the same namespace."
_VERSIONS: Final = {"v1Token": 1, "v2Token": 2}


def token_version(tx: Transaction, account: str) -> int:
    """The version of the tokens of the global STS endpoint that an account has chosen."""
    return int(tx.settings.get(_token_setting(account)) or 1)


def _token_setting(account: str) -> str:
    return f"sts-token-version:{account}"


def _namespaces(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({name.partition("/")[0] for name in names}))


def _asks_to_get(call: Call, tx: Transaction) -> Iterable[Ask]:
    namespaces = _namespaces(tx.account_properties.of(call.account))
    yield Ask(action="iam:GetAccountProperties", context={_KEY: namespaces} if namespaces else {})


@operation("iam", "GetAccountProperties", asks=_asks_to_get)
def get_account_properties(call: Call, tx: Transaction) -> dict[str, Any]:
    """The account's properties."""
    return {"Properties": dict(tx.account_properties.of(call.account))}


def _asks_to_put(call: Call, _tx: Transaction) -> Iterable[Ask]:
    yield Ask(action="iam:PutAccountProperties", context={_KEY: _namespaces(call.params["Properties"])})


@operation("iam", "PutAccountProperties", asks=_asks_to_put, changes=True)
def put_account_properties(call: Call, tx: Transaction) -> dict[str, Any]:
    """Set properties of one namespace."""
    properties: dict[str, str] = call.params["Properties"]
    for name in properties:
        namespace, slash, rest = name.partition("/")
        if not (namespace and slash and rest) or "/" in rest:
            raise InvalidInput(_FORM.format(name))
    if len(_namespaces(properties)) > 1:
        raise InvalidInput(_ONE)
    tx.account_properties.put(call.account, properties)
    return {}


@operation(
    "iam",
    "SetSecurityTokenServicePreferences",
    asks=on_everything("iam:SetSecurityTokenServicePreferences"),
    changes=True,
)
def set_security_token_service_preferences(call: Call, tx: Transaction) -> dict[str, Any]:
    """Set the version of the global endpoint's tokens; ours are valid in every Region whatever it is."""
    tx.settings.put(_token_setting(call.account), str(_VERSIONS[call.params["GlobalEndpointTokenVersion"]]))
    return {}
