"""OpenID Connect with boto3 and a server under TLS: providers, credentials for tokens, tokens of our own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
import pytest

from tests.clients.called import refused, remember, tags
from tests.clients.conftest import Account
from tests.federation.provider import Authority, Provider
from tests.live import Server, clean_environment, running
from tests.needs import need

pytestmark = [pytest.mark.client, pytest.mark.xdist_group("clients")]

PRINTS = ["a" * 40]


@dataclass(frozen=True)
class Town:
    """A server that believes an authority, and a provider on loopback that it may ask."""

    server: Server
    provider: Provider
    authority: Authority
    home: Path

    def client(self, service: str, key: tuple[str, ...] | None = None) -> Any:
        made = self.server.client(service, key, verify=str(self.authority.file))
        made.meta.events.register(f"after-call.{service}", remember)
        return made

    @property
    def account(self) -> str:
        found: str = self.client("sts").get_caller_identity()["Account"]
        return found

    def role(self, name: str, provider_arn: str) -> str:
        trust = {"Effect": "Allow", "Principal": {"Federated": provider_arn}, "Action": "sts:AssumeRoleWithWebIdentity"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        role: str = self.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
        return role

    def environment(self, role: str, token: Path) -> dict[str, str]:
        """What a pod or a job has."""
        return {
            **clean_environment(self.home),
            "AWS_ENDPOINT_URL": self.server.endpoint,
            "AWS_CA_BUNDLE": str(self.authority.file),
            "NODE_EXTRA_CA_CERTS": str(self.authority.file),
            "AWS_REGION": "ap-northeast-2",
            "AWS_DEFAULT_REGION": "ap-northeast-2",
            "AWS_ROLE_ARN": role,
            "AWS_ROLE_SESSION_NAME": "unmodified",
            "AWS_WEB_IDENTITY_TOKEN_FILE": str(token),
        }


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    home = tmp_path_factory.mktemp("openid")
    authority = Authority.make(home / "authority")
    provider = Provider.start(authority.server())
    certificate, key = authority.server(("127.0.0.1", "localhost"))
    with running(
        home / "data",
        "--no-s3",
        *("--tls-certificate", str(certificate), "--tls-key", str(key)),
        *("--allow-private-issuer", "localhost", "--allow-private-issuer", "127.0.0.1"),
        *("--issuer-ca", str(authority.file)),
    ) as started:
        yield Town(started, provider, authority, home)
    provider.stop()


@pytest.fixture(scope="module")
def web_role(town: Town) -> str:
    made = town.client("iam").create_open_id_connect_provider(
        Url=town.provider.issuer, ClientIDList=["sts.amazonaws.com"]
    )
    return town.role("web", made["OpenIDConnectProviderArn"])


def test_the_life_of_a_provider(iam: Any, account: Account) -> None:
    made = iam.create_open_id_connect_provider(
        Url="https://idp.example.com/t", ClientIDList=["a"], ThumbprintList=PRINTS, Tags=[{"Key": "k", "Value": "v"}]
    )
    arn = made["OpenIDConnectProviderArn"]
    assert arn == f"arn:aws:iam::{account.id}:oidc-provider/idp.example.com/t" and tags(made["Tags"]) == {"k": "v"}
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="b")
    iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="a")
    iam.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=arn, ThumbprintList=["b" * 40])
    iam.update_open_id_connect_provider(OpenIDConnectProviderArn=arn, ContextProvider={"SubjectSourceKey": "sub"})
    iam.tag_open_id_connect_provider(OpenIDConnectProviderArn=arn, Tags=[{"Key": "x", "Value": ""}])
    iam.untag_open_id_connect_provider(OpenIDConnectProviderArn=arn, TagKeys=["k"])
    assert tags(iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=arn)["Tags"]) == {"x": ""}
    found = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert (found["Url"], found["ClientIDList"], found["ThumbprintList"]) == ("idp.example.com/t", ["b"], ["b" * 40])
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == [{"Arn": arn}]
    create = iam.create_open_id_connect_provider
    refused("EntityAlreadyExists", create, Url="https://idp.example.com/t", ThumbprintList=PRINTS)
    refused("ValidationError", create, Url="http://idp.example.com", ThumbprintList=PRINTS)
    refused("ValidationError", create, Url="https://idp.example.com", ThumbprintList=["a" * 41])
    refused("InvalidInput", create, Url="https://x.example.com", ThumbprintList=PRINTS * 6)
    refused(
        "LimitExceeded",
        create,
        Url="https://x.example.com",
        ThumbprintList=PRINTS,
        ClientIDList=list(map(str, range(101))),
    )
    refused("OpenIdIdpCommunicationError", create, Url="https://127.0.0.1")
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    refused("NoSuchEntity", iam.get_open_id_connect_provider, OpenIDConnectProviderArn=arn)


def test_an_unsigned_request_gives_credentials_that_work(town: Town, web_role: str) -> None:
    unsigned = town.client("sts", ())
    given = unsigned.assume_role_with_web_identity(
        RoleArn=web_role, RoleSessionName="s1", WebIdentityToken=town.provider.token()
    )
    assert given["SubjectFromWebIdentityToken"] == "user-1" and given["Audience"] == "sts.amazonaws.com"
    assert given["Provider"].endswith(":oidc-provider/" + town.provider.issuer.removeprefix("https://"))
    key = given["Credentials"]
    session = town.client("sts", (key["AccessKeyId"], key["SecretAccessKey"], key["SessionToken"]))
    assert session.get_caller_identity()["Arn"].endswith(":assumed-role/web/s1")


def test_refusals_have_the_codes_that_sdks_know(town: Town, web_role: str) -> None:
    call = town.client("sts", ()).assume_role_with_web_identity
    usual = {"RoleArn": web_role, "RoleSessionName": "s1"}
    token, now = town.provider.token, int(time.time())
    refused("ExpiredTokenException", call, **usual, WebIdentityToken=token(exp=now - 1))
    refused("InvalidIdentityToken", call, **usual, WebIdentityToken=token(aud="other"))
    refused("InvalidIdentityToken", call, **usual, WebIdentityToken="not a token")
    refused("AccessDenied", call, **{**usual, "RoleArn": web_role + "x"}, WebIdentityToken=token())
    refused("ValidationError", call, **{**usual, "RoleArn": "x" * 20}, WebIdentityToken=token())


def test_the_record_has_the_subject_and_never_the_token(town: Town, web_role: str) -> None:
    token = town.provider.token(sub="repo:octo-org/octo-repo:environment:prod")
    call = town.client("sts", ()).assume_role_with_web_identity
    good = call(RoleArn=web_role, RoleSessionName="recorded", WebIdentityToken=token)
    refused("AccessDenied", call, RoleArn=web_role + "x", RoleSessionName="recorded", WebIdentityToken=token)
    command = [str(Path(sys.executable).parent / "ostiary"), "explain", "--data", str(town.server.data), "--json"]
    request = good["ResponseMetadata"]["RequestId"]
    told = subprocess.run(
        [*command, request], capture_output=True, text=True, check=False, env=clean_environment(town.home)
    )
    assert told.returncode == 0, told.stderr
    assert "WebIdentityUser" in told.stdout and "repo:octo-org/octo-repo:environment:prod" in told.stdout
    signature = token.rpartition(".")[2]
    assert signature not in told.stdout
    for path in (town.server.data / "ostiary.db", town.server.data / "ostiary.db-wal", town.server.log):
        if path.exists():
            assert signature.encode() not in path.read_bytes()


def test_boto3_unmodified_with_a_token_file(town: Town, web_role: str) -> None:
    token = town.home / "token"
    token.write_text(town.provider.token() + "\n")
    script = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        env=town.environment(web_role, token),
        check=False,
    )
    assert done.stdout.strip().endswith(":assumed-role/web/unmodified"), done.stderr


def test_tokens_of_our_own_are_read_by_pyjwts_client(town: Town) -> None:
    iam, sts = town.client("iam"), town.client("sts")
    refused("FeatureDisabled", iam.get_outbound_web_identity_federation_info)
    ask = {"Audience": ["https://api.example.com"], "SigningAlgorithm": "ES384"}
    refused("OutboundWebIdentityFederationDisabledException", sts.get_web_identity_token, **ask)
    issuer = iam.enable_outbound_web_identity_federation()["IssuerIdentifier"]
    assert issuer.startswith(town.server.endpoint + "/_tokens/")
    assert iam.get_outbound_web_identity_federation_info() | {"ResponseMetadata": 0} == {
        "IssuerIdentifier": issuer,
        "JwtVendingEnabled": True,
        "ResponseMetadata": 0,
    }
    refused("FeatureEnabled", iam.enable_outbound_web_identity_federation)
    import ssl

    context = ssl.create_default_context(cafile=str(town.authority.file))
    client = jwt.PyJWKClient(f"{issuer}/.well-known/jwks.json", ssl_context=context)
    for algorithm in ("ES384", "RS256"):
        token = sts.get_web_identity_token(**{**ask, "SigningAlgorithm": algorithm})["WebIdentityToken"]
        key = client.get_signing_key_from_jwt(token)
        claims = jwt.decode(token, key, algorithms=[algorithm], audience=ask["Audience"], issuer=issuer)
        assert claims["sub"] == f"arn:aws:iam::{town.account}:root"
    iam.disable_outbound_web_identity_federation()
    refused("FeatureDisabled", iam.disable_outbound_web_identity_federation)
    assert client.get_jwk_set(refresh=True).keys


def test_our_own_issuer_is_a_provider_like_any_other(town: Town) -> None:
    """A round trip: the server fetches its own documents, and takes its own token."""
    iam, sts = town.client("iam"), town.client("sts")
    issuer = iam.enable_outbound_web_identity_federation()["IssuerIdentifier"]
    provider = iam.create_open_id_connect_provider(Url=issuer, ClientIDList=["loop"], ThumbprintList=PRINTS)
    role = town.role("loop", provider["OpenIDConnectProviderArn"])
    token = sts.get_web_identity_token(Audience=["loop"], SigningAlgorithm="RS256")["WebIdentityToken"]
    given = town.client("sts", ()).assume_role_with_web_identity(
        RoleArn=role, RoleSessionName="s1", WebIdentityToken=token
    )
    assert given["SubjectFromWebIdentityToken"] == f"arn:aws:iam::{town.account}:root"
    iam.disable_outbound_web_identity_federation()


JS = Path(__file__).parent / "js"
NODE = Path(sys.executable).parent / "node"


def _needs_node() -> None:
    need(NODE.exists(), "there is no node in the virtual environment")
    need((JS / "node_modules" / "oidc-provider").exists(), "`npm ci` was not run in tests/clients/js: use `make test`")


def test_the_javascript_sdk_unmodified_with_a_token_file(town: Town, web_role: str) -> None:
    _needs_node()
    token = town.home / "token"
    token.write_text(town.provider.token())
    done = subprocess.run(
        [str(NODE), str(JS / "token_file.mjs")],
        capture_output=True,
        text=True,
        timeout=60,
        env=town.environment(web_role, token),
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert [line.rpartition(":")[2] for line in done.stdout.split()] == ["assumed-role/web/unmodified"] * 2


def test_who_signs_in_at_a_real_provider_gets_a_role(town: Town) -> None:
    """npm's oidc-provider: an authorization code flow with PKCE, its id token, its own keys."""
    _needs_node()
    certificate, key = town.authority.server()
    environment = {**clean_environment(town.home), "NODE_EXTRA_CA_CERTS": str(town.authority.file)}
    with subprocess.Popen(
        [str(NODE), str(JS / "provider.mjs"), str(certificate), str(key)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    ) as process:
        assert process.stdout is not None and process.stdin is not None
        said = next(json.loads(line) for line in process.stdout if line.startswith("{"))  # notices come before it
        made = town.client("iam").create_open_id_connect_provider(Url=said["issuer"], ClientIDList=["app"])
        role = town.role("signed-in", made["OpenIDConnectProviderArn"])
        call = town.client("sts", ()).assume_role_with_web_identity
        given = call(RoleArn=role, RoleSessionName="jimin", WebIdentityToken=said["token"])
        assert (given["SubjectFromWebIdentityToken"], given["Audience"]) == ("jimin", "app")
        head, body, mark = said["token"].split(".")
        refused(
            "InvalidIdentityToken",
            call,
            RoleArn=role,
            RoleSessionName="xx",
            WebIdentityToken=f"{head}.{body}.{mark[::-1]}",
        )
        process.stdin.close()
        assert process.wait(10) == 0
