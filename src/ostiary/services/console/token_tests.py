"""services/console: a token or an assertion tried out: each check, what it says in condition keys, which roles it gets.

Nothing is issued, nothing redeemed, and the text is not kept. The checks are those of STS, in its order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from msgspec.structs import replace

from ostiary import policy
from ostiary.authorization.caller import Caller, CallerKind
from ostiary.federation.connection import CannotFetch
from ostiary.federation.tokens import BadSignature, NoToken, Token, read_token
from ostiary.identifiers import iam_arn
from ostiary.policy import ContextValue
from ostiary.saml import Assertion, Problem, Rejected
from ostiary.services.console.federation import ROLE, believed
from ostiary.services.console.trusted import Condition, read
from ostiary.services.faults import ServiceFault
from ostiary.services.iam.names import ROLE as ROLE_KIND
from ostiary.services.iam.openid_providers import client_ids, find_provider, provider_arn, thumbprints
from ostiary.services.operation import Call
from ostiary.services.sts import saml_claims, web_identity_claims
from ostiary.services.sts.role_sessions import Identity, asks_of_identity, find_role
from ostiary.services.sts.saml_faults import fault_for, invalid
from ostiary.services.view import on, view
from ostiary.store.openid import OpenIdProviderRecord
from ostiary.store.transaction import Transaction

_MOST_ROLES: Final = 200
_ROLES_CLAIM: Final = "https://aws.amazon.com/roles"
_NO_JWT: Final = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"


@dataclass(frozen=True, slots=True)
class Unrecorded:
    """A text that the record must not have: it names the type of what it does not know."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A check by its name; passed, failed or, after one that failed, not reached."""

    name: str
    passed: bool | None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """A condition of a trust policy beside what was said."""

    condition: Condition
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleVerdict:
    """Whether a role can be assumed with it."""

    name: str
    allowed: bool
    why: str = ""
    """The action that is refused, or what STS says."""
    conditions: Sequence[Expected] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of it."""

    checks: Sequence[Check]
    provider: str = ""
    subject: str = ""
    keys: Mapping[str, ContextValue] = field(default_factory=dict)
    roles: Sequence[RoleVerdict] = ()

    @property
    def good(self) -> bool:
        """Whether every check passed."""
        return all(each.passed for each in self.checks)


_OIDC_CHECKS: Final = ("shape", "claims", "provider", "time", "audience", "signature", "meaning")


@view("iam", "GetOpenIDConnectProvider", asks=on("iam:GetOpenIDConnectProvider", lambda call: _oidc_arn(call)))
def try_token(call: Call, tx: Transaction) -> Tried:
    """A token of an OpenID Connect provider (`text`, an `Unrecorded`)."""
    trial = _TokenTrial(call)
    checks, problem = [], ""
    for name in _OIDC_CHECKS:
        if problem:
            checks.append(Check(name=name, passed=None))
            continue
        try:
            checks.append(Check(name=name, passed=True, detail=getattr(trial, name)()))
        except ServiceFault as fault:
            problem = fault.message
            checks.append(Check(name=name, passed=False, detail=problem))
    if problem or trial.found is None or trial.record is None:
        return Tried(checks=checks)
    arn = provider_arn(trial.record)
    return Tried(
        checks=checks,
        provider=trial.record.name,
        subject=trial.found.subject,
        keys=trial.found.keys,
        roles=list(_verdicts(call, tx, arn, "sts:AssumeRoleWithWebIdentity", trial.identity)),
    )


def _oidc_arn(call: Call) -> str:
    text: Unrecorded = call.params["text"]
    try:
        issuer = str(read_token(text.text).issuer or "")
    except NoToken:
        return "*"
    return iam_arn(call.account, "oidc-provider", issuer.removeprefix("https://"))


class _TokenTrial:
    """The checks of AssumeRoleWithWebIdentity, one by one."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._token: Token | None = None
        self._audience = ""
        self.record: OpenIdProviderRecord | None = None
        self.found: web_identity_claims.WebIdentity | None = None

    @property
    def _claims(self) -> Mapping[str, Any]:
        assert self._token is not None
        return self._token.claims

    def shape(self) -> str:
        text: Unrecorded = self._call.params["text"]
        try:
            self._token = read_token(text.text)
        except NoToken:
            raise web_identity_claims.invalid(_NO_JWT) from None
        return f"{self._token.algorithm}, kid {self._token.key_id or '–'}"

    def claims(self) -> str:
        web_identity_claims.check_required(self._claims)
        return ", ".join(web_identity_claims.REQUIRED)

    def provider(self) -> str:
        issuer = self._claims["iss"]
        with self._call.house.store.read() as tx:
            self.record = find_provider(tx, self._call.account, issuer)
        if self.record is None:
            raise web_identity_claims.invalid(f"No OpenIDConnect provider found in your account for {issuer}")
        return self.record.name

    def time(self) -> str:
        web_identity_claims.check_times(self._claims, self._call.now)
        return f"exp {self._claims['exp']}"

    def audience(self) -> str:
        assert self.record is not None
        self._audience = web_identity_claims.audience_of(self._claims, client_ids(self.record))
        return self._audience

    def signature(self) -> str:
        assert self.record is not None and self._token is not None
        try:
            self._call.house.issuers.verify(self._token, self._token.issuer, thumbprints(self.record))
        except CannotFetch as reason:
            text = f"Couldn't retrieve verification key from your identity provider: {reason}"
            raise web_identity_claims.invalid(text) from None
        except BadSignature:
            text = "The signature of the ID Token does not match any key of its issuer"
            raise web_identity_claims.invalid(text) from None
        return self._token.algorithm

    def meaning(self) -> str:
        named = self._claims.get(_ROLES_CLAIM)
        role = named[0] if isinstance(named, list) and named else named
        self.found = self.identity(str(role or ""))
        return self.found.subject

    def identity(self, role_arn: str) -> web_identity_claims.WebIdentity:
        """What the token says to one who asks for a role."""
        assert self.record is not None
        return web_identity_claims.read_identity(self._claims, self.record.name, self._audience, role_arn)


_SAML_CHECKS: Final[tuple[tuple[str, frozenset[Problem]], ...]] = (
    ("response", frozenset({Problem.NOT_BASE64, Problem.MALFORMED, Problem.STATUS})),
    ("issuer", frozenset({Problem.ISSUER})),
    ("signature", frozenset({Problem.SIGNATURE, Problem.NOT_ENCRYPTED, Problem.UNDECIPHERABLE})),
    ("subject", frozenset({Problem.SUBJECT, Problem.CONFIRMATION})),
    ("recipient", frozenset({Problem.RECIPIENT})),
    ("audience", frozenset({Problem.AUDIENCE, Problem.CONDITION})),
    ("time", frozenset({Problem.NOT_YET, Problem.EXPIRED, Problem.TOO_OLD})),
)


@view(
    "iam",
    "GetSAMLProvider",
    asks=on("iam:GetSAMLProvider", lambda call: iam_arn(call.account, "saml-provider", str(call.params["name"]))),
)
def try_assertion(call: Call, tx: Transaction) -> Tried:
    """A SAML response of a provider (`name`; `text`, an `Unrecorded`)."""
    record = tx.saml_providers.get(call.account, str(call.params["name"]))
    text: Unrecorded = call.params["text"]
    if record is None:
        return Tried(checks=[Check(name="provider", passed=False, detail="Specified provider doesn't exist")])
    try:
        assertion = believed(call.house, record, text.text, call.facts.at)
    except Rejected as rejected:
        return Tried(checks=list(_failed(rejected, call.facts.request_id)))
    checks = [Check(name=name, passed=True) for name, _ in _SAML_CHECKS]
    arn = iam_arn(call.account, "saml-provider", record.name)

    def identity(role_arn: str) -> saml_claims.SamlIdentity:
        return saml_claims.read_identity(assertion, role_arn, arn, call.account, record.name)

    listed = list(_listed(assertion, arn))
    keys: Mapping[str, ContextValue] = {}
    try:
        if not listed:
            raise invalid("SAML Assertion doesn't contain the requested Role and Metadata in the attributes")
        keys = identity(listed[0]).keys
        checks.append(Check(name="meaning", passed=True, detail=", ".join(listed)))
    except ServiceFault as fault:
        checks.append(Check(name="meaning", passed=False, detail=fault.message))
    roles = [] if not keys else list(_verdicts(call, tx, arn, "sts:AssumeRoleWithSAML", identity, listed))
    return Tried(checks=checks, provider=record.name, subject=assertion.subject, keys=keys, roles=roles)


def _failed(rejected: Rejected, request_id: str) -> Iterator[Check]:
    reached = True
    for name, problems in _SAML_CHECKS:
        if rejected.problem in problems:
            detail = fault_for(rejected.problem, request_id).message
            yield Check(name=name, passed=False, detail=f"{detail} ({rejected.detail})" if rejected.detail else detail)
            reached = False
        else:
            yield Check(name=name, passed=True if reached else None)


def _listed(assertion: Assertion, provider: str) -> Iterator[str]:
    for pair in assertion.values(ROLE):
        parts = [part.strip() for part in pair.split(",")]
        if len(parts) == 2 and provider in parts:
            yield parts[0] if parts[1] == provider else parts[1]


def _verdicts(
    call: Call,
    tx: Transaction,
    provider: str,
    action: str,
    identity: Callable[[str], Identity],
    listed: Sequence[str] | None = None,
) -> Iterator[RoleVerdict]:
    """The roles that trust the provider, or that an assertion lists, each judged as the gate would."""
    if listed is None:
        records = tx.role_lists.trusting(call.account, provider, _MOST_ROLES)
        arns = [ROLE_KIND.arn(each) for each in records]
    else:
        arns = list(listed)
    for arn in arns:
        yield _verdict(call, tx, provider, action, arn, identity)


def _verdict(
    call: Call, tx: Transaction, provider: str, action: str, arn: str, identity: Callable[[str], Identity]
) -> RoleVerdict:
    name = arn.rpartition("/")[2]
    try:
        role, said = find_role(tx, arn), identity(arn)
    except ServiceFault as fault:
        return RoleVerdict(name=name, allowed=False, why=fault.message)
    caller = Caller(
        kind=CallerKind.WEB_IDENTITY if action.endswith("WebIdentity") else CallerKind.SAML,
        principal=policy.Federated(arn=provider),
        account="",
        arn=provider,
        user_id=provider,
    )
    asked = replace(call, caller=caller, params={"RoleArn": arn})
    further = {"sts:RoleSessionName": "test"}
    why = ""
    for ask in asks_of_identity(asked, tx, action, said, further):
        if not call.house.judge.judge(caller, ask, call.facts).allowed:
            why = f"Not authorized to perform {ask.action}"
            break
    conditions = [] if role is None else _conditions(role.trust, provider, said.keys)
    return RoleVerdict(name=name, allowed=not why, why=why, conditions=conditions)


def _conditions(trust: str, provider: str, keys: Mapping[str, ContextValue]) -> list[Expected]:
    folded = {key.lower(): value for key, value in keys.items()}
    found = []
    for each in read(trust):
        if each.text == provider:
            for condition in each.conditions:
                value = folded.get(condition.key.lower())
                said = value if isinstance(value, str) else ", ".join(value or ())
                found.append(Expected(condition=condition, said=said))
    return found
