"""services/iam: SAML providers, whose assertions STS takes for AssumeRoleWithSAML.

Source: IAM API Reference, CreateSAMLProvider and its relatives; IAM User Guide, "Create a SAML identity provider in
IAM", "Troubleshoot SAML federation with IAM" (the texts).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from ostiary.authorization.judge import Ask
from ostiary.entropy import letters
from ostiary.identifiers import iam_arn
from ostiary.saml import Metadata, NotMetadata, read_metadata
from ostiary.services.iam import context_providers, quotas
from ostiary.services.iam.asks import request_context
from ostiary.services.iam.faults import EntityAlreadyExists, InvalidInput, NoSuchEntity
from ostiary.services.iam.names import moment
from ostiary.services.iam.saml_keys import add_key, check_key, check_mode, remove_key
from ostiary.services.iam.tags import page_of_tags, put_tags, read_tags, shown_tags
from ostiary.services.operation import Asks, Call, on_everything, operation
from ostiary.store.records import AlreadyExists
from ostiary.store.saml import SamlProviderRecord
from ostiary.store.transaction import Transaction

_ARN: Final = re.compile(r"arn:aws:iam::([0-9]{12}):saml-provider/([\w._-]{1,128})", re.ASCII)
_ID_LETTERS: Final = 16
_CENTURY: Final = 36_525 * 86_400
"""How long a provider is valid whose metadata does not say."""
_UNREADABLE: Final = "Could not parse metadata"
_NOTHING: Final = "Unable to update identity provider. No updates are defined for metadata or encryption assertion."
_BOTH: Final = (
    "Unable to add and remove private keys in the same request. Set a value for only one of the two parameters."
)


def provider_arn(record: SamlProviderRecord) -> str:
    """The ARN of a provider."""
    return iam_arn(record.account, "saml-provider", record.name)


def find_provider(tx: Transaction, arn: str) -> SamlProviderRecord | None:
    """The provider with exactly this ARN, whoever's it is."""
    found = _ARN.fullmatch(arn)
    return tx.saml_providers.get(found[1], found[2]) if found else None


def _on_new(call: Call, _tx: Transaction) -> Iterable[Ask]:
    action = "iam:CreateSAMLProvider"
    arn = iam_arn(call.account, "saml-provider", call.params["Name"])
    return (Ask(action=action, resource=arn, context=request_context(call, action)),)


def _on_provider(action: str) -> Asks:
    def asks(call: Call, tx: Transaction) -> Iterable[Ask]:
        arn: str = call.params["SAMLProviderArn"]
        found, record = _ARN.fullmatch(arn), find_provider(tx, arn)
        context = request_context(call, action)
        if record is not None:
            context |= {f"aws:ResourceTag/{tag.key}": tag.value for tag in tx.tags.of(record.id)}
        return (Ask(action=action, resource=arn, account=found[1] if found else None, context=context),)

    return asks


def _get(call: Call, tx: Transaction) -> SamlProviderRecord:
    """The account's provider that a request names. Raises `NoSuchEntity`, `InvalidInput`."""
    arn: str = call.params["SAMLProviderArn"]
    if _ARN.fullmatch(arn) is None:
        raise InvalidInput(f"Invalid ARN: {arn}")
    record = find_provider(tx, arn)
    if record is None or record.account != call.account:
        raise NoSuchEntity(f"Manifest not found for arn {arn}")
    return record


def _read_metadata(text: str, now: int) -> Metadata:
    """Raises `InvalidInput`: it can't be read, or is no longer valid."""
    try:
        found = read_metadata(text)
    except NotMetadata as problem:
        raise InvalidInput(f"{_UNREADABLE}: {problem}.") from None
    if found.valid_until is not None and found.valid_until <= now:
        raise InvalidInput(f"{_UNREADABLE}: its validUntil has passed.")
    return found


def _valid_until(metadata: Metadata, now: int) -> int:
    return now + _CENTURY if metadata.valid_until is None else int(metadata.valid_until)


def _prepare(call: Call, _tx: Transaction) -> Metadata | None:
    """Long documents are read, and keys checked, before the transaction of the change."""
    check_key(call)
    text: str | None = call.params.get("SAMLMetadataDocument")
    return None if text is None else _read_metadata(text, call.now)


@operation("iam", "CreateSAMLProvider", asks=_on_new, changes=True, prepare=_prepare)
def create_provider(call: Call, tx: Transaction) -> dict[str, Any]:
    """Trust the assertions that an identity provider signs."""
    tags = read_tags(call.params.get("Tags"), case_matters=True)
    context_providers.check(call.params)
    quotas.check(tx, call.account, "SAMLProvidersPerAccount", tx.saml_providers.count(call.account) + 1)
    record = SamlProviderRecord(
        id="SAMLSP" + letters(call.house.entropy, _ID_LETTERS),
        account=call.account,
        name=call.params["Name"],
        document=call.params["SAMLMetadataDocument"],
        encryption=call.params.get("AssertionEncryptionMode"),
        created=call.now,
        valid_until=_valid_until(call.prepared, call.now),
    )
    try:
        tx.saml_providers.add(record)
    except AlreadyExists:
        raise EntityAlreadyExists(f"SAMLProvider with name {record.name} already exists.") from None
    add_key(call, tx, record)
    check_mode(tx, record.id, record.encryption)
    context_providers.keep(call, tx, record.id)
    put_tags(tx, call.account, record.id, tags)
    shown: dict[str, Any] = {"SAMLProviderArn": provider_arn(record)}
    return {**shown, "Tags": shown_tags(tags)} if tags else shown


@operation("iam", "UpdateSAMLProvider", asks=_on_provider("iam:UpdateSAMLProvider"), changes=True, prepare=_prepare)
def update_provider(call: Call, tx: Transaction) -> dict[str, Any]:
    """Replace the metadata, add or remove a private key, say whether assertions must be encrypted."""
    record = _get(call, tx)
    params = call.params
    if params.get("AddPrivateKey") and params.get("RemovePrivateKey"):
        raise InvalidInput(_BOTH)
    context_providers.check(params)
    changed: dict[str, Any] = {}
    if call.prepared is not None:
        changed = {"document": params["SAMLMetadataDocument"], "valid_until": _valid_until(call.prepared, call.now)}
    mode = params.get("AssertionEncryptionMode")
    if mode is not None:
        changed["encryption"] = mode
    keys_change = params.get("AddPrivateKey") or params.get("RemovePrivateKey")
    if not changed and not keys_change and not context_providers.is_asked(params):
        raise InvalidInput(_NOTHING)
    context_providers.keep(call, tx, record.id)
    add_key(call, tx, record)
    remove_key(call, tx, record, mode or record.encryption)
    check_mode(tx, record.id, mode or record.encryption)
    if changed:
        tx.saml_providers.change(record.id, **changed)
    return {"SAMLProviderArn": provider_arn(record)}


@operation("iam", "GetSAMLProvider", asks=_on_provider("iam:GetSAMLProvider"))
def get_provider(call: Call, tx: Transaction) -> dict[str, Any]:
    """A provider with its metadata; of its private keys the ids alone."""
    record = _get(call, tx)
    keys = tx.saml_providers.keys(record.id)
    return {
        "SAMLProviderUUID": record.id,
        "SAMLMetadataDocument": record.document,
        "CreateDate": moment(record.created),
        "ValidUntil": moment(record.valid_until),
        "Tags": shown_tags(tx.tags.of(record.id)),
        **context_providers.shown(tx, record.id),
        "AssertionEncryptionMode": record.encryption or "Allowed",
        "PrivateKeyList": [{"KeyId": key.id, "Timestamp": moment(key.created)} for key in keys],
    }


@operation("iam", "ListSAMLProviders", asks=on_everything("iam:ListSAMLProviders"))
def list_providers(call: Call, tx: Transaction) -> dict[str, Any]:
    """All of an account, by name."""
    listed = [
        {
            "Arn": iam_arn(call.account, "saml-provider", name),
            "ValidUntil": moment(valid_until),
            "CreateDate": moment(created),
        }
        for name, created, valid_until in tx.saml_providers.listed(call.account)
    ]
    return {"SAMLProviderList": listed}


@operation("iam", "DeleteSAMLProvider", asks=_on_provider("iam:DeleteSAMLProvider"), changes=True)
def delete_provider(call: Call, tx: Transaction) -> dict[str, Any]:
    """Trust it no more. Roles that name it stay, and nobody can assume them through it."""
    record = _get(call, tx)
    tx.tags.remove(record.id)
    context_providers.forget(tx, record.id)
    tx.saml_providers.remove(record.id)
    return {}


@operation("iam", "TagSAMLProvider", asks=_on_provider("iam:TagSAMLProvider"), changes=True)
def tag_provider(call: Call, tx: Transaction) -> dict[str, Any]:
    """Add or replace tags."""
    record = _get(call, tx)
    put_tags(tx, call.account, record.id, read_tags(call.params["Tags"], case_matters=True))
    return {}


@operation("iam", "UntagSAMLProvider", asks=_on_provider("iam:UntagSAMLProvider"), changes=True)
def untag_provider(call: Call, tx: Transaction) -> dict[str, Any]:
    """Remove tags; keys that are not there are passed over."""
    tx.tags.remove(_get(call, tx).id, call.params["TagKeys"])
    return {}


@operation("iam", "ListSAMLProviderTags", asks=_on_provider("iam:ListSAMLProviderTags"))
def list_provider_tags(call: Call, tx: Transaction) -> dict[str, Any]:
    """A provider's tags."""
    return page_of_tags(call, tx, _get(call, tx).id)
