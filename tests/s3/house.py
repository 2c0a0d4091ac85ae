"""Two accounts, a gate, and an engine that is a function: requests of botocore, answered in this process."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import botocore
import msgspec
import pytest
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from urllib3.filepost import encode_multipart_formdata

from ostiary.app import build
from ostiary.audit.record import Happening
from ostiary.authorization.context import RequestFacts
from ostiary.authorization.organization import SCP
from ostiary.engines.call import Answer
from ostiary.engines.engine import EngineAddress
from ostiary.gate.authenticate import key_caller
from ostiary.gate.forms import read_on
from ostiary.gate.gate import Gate
from ostiary.gate.operate import carry_out
from ostiary.gate.request import HttpRequest, HttpResponse
from ostiary.services.accounts import ROOT_ACCOUNT, ROOT_KEY, ROOT_PASSWORD, ROOT_SECRET, found, found_first
from ostiary.services.operation import OPERATIONS, Call
from ostiary.services.outcome import Forward
from ostiary.services.principals import to_stored
from ostiary.services.s3 import engine_calls
from ostiary.services.s3.public import read_switches
from ostiary.services.s3.requests import MARKER
from ostiary.settings import Settings
from ostiary.store.records import BucketRecord
from ostiary.store.s3 import BucketAccessRecord, ObjectAccessRecord
from ostiary.store.transaction import Transaction
from tests.s3.matrix import ALL, CANONICAL, NONE, OTHER, OWNER, Bucket, Case, document
from tests.s3.written import SESSION, Written, least, write

MANAGEMENT = "333333333333"
OBJECTS = ("k", "s", "a", "b")


class NoEngine:
    """Keeps every key of every bucket; nobody answers at its address but `answered`."""

    failure = None

    def of(self, _bucket: str) -> NoEngine:
        return self

    def address(self) -> EngineAddress:
        return EngineAddress(host="127.0.0.1", port=1, secure=False, akid="", secret="", region="us-east-1")

    def unable(self, _key: str, *, filled: bool) -> str | None:
        return None

    def unable_to_list(self, _text: str) -> str | None:
        return None


def answered(_address: Any, method: str, path: str, query: str, _headers: Any, body: bytes, **_: Any) -> Answer:
    """What the engine says: the objects are there, without tags; whatever is wanted is done."""
    if method == "HEAD":
        there = path.rpartition("/")[2] in OBJECTS
        return Answer(200 if there else 404, ((MARKER, "m"), ("etag", '"e"')), b"")
    if query.startswith("tagging"):
        return Answer(200, (), b"<Tagging><TagSet/></Tagging>")
    if query == "delete=":
        done = body.replace(b"<Object>", b"<Deleted>").replace(b"</Object>", b"</Deleted>")
        return Answer(200, (), done.replace(b"<Delete ", b"<R ").replace(b"</Delete>", b"</R>"))
    return Answer(200, (), b"<R/>")


class S3House:
    """One server's inside. Use it under `pytest.MonkeyPatch`, which takes the engine's place."""

    def __init__(self, data: Path, patch: pytest.MonkeyPatch) -> None:
        patch.setattr(engine_calls, "call", answered)
        self.built = build(Settings(data=data, audit_delay=3600), engine=NoEngine())  # type: ignore[arg-type]
        self.house = self.built.house
        keys = {ROOT_KEY: "AKIAIOSFODNN7EXAMPLE", ROOT_SECRET: "s" * 40, ROOT_PASSWORD: "Root-1-password"}
        found_first(self.house, {**keys, ROOT_ACCOUNT: MANAGEMENT})
        self.reported: list[str] = []
        self.gate = Gate(self.house, self.built.audit, self.reported.append)
        self._numbers = itertools.count(1)
        self.ids: dict[str, str] = {}
        self.keys: dict[str, tuple[str, ...]] = {}
        self._clients: dict[str, Any] = {}
        for word, account in (("root", OWNER), ("other root", OTHER)):
            made = found(self.house, name=word, account=account)
            self.keys[word] = (made.akid, made.secret)
        with self.house.store.write() as tx:
            for account in (OWNER, OTHER):
                tx.accounts.change(account, canonical_id=CANONICAL[account])
        self._people()
        self._scp = self._control_policy()

    def close(self) -> None:
        self.built.close()

    def do(self, name: str, params: Mapping[str, Any], by: str) -> Any:
        """An operation below the wire, done by the root user of an account, or by a user."""
        service, operation = name.split(":")
        self.house.book.refresh()
        account = by if by.isdecimal() else OWNER
        caller = key_caller(self.house.book, account, self.ids.get(by, account), "")
        assert caller is not None
        number, at = next(self._numbers), self.house.clock.now()
        facts = RequestFacts(request_id=f"{number}", at=at, source_ip="127.0.0.1", secure=True, region="us-east-1")
        call = Call(service=service, operation=operation, caller=caller, params=params, facts=facts, house=self.house)
        happening = Happening(facts=facts, caller=caller, event_source=service, event_name=operation, account=account)
        return carry_out(OPERATIONS[service, operation], call, happening, None)[0]

    def _people(self) -> None:
        for account, name in ((OWNER, "alice"), (OTHER, "bob")):
            self.ids[name] = self.do("iam:CreateUser", {"UserName": name}, account)["User"]["UserId"]
            key = self.do("iam:CreateAccessKey", {"UserName": name}, account)["AccessKey"]
            self.keys["user" if name == "alice" else "other user"] = (key["AccessKeyId"], key["SecretAccessKey"])
            for word, said in (("all", ALL), ("none", NONE)):
                self.do("iam:CreatePolicy", {"PolicyName": word, "PolicyDocument": json.dumps(said)}, account)
        trust = document("Allow", "sts:AssumeRole", Principal={"AWS": f"arn:aws:iam::{OWNER}:user/alice"})
        del trust["Statement"][0]["Resource"]
        asked = {"RoleName": "worker", "AssumeRolePolicyDocument": json.dumps(trust)}
        self.ids["worker"] = self.do("iam:CreateRole", asked, OWNER)["Role"]["RoleId"]
        for word, limit in (("role", None), ("role all", ALL), ("role none", NONE)):
            asked = {"RoleArn": f"arn:aws:iam::{OWNER}:role/worker", "RoleSessionName": "s"}
            more = {} if limit is None else {"Policy": json.dumps(limit)}
            held = self.do("sts:AssumeRole", {**asked, **more}, "alice")["Credentials"]
            self.keys[word] = held["AccessKeyId"], held["SecretAccessKey"], held["SessionToken"]

    def _control_policy(self) -> tuple[str, str]:
        """Ids of the organization and of a policy that denies reading."""
        root = self.do("organizations:ListRoots", {}, MANAGEMENT)["Roots"][0]["Id"]
        self.do("organizations:EnablePolicyType", {"RootId": root, "PolicyType": SCP}, MANAGEMENT)
        said = json.dumps(document("Deny", ["s3:Get*", "s3:List*"]))
        asked = {"Name": "no-reading", "Description": "", "Type": SCP, "Content": said}
        made = self.do("organizations:CreatePolicy", asked, MANAGEMENT)["Policy"]["PolicySummary"]["Id"]
        organization = self.do("organizations:DescribeOrganization", {}, MANAGEMENT)["Organization"]["Id"]
        return organization, made

    def furnish(self, case: Case) -> None:
        """Make the world as a case has it."""
        bound = {None: None, "all": "all", "none": "none"}["none" if case.boundary is NONE else case.boundary and "all"]
        organization, scp = self._scp
        with self.house.store.write() as tx:
            for name, account in (("alice", OWNER), ("bob", OTHER), ("worker", OWNER)):
                for number in range(3):
                    tx.inline_policies.remove(self.ids[name], str(number))
                for number, said in enumerate(case.identity):
                    tx.inline_policies.put(self.ids[name], str(number), json.dumps(said))
                noun: Any = tx.roles if name == "worker" else tx.users
                noun.change(
                    self.ids[name], boundary=None if bound is None else f"arn:aws:iam::{account}:policy/{bound}"
                )
            for account in (OWNER, OTHER):
                tx.organization_policies.detach(organization, scp, account)
                if case.scp is not None:
                    tx.organization_policies.attach(organization, scp, SCP, account)
            tx.account_public_access.put(OWNER, _bits(case.account_block) if case.account_block else None)
            for name, bucket in case.buckets.items():
                _make(tx, name, bucket)

    def make_buckets(self, buckets: Mapping[str, Bucket]) -> None:
        """Make buckets of the owner's, as described."""
        with self.house.store.write() as tx:
            for name, bucket in buckets.items():
                _make(tx, name, bucket)

    def ask(self, caller: str, operation: str, **params: Any) -> HttpResponse:
        """An operation that the engine has no part in."""
        answer = self._ask(write(self._client(caller), operation, **params))
        assert isinstance(answer, HttpResponse)
        return answer

    def outcome(self, case: Case) -> list[bool]:
        """Whether the gate lets the request through; of DeleteObjects, each key."""
        self.furnish(case)
        caller = case.caller
        if caller == "role" and case.session is not None:
            caller = "role none" if case.session is NONE else "role all"
        if case.form is not None:
            return [self._passed(self._upload(caller, case.form))]
        params = least(case.operation, **case.params)
        client = self._client(caller)
        written = write(client, case.operation, **params)
        if caller == "presigned":
            written = _presigned(written, self.keys["user"])
        answer = self._ask(written)
        passed = self._passed(answer, silent=written.method == "HEAD")
        if case.operation != "DeleteObjects" or isinstance(answer, Forward):
            return [passed]
        refused = set(re.findall(rb"<Error><Key>(.*?)</Key>", answer.body.replace(b"\n", b"")))
        return [passed and each["Key"].encode() not in refused for each in params["Delete"]["Objects"]]

    def _passed(self, answer: HttpResponse | Forward, *, silent: bool = False) -> bool:
        if isinstance(answer, Forward):
            return True
        assert answer.status < 500 or answer.status == 501, answer.body
        assert b"Signature" not in answer.body, answer.body
        return not (answer.status == 403 and (b"AccessDenied" in answer.body or silent))

    def _upload(self, caller: str, fields: dict[str, str]) -> HttpResponse | Forward:
        """A form as botocore prepares it for the caller; of one who has no key, without a signature."""
        if caller == "anonymous":
            fields = {"key": "k", **fields}
        else:
            conditions = [{name: value} for name, value in fields.items()]
            client = self._client(caller)
            fields = client.generate_presigned_post("box", "k", dict(fields), conditions)["fields"]
        body, kind = encode_multipart_formdata([*fields.items(), ("file", ("f", b"x"))])
        head = HttpRequest(
            method="POST",
            raw_path="/box",
            raw_query="",
            headers=[("host", "127.0.0.1:4700"), ("content-type", kind), ("content-length", str(len(body)))],
            body=None,
            source_ip="127.0.0.1",
            secure=False,
            at=self.house.clock.now(),
            request_id=f"00000000-0000-4000-8000-{next(self._numbers):012d}",
        )
        assert self.gate.takes_form(head)
        form = self.gate.form(head)
        read_on(form, body)
        answer = self.gate.answer(msgspec.structs.replace(self.gate.route_form(head, form), patient=True))
        assert self.reported == []
        return answer

    def _client(self, caller: str) -> Any:
        found = self._clients.get(caller)
        if found is None:
            key = () if caller == "anonymous" else self.keys["user" if caller == "presigned" else caller]
            found = self._clients[caller] = _made(key)
        return found

    def _ask(self, written: Written) -> HttpResponse | Forward:
        at = self.house.clock.now()
        head = HttpRequest(
            method=written.method,
            raw_path=written.path,
            raw_query=written.query,
            headers=written.headers,
            body=None,
            source_ip="127.0.0.1",
            secure=False,
            at=at,
            request_id=f"00000000-0000-4000-8000-{next(self._numbers):012d}",
        )
        request = head if self.gate.streams(head) else msgspec.structs.replace(head, body=written.body)
        answer = self.gate.answer(msgspec.structs.replace(self.gate.route(request), patient=True))
        assert self.reported == []
        return answer


def _make(tx: Transaction, name: str, bucket: Bucket) -> None:
    if tx.buckets.get(name) is None:
        tx.buckets.add(BucketRecord(name=name, account=OWNER, region="us-east-1", created=0))
    said = None if bucket.policy is None else to_stored(json.dumps(bucket.policy), tx)
    tx.buckets.set_policy(name, said)
    access = BucketAccessRecord(
        bucket=name,
        ownership=bucket.ownership,
        acl=_stored(OWNER, bucket.acl),
        public_access=_bits(bucket.block),
        requester_pays=bucket.requester_pays,
    )
    tx.bucket_access.put(access)
    tx.object_access.remove_all(name)
    for key in ("k", "s"):
        acl = _stored(bucket.object_owner, bucket.object_acl)
        tx.object_access.put(
            ObjectAccessRecord(bucket=name, key=key, marker="m", account=bucket.object_owner, acl=acl, at=0)
        )


def _presigned(written: Written, key: tuple[str, ...]) -> Written:
    """The same request with its signature in the URL."""
    unsigned = ("authorization", "x-amz-date", "x-amz-content-sha256", "host", "content-length", "user-agent")
    headers = {name: value for name, value in written.headers if name not in unsigned}
    url = f"http://{written.host}{written.path}" + (f"?{written.query}" if written.query else "")
    request = AWSRequest(method=written.method, url=url, headers=headers)
    S3SigV4QueryAuth(Credentials(*key), "s3", "us-east-1", expires=600).add_auth(request)
    return replace(written, query=urlsplit(request.url).query, headers=[("host", written.host), *headers.items()])


def _bits(switches: frozenset[str]) -> int:
    return read_switches(dict.fromkeys(switches, True))


def _stored(owner: str, acl: list[tuple[str, str]]) -> str | None:
    return json.dumps([("FULL_CONTROL", CANONICAL[owner]), *acl]) if acl else None


def _made(key: tuple[str, ...]) -> Any:
    config = Config(
        s3={"addressing_style": "path"},
        retries={"max_attempts": 0},
        signature_version="s3v4" if key else botocore.UNSIGNED,
        request_checksum_calculation="when_required",
    )
    return SESSION.create_client(
        "s3",
        aws_access_key_id=key[0] if key else None,
        aws_secret_access_key=key[1] if key else None,
        aws_session_token=key[2] if len(key) > 2 else None,
        region_name="us-east-1",
        endpoint_url="http://127.0.0.1:4700",
        config=config,
    )
