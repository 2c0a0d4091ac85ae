"""Service S3: what a bucket's own side says of a caller: policy, ACLs, public access block.

An ACL is heard as the resource policy that says the same. Of an object that another account owns, the bucket policy is
heard for its Denies alone: only the object's ACL, or its owner's own policies, allow.

Source: Amazon S3 User Guide, "How Amazon S3 authorizes a request", "Troubleshoot access denied (403 Forbidden) errors
in Amazon S3", "Blocking public access to your Amazon S3 storage".
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, Final

from ostiary.authorization.book import BucketFacts, attached
from ostiary.authorization.caller import Caller, CallerKind
from ostiary.policy import Attached, PolicyType, Pool, Source
from ostiary.services.s3.acls import ANONYMOUS_ID, Acl, bucket_statements, object_statements, private, read_stored
from ostiary.services.s3.public import Block, is_public
from ostiary.store.s3 import ENFORCED

OF_UPLOADS: Final = ("s3:AbortMultipartUpload", "s3:ListMultipartUploadParts")
"""What the initiator of an upload may do with it."""
_SPECIAL: Final = re.compile(r"[*?$]")
"""What stands for something else in a policy, and for itself as `${*}`."""
_REMEMBERED: Final = 10_000
_REMEMBERED_POOLS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Guard:
    """A bucket's side of every decision about it. Never changes but for what it remembers."""

    facts: BucketFacts
    enforced: bool
    """ACLs are disabled: the bucket's owner owns every object."""
    block: int
    """The switches of the bucket and its account together."""
    policy: Pool | None
    """The bucket policy, and what RestrictPublicBuckets denies."""
    denies: Pool | None
    """The same without what it allows."""
    acl: Acl | None
    """The bucket's ACL, where it grants anything to others."""
    pools: dict[tuple[bool, str], Pool] = field(default_factory=dict)

    @property
    def account(self) -> str:
        """Who owns the bucket."""
        return self.facts.record.account

    def of_bucket(self, caller: Caller, writes: tuple[str, ...] = ()) -> Pool | None:
        """What is in force on the bucket. `writes`: what WRITE in its ACL means for this request."""
        if self.acl is None or caller.account == self.account:
            return self.policy
        said = bucket_statements(self.acl, canonical_id(caller), self._arn, writes)
        return self._joined(own=True, said=said, name="bucket ACL")

    def of_object(self, caller: Caller, owner: str, acl: Acl) -> Pool | None:
        """What is in force on an object that the account `owner` owns."""
        own = owner == self.account
        if caller.account == owner and owner:
            return self.policy if own else self.denies
        ignored = acl.public and self.block & Block.IGNORE_PUBLIC_ACLS
        said = [] if ignored else object_statements(acl, canonical_id(caller), self._arn)
        return self._joined(own=own, said=said, name="object ACL")

    def of_upload(self, base: Pool | None, caller: Caller, *, itself: bool, resource: str) -> Pool:
        """What is in force on an upload that the caller's account began. `itself`: that the caller did."""
        principal = caller.principal
        name = getattr(principal, "id", None) or getattr(principal, "issuer_id", None) if itself else None
        who = {"AWS": name} if name else {"CanonicalUser": canonical_id(caller)}
        said = {
            "Effect": "Allow",
            "Principal": who,
            "Action": list(OF_UPLOADS),
            "Resource": _SPECIAL.sub(r"${\g<0>}", resource),
        }
        return Pool((*(base or ()), _attached(_document([said]), "initiator of the upload", self._arn)))

    @property
    def _arn(self) -> str:
        return f"arn:aws:s3:::{self.facts.record.name}"

    def _joined(self, *, own: bool, said: list[dict[str, Any]], name: str) -> Pool | None:
        base = self.policy if own else self.denies
        if not said:
            return base
        text = _document(said)
        found = self.pools.get((own, text))
        if found is None:
            if len(self.pools) >= _REMEMBERED_POOLS:
                self.pools.clear()
            found = Pool((*(base or ()), _attached(text, name, self._arn)))
            self.pools[own, text] = found
        return found


def canonical_id(caller: Caller) -> str:
    """By which ACLs name a caller; empty when nothing does."""
    if caller.kind is CallerKind.ANONYMOUS:
        return ANONYMOUS_ID
    return getattr(caller.principal, "canonical_id", None) or ""


def guard_of(facts: BucketFacts) -> Guard:
    """The guard of a bucket, remembered as long as nothing about the bucket changes."""
    found = _guards.get(id(facts))
    if found is not None and found.facts is facts:
        return found
    if len(_guards) >= _REMEMBERED:
        _guards.clear()
    made = _guards[id(facts)] = _guard(facts)
    return made


_guards: Final[dict[int, Guard]] = {}
"""By identity of the facts, which each guard holds, so that the identity stays their own."""


def _guard(facts: BucketFacts) -> Guard:
    name, text = facts.record.name, facts.record.policy
    enforced = facts.access.ownership == ENFORCED
    block = (facts.access.public_access or 0) | facts.account_block
    acl = None if enforced else read_stored(facts.access.acl, facts.owner)
    if acl is not None and (acl == private(facts.owner) or (acl.public and block & Block.IGNORE_PUBLIC_ACLS)):
        acl = None
    policy, denies = facts.policy, None
    if text is not None and not enforced:
        denies = _denies(text, f"arn:aws:s3:::{name}")
    if text is not None and block & Block.RESTRICT_PUBLIC_BUCKETS and is_public(text):
        restriction = _restriction(name, facts.record.account)
        policy, denies = Pool((*(policy or ()), restriction)), Pool((*(denies or ()), restriction))
    return Guard(facts, enforced, block, policy, denies, acl)


def _denies(text: str, arn: str) -> Pool | None:
    document = json.loads(text)
    found: Any = document["Statement"]
    denies = [each for each in (found if isinstance(found, list) else [found]) if each["Effect"] == "Deny"]
    return Pool((_attached(json.dumps({**document, "Statement": denies}), "bucket policy", arn),)) if denies else None


def _restriction(name: str, account: str) -> Attached:
    """RestrictPublicBuckets: whoever is not of the bucket's account is denied, expressly."""
    arn = f"arn:aws:s3:::{name}"
    others = {"StringNotEquals": {"aws:PrincipalAccount": account}}
    said = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [arn, f"{arn}/*"], "Condition": others}
    return _attached(_document([said]), "public access block", arn)


def _document(statements: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _attached(text: str, name: str, owner: str) -> Attached:
    return attached(text, Source(type=PolicyType.RESOURCE, name=name, owner=owner))
