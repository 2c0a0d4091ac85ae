"""services/iam: user names with passwords, and API keys, that are good for one service only.

A secret is answered when it is made and not again; what is kept is its digest. Who shows one to a service is found by
`authorization.service_credentials`.

Source: IAM API Reference, CreateServiceSpecificCredential, ListServiceSpecificCredentials,
UpdateServiceSpecificCredential, ResetServiceSpecificCredential, DeleteServiceSpecificCredential; IAM User Guide,
"Service-specific credentials for IAM users", "API keys for AWS services".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import count
from typing import Any, Final

from msgspec.structs import replace

from ostiary.authorization.judge import Ask
from ostiary.credentials.service_credentials import SERVICES, digest, new_secret
from ostiary.entropy import letters
from ostiary.identifiers import iam_arn
from ostiary.services.iam import quotas
from ostiary.services.iam.asks import ask_named, on_self_or_user, own_or_named
from ostiary.services.iam.faults import NoSuchEntity, ValidationError
from ostiary.services.iam.names import USER, moment
from ostiary.services.iam.paging import page, page_of
from ostiary.services.iam.ssh_public_keys import user_of
from ostiary.services.iam.statuses import read_status, shown_status
from ostiary.services.operation import Asks, Call, operation
from ostiary.store.certificates import ServiceCredentialRecord
from ostiary.store.records import UserRecord
from ostiary.store.transaction import Transaction

_ID_PREFIX: Final = "ACCA"
_ID_LETTERS: Final = 17
_DAY: Final = 86_400
_SERVICE_NAME: Final = re.compile(r"[A-Za-z0-9.-]*")
_SERVICE_KEY: Final = "iam:ServiceSpecificCredentialServiceName"
_AGE_KEY: Final = "iam:ServiceSpecificCredentialAgeDays"


def _on_user(action: str) -> Asks:
    """For an action on a user's credential: the service it is for is a condition key, at its making its age too."""

    def asks(call: Call, tx: Transaction) -> Iterable[Ask]:
        name, service = own_or_named(call), _service_meant(call, tx)
        if name is None:
            return on_self_or_user(action)(call, tx)
        ask = ask_named(call, tx, action, USER, name)
        context = {} if service is None else {_SERVICE_KEY: service}
        if "CredentialAgeDays" in call.params:
            context[_AGE_KEY] = str(call.params["CredentialAgeDays"])
        return (replace(ask, context={**ask.context, **context}),)

    return asks


def _service_meant(call: Call, tx: Transaction) -> str | None:
    """The service that a new credential is for, or the one that the named credential has."""
    if "ServiceSpecificCredentialId" not in call.params:
        return str(call.params["ServiceName"]).lower()
    found = tx.service_credentials.get(call.params["ServiceSpecificCredentialId"])
    return None if found is None or found.account != call.account else found.service


def _on_listed(call: Call, tx: Transaction) -> Iterable[Ask]:
    """ListServiceSpecificCredentials asks for one user, or for all of the account's."""
    action = "iam:ListServiceSpecificCredentials"
    if call.params.get("AllUsers"):
        return (Ask(action=action, resource=iam_arn(call.account, "user", "*")),)
    return on_self_or_user(action)(call, tx)


@operation(
    "iam",
    "CreateServiceSpecificCredential",
    asks=_on_user("iam:CreateServiceSpecificCredential"),
    changes=True,
)
def create_service_specific_credential(call: Call, tx: Transaction) -> dict[str, Any]:
    """Make a credential and say its secret, this once."""
    user = user_of(call, tx)
    service = _service(call.params["ServiceName"])
    held = sum(each.service == service for each in tx.service_credentials.of(user.id))
    quotas.check(tx, call.account, "ServiceSpecificCredentialsPerUser", held + 1)
    login, age = _free_login(tx, service, user), call.params.get("CredentialAgeDays")
    secret = new_secret(service, login, call.house.entropy)
    record = ServiceCredentialRecord(
        id=_ID_PREFIX + letters(call.house.entropy, _ID_LETTERS),
        account=call.account,
        owner_id=user.id,
        service=service,
        login=login,
        digest=digest(secret),
        active=True,
        created=call.now,
        expires=None if age is None else call.now + age * _DAY,
    )
    tx.service_credentials.add(record)
    return {"ServiceSpecificCredential": _with_secret(call, user, record, secret)}


@operation("iam", "ListServiceSpecificCredentials", asks=_on_listed)
def list_service_specific_credentials(call: Call, tx: Transaction) -> dict[str, Any]:
    """A user's credentials, or those of all users; never a secret."""
    given, rows = call.params.get("ServiceName"), tx.service_credentials
    service = None if not given else _service(given)
    if not call.params.get("AllUsers"):
        user = user_of(call, tx)
        held = [each for each in rows.of(user.id) if service in (None, each.service)]
        found, rest = page_of(call, held, lambda each: each.id)
        return {"ServiceSpecificCredentials": [_shown(call, user, each) for each in found], **rest}
    if "UserName" in call.params:
        raise ValidationError("UserName cannot be specified together with AllUsers.")
    found, rest = page(
        call,
        lambda after, limit: rows.page(call.account, service=service, after=after, limit=limit),
        lambda each: each.id,
    )
    return {"ServiceSpecificCredentials": [_shown(call, _holder(tx, each), each) for each in found], **rest}


@operation("iam", "UpdateServiceSpecificCredential", asks=_on_user("iam:UpdateServiceSpecificCredential"), changes=True)
def update_service_specific_credential(call: Call, tx: Transaction) -> dict[str, Any]:
    """Switch a credential on or off."""
    tx.service_credentials.change(_named(call, tx)[1].id, active=read_status(call))
    return {}


@operation("iam", "ResetServiceSpecificCredential", asks=_on_user("iam:ResetServiceSpecificCredential"), changes=True)
def reset_service_specific_credential(call: Call, tx: Transaction) -> dict[str, Any]:
    """Make a new secret and say it; the old one is good for nothing. All else stays, the expiry too."""
    user, record = _named(call, tx)
    secret = new_secret(record.service, record.login, call.house.entropy)
    tx.service_credentials.change(record.id, digest=digest(secret))
    return {"ServiceSpecificCredential": _with_secret(call, user, record, secret)}


@operation("iam", "DeleteServiceSpecificCredential", asks=_on_user("iam:DeleteServiceSpecificCredential"), changes=True)
def delete_service_specific_credential(call: Call, tx: Transaction) -> dict[str, Any]:
    """Take a credential away."""
    tx.service_credentials.remove(_named(call, tx)[1].id)
    return {}


def _service(name: str) -> str:
    """A service's name in lower case, if it takes such credentials. Raises `ValidationError`, `NoSuchEntity`."""
    if not _SERVICE_NAME.fullmatch(name):
        raise ValidationError(
            f"1 validation error detected: Value '{name}' at 'serviceName' failed to satisfy constraint: Member must "
            f"satisfy regular expression pattern: {_SERVICE_NAME.pattern}"
        )
    if name.lower() not in SERVICES:
        raise NoSuchEntity(f"No such service {name} is supported for Service Specific Credentials")
    return name.lower()


def _free_login(tx: Transaction, service: str, user: UserRecord) -> str:
    """`bob-at-111122223333`, or `bob+1-at-111122223333` where that is somebody's, and so on."""
    for number in count():
        login = f"{user.name}{f'+{number}' if number else ''}-at-{user.account}"
        if tx.service_credentials.by_login(service, login) is None:
            return login
    raise AssertionError


def _named(call: Call, tx: Transaction) -> tuple[UserRecord, ServiceCredentialRecord]:
    """The credential that a request names. Raises `NoSuchEntity`; `ValidationError` when it is another user's."""
    user, wanted = user_of(call, tx), call.params["ServiceSpecificCredentialId"]
    found = tx.service_credentials.get(wanted)
    if found is None or found.account != call.account:
        raise NoSuchEntity(f"No such credential {wanted} exists")
    if found.owner_id != user.id:
        raise ValidationError(f"The credential {wanted} does not belong to the user {user.name}.")
    return user, found


def _holder(tx: Transaction, record: ServiceCredentialRecord) -> UserRecord:
    found = tx.users.by_id(record.owner_id)
    assert found is not None  # the table of users is referred to
    return found


def _shown(call: Call, user: UserRecord, record: ServiceCredentialRecord) -> dict[str, Any]:
    """Without the secret."""
    expired = record.expires is not None and record.expires <= call.now
    shown: dict[str, Any] = {
        "UserName": user.name,
        "Status": shown_status(record.active, expired=expired),
        "CreateDate": moment(record.created),
        "ServiceSpecificCredentialId": record.id,
        "ServiceName": record.service,
        _names(record.service)["login"]: record.login,
    }
    return shown if record.expires is None else {**shown, "ExpirationDate": moment(record.expires)}


def _with_secret(call: Call, user: UserRecord, record: ServiceCredentialRecord, secret: str) -> dict[str, Any]:
    return {**_shown(call, user, record), _names(record.service)["secret"]: secret}


def _names(service: str) -> Mapping[str, str]:
    """How the API calls the parts of a credential: an API key's otherwise than those of a password."""
    if SERVICES[service] is None:
        return {"login": "ServiceUserName", "secret": "ServicePassword"}
    return {"login": "ServiceCredentialAlias", "secret": "ServiceCredentialSecret"}
