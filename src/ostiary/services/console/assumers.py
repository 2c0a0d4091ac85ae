"""services/console: who can assume a role: its trust policy resolved to people, each judged as the gate would.

A trust policy that names the account lets its users and roles in whose own policies say so; those are many, so they are
judged a page at a time.

Source: IAM User Guide, "Policy evaluation logic", "How to use an external ID"; STS API Reference, AssumeRole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ostiary import policy
from ostiary.authorization.caller import Caller, CallerKind
from ostiary.authorization.judge import Ask
from ostiary.identifiers import SERVICE_LINKED, iam_arn, sts_arn
from ostiary.policy import ContextValue, Pool
from ostiary.services.console.trusted import Kind, Trusted, read
from ostiary.services.iam.names import ROLE
from ostiary.services.operation import Call
from ostiary.services.principals import to_shown
from ostiary.services.sts.role_sessions import role_tag_context, trust_pool
from ostiary.services.view import on, seen, view
from ostiary.store.records import RoleRecord, UserRecord
from ostiary.store.transaction import Transaction

PAGE: Final = 200
"""So many users and roles are judged for one page."""
_SESSION: Final = "console"
_MFA: Final[Mapping[str, ContextValue]] = {"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "0"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumer:
    """A user or role that can."""

    kind: Kind
    name: str
    account: str
    with_mfa: bool = False
    """Only after showing an MFA device."""
    with_external_id: bool = False
    """Only with the external id that the trust policy asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumers:
    """Whom the trust policy names, and who of this account gets in."""

    trusted: Sequence[Trusted]
    found: Sequence[Assumer]
    services: Sequence[str]
    """The services among the trusted that get in with nothing else said of the request."""
    missing: Sequence[str]
    """Identity providers that the trust policy names, and the account does not have."""
    judged: int
    following: str
    """Where the next page begins; empty at the end."""
    open_to_account: bool
    """The account itself is trusted: its own policies decide."""
    refused: bool
    """Those who are signed in may not list users and roles."""


@view(
    "iam",
    "GetRole",
    asks=on("iam:GetRole", lambda call: iam_arn(call.account, "role", str(call.params["name"]), _path(call))),
)
def who_can_assume(call: Call, tx: Transaction) -> Assumers:
    """Who can assume a role (`name`), judged from `after` on."""
    role = ROLE.get(tx, call.account, str(call.params["name"]))
    trusted = read(to_shown(role.trust, tx))
    own = [each for each in trusted if not each.denied and _names_account(each, call.account)]
    may_list = seen(call, "iam:ListUsers") and seen(call, "iam:ListRoles")
    after = str(call.params.get("after") or "")
    candidates: list[UserRecord | RoleRecord] = []
    following = ""
    if may_list and own:
        candidates, following = _page(tx, call.account, after)
    elif may_list and not after:
        candidates = list(_named(tx, trusted))
    judge = _Judge(call, tx, role, trusted)
    verdicts = (judge.of(each) for each in candidates if each.id != role.id)
    return Assumers(
        trusted=trusted,
        found=[each for each in verdicts if each is not None],
        services=[each.name for each in trusted if each.kind is Kind.SERVICE and judge.lets_in(each.name)],
        missing=[each.name for each in trusted if not _provider_is_there(tx, call.account, each)],
        judged=len(candidates),
        following=following,
        open_to_account=bool(own),
        refused=not may_list,
    )


def _path(call: Call) -> str:
    """INVARIANT: the role's real ARN is asked about, so that policies on paths bind here too."""
    with call.house.store.read() as tx:
        found = tx.roles.get(call.account, str(call.params["name"]))
    return "/" if found is None else found.path


def _names_account(each: Trusted, account: str) -> bool:
    return each.kind is Kind.EVERYBODY or (each.kind is Kind.ACCOUNT and each.account == account)


def _page(tx: Transaction, account: str, after: str) -> tuple[list[UserRecord | RoleRecord], str]:
    """Users by name, then roles by name."""
    kind, _, name = after.partition(":")
    found: list[UserRecord | RoleRecord] = []
    if kind != "role":
        found += tx.users.page(account, after=name, limit=PAGE)
        if len(found) == PAGE:
            return found, f"user:{found[-1].name.lower()}"
        name = ""
    rest = PAGE - len(found)
    roles = tx.roles.page(account, after=name, limit=rest)
    found += roles
    return found, f"role:{roles[-1].name.lower()}" if len(roles) == rest else ""


def _named(tx: Transaction, trusted: Iterable[Trusted]) -> Iterator[UserRecord | RoleRecord]:
    """The users and roles that the trust policy names itself."""
    known = set[str]()
    for each in trusted:
        if each.denied or each.text in known:
            continue
        known.add(each.text)
        record: UserRecord | RoleRecord | None = None
        if each.kind is Kind.USER:
            record = tx.users.get(each.account, each.name)
        elif each.kind is Kind.ROLE:
            record = tx.roles.get(each.account, each.name)
        if record is not None:
            yield record


def _provider_is_there(tx: Transaction, account: str, each: Trusted) -> bool:
    if each.kind is Kind.SAML:
        return tx.saml_providers.get(each.account, each.name) is not None
    if each.kind is Kind.OIDC and ":oidc-provider/" in each.text:
        host, slash, path = each.name.partition("/")
        return tx.openid_providers.get(account, host.lower() + slash + path) is not None
    return True


class _Judge:
    """Asks about one role."""

    def __init__(self, call: Call, tx: Transaction, role: RoleRecord, trusted: Sequence[Trusted]) -> None:
        self._call, self._role = call, role
        self._arn = iam_arn(role.account, "role", role.name, role.path)
        self._trust: Pool = trust_pool(role)
        self._base: dict[str, ContextValue] = {
            "sts:RoleSessionName": _SESSION,
            **role_tag_context(tx, role),
        }
        self._external = next(
            (
                condition.values[0]
                for each in trusted
                for condition in each.conditions
                if condition.key.lower() == "sts:externalid" and condition.values
            ),
            None,
        )

    def of(self, record: UserRecord | RoleRecord) -> Assumer | None:
        """How somebody gets in; None if not at all."""
        caller = self._caller(record)
        external = {} if self._external is None else {"sts:ExternalId": self._external}
        kind = Kind.USER if isinstance(record, UserRecord) else Kind.ROLE
        for with_mfa in (False, True):
            for with_external in (False, True) if external else (False,):
                context = {**self._base, **(_MFA if with_mfa else {}), **(external if with_external else {})}
                ask = Ask(
                    action="sts:AssumeRole",
                    resource=self._arn,
                    account=self._role.account,
                    context=context,
                    resource_policy=self._trust,
                )
                if self._call.house.judge.judge(caller, ask, self._call.facts).allowed:
                    return Assumer(
                        kind=kind,
                        name=record.name,
                        account=record.account,
                        with_mfa=with_mfa,
                        with_external_id=with_external,
                    )
        return None

    def lets_in(self, service: str) -> bool:
        """Whether a service may assume the role by its trust policy, which alone decides."""
        context: dict[str, ContextValue] = {
            **self._base,
            "aws:PrincipalIsAWSService": "true",
            "aws:PrincipalServiceName": service,
            "aws:PrincipalServiceNamesList": (service,),
            "aws:SourceAccount": self._role.account,
        }
        request = policy.Request(
            principal=policy.Service(arn=service),
            action="sts:AssumeRole",
            resource=self._arn,
            resource_account=self._role.account,
            context=context,
        )
        verdict = policy.decide(policy.InForce(resource=self._trust), request).verdict
        return verdict is policy.Verdict.ALLOWED

    def _caller(self, record: UserRecord | RoleRecord) -> Caller:
        account = record.account
        management = self._call.house.book.membership(account).management
        principal: policy.Principal
        if isinstance(record, UserRecord):
            kind, arn = CallerKind.USER, iam_arn(account, "user", record.name, record.path)
            principal = policy.User(arn=arn, account=account, id=record.id, management_account=management)
        else:
            kind, arn = CallerKind.ROLE_SESSION, sts_arn(account, "assumed-role", f"{record.name}/{_SESSION}")
            principal = policy.RoleSession(
                arn=arn,
                role_arn=iam_arn(account, "role", record.name, record.path),
                account=account,
                id=record.id,
                service_linked=record.path.startswith(SERVICE_LINKED),
                management_account=management,
            )
        return Caller(
            kind=kind,
            principal=principal,
            account=account,
            arn=arn,
            user_id=record.id,
            entity_id=record.id,
            name=record.name,
        )
