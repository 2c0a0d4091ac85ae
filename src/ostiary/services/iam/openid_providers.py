"""services/iam: OpenID Connect providers, whose tokens STS takes for AssumeRoleWithWebIdentity.

Source: IAM API Reference, CreateOpenIDConnectProvider and its relatives; IAM User Guide, "Create an OpenID Connect
(OIDC) identity provider in IAM".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from ostiary.authorization.judge import Ask
from ostiary.entropy import letters
from ostiary.federation.addresses import Reach
from ostiary.federation.connection import CannotFetch
from ostiary.federation.fetch import read_url
from ostiary.identifiers import iam_arn
from ostiary.policy import ContextValue
from ostiary.services.iam import context_providers, quotas
from ostiary.services.iam.asks import request_context
from ostiary.services.iam.faults import (
    EntityAlreadyExists,
    InvalidInput,
    NoSuchEntity,
    OpenIdIdpCommunicationError,
    ValidationError,
)
from ostiary.services.iam.names import moment
from ostiary.services.iam.tags import page_of_tags, put_tags, read_tags, shown_tags
from ostiary.services.operation import Asks, Call, on_everything, operation
from ostiary.store.openid import OpenIdProviderRecord
from ostiary.store.records import AlreadyExists
from ostiary.store.transaction import Transaction

_ARN: Final = re.compile(r"arn:aws:iam::([0-9]{12}):oidc-provider/([\x21-\x7e]{1,255})")
_HTTPS: Final = "https://"
_ID_LETTERS: Final = 17
_MOST_THUMBPRINTS: Final = 5
_PER_PROVIDER: Final = "ClientIdsPerOpenIdConnectProvider"
_read_texts: Final = msgspec.json.Decoder(list[str]).decode


def provider_arn(record: OpenIdProviderRecord) -> str:
    """The ARN of a provider."""
    return iam_arn(record.account, "oidc-provider", record.name)


def find_provider(tx: Transaction, account: str, issuer: str) -> OpenIdProviderRecord | None:
    """The provider that an account has for an issuer's URL, letter for letter."""
    name = issuer.removeprefix(_HTTPS)
    if name == issuer:
        return None
    record = tx.openid_providers.get(account, _name_key(name))
    return record if record is not None and record.name == name else None


def client_ids(record: OpenIdProviderRecord) -> list[str]:
    """The audiences that a provider's tokens may be for."""
    return _read_texts(record.client_ids)


def thumbprints(record: OpenIdProviderRecord) -> list[str]:
    """The certificates that a provider is believed with."""
    return _read_texts(record.thumbprints)


def _name_key(name: str) -> str:
    """Hosts are the same whatever their letter case; paths are not."""
    host, slash, path = name.partition("/")
    return host.lower() + slash + path


def _on_new(call: Call, _tx: Transaction) -> Iterable[Ask]:
    action = "iam:CreateOpenIDConnectProvider"
    arn = iam_arn(call.account, "oidc-provider", call.params["Url"].removeprefix(_HTTPS))
    return (Ask(action=action, resource=arn, context=request_context(call, action)),)


def _on_provider(action: str) -> Asks:
    def asks(call: Call, tx: Transaction) -> Iterable[Ask]:
        arn: str = call.params["OpenIDConnectProviderArn"]
        found = _ARN.fullmatch(arn)
        context: dict[str, ContextValue] = request_context(call, action)
        record = tx.openid_providers.get(found[1], _name_key(found[2])) if found else None
        if record is not None:
            context |= {f"aws:ResourceTag/{tag.key}": tag.value for tag in tx.tags.of(record.id)}
        return (Ask(action=action, resource=arn, account=found[1] if found else None, context=context),)

    return asks


def _get(
    call: Call, tx: Transaction, missing: str = "OpenIDConnect Provider not found for arn {}"
) -> OpenIdProviderRecord:
    """The provider that a request names. Raises `NoSuchEntity`, `InvalidInput`."""
    arn: str = call.params["OpenIDConnectProviderArn"]
    found = _ARN.fullmatch(arn)
    if found is None:
        raise InvalidInput(f"Invalid ARN: {arn}")
    record = tx.openid_providers.get(call.account, _name_key(found[2])) if found[1] == call.account else None
    if record is None or record.name != found[2]:
        raise NoSuchEntity(missing.format(arn))
    return record


def _read_name(url: str, reach: Reach) -> str:
    """A provider's URL without its scheme.

    Raises:
        ValidationError: it is no https URL of a host and a path; a port is for hosts that the operator allows.
    """
    try:
        place = read_url(url)
    except ValueError:
        raise ValidationError("Invalid Open ID Connect Provider URL") from None
    if not url.startswith(_HTTPS) or (
        ":" in place.authority.rpartition("]")[2] and not reach.allows(place.host, place.port)
    ):
        raise ValidationError("Invalid Open ID Connect Provider URL")
    return url.removeprefix(_HTTPS)


def _prepare_thumbprints(call: Call, _tx: Transaction) -> Sequence[str]:
    """Those of the request; without any, the one of the authority that the provider's server shows now."""
    given: Sequence[str] = call.params.get("ThumbprintList") or ()
    _check_thumbprints(given)
    url: str = call.params["Url"]
    _read_name(url, call.house.issuers.reach)
    if given:
        return given
    try:
        return (call.house.issuers.top_thumbprint(url),)
    except CannotFetch:
        raise OpenIdIdpCommunicationError(f"Could not connect to the OpenID Connect identity provider {url}") from None


def _check_thumbprints(given: Sequence[str]) -> None:
    if len(given) > _MOST_THUMBPRINTS:
        raise InvalidInput("Thumbprint list must contain fewer than 5 entries.")


@operation("iam", "CreateOpenIDConnectProvider", asks=_on_new, changes=True, prepare=_prepare_thumbprints)
def create_provider(call: Call, tx: Transaction) -> dict[str, Any]:
    """Trust an issuer's tokens."""
    name = _read_name(call.params["Url"], call.house.issuers.reach)
    tags = read_tags(call.params.get("Tags"), case_matters=True)
    clients = list(dict.fromkeys(call.params.get("ClientIDList") or ()))
    context_providers.check(call.params)
    quotas.check(tx, call.account, _PER_PROVIDER, len(clients))
    quotas.check(tx, call.account, "OpenIdConnectProvidersPerAccount", tx.openid_providers.count(call.account) + 1)
    record = OpenIdProviderRecord(
        id="OIDC" + letters(call.house.entropy, _ID_LETTERS),
        account=call.account,
        name=name,
        name_key=_name_key(name),
        client_ids=json.dumps(clients),
        thumbprints=json.dumps(list(call.prepared)),
        created=call.now,
    )
    try:
        tx.openid_providers.add(record)
    except AlreadyExists:
        raise EntityAlreadyExists(f"Provider with url {call.params['Url']} already exists.") from None
    context_providers.keep(call, tx, record.id)
    put_tags(tx, call.account, record.id, tags)
    made: dict[str, Any] = {"OpenIDConnectProviderArn": provider_arn(record)}
    return {**made, "Tags": shown_tags(tags)} if tags else made


@operation("iam", "GetOpenIDConnectProvider", asks=_on_provider("iam:GetOpenIDConnectProvider"))
def get_provider(call: Call, tx: Transaction) -> dict[str, Any]:
    """A provider with all that is known of it."""
    record = _get(call, tx)
    return {
        "Url": record.name,
        "ClientIDList": client_ids(record),
        "ThumbprintList": thumbprints(record),
        "CreateDate": moment(record.created),
        "Tags": shown_tags(tx.tags.of(record.id)),
        **context_providers.shown(tx, record.id),
    }


@operation("iam", "ListOpenIDConnectProviders", asks=on_everything("iam:ListOpenIDConnectProviders"))
def list_providers(call: Call, tx: Transaction) -> dict[str, Any]:
    """The account's providers, the oldest first."""
    found = tx.openid_providers.of_account(call.account)
    return {"OpenIDConnectProviderList": [{"Arn": provider_arn(each)} for each in found]}


@operation("iam", "DeleteOpenIDConnectProvider", asks=_on_provider("iam:DeleteOpenIDConnectProvider"), changes=True)
def delete_provider(call: Call, tx: Transaction) -> dict[str, Any]:
    """Trust an issuer no more. Roles that name it are left as they are; sessions go on."""
    record = _get(call, tx, "OpenId connect Provider {} cannot be found.")
    tx.tags.remove(record.id)
    context_providers.forget(tx, record.id)
    tx.openid_providers.remove(record.id)
    return {}


@operation(
    "iam",
    "AddClientIDToOpenIDConnectProvider",
    asks=_on_provider("iam:AddClientIDToOpenIDConnectProvider"),
    changes=True,
)
def add_client_id(call: Call, tx: Transaction) -> dict[str, Any]:
    """Take tokens for one more audience; one that is there already stays."""
    record = _get(call, tx)
    clients = list(dict.fromkeys([*client_ids(record), call.params["ClientID"]]))
    quotas.check(tx, call.account, _PER_PROVIDER, len(clients))
    tx.openid_providers.change(record.id, client_ids=json.dumps(clients))
    return {}


@operation(
    "iam",
    "RemoveClientIDFromOpenIDConnectProvider",
    asks=_on_provider("iam:RemoveClientIDFromOpenIDConnectProvider"),
    changes=True,
)
def remove_client_id(call: Call, tx: Transaction) -> dict[str, Any]:
    """Take tokens for one audience less; one that is not there is passed over."""
    record = _get(call, tx)
    clients = [each for each in client_ids(record) if each != call.params["ClientID"]]
    tx.openid_providers.change(record.id, client_ids=json.dumps(clients))
    return {}


@operation(
    "iam",
    "UpdateOpenIDConnectProviderThumbprint",
    asks=_on_provider("iam:UpdateOpenIDConnectProviderThumbprint"),
    changes=True,
)
def update_thumbprint(call: Call, tx: Transaction) -> dict[str, Any]:
    """Replace the thumbprints."""
    given: Sequence[str] = call.params["ThumbprintList"]
    record = _get(call, tx)
    if not given:
        raise InvalidInput("Thumbprint list must contain at least one entry.")
    _check_thumbprints(given)
    tx.openid_providers.change(record.id, thumbprints=json.dumps(list(given)))
    return {}


@operation("iam", "UpdateOpenIDConnectProvider", asks=_on_provider("iam:UpdateOpenIDConnectProvider"), changes=True)
def update_provider(call: Call, tx: Transaction) -> dict[str, Any]:
    """Say how its claims become trusted context."""
    record = _get(call, tx)
    context_providers.check(call.params)
    context_providers.keep(call, tx, record.id)
    return {}


@operation("iam", "TagOpenIDConnectProvider", asks=_on_provider("iam:TagOpenIDConnectProvider"), changes=True)
def tag_provider(call: Call, tx: Transaction) -> dict[str, Any]:
    """Add or replace tags."""
    record = _get(call, tx)
    put_tags(tx, call.account, record.id, read_tags(call.params["Tags"], case_matters=True))
    return {}


@operation("iam", "UntagOpenIDConnectProvider", asks=_on_provider("iam:UntagOpenIDConnectProvider"), changes=True)
def untag_provider(call: Call, tx: Transaction) -> dict[str, Any]:
    """Remove tags; keys that are not there are passed over."""
    tx.tags.remove(_get(call, tx).id, call.params["TagKeys"])
    return {}


@operation("iam", "ListOpenIDConnectProviderTags", asks=_on_provider("iam:ListOpenIDConnectProviderTags"))
def list_provider_tags(call: Call, tx: Transaction) -> dict[str, Any]:
    """A provider's tags."""
    return page_of_tags(call, tx, _get(call, tx).id)
