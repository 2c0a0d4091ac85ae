"""services: accounts as issuers of identity tokens: the issuer's URL, its signing keys, what it publishes.

An account has a key for each algorithm. A new one is made every quarter of a year; it is published for a day before it
signs, so that whoever remembers the keys knows it by then, and the one before it is published until the last token that
it signed is over.

Source: IAM User Guide, "Federating AWS identities to external services"; OpenID Connect Discovery 1.0; RFC 7517; the
documents as AWS's issuers publish them.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from ostiary.entropy import Entropy
from ostiary.services.operation import House
from ostiary.settings import Settings
from ostiary.store.openid import IssuerKeyRecord, OutboundRecord
from ostiary.store.records import AccountRecord, AlreadyExists
from ostiary.store.transaction import Transaction

PREFIX: Final = "/_tokens/"
"""No bucket's name begins so: nothing of S3 is behind it."""
DISCOVERY: Final = "/.well-known/openid-configuration"
KEYS: Final = "/.well-known/jwks.json"
_KIDS: Final[Mapping[str, str]] = MappingProxyType({"RS256": "RSA", "ES384": "EC384"})
ALGORITHMS: Final = tuple(_KIDS)
LONGEST_SECONDS: Final = 3600
"""Of a token."""
_DAY: Final = 86_400
ANNOUNCED_SECONDS: Final = _DAY
SIGNING_SECONDS: Final = 90 * _DAY
_CLAIMS: Final = ("sub", "iss", "aud", "exp", "iat", "jti", "https://sts.amazonaws.com/")


def issuer_url(settings: Settings, issuer_id: str) -> str:
    """The issuer's URL, the `iss` of its tokens."""
    base = settings.public_url or f"http://{settings.host}:{settings.port}"
    return f"{base}{PREFIX}{issuer_id}"


def new_uuid(entropy: Entropy) -> str:
    """A UUID of version 4."""
    return str(uuid.UUID(bytes=entropy.draw(16), version=4))


def discovery_document(settings: Settings, issuer_id: str) -> Mapping[str, Any]:
    """What the issuer publishes about itself."""
    url = issuer_url(settings, issuer_id)
    return {
        "issuer": url,
        "jwks_uri": url + KEYS,
        "claims_supported": list(_CLAIMS),
        "id_token_signing_alg_values_supported": list(ALGORITHMS),
        "subject_types_supported": ["public"],
    }


def key_set(tx: Transaction, issuer: OutboundRecord) -> Mapping[str, Any]:
    """The keys that its tokens may be signed with, now or in a day."""
    return {"keys": [json.loads(key.public) for key in tx.issuers.keys(issuer.account)]}


def signing_key(keys: Iterable[IssuerKeyRecord], algorithm: str, now: int) -> IssuerKeyRecord:
    """The newest key that has been published long enough; the first of all needs no such time."""
    mine = sorted((key for key in keys if key.algorithm == algorithm), key=lambda key: key.number)
    announced = [key for key in mine if key.created + ANNOUNCED_SECONDS <= now]
    return announced[-1] if announced else mine[0]


def wanted_keys(
    house: House, account: AccountRecord, keys: Sequence[IssuerKeyRecord], now: int
) -> Sequence[IssuerKeyRecord]:
    """The keys that should be there and are not, made new. It takes a while."""
    made = []
    for algorithm in ALGORITHMS:
        mine = [key for key in keys if key.algorithm == algorithm]
        newest = max(mine, key=lambda key: key.number, default=None)
        if newest is None or newest.created + SIGNING_SECONDS <= now:
            number = 0 if newest is None else newest.number + 1
            made.append(_new_key(house, account, algorithm, number, now))
    return made


def renew_keys(house: House, account: AccountRecord, keys: Sequence[IssuerKeyRecord], now: int) -> None:
    """Make the keys that are due and forget those whose tokens are over, in a transaction of its own."""
    made, over = wanted_keys(house, account, keys, now), _over(keys, now)
    if not made and not over:
        return
    try:
        with house.store.write() as tx:
            add_keys(tx, made)
            tx.issuers.remove_keys(account.id, over)
    except AlreadyExists:
        pass  # another process was first, with the same numbers


def add_keys(tx: Transaction, made: Iterable[IssuerKeyRecord]) -> None:
    """Keep new keys. Raises `AlreadyExists`."""
    for key in made:
        tx.issuers.add_key(key)


def sign(house: House, account: AccountRecord, key: IssuerKeyRecord, claims: Mapping[str, Any]) -> str:
    """A token of these claims."""
    pem = house.vault.unseal(account.id, account.data_key, key.sealed, _purpose(key.kid))
    private = (RSAKey if key.algorithm == "RS256" else ECKey).import_key(pem)
    header = {"kid": key.kid, "typ": "JWT", "alg": key.algorithm}
    text = json.dumps(claims, separators=(",", ":"), ensure_ascii=False).encode()
    return jws.serialize_compact(header, text, private, algorithms=[key.algorithm])


def _over(keys: Sequence[IssuerKeyRecord], now: int) -> Sequence[str]:
    """Keys whose successor has been signing for longer than a token lives."""
    longest = now - ANNOUNCED_SECONDS - 2 * LONGEST_SECONDS
    found = []
    for key in keys:
        successors = (each for each in keys if each.algorithm == key.algorithm and each.number > key.number)
        if any(each.created <= longest for each in successors):
            found.append(key.kid)
    return found


def _new_key(house: House, account: AccountRecord, algorithm: str, number: int, now: int) -> IssuerKeyRecord:
    """A key pair; its randomness is the cryptographic library's, which takes none of ours."""
    kid = f"{_KIDS[algorithm]}_{number}"
    private: RSAKey | ECKey = RSAKey.generate_key(2048) if algorithm == "RS256" else ECKey.generate_key("P-384")
    pem = private.as_pem(private=True).decode()
    public = {**private.as_dict(private=False), "kid": kid, "use": "sig", "alg": algorithm}
    return IssuerKeyRecord(
        account=account.id,
        kid=kid,
        algorithm=algorithm,
        number=number,
        public=json.dumps(public, sort_keys=True),
        sealed=house.vault.seal(account.id, account.data_key, pem, _purpose(kid)),
        created=now,
    )


def _purpose(kid: str) -> str:
    return f"identity token key {kid}"
