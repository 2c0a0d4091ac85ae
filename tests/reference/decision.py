"""The decision: R72 to R107.

Policies and requests are as in the vectors (`tests/vectors/README.md`); `policies["vpce"]` is that of a VPC endpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.reference import principals
from tests.reference.statements import matches, statements

Request = dict[str, Any]
Place = tuple[str, int, int, int]
"""A statement: the type of its policy, the level, the policy and the statement, each counted from 0."""

ALLOWED, IMPLICIT, EXPLICIT = "allowed", "implicitDeny", "explicitDeny"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the rules say."""

    decision: str
    decided_by: str | None
    """The type that decided; None where several had to agree, where no policy did, or where no rule says which."""
    matched: frozenset[Place] = frozenset()
    """Of an explicit deny: every Deny that matches. Of an allow: the Allow statements it rests on."""


def decide(policies: dict[str, Any], request: Request) -> Answer:
    """R75: the steps in their order."""
    if needs_no_permission(request):
        return Answer(ALLOWED, None)
    inquiry = Inquiry(policies, request)
    denies = inquiry.all_denies()
    if denies:  # Step 1. R73: a Deny anywhere
        return Answer(EXPLICIT, denies[0][0], frozenset(denies))
    for kind in ("rcp", "scp", "vpce"):  # Steps 2 and 3; R107
        if inquiry.applies(kind) and not inquiry.every_level_allows(kind):
            return Answer(IMPLICIT, kind)
    if keeps_the_keys_of_its_bucket(request):
        limit = failing_limit(inquiry)  # of AssumeRoot's sessions
        return Answer(IMPLICIT, limit) if limit else Answer(ALLOWED, None)
    return by_kind_of_caller(inquiry)


BY_NAME = ("rcp", "scp", "vpce", "resource", "identity", "boundary", "session")
"""Several types deny: the first of these is named."""


class Inquiry:
    """One request before the policies that may bear on it."""

    def __init__(self, policies: dict[str, Any], request: Request) -> None:
        self.policies = policies
        self.request = request
        self.caller = request["principal"]

    def applies(self, kind: str) -> bool:
        """Whether policies of this type bear on the request."""
        return self.policies.get(kind) is not None and BINDS[kind](self.request)

    def levels(self, kind: str) -> list[list[dict[str, Any]]]:
        """The documents of one type, by level; types other than SCP and RCP have one level."""
        if not self.applies(kind):
            return []
        held = self.policies[kind]
        return held if kind in ("scp", "rcp") else [held if isinstance(held, list) else [held]]

    def matching(self, kind: str, effect: str) -> Iterator[tuple[Place, dict[str, Any]]]:
        """The statements of one type that match."""
        bounded = self.applies("boundary")
        for level, documents in enumerate(self.levels(kind)):
            for number, document in enumerate(documents):
                for at, statement in enumerate(statements(document)):
                    if statement["Effect"] != effect:
                        continue
                    if matches(kind, document.get("Version"), statement, self.request, bounded=bounded):
                        yield (kind, level, number, at), statement

    def all_denies(self) -> list[Place]:
        """R73, by type in the order in which types are named."""
        return [place for kind in BY_NAME for place, _ in self.matching(kind, "Deny")]

    def allows(self, kind: str) -> list[Place]:
        """R74: pooled."""
        return [place for place, _ in self.matching(kind, "Allow")]

    def every_level_allows(self, kind: str) -> bool:
        """R77, R79: each level has an Allow of its own; a level without a policy allows nothing."""
        allowing = {level for _, level, _, _ in self.allows(kind)}
        return all(level in allowing for level in range(len(self.levels(kind))))

    def grants(self) -> tuple[int, list[Place]]:
        """R85: how strongly the resource policy grants, and the statements that do so; the strongest count."""
        found = [
            (principals.strength(statement["Principal"], self.caller), place)
            for place, statement in self.matching("resource", "Allow")
        ]
        strongest = max((strength for strength, _ in found), default=principals.NOBODY)
        return strongest, [place for strength, place in found if strength == strongest]


def by_kind_of_caller(inquiry: Inquiry) -> Answer:
    """Steps 4 to 8."""
    caller, request = inquiry.caller, inquiry.request
    if caller["type"] in ("service", "federated", "anonymous"):  # R34, R98, R100: the resource policy alone
        _, grants = inquiry.grants()
        return Answer(ALLOWED, "resource", frozenset(grants)) if grants else Answer(IMPLICIT, "resource")
    if caller["type"] == "root":
        return root(inquiry)
    if caller["account"] != request["resource_account"]:
        return other_account(inquiry)
    return same_account(inquiry)


def root(inquiry: Inquiry) -> Answer:
    """R91, R94, R95, R97; what limits a session of the root user limits it (AssumeRoot)."""
    request = inquiry.request
    if assumes_a_role(request):  # R97; R93: the tags and the source identity are part of it
        return Answer(IMPLICIT, None)
    own = request["principal"]["account"] == request["resource_account"]
    unasked = own and not is_for_a_key(request)
    _, grants = inquiry.grants()
    if not unasked and not grants:
        return Answer(IMPLICIT, "resource")
    limit = failing_limit(inquiry)
    if limit:
        return Answer(IMPLICIT, limit)
    return Answer(ALLOWED, None) if unasked else Answer(ALLOWED, "resource" if own else None, frozenset(grants))


def same_account(inquiry: Inquiry) -> Answer:
    """R84, R85, R87, R91, R94."""
    strength, grants = inquiry.grants()
    if strength == principals.DIRECT:  # Step 4
        return Answer(ALLOWED, "resource", frozenset(grants))
    if not grants and (assumes_a_role(inquiry.request) or is_for_a_key(inquiry.request)):
        return Answer(IMPLICIT, "resource")
    identity = inquiry.allows("identity")
    if not identity and strength < principals.LIMITED:  # Step 5
        return Answer(IMPLICIT, "identity")
    limit = failing_limit(inquiry)  # Steps 6 and 7
    if limit:
        return Answer(IMPLICIT, limit)
    if strength == principals.LIMITED:
        return Answer(ALLOWED, "resource", frozenset(grants))
    return Answer(ALLOWED, "identity", frozenset(identity))


def other_account(inquiry: Inquiry) -> Answer:
    """R88, R89: both sides, and no way past boundary and session policy."""
    _, grants = inquiry.grants()
    if not grants:
        return Answer(IMPLICIT, "resource")
    identity = inquiry.allows("identity")
    if not identity:
        return Answer(IMPLICIT, "identity")
    limit = failing_limit(inquiry)
    return Answer(IMPLICIT, limit) if limit else Answer(ALLOWED, None, frozenset([*grants, *identity]))


def failing_limit(inquiry: Inquiry) -> str | None:
    """R82, R83, R105: the boundary or the session policy that does not allow."""
    if inquiry.applies("boundary") and not inquiry.allows("boundary"):
        return "boundary"
    none_passed = inquiry.caller["type"] == "federated-user" and not inquiry.applies("session")  # R105
    if none_passed or (inquiry.applies("session") and not inquiry.allows("session")):
        return "session"
    return None


def needs_no_permission(request: Request) -> bool:
    """R101."""
    authenticated = request["principal"]["type"] in ("user", "assumed-role", "federated-user", "root")
    return authenticated and request["action"].lower() in ("sts:getcalleridentity", "sts:getsessiontoken")


def keeps_the_keys_of_its_bucket(request: Request) -> bool:
    """R96: the root user of the bucket's account."""
    own = request["principal"]["account"] == request["resource_account"]
    actions = ("s3:getbucketpolicy", "s3:putbucketpolicy", "s3:deletebucketpolicy")
    return request["principal"]["type"] == "root" and own and request["action"].lower() in actions


def assumes_a_role(request: Request) -> bool:
    """R91, R93, R34: the role's trust policy must grant."""
    operations = ("assumerole", "assumerolewithsaml", "assumerolewithwebidentity", "tagsession", "setsourceidentity")
    service, kind = named(request["resource"])
    return (service, kind) == ("iam", "role") and request["action"].lower() in [f"sts:{one}" for one in operations]


def is_for_a_key(request: Request) -> bool:
    """R94: the key's policy must grant; requests without a key and aliases follow the normal rules."""
    return named(request["resource"]) == ("kms", "key") and request["action"].lower().startswith("kms:")


def named(resource: str) -> tuple[str, str]:
    """The service and the type of an ARN's resource."""
    parts = resource.split(":", 5)
    return (parts[2], parts[5].split("/")[0]) if len(parts) == 6 else ("", "")


def has_identity_policies(request: Request) -> bool:
    """R81 to R83, R95, R98, R100: users (groups included) and roles have policies; federated sessions their issuer's.

    That a user has no session policies, no rule says in so many words; one that is there limits.
    """
    return request["principal"]["type"] in ("user", "assumed-role", "federated-user")


def may_have_session_policies(request: Request) -> bool:
    """Those who have identity policies, and sessions of the root user."""
    return has_identity_policies(request) or request["principal"]["type"] == "root"


def bound_by_scps(request: Request) -> bool:
    """R78."""
    caller = request["principal"]
    if caller.get("management_account") or caller.get("service_linked"):
        return False
    return caller["type"] in ("user", "assumed-role", "federated-user", "root")


RCP_SERVICES = [
    "s3",
    "sts",
    "kms",
    "sqs",
    "secretsmanager",
    "cognito-identity",
    "cognito-idp",
    "cognito-sync",
    "logs",
    "dynamodb",
    "appconfig",
    "appstream",
    "autoscaling",
    "codebuild",
    "codecommit",
    "comprehend",
    "dax",
    "ecr",
    "health",
    "kinesisvideo",
    "aoss",
    "signin",
    "support",
    "textract",
    "transcribe",
    "translate",
]


def bound_by_rcps(request: Request) -> bool:
    """R80. That a key is managed by AWS, the request does not tell."""
    action = request["action"].lower()
    if request.get("resource_in_management_account") or request["principal"].get("service_linked"):
        return False
    return action.split(":")[0] in RCP_SERVICES and action != "kms:retiregrant"


def reached_by_resource_policies(request: Request) -> bool:
    """Everybody, but R96."""
    return not keeps_the_keys_of_its_bucket(request)


BINDS: dict[str, Callable[[Request], bool]] = {
    "identity": has_identity_policies,
    "resource": reached_by_resource_policies,
    "boundary": has_identity_policies,
    "session": may_have_session_policies,
    "scp": bound_by_scps,
    "rcp": bound_by_rcps,
    "vpce": lambda request: True,
}
