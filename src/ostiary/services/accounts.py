"""Founding accounts: the first start's, and those of `ostiary account create`.

Source: Organizations API Reference, CreateAccount; IAM User Guide, "AWS account root user".
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ostiary.credentials.access_keys import LONG_TERM, new_access_key_id, new_secret
from ostiary.credentials.passwords import hash_password
from ostiary.entropy import Entropy, letters
from ostiary.identifiers import ACCOUNT_ID, AccountId
from ostiary.services.operation import House
from ostiary.services.organizations.founding import join, of_installation
from ostiary.store.records import AccessKeyRecord, AccountRecord, AlreadyExists, OrganizationRecord
from ostiary.store.transaction import Transaction

_KEY_ID: Final = re.compile(r"[A-Z0-9]{16,128}")
ROOT_KEY: Final = "OSTIARY_ROOT_ACCESS_KEY_ID"
ROOT_SECRET: Final = "OSTIARY_ROOT_SECRET_ACCESS_KEY"
ROOT_PASSWORD: Final = "OSTIARY_ROOT_PASSWORD"
ROOT_ACCOUNT: Final = "OSTIARY_ROOT_ACCOUNT_ID"
_PASSWORD_ALPHABET: Final = "abcdefghijkmnpqrstuvwxyzABCDEFGH"


class CannotFound(Exception):
    """The account can't be made; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Founded:
    """A new account. The secrets are shown once."""

    account: str
    email: str
    akid: str
    secret: str = field(repr=False)
    password: str = field(repr=False)


Keep = Callable[[Founded], None]


def found_first(house: House, environment: Mapping[str, str] | None = None, keep: Keep | None = None) -> Founded | None:
    """Make the management account of an empty installation; None when there are accounts.

    `keep` puts the secrets where they are found again before the account comes into being: a crash can't lose them.

    Key, password and account id may be given by OSTIARY_ROOT_ACCESS_KEY_ID, OSTIARY_ROOT_SECRET_ACCESS_KEY,
    OSTIARY_ROOT_PASSWORD and OSTIARY_ROOT_ACCOUNT_ID.

    Raises:
        CannotFound: what was given is unusable.
    """
    given = os.environ if environment is None else environment
    with house.store.read() as tx:
        there = bool(tx.accounts.all())
    if there:
        _see_to_organization(house)
        return None
    if bool(given.get(ROOT_KEY)) != bool(given.get(ROOT_SECRET)):
        raise CannotFound(f"give both {ROOT_KEY} and {ROOT_SECRET}, or neither")
    try:
        return found(
            house,
            name="root",
            email="root@localhost",
            management=True,
            account=given.get(ROOT_ACCOUNT),
            akid=given.get(ROOT_KEY),
            secret=given.get(ROOT_SECRET),
            password=given.get(ROOT_PASSWORD),
            keep=keep,
        )
    except _OtherWasFirst:
        return None


class _OtherWasFirst(Exception):
    """Another process founded the installation meanwhile."""


def found(
    house: House,
    *,
    name: str,
    email: str | None = None,
    management: bool = False,
    account: str | None = None,
    akid: str | None = None,
    secret: str | None = None,
    password: str | None = None,
    keep: Keep | None = None,
) -> Founded:
    """Make an account with its root user, one access key and a password.

    Raises:
        CannotFound: the address or id is taken, or something given has the wrong form.
    """
    entropy = house.entropy
    account_id = AccountId(account or new_account_id(house))
    if not ACCOUNT_ID.fullmatch(account_id):
        raise CannotFound(f"`{account_id}` is no account id: it has twelve digits")
    if akid is not None and not _KEY_ID.fullmatch(akid):
        raise CannotFound("an access key id has 16 to 128 characters A–Z, 0–9")
    email = email or f"root+{account_id}@localhost"
    akid = akid or new_access_key_id(LONG_TERM, account_id, entropy)
    secret = secret or new_secret(entropy)
    password = password or new_root_password(entropy)
    hashed = hash_password(password)
    founded = Founded(account=account_id, email=email, akid=akid, secret=secret, password=password)
    try:
        with house.store.write() as tx:
            if management and tx.accounts.all():
                raise _OtherWasFirst
            made = admit(
                house, tx, account=account_id, name=name, email=email, root_password=hashed, management=management
            )
            sealed = house.vault.seal(account_id, made.data_key, secret, akid)
            tx.access_keys.add(
                AccessKeyRecord(
                    id=akid, account=account_id, owner_id=account_id, secret=sealed, active=True, created=made.created
                )
            )
            if keep is not None:
                keep(founded)
    except AlreadyExists:
        raise CannotFound(f"the account id, the key id or the address `{email}` is taken") from None
    return founded


def admit(
    house: House,
    tx: Transaction,
    *,
    account: str,
    name: str,
    email: str,
    root_password: str | None = None,
    management: bool = False,
    into: OrganizationRecord | None = None,
) -> AccountRecord:
    """Add an account, and bring it into an organization: the given one, else the installation's.

    Raises:
        AlreadyExists: the id or the address is taken.
    """
    now = int(house.clock.now().timestamp())
    record = AccountRecord(
        id=account,
        name=name,
        email=email,
        created=now,
        canonical_id=house.entropy.draw(32).hex(),
        data_key=house.vault.new_data_key(account),
        root_password=root_password,
        management=management,
    )
    tx.accounts.add(record)
    organization = into or of_installation(tx, house.entropy, now)
    if organization is not None and tx.organizations.member(account) is None:
        join(tx, organization, account, now)
    return record


def new_root_password(entropy: Entropy) -> str:
    """24 letters that are told apart when they are read aloud."""
    return letters(entropy, 24, _PASSWORD_ALPHABET)


def new_account_id(house: House) -> str:
    """Twelve digits that no account has."""
    while True:
        drawn = 10**11 + int.from_bytes(house.entropy.draw(8), "big") % (9 * 10**11)
        with house.store.read() as tx:
            if tx.accounts.get(str(drawn)) is None:
                return str(drawn)


def _see_to_organization(house: House) -> None:
    """An installation from before there were organizations gets its own now."""
    with house.store.read() as tx:
        lacking = any(each.management and tx.organizations.member(each.id) is None for each in tx.accounts.all())
    if lacking:
        with house.store.write() as tx:
            of_installation(tx, house.entropy, int(house.clock.now().timestamp()))


def write_root_credentials(path: Path, akid: str, secret: str, endpoint_url: str) -> None:
    """The file for bootstrapping: AWS credentials-file format, for its owner alone."""
    text = (
        "# The root user's access key, for bootstrapping. Make an administrator, then delete this key and this file.\n"
        f"[root]\naws_access_key_id = {akid}\naws_secret_access_key = {secret}\nendpoint_url = {endpoint_url}\n"
    )
    _replace(path, text)


def renew_endpoint(path: Path, endpoint_url: str) -> None:
    """Bring the address in the credentials file up to date, if the file is still there."""
    try:
        text = path.read_text()
    except FileNotFoundError:
        return
    renewed = re.sub(r"(?m)^endpoint_url = .*$", f"endpoint_url = {endpoint_url}", text)
    if renewed != text:
        _replace(path, renewed)


def _replace(path: Path, text: str) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
