"""Who can't prove who they are is told so in AWS's words, on a live port."""

from __future__ import annotations

import base64
import secrets
from typing import Any

import pytest

from tests.live import Server, running
from tests.server.raw import IAM, STS, Line, Reply, form

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("server")]

WHO = form("GetCallerIdentity", STS, {})
INVALID = "The security token included in the request is invalid."


def refused(reply: Reply, status: int, code: str, *words: str) -> None:
    assert (reply.status, reply.code) == (status, code), reply.text
    for each in words:
        assert each in reply.message.replace("&apos;", "'").replace("&#39;", "'"), reply.text
    assert reply.request_id and reply.request_id in reply.text


@pytest.fixture(scope="module")
def key(server: Server) -> tuple[str, str]:
    """An access key of a user without permissions."""
    iam = server.client("iam")
    iam.create_user(UserName="signer")
    made = iam.create_access_key(UserName="signer")["AccessKey"]
    return made["AccessKeyId"], made["SecretAccessKey"]


@pytest.fixture
def session(sts: Any, server: Server, key: tuple[str, str]) -> tuple[str, str, str]:
    """Credentials of a session of that user."""
    made = server.client("sts", key).get_session_token(DurationSeconds=900)["Credentials"]
    return made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"]


def test_an_unknown_key(line: Line) -> None:
    refused(line.ask(WHO, service="sts", key=("AKIAIOSFODNN7EXAMPLE", "x" * 40)), 403, "InvalidClientTokenId", INVALID)


def test_an_inactive_key_and_then_an_active_one(line: Line, iam: Any, key: tuple[str, str]) -> None:
    iam.update_access_key(UserName="signer", AccessKeyId=key[0], Status="Inactive")
    refused(line.ask(WHO, service="sts", key=key), 403, "InvalidClientTokenId", INVALID)
    iam.update_access_key(UserName="signer", AccessKeyId=key[0], Status="Active")
    assert line.ask(WHO, service="sts", key=key).status == 200


def test_a_deleted_key(line: Line, iam: Any) -> None:
    made = iam.create_access_key(UserName="signer")["AccessKey"]
    gone = made["AccessKeyId"], made["SecretAccessKey"]
    assert line.ask(WHO, service="sts", key=gone).status == 200
    iam.delete_access_key(UserName="signer", AccessKeyId=gone[0])
    refused(line.ask(WHO, service="sts", key=gone), 403, "InvalidClientTokenId", INVALID)


def test_a_wrong_secret(line: Line, key: tuple[str, str]) -> None:
    for service, body in (("sts", WHO), ("iam", form("ListUsers", IAM, {}))):
        reply = line.ask(body, service=service, key=(key[0], "x" * 40))
        refused(
            reply,
            403,
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
            "Access Key and signing method. Consult the service documentation for details.",
        )
        assert key[1] not in reply.text


@pytest.mark.parametrize(("minutes", "words"), [(-16, "Signature expired: "), (16, "Signature not yet current: ")])
def test_a_clock_that_is_sixteen_minutes_off(line: Line, key: tuple[str, str], minutes: int, words: str) -> None:
    refused(line.ask(WHO, service="sts", key=key, ahead=minutes * 60), 403, "SignatureDoesNotMatch", words, "15 min.)")


@pytest.mark.parametrize("minutes", [-14, 14])
def test_a_clock_that_is_fourteen_minutes_off_will_do(line: Line, key: tuple[str, str], minutes: int) -> None:
    assert line.ask(WHO, service="sts", key=key, ahead=minutes * 60).status == 200


def test_no_signature_at_all(line: Line) -> None:
    headers = {"Host": line.place, "Content-Type": "application/x-www-form-urlencoded"}
    for body in (WHO, form("ListUsers", IAM, {})):
        refused(
            line.send(body, headers=headers),
            403,
            "MissingAuthenticationToken",
            "Request is missing Authentication Token",
        )


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer abc",
        "Basic YTpi",
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=x",
        "AWS4-HMAC-SHA512 Credential=x",
        "x",
    ],
)
def test_half_an_authorization_is_an_incomplete_signature(line: Line, authorization: str) -> None:
    kind = "application/x-www-form-urlencoded"
    reply = line.send(WHO, headers={"Host": line.place, "Authorization": authorization, "Content-Type": kind})
    assert reply.status in (400, 403)
    assert reply.code in ("IncompleteSignature", "MissingAuthenticationToken"), reply.text


def test_a_body_changed_on_the_way(line: Line, key: tuple[str, str]) -> None:
    headers = line.signed(WHO, service="sts", key=key)
    refused(line.send(WHO + b"&x=y", headers=headers), 403, "SignatureDoesNotMatch")


def test_a_signed_header_changed_on_the_way(line: Line, key: tuple[str, str]) -> None:
    headers = line.signed(WHO, service="sts", key=key)
    assert line.send(WHO, headers=headers).status == 200
    refused(line.send(WHO, headers={**headers, "Host": "elsewhere"}), 403, "SignatureDoesNotMatch")


def test_a_path_or_query_changed_on_the_way(line: Line, key: tuple[str, str]) -> None:
    headers = line.signed(WHO, service="sts", key=key)
    for path in ("/x", "/?a=b"):
        refused(line.send(WHO, path=path, headers=headers), 403, "SignatureDoesNotMatch")


def test_a_signature_for_another_service(line: Line, key: tuple[str, str]) -> None:
    """On an address of AWS's the service is plain, and the scope must be its own."""
    for host, service, right in (("iam.amazonaws.com", "sts", "iam"), ("sts.amazonaws.com", "iam", "sts")):
        body = WHO if right == "sts" else form("ListUsers", IAM, {})
        reply = line.ask(body, service=service, key=key, host=host)
        refused(reply, 403, "SignatureDoesNotMatch", f"Credential should be scoped to correct service: '{right}'.")


@pytest.mark.parametrize("region", ["us-east-1", "ap-northeast-2", "eu-central-2", "aws-global", "mars-north-1"])
def test_any_region_will_do(line: Line, key: tuple[str, str], region: str) -> None:
    assert line.ask(WHO, service="sts", key=key, region=region).status == 200


@pytest.mark.parametrize(
    ("host", "service", "body"),
    [
        ("iam.amazonaws.com", "iam", form("ListUsers", IAM, {})),
        ("sts.amazonaws.com", "sts", WHO),
        ("sts.ap-northeast-2.amazonaws.com", "sts", WHO),
        ("sts.us-east-1.amazonaws.com:443", "sts", WHO),
    ],
)
def test_the_names_of_aws_are_understood(line: Line, host: str, service: str, body: bytes) -> None:
    assert line.ask(body, service=service, host=host).status == 200
    unsigned = line.send(body, headers={"Host": host, "Content-Type": "application/x-www-form-urlencoded"})
    refused(unsigned, 403, "MissingAuthenticationToken")


# sessions


def test_a_session_is_who_its_user_is(line: Line, session: tuple[str, str, str]) -> None:
    reply = line.ask(WHO, service="sts", key=session)
    assert reply.status == 200 and ":user/signer</Arn>" in reply.text


def test_a_session_key_without_its_token(line: Line, session: tuple[str, str, str]) -> None:
    refused(line.ask(WHO, service="sts", key=session[:2]), 403, "InvalidClientTokenId", INVALID)


def test_a_session_with_another_secret(line: Line, session: tuple[str, str, str]) -> None:
    reply = line.ask(WHO, service="sts", key=(session[0], "y" * 40, session[2]))
    refused(reply, 403, "SignatureDoesNotMatch")


def test_a_token_with_another_key(line: Line, session: tuple[str, str, str], key: tuple[str, str]) -> None:
    refused(line.ask(WHO, service="sts", key=(*key, session[2])), 403, "InvalidClientTokenId", INVALID)


def test_a_tampered_token(line: Line, session: tuple[str, str, str]) -> None:
    raw = bytearray(base64.b64decode(session[2] + "=="))
    places = sorted({0, 1, len(raw) // 2, len(raw) - 1, *(secrets.randbelow(len(raw)) for _ in range(20))})
    for place in places:
        changed = raw.copy()
        changed[place] ^= 0x01
        token = base64.b64encode(changed).decode()
        refused(line.ask(WHO, service="sts", key=(*session[:2], token)), 403, "InvalidClientTokenId", INVALID)
    for token in (session[2][:-8], session[2] + "AAAA", "x", "=" * 8, "ÿ"):
        refused(line.ask(WHO, service="sts", key=(*session[:2], token)), 403, "InvalidClientTokenId", INVALID)


def test_a_token_of_another_server(line: Line, session: tuple[str, str, str], tmp_path: Any) -> None:
    with running(tmp_path / "other", "--no-s3") as other:
        stranger = Line(other.endpoint, other.root)
        refused(stranger.ask(WHO, service="sts", key=session), 403, "InvalidClientTokenId", INVALID)
        stranger.close()


def test_a_session_of_a_deleted_user(line: Line, iam: Any, server: Server) -> None:
    iam.create_user(UserName="leaver")
    made = iam.create_access_key(UserName="leaver")["AccessKey"]
    own = server.client("sts", (made["AccessKeyId"], made["SecretAccessKey"])).get_session_token()["Credentials"]
    session = own["AccessKeyId"], own["SecretAccessKey"], own["SessionToken"]
    assert line.ask(WHO, service="sts", key=session).status == 200
    iam.delete_access_key(UserName="leaver", AccessKeyId=made["AccessKeyId"])
    iam.delete_user(UserName="leaver")
    refused(line.ask(WHO, service="sts", key=session), 403, "InvalidClientTokenId", INVALID)
    iam.create_user(UserName="leaver")  # the same name is not the same user
    refused(line.ask(WHO, service="sts", key=session), 403, "InvalidClientTokenId", INVALID)


# presigned


def test_a_presigned_url_needs_no_header(line: Line, key: tuple[str, str]) -> None:
    import botocore.auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    asked = AWSRequest("GET", f"http://{line.place}/?Action=GetCallerIdentity&Version={STS}")
    botocore.auth.SigV4QueryAuth(Credentials(*key), "sts", "us-east-1", expires=60).add_auth(asked)
    path = asked.url.removeprefix(f"http://{line.place}")
    reply = line.send(method="GET", path=path, headers={"Host": line.place})
    assert reply.status == 200 and ":user/signer</Arn>" in reply.text
    changed = line.send(method="GET", path=path.replace("Expires=60", "Expires=61"), headers={"Host": line.place})
    refused(changed, 403, "SignatureDoesNotMatch")


def test_json_services_speak_of_it_in_json(line: Line) -> None:
    headers = {"X-Amz-Target": "DynamoDB_20120810.ListTables", "Content-Type": "application/x-amz-json-1.0"}
    unknown = line.ask(b"{}", service="dynamodb", headers=headers, key=("AKIAIOSFODNN7EXAMPLE", "x"))
    assert (unknown.status, unknown.code) == (400, "UnrecognizedClientException")
    wrong = line.ask(b"{}", service="dynamodb", headers=headers, key=(line.key[0], "x"))
    assert (wrong.status, wrong.code) == (400, "InvalidSignatureException")
    assert unknown.request_id and wrong.request_id


def test_s3_speaks_of_it_as_s3_does(line: Line) -> None:
    unknown = line.ask(method="GET", path="/", service="s3", key=("AKIAIOSFODNN7EXAMPLE", "x"))
    assert (unknown.status, unknown.code) == (403, "InvalidAccessKeyId")
    wrong = line.ask(method="GET", path="/", service="s3", key=(line.key[0], "x"))
    assert (wrong.status, wrong.code) == (403, "SignatureDoesNotMatch")
    assert unknown.request_id in unknown.text and wrong.request_id in wrong.text
    assert line.key[1] not in wrong.text
