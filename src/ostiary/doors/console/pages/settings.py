"""doors/console: account settings.

Source: IAM User Guide, "Set an account password policy for IAM users", "Using an alias for your AWS account ID",
"IAM and AWS STS quotas".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ostiary.doors.console.forms import Fields
from ostiary.doors.console.registry import page
from ostiary.doors.console.visit import Reply, Seen, Visit
from ostiary.services.console import account, thresholds
from ostiary.services.console.sessions import LONGEST_SECONDS
from ostiary.services.console.thresholds import BadThresholds
from ostiary.services.faults import ServiceFault
from ostiary.services.iam.passwords import SYMBOLS

_CLASSES: Final = {
    "RequireUppercaseCharacters": "uppercase",
    "RequireLowercaseCharacters": "lowercase",
    "RequireNumbers": "numbers",
    "RequireSymbols": "symbols",
}
_FLAGS: Final = (*_CLASSES, "AllowUsersToChangePassword", "HardExpiry")
_NUMBERS: Final = ("MinimumPasswordLength", "MaxPasswordAge", "PasswordReusePrevention")
_COUNTED: Final = (
    ("Users", "UsersQuota"),
    ("Groups", "GroupsQuota"),
    ("Roles", "RolesQuota"),
    ("Policies", "PoliciesQuota"),
    ("InstanceProfiles", "InstanceProfilesQuota"),
    ("ServerCertificates", "ServerCertificatesQuota"),
    ("PolicyVersionsInUse", "PolicyVersionsInUseQuota"),
)


@page("GET", "/settings")
def settings(visit: Visit) -> Reply:
    """The account as a whole."""
    return _settings(visit)


@page("POST", "/settings/alias")
def set_alias(visit: Visit) -> Reply:
    """Another name for the account, which sign-in links bear."""
    alias = visit.form.get("alias")
    try:
        if visit.form.get("do") == "delete":
            visit.perform("iam", "DeleteAccountAlias", AccountAlias=visit.form.get("present"))
            return visit.redirect("/settings", visit._("The account has no alias any more."))
        visit.perform("iam", "CreateAccountAlias", AccountAlias=alias)
    except ServiceFault as fault:
        return _settings(visit, alias_wrong=fault.message)
    return visit.redirect("/settings", visit._("The account is called %(alias)s.", alias=alias))


@page("POST", "/settings/ages")
def set_ages(visit: Visit) -> Reply:
    """From which age credentials are pointed at."""
    try:
        properties = thresholds.properties(visit.form.get("caution"), visit.form.get("warning"))
        visit.perform("iam", "PutAccountProperties", Properties=properties)
    except BadThresholds:
        return _settings(visit, ages_wrong=visit._("Give whole days, and the caution before the warning."))
    except ServiceFault as fault:
        return _settings(visit, ages_wrong=fault.message)
    return visit.redirect("/settings", visit._("Credentials are pointed at from these ages on."))


@page("POST", "/settings/tokens", confirm=True)
def set_tokens(visit: Visit) -> Reply:
    """Whether the account issues tokens of its own to others."""
    issue = visit.form.get("do") == "enable"
    name = "EnableOutboundWebIdentityFederation" if issue else "DisableOutboundWebIdentityFederation"
    visit.perform("iam", name)
    told = visit._("The account issues identity tokens.") if issue else visit._("No more identity tokens are issued.")
    return visit.redirect("/settings", told)


@page("GET", "/settings/password-policy")
def policy_form(visit: Visit) -> Reply:
    """What passwords must be."""
    found = _policy(visit)
    values = _read(visit.query) if visit.partial else dict(found.value or _DEFAULTS) if found else dict(_DEFAULTS)
    return _policy_page(visit, values)


@page("POST", "/settings/password-policy", confirm=True)
def set_policy(visit: Visit) -> Reply:
    """The whole policy at once, as AWS sets it."""
    values = _read(visit.form)
    try:
        if visit.form.get("do") == "default":
            visit.perform("iam", "DeleteAccountPasswordPolicy")
            return visit.redirect("/settings", visit._("AWS's default policy is in force."))
        visit.perform("iam", "UpdateAccountPasswordPolicy", **_sent(values))
    except ServiceFault as fault:
        return _policy_page(visit, values, fault.message)
    told = visit._("The password policy is set. It holds for new passwords; their age counts at once.")
    return visit.redirect("/settings", told)


_DEFAULTS: Final[Mapping[str, Any]] = {
    "MinimumPasswordLength": 12,
    "RequireUppercaseCharacters": True,
    "RequireLowercaseCharacters": True,
    "RequireNumbers": True,
    "RequireSymbols": False,
    "AllowUsersToChangePassword": True,
    "MaxPasswordAge": 0,
    "PasswordReusePrevention": 0,
    "HardExpiry": False,
}
"""What the form offers where there is no policy yet."""


def _policy(visit: Visit) -> Seen[dict[str, Any] | None]:
    """The account's own policy; None: AWS's default."""
    try:
        found = visit.see("iam", "GetAccountPasswordPolicy")
    except ServiceFault as fault:
        if fault.code != "NoSuchEntity":
            raise
        return Seen(found=None)
    return Seen(found=found.value["PasswordPolicy"]) if found else Seen(refused=found.refused)


def _read(fields: Fields) -> dict[str, Any]:
    """A policy as a form has it: what is no number counts as it was written, for AWS to refuse."""
    flags: dict[str, Any] = {name: fields.flag(name) for name in _FLAGS}
    return {**flags, **{name: fields.number(name, 0, most=99_999) for name in _NUMBERS}}


def _sent(values: Mapping[str, Any]) -> dict[str, Any]:
    """The operation's parameters: a zero is left out, which means no such rule."""
    kept = {name: value for name, value in values.items() if value or name in _FLAGS or name == _NUMBERS[0]}
    if not values["MaxPasswordAge"]:
        kept.pop("HardExpiry")
    return kept


def in_words(visit: Visit, policy: Mapping[str, Any] | None) -> list[str]:
    """A policy, a sentence a rule."""
    if policy is None:
        return [
            visit._("At least %(num)s characters.", num=8),
            visit._("Three of these: uppercase letters, lowercase letters, digits, symbols."),
            visit._("Not the account's name or e-mail address."),
            visit._("Passwords do not expire."),
        ]
    names = {
        "RequireUppercaseCharacters": visit._("an uppercase letter"),
        "RequireLowercaseCharacters": visit._("a lowercase letter"),
        "RequireNumbers": visit._("a digit"),
        "RequireSymbols": visit._("a symbol of %(symbols)s", symbols=SYMBOLS),
    }
    said = [visit._("At least %(num)s characters.", num=policy.get("MinimumPasswordLength", 6))]
    wanted = [text for name, text in names.items() if policy.get(name)]
    if wanted:
        said.append(visit._("Among them: %(classes)s.", classes=", ".join(wanted)))
    age, reuse = policy.get("MaxPasswordAge") or 0, policy.get("PasswordReusePrevention") or 0
    if age:
        hard = visit._("an administrator must then set another one")
        soft = visit._("its user must then choose another one at the next sign-in")
        told = hard if policy.get("HardExpiry") else soft
        said.append(visit._("A password is good for %(num)s days; %(then)s.", num=age, then=told))
    else:
        said.append(visit._("Passwords do not expire."))
    if reuse:
        said.append(visit._("None of the last %(num)s passwords may be taken again.", num=reuse))
    if policy.get("AllowUsersToChangePassword"):
        said.append(visit._("Every user may change the own password."))
    else:
        said.append(visit._("Users need iam:ChangePassword to change their own password."))
    return said


def _example(policy: Mapping[str, Any] | None) -> str:
    if policy is None:
        return account.example(8, symbols=False, numbers=True, uppercase=True, lowercase=True)
    wanted = {short: bool(policy.get(name)) for name, short in _CLASSES.items()}
    return account.example(min(policy.get("MinimumPasswordLength") or 6, 128), **wanted)


def _policy_page(visit: Visit, values: Mapping[str, Any], wrong: str = "") -> Reply:
    return visit.page(
        "settings/password_policy.html",
        region="words",
        status=400 if wrong else 200,
        title=visit._("Password policy"),
        values=values,
        words=in_words(visit, values),
        example=_example(values),
        default=in_words(visit, None),
        present=_policy(visit),
        line=("iam", "UpdateAccountPasswordPolicy", _sent(values)),
        wrong=wrong,
        may=visit.may("iam", "UpdateAccountPasswordPolicy"),
        may_delete=visit.may("iam", "DeleteAccountPasswordPolicy"),
    )


def _settings(visit: Visit, alias_wrong: str = "", ages_wrong: str = "") -> Reply:
    caller, house = visit.caller, visit.gate.house
    record = house.book.account(caller.account)
    alias = record.alias if record is not None else None
    summary = visit.see("iam", "GetAccountSummary")
    counts = summary.value["SummaryMap"] if summary else {}
    properties = visit.see("iam", "GetAccountProperties")
    policy = _policy(visit)
    return visit.page(
        "settings/settings.html",
        status=400 if alias_wrong or ages_wrong else 200,
        title=visit._("Account settings"),
        about=visit.glimpse(account.about),
        alias=alias,
        alias_given=visit.form.get("alias") or "",
        alias_wrong=alias_wrong,
        link=f"{visit.origin}/signin?account={alias or caller.account}",
        summary=summary,
        counted=[(_counted(visit)[name], counts[name], counts[limit]) for name, limit in _COUNTED] if summary else [],
        counts=counts,
        ages=properties,
        limits=thresholds.read(properties.value["Properties"]) if properties else thresholds.DEFAULT,
        ages_wrong=ages_wrong,
        ages_given=(visit.form.get("caution"), visit.form.get("warning")) if ages_wrong else None,
        policy=policy,
        policy_words=in_words(visit, policy.value) if policy else [],
        policy_own=bool(policy and policy.value is not None),
        organization=_organization(visit),
        issuer=_issuer(visit),
        idle=house.settings.console_idle // 60,
        longest=LONGEST_SECONDS // 3600,
        may_alias=visit.may("iam", "CreateAccountAlias", AccountAlias="x"),
        may_unalias=visit.may("iam", "DeleteAccountAlias", AccountAlias=alias or "x"),
        may_ages=visit.may("iam", "PutAccountProperties", Properties=thresholds.properties(90, 365)),
        may_issue=visit.may("iam", "EnableOutboundWebIdentityFederation"),
        may_not_issue=visit.may("iam", "DisableOutboundWebIdentityFederation"),
    )


def _counted(visit: Visit) -> dict[str, str]:
    return {
        "Users": visit._("Users"),
        "Groups": visit._("User groups"),
        "Roles": visit._("Roles"),
        "Policies": visit._("Policies"),
        "InstanceProfiles": visit._("Instance profiles"),
        "ServerCertificates": visit._("Server certificates"),
        "PolicyVersionsInUse": visit._("Policy versions in use"),
    }


def _organization(visit: Visit) -> Seen[Any]:
    try:
        found = visit.see("organizations", "DescribeOrganization")
    except ServiceFault:
        return Seen(found=None)
    return Seen(found=found.value["Organization"]) if found else found


def _issuer(visit: Visit) -> Seen[Any]:
    try:
        found = visit.see("iam", "GetOutboundWebIdentityFederationInfo")
    except ServiceFault:
        return Seen(found=None)
    return Seen(found=found.value["IssuerIdentifier"]) if found else found
