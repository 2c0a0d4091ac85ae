"""STS: what the claims of an identity token mean: who it is for, condition keys, session tags, roles.

Source: IAM User Guide, "Available keys for AWS OIDC federation", "Pass session tags in AWS STS" (claims
`https://aws.amazon.com/tags`, `…/source_identity`); Service Authorization Reference, AWS STS (the claims of certain
issuers); the claim `https://aws.amazon.com/roles` as seen.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from ostiary import catalog
from ostiary.policy import ContextValue
from ostiary.services.faults import ServiceFault

REQUIRED: Final = ("iss", "sub", "aud", "exp", "iat")
SKEW_SECONDS: Final = 300
"""How far an issuer's clock may be ahead."""
_TAGS: Final = "https://aws.amazon.com/tags"
_SOURCE_IDENTITY: Final = "https://aws.amazon.com/source_identity"
_ROLES: Final = "https://aws.amazon.com/roles"
_IDENTITY: Final = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_MOST_TAGS: Final = 50
_LONGEST_KEY: Final = 128
_LONGEST_VALUE: Final = 256
_TAG_SIGNS: Final = frozenset("_.:/=+-@")
NO_JWT: Final = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebIdentity:
    """What a token says of its subject."""

    issuer: str
    """URL without the scheme: what its condition keys begin with."""
    subject: str
    audience: str
    keys: Mapping[str, ContextValue]
    """The condition keys of the request."""
    session_keys: tuple[tuple[str, str | tuple[str, ...]], ...]
    """Those that stay with the session."""
    role_authorized: bool
    """Whether the issuer names the role."""
    tags: Sequence[Mapping[str, str]] = ()
    """As the API would pass them."""
    transitive: tuple[str, ...] = ()
    source_identity: str | None = None
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False)


def invalid(message: str) -> ServiceFault:
    """InvalidIdentityToken (400)."""
    return ServiceFault("InvalidIdentityToken", message, 400)


def check_required(claims: Mapping[str, Any]) -> None:
    """Raises InvalidIdentityToken when a claim is missing or has another type than RFC 7519 gives it."""
    for name in REQUIRED:
        if claims.get(name) in (None, "", []):
            raise invalid(f"Missing a required claim: {name}")
    times = [claims["exp"], claims["iat"], claims.get("nbf", 0)]
    if not isinstance(claims["iss"], str) or not isinstance(claims["sub"], str) or not all(map(_is_time, times)):
        raise invalid(NO_JWT)


def check_times(claims: Mapping[str, Any], now: int) -> None:
    """Raises ExpiredTokenException, or InvalidIdentityToken when it is for later."""
    expires: int = claims["exp"]
    if now >= expires:
        text = f"Token expired: current date/time {now} must be before the expiration date/time {expires}"
        raise ServiceFault("ExpiredTokenException", text, 400)
    begins = max(claims["iat"], claims.get("nbf", 0))
    if begins > now + SKEW_SECONDS:
        raise invalid(f"Token is not yet valid: current date/time {now} must not be before {begins}")


def audience_of(claims: Mapping[str, Any], client_ids: Sequence[str]) -> str:
    """Whom the token is for: the authorized party if it names one, else its audience.

    Raises:
        ServiceFault: the provider does not have this client id.
    """
    party, audience = claims.get("azp"), claims["aud"]
    named = [party] if party is not None else audience if isinstance(audience, list) else [audience]
    for each in named:
        if isinstance(each, str) and each in client_ids:
            return each
    raise invalid("Incorrect token audience")


def read_identity(claims: Mapping[str, Any], issuer: str, audience: str, role_arn: str) -> WebIdentity:
    """The claims of a token that was verified.

    Args:
        claims: of the token.
        issuer: the provider's URL without the scheme.
        audience: as `audience_of` gave it.
        role_arn: that is asked for; an issuer may say which roles a token is for.

    Raises:
        ServiceFault: the token is for other roles, or its tags can't be read.
    """
    keys = _keys(claims, issuer, audience)
    session = tuple(
        (key, value if isinstance(value, str) else tuple(value))
        for key, value in keys.items()
        if key.removeprefix(issuer) in (":aud", ":oaud", ":sub", ":amr")
    )
    tags, transitive = _read_tags(claims)
    return WebIdentity(
        issuer=issuer,
        subject=claims["sub"],
        audience=audience,
        keys=keys,
        session_keys=session,
        role_authorized=_role_authorized(claims, role_arn),
        tags=tags,
        transitive=transitive,
        source_identity=_read_source_identity(claims),
        claims=claims,
    )


def _is_time(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53


def _role_authorized(claims: Mapping[str, Any], role_arn: str) -> bool:
    named = claims.get(_ROLES)
    if named is None:
        return False
    if role_arn not in (named if isinstance(named, list) else [named]):
        raise invalid("The target role ARN is not present in the roles claim of the identity token")
    return True


def _keys(claims: Mapping[str, Any], issuer: str, audience: str) -> dict[str, ContextValue]:
    found: dict[str, ContextValue] = {f"{issuer}:aud": audience}
    for key, value in (("oaud", claims["aud"]), ("sub", claims["sub"]), ("email", claims.get("email"))):
        _add(found, f"{issuer}:{key}", value)
    methods = claims.get("amr")
    if isinstance(methods, list) and all(isinstance(each, str) for each in methods):
        found[f"{issuer}:amr"] = tuple(methods)
    elif isinstance(methods, str):
        found[f"{issuer}:amr"] = (methods,)
    for name in _further_claims(issuer):
        if f"{issuer}:{name}" not in found:
            _add(found, f"{issuer}:{name}", _claim(claims, name))
    return found


def _add(found: dict[str, ContextValue], key: str, value: Any) -> None:
    """Texts, numbers and truth values; a list of one is its value, of several the key has all."""
    if isinstance(value, list):
        texts = [_text(each) for each in value]
        if texts and None not in texts:
            given = tuple(each for each in texts if each is not None)
            found[key] = given[0] if len(given) == 1 else given
    elif (text := _text(value)) is not None:
        found[key] = text


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int) else None


def _claim(claims: Mapping[str, Any], name: str) -> Any:
    """A claim, or a member of one: `google/organization_number`."""
    if name in claims or "/" not in name:
        return claims.get(name)
    outer, _, inner = name.partition("/")
    within = claims.get(outer)
    return within.get(inner) if isinstance(within, dict) else None


@lru_cache(maxsize=1024)
def _further_claims(issuer: str) -> Sequence[str]:
    """The claims beyond the common ones that AWS knows of an issuer."""
    service = catalog.service("sts")
    assert service is not None
    keys = service.actions["AssumeRoleWithWebIdentity"].condition_keys
    found = []
    for key in keys:
        pattern, _, name = key.rpartition(":")
        if "." in pattern and re.fullmatch(_filled(pattern), issuer):  # those of no host are AWS's own keys
            found.append(name)
    return found


def _filled(pattern: str) -> str:
    """`token.actions.${Domain}.ghe.com` as a regular expression: a variable is one label or segment."""
    return r"[^./:]+".join(map(re.escape, re.split(r"\$\{[A-Za-z]+\}", pattern)))


def _read_tags(claims: Mapping[str, Any]) -> tuple[Sequence[Mapping[str, str]], tuple[str, ...]]:
    """Session tags in either form: one claim that holds them, or a claim for each."""
    whole = claims.get(_TAGS, {})
    if not isinstance(whole, dict):
        raise _bad_tags()
    given, transitive = whole.get("principal_tags", {}), whole.get("transitive_tag_keys", [])
    if not isinstance(given, dict) or not isinstance(transitive, list | str):
        raise _bad_tags()
    pairs = dict(given)
    flat = f"{_TAGS}/principal_tags/"
    pairs.update({name.removeprefix(flat): value for name, value in claims.items() if name.startswith(flat)})
    further = claims.get(f"{_TAGS}/transitive_tag_keys", [])
    keys = [*_listed(transitive), *_listed(further)]
    if len(pairs) > _MOST_TAGS or not all(isinstance(key, str) for key in keys):
        raise _bad_tags()
    return [_read_tag(key, value) for key, value in pairs.items()], tuple(dict.fromkeys(keys))


def _listed(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else [value]


def _read_tag(key: str, value: Any) -> Mapping[str, str]:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, str) or len(value) > _LONGEST_VALUE or not 0 < len(key) <= _LONGEST_KEY:
        raise _bad_tags()
    if not all(char in _TAG_SIGNS or unicodedata.category(char)[0] in "LZN" for char in key + value):
        raise _bad_tags()
    return {"Key": key, "Value": value}


def _bad_tags() -> ServiceFault:
    return invalid("The session tags of the identity token can't be read")


def _read_source_identity(claims: Mapping[str, Any]) -> str | None:
    given = claims.get(_SOURCE_IDENTITY)
    if given is None:
        return None
    if not isinstance(given, str) or not _IDENTITY.fullmatch(given):
        raise invalid("The source identity of the identity token can't be read")
    return given
