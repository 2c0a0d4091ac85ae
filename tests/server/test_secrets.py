"""What is secret stands nowhere: not in the data directory, not in a log, not in the record, not in an error."""

from __future__ import annotations

import base64
import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from botocore.exceptions import ClientError

from tests.live import Server, running
from tests.server.raw import IAM, STS, Line, Reply, form

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("secrets")]

PASSWORD = "Pa55-word+of/this&test=only!"
SECOND = "An0ther-pa55word+of/this&test!"
TRUST = json.dumps(
    {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}}
)


class Told:
    """A session's secrets by name, and every error that was heard meanwhile."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.secrets: dict[str, str] = {"password": PASSWORD, "second password": SECOND}
        self.errors: list[Reply] = []
        key, secret = server.root
        self.secrets["root's secret"] = secret
        password = re.search(r"root password +(\S+)", "".join(server.said))
        assert password is not None
        self.secrets["root's password"] = password[1]
        self.line = Line(server.endpoint, (key, secret))

    def hear(self, reply: Reply) -> None:
        assert reply.status >= 400, reply.text
        self.errors.append(reply)


def live_through(told: Told) -> None:
    """Make, use, change and misuse secrets of every kind."""
    server, line = told.server, told.line
    iam = server.client("iam")
    iam.create_user(UserName="keeper")
    made = iam.create_access_key(UserName="keeper")["AccessKey"]
    key = made["AccessKeyId"], made["SecretAccessKey"]
    told.secrets["a user's secret"] = key[1]
    iam.create_login_profile(UserName="keeper", Password=PASSWORD)
    iam.update_login_profile(UserName="keeper", Password=SECOND)
    for action in ("CreateLoginProfile", "UpdateLoginProfile"):
        told.hear(line.iam(action, UserName="nobody", Password=PASSWORD))
        told.hear(line.iam(action, UserName="keeper", Password=PASSWORD + "\x01"))
        told.hear(line.iam(action, UserName="keeper", Password=PASSWORD * 30))
        told.hear(line.iam(action, UserName="keeper", Password=PASSWORD, PasswordResetRequired="perhaps"))
        told.hear(line.ask(form(action, IAM, {"UserName": "keeper", "Password": PASSWORD}), key=key))
        told.hear(line.ask(form(action, IAM, {"UserName": "keeper", "Password": PASSWORD}) + b"&%zz"))
        told.hear(line.ask(form(action, "2000-01-01", {"UserName": "keeper", "Password": PASSWORD})))
    told.hear(line.iam("ChangePassword", OldPassword=PASSWORD, NewPassword=SECOND))
    told.hear(line.iam("ChangePassword", OldPassword=PASSWORD, NewPassword=SECOND * 20))
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="keeper")["VirtualMFADevice"]
    told.secrets["an MFA seed"] = device["Base32StringSeed"].decode()
    told.hear(line.iam("CreateVirtualMFADevice", VirtualMFADeviceName="keeper"))
    iam.create_role(RoleName="stage", AssumeRolePolicyDocument=TRUST)
    iam.put_user_policy(
        UserName="keeper",
        PolicyName="p",
        PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:*", "Resource": "*"}}
        ),
    )
    sts = server.client("sts", key)
    role = f"arn:aws:iam::{sts.get_caller_identity()['Account']}:role/stage"
    for name, answer in (
        ("role session", sts.assume_role(RoleArn=role, RoleSessionName="stage")),
        ("user session", sts.get_session_token()),
        ("federated session", sts.get_federation_token(Name="fed")),
    ):
        given = answer["Credentials"]
        session = given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]
        told.secrets[f"{name}: secret"], told.secrets[f"{name}: token"] = session[1], session[2]
        who = form("GetCallerIdentity", STS, {})
        assert line.ask(who, service="sts", key=session).status == 200
        told.hear(line.ask(form("ListUsers", IAM, {}), key=session))
        told.hear(line.ask(who, service="sts", key=(session[0], "x" * 40, session[2])))
        told.hear(line.ask(who, service="sts", key=(*key, session[2])))
        told.hear(line.ask(who, service="sts", key=session, ahead=-3600))
        told.hear(line.ask(who, service="sts", key=(*session[:2], session[2] + "AAAA")))
        told.hear(line.ask(method="GET", path="/nobucket", service="s3", key=(session[0], "x" * 40, session[2])))
        told.hear(line.ask(method="GET", path=f"/?X-Amz-Security-Token={quote(session[2], safe='')}", service="iam"))
    told.hear(line.ask(form("GetCallerIdentity", STS, {}), service="sts", key=(key[0], key[1] + "x")))
    told.hear(line.send(b"\xff" + PASSWORD.encode(), headers=line.signed(b"\xff" + PASSWORD.encode())))
    told.hear(line.send(form("CreateLoginProfile", IAM, {"Password": PASSWORD}), headers={"Host": "x"}))
    with pytest.raises(ClientError):
        sts.assume_role(RoleArn=role + "x", RoleSessionName="stage")
    again = server.account("another")
    told.secrets["another root's secret"] = again["secret"]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    data = tmp_path_factory.mktemp("secrets") / "data"
    with running(data, "--no-s3") as server:
        assert server.process.stdout is not None
        while not any("root password" in line for line in server.said):
            server.said.append(server.process.stdout.readline())
        made = Told(server)
        live_through(made)
        made.line.close()
    yield made


def spellings(secret: str) -> set[bytes]:
    """A secret as it stands, and as it could have been written down."""
    raw = secret.encode()
    texts = {raw, quote(secret, safe="").encode(), json.dumps(secret)[1:-1].encode(), raw.hex().encode()}
    return texts | {base64.b64encode(raw).rstrip(b"="), secret.replace("&", "&amp;").encode()}


def found(told: Told, where: bytes) -> list[str]:
    return [name for name, secret in told.secrets.items() if any(each in where for each in spellings(secret))]


def test_no_file_holds_a_secret(told: Told) -> None:
    """But for the root user's key in root-credentials, which says so."""
    files = [path for path in told.server.data.rglob("*") if path.is_file()]
    assert any(path.name == "ostiary.db" for path in files)
    for path in files:
        expected = ["root's secret"] if path.name == "root-credentials" else []
        assert found(told, path.read_bytes()) == expected, path


def test_no_log_holds_a_secret(told: Told) -> None:
    assert found(told, told.server.log.read_bytes()) == []


def test_no_error_says_a_secret_back(told: Told) -> None:
    """But for S3's canonical request, which has the headers that the caller signed, its session token among them."""
    assert len(told.errors) > 30
    for reply in told.errors:
        body = re.sub(rb"(?s)<(CanonicalRequest|CanonicalRequestBytes)>.*?</\1>", b"", reply.body)
        heard = body + repr(dict(reply.headers)).encode()
        assert found(told, heard) == [], reply.text


def test_the_record_knows_what_happened_and_no_secret(told: Told) -> None:
    """Every value of every row of every table, unpacked where it is packed."""
    with sqlite3.connect(f"file:{told.server.data / 'ostiary.db'}?mode=ro", uri=True) as database:
        tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = {table: database.execute(f'SELECT * FROM "{table}"').fetchall() for table in tables}
    dump = b"\n".join(unpacked(value) for table in tables for row in rows[table] for value in row)
    assert found(told, dump) == []
    events = b"\n".join(unpacked(value) for row in rows["events"] for value in row)
    for name in (b"CreateLoginProfile", b"CreateAccessKey", b"AssumeRole", b"InvalidClientTokenId", b"keeper"):
        assert name in events


def unpacked(value: object) -> bytes:
    import zlib

    if not isinstance(value, bytes):
        return str(value).encode("utf-8", "surrogatepass")
    for bits in (15, -15, 31):
        try:
            return value + zlib.decompress(value, bits)
        except zlib.error:
            continue
    return value


def test_secrets_are_shown_once(told: Told) -> None:
    """The search would have found them: it does where they were said."""
    assert found(told, told.secrets["a user's secret"].encode()) == ["a user's secret"]
    assert "root's password" in found(told, "".join(told.server.said).encode())
    assert Path(told.server.data / "root-credentials").read_text().count(told.secrets["root's secret"]) == 1
