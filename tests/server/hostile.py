"""Texts that requests of the fuzzer hold: documents, certificates, keys and tokens, right or nearly right."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from tests.credentials import certs
from tests.saml.idp import Idp, packed, pem, rsa_key
from tests.world import ACCOUNT

ODD = (
    "",
    " ",
    "0",
    "-1",
    "*",
    "?",
    "None",
    "null",
    "\x00",
    "\x1b[31m",
    "\ud7ff",
    "ünïcødé",
    "한글 이름",
    "e\u0301" * 3,
    "\u202ereversed",
    "Kelvin \u212a",
    "İstanbul",
    "🔑" * 20,
    "<a>&amp;</a>",
    "]]>",
    "${aws:username}",
    "%s%n%d",
    "%2Fuser%00",
    "'; DROP TABLE users; --",
    "../../etc/passwd",
    "a/b/c",
    "/",
    "//",
    "/a b/",
    "a\r\nSet-Cookie: b",
    "arn:",
    "arn:aws:iam::",
    "arn:aws:iam::123456789012:user/x",
    "arn:aws:iam::aws:policy/AdministratorAccess",
    "arn:aws:iam::aws:policy/ReadOnlyAccess",
    "arn:aws:sts::123456789012:assumed-role/x/y",
    "arn:aws-cn:iam::aws:policy/AdministratorAccess",
    "2012-02-30",
    "9" * 400,
    "x" * 2_100,
)
STATEMENT = {"Effect": "Allow", "Action": ["iam:Get*", "s3:GetObject"], "Resource": "*"}
TRUST = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
PROVIDERS = {
    "Effect": "Allow",
    "Principal": {
        "Federated": [f"arn:aws:iam::{ACCOUNT}:saml-provider/s1", f"arn:aws:iam::{ACCOUNT}:oidc-provider/localhost/a"]
    },
    "Action": ["sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"],
}


def deep(levels: int) -> str:
    """JSON that is nested and nothing else."""
    return "[" * levels + "]" * levels


def policies(draw: random.Random) -> str:
    """A document: right, or wrong in one of many ways."""
    body = dict(draw.choice((STATEMENT, TRUST, PROVIDERS)))
    if draw.random() < 0.3:
        body["Condition"] = {
            draw.choice(("StringEquals", "ForAllValues:StringLike", "IpAddress", "Bool", "DateLessThan", "Nope")): {
                draw.choice(("aws:username", "aws:SourceIp", "aws:TagKeys", "iam:PassedToService", "")): draw.choice(
                    ("x", ["a", "b"], True, 5, None, [], "10.0.0.0/33", "${aws:username", {"a": 1})
                )
            }
        }
    if draw.random() < 0.2:
        body[draw.choice(list(body))] = draw.choice((None, 1, [], {}, "*", ["*", 1], "Deny", {"AWS": ["*", 7]}))
    if draw.random() < 0.1:
        body.pop(draw.choice(list(body)))
    document: Any = {"Version": draw.choice(("2012-10-17", "2008-10-17", "2020-01-01")), "Statement": [body]}
    text = json.dumps(document)
    broken: tuple[Callable[[], str], ...] = (
        lambda: text[: draw.randrange(len(text))],
        lambda: text.replace('"', "'"),
        lambda: text + text,
        lambda: deep(draw.choice((5, 500, 50_000))),
        lambda: '{"Version":"2012-10-17","Version":"2012-10-17","Statement":[]}',
        lambda: '{"a":1e999,"b":NaN}',
        lambda: '"\\ud800"',
        lambda: text.replace("Allow", "A\u0000llow"),
        lambda: text.replace("*", "x" * draw.choice((3_000, 150_000))),
    )
    return text if draw.random() < 0.6 else draw.choice(broken)()


@cache
def materials() -> Mapping[str, tuple[str, ...]]:
    """What is made once, by the name of the parameter that takes it."""
    authority = certs.make("authority")
    leaf, other = certs.make("leaf", authority), certs.make("other", key=certs.rsa_key())
    idp, strange = Idp(), Idp(entity_id="https://other.example.com/ü")
    attributes = {
        "https://aws.amazon.com/SAML/Attributes/RoleSessionName": ["alice"],
        "https://aws.amazon.com/SAML/Attributes/Role": [
            f"arn:aws:iam::{ACCOUNT}:role/r1,arn:aws:iam::{ACCOUNT}:saml-provider/s1"
        ],
        "https://aws.amazon.com/SAML/Attributes/PrincipalTag:team": ["a"],
    }
    assertion = idp.assertion(attributes)
    return {
        "CertificateBody": (leaf.pem, other.pem, authority.pem, certs.make("later", begins=certs.NOW).pem),
        "CertificateChain": (authority.pem, authority.pem + leaf.pem, other.pem * 12),
        "PrivateKey": (leaf.key_pem, other.key_pem, pem(rsa_key("idp"))),
        "AddPrivateKey": (other.key_pem, pem(rsa_key("theirs")), leaf.key_pem),
        "SSHPublicKeyBody": (certs.ssh_line(), certs.ssh_pem(), f"{certs.ssh_line()} alice@example.com"),
        "SAMLMetadataDocument": (
            idp.metadata(),
            strange.metadata(),
            idp.metadata(more='validUntil="2027-01-01T00:00:00Z"'),
            idp.metadata(certificates=[]),
        ),
        "SAMLAssertion": (
            packed(idp.response(idp.signed(assertion))),
            packed(idp.signed(idp.response(assertion))),
            packed(idp.response(assertion)),
        ),
        "WebIdentityToken": (
            jwt({"iss": "https://localhost/a", "sub": "x", "aud": "client", "exp": 2**33, "iat": 1}),
            jwt({"iss": ["https://localhost/a"], "sub": None, "aud": {}, "exp": "never"}),
            jwt({"iss": "https://localhost/a", "sub": "x", "aud": ["client"], "exp": 1e308, "iat": 1}, alg="none"),
        ),
    }


def jwt(claims: Mapping[str, Any], alg: str = "RS256") -> str:
    """A token in form, with a signature of nothing."""
    parts = (json.dumps({"alg": alg, "kid": "k", "typ": "JWT"}), json.dumps(claims), "x" * 256)
    return ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts)


ENTITIES = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><x>&b;</x>'


def material(draw: random.Random, name: str) -> str:
    """One of a parameter's materials; half of the time damaged."""
    text = draw.choice(materials()[name])
    place = draw.randrange(len(text))
    damaged: tuple[Callable[[], str], ...] = (
        lambda: text[:place],
        lambda: text[place:],
        lambda: text[:place] + draw.choice("A<&\x00é\n=-") + text[place + 1 :],
        lambda: text.replace("\n", draw.choice(("", "\r\n", " "))),
        lambda: text * draw.choice((2, 40)),
        lambda: base64.b64encode(text.encode()).decode(),
        lambda: base64.b64encode(draw.randbytes(draw.choice((0, 1, 400, 30_000)))).decode(),
        lambda: packed(ENTITIES) if name == "SAMLAssertion" else ENTITIES,
        lambda: packed("<a>" * 5_000) if name == "SAMLAssertion" else "<a>" * 5_000,
        lambda: text.replace("BEGIN", "BEGIN ENCRYPTED").replace("urn:oasis", "urn:oasis:x"),
        lambda: "." * draw.choice((2, 4_000)),
        lambda: material(draw, draw.choice(sorted(materials()))),
    )
    return text if draw.random() < 0.5 else draw.choice(damaged)()
