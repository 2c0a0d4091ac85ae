"""Whatever is sent, the only thing raised is a fault with an answer; and what is written is always well-formed."""

from __future__ import annotations

import string
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.wire import write
from ostiary.wire.detect import name_operation, name_services
from ostiary.wire.faults import WireFault
from ostiary.wire.models import service
from ostiary.wire.parse import read_form, read_input
from ostiary.wire.read_xml import MalformedXml, parse_xml
from ostiary.wire.write import write_error, write_output

FEW = settings(max_examples=150, deadline=None)
QUERY = [("iam", "CreateUser"), ("iam", "SimulateCustomPolicy"), ("sts", "AssumeRole"), ("sns", "Publish")]
JSON = [("organizations", "CreatePolicy"), ("organizations", "InviteAccountToOrganization")]
REST = [("accessanalyzer", "CreateAnalyzer"), ("accessanalyzer", "CreateAccessPreview")]
XML = [("s3", "PutBucketLifecycleConfiguration"), ("s3", "DeleteObjects"), ("s3", "PutBucketAcl")]

PARTS = """UserName Tags member entry 1 2 999999999 0 Key Value key value é Policy ContextEntries ContextKeyValues
MessageAttributes DurationSeconds Filter InstanceId"""
part = st.sampled_from(["", *PARTS.split()])
name = st.lists(part, min_size=1, max_size=6).map(".".join)
value = st.one_of(
    st.text(max_size=20), st.sampled_from(["", "true", "1", "%", "%zz", "%ff", "+", "2015-13-45T00:00:00Z"])
)
form_text = st.lists(st.tuples(name, value), max_size=12).map(lambda rows: "&".join(f"{k}={v}" for k, v in rows))
json_value = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Content", "Type", "Tags", "Key", "Target", "analyzerName", "configuration"]), inner
        )
    ),
    max_leaves=10,
)


def read(case: tuple[str, str], **sent: Any) -> None:
    """Read, and let nothing but a fault out."""
    try:
        read_input(service(case[0]).operation(case[1]), **sent)
    except WireFault as fault:
        assert 400 <= fault.status < 500
        assert fault.code


@FEW
@given(
    st.sampled_from([*QUERY, ("ec2", "RunInstances"), ("ec2", "DescribeInstances")]), form_text, st.binary(max_size=60)
)
def test_a_form_is_read_or_refused(case: tuple[str, str], query: str, body: bytes) -> None:
    read(case, query=query, body=body)
    read(case, body=query.encode("utf-8", "surrogatepass"))


@FEW
@given(st.sampled_from([*JSON, *REST]), json_value)
def test_json_is_read_or_refused(case: tuple[str, str], sent: Any) -> None:
    import json

    read(case, body=json.dumps(sent).encode())


@FEW
@given(st.sampled_from([*QUERY, *JSON, *REST, *XML]), st.binary(max_size=200), st.text(max_size=20))
def test_any_bytes_are_read_or_refused(case: tuple[str, str], body: bytes, text: str) -> None:
    names = ["x-amz-acl", "content-md5", "x-amz-expected-bucket-owner", "x-amz-sdk-checksum-algorithm"]
    read(case, body=body, query=text, headers=dict.fromkeys(names, text), path_params={"Bucket": text, "Key": text})


@FEW
@given(st.sampled_from(XML), st.lists(st.sampled_from(["Rule", "ID", "Status", "Object", "Key", "Filter"]), max_size=8))
def test_a_document_is_read_or_refused(case: tuple[str, str], tags: list[str]) -> None:
    roots = {"PutBucketLifecycleConfiguration": "LifecycleConfiguration", "DeleteObjects": "Delete"}
    root = roots.get(case[1], "AccessControlPolicy")
    nested = "".join(f"<{tag}>" for tag in tags) + "x" + "".join(f"</{tag}>" for tag in reversed(tags))
    flat = "".join(f"<{tag}>1</{tag}>" for tag in tags)
    read(case, path_params={"Bucket": "b"}, body=f"<{root}>{nested}{flat}</{root}>".encode())


@FEW
@given(
    st.sampled_from(["iam", "sts", "s3", "ec2", "organizations", "access-analyzer", "nope", None]),
    st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "", "get"]),
    st.text(alphabet=string.printable, max_size=30),
    st.text(max_size=30),
    st.text(max_size=30),
)
def test_any_request_is_named_or_refused(signing: str | None, method: str, path: str, query: str, target: str) -> None:
    headers = {"x-amz-target": target} if target else {}
    try:
        form = read_form(query)
        entries = name_services(signing_name=signing, host=query, path=path, headers=headers, form=form)
        name_operation(entries, method=method, path="/" + path, query=query, headers=headers, form=form)
    except WireFault as fault:
        assert 400 <= fault.status < 500


@pytest.mark.parametrize(
    "document",
    [
        b'<!DOCTYPE a [<!ENTITY e "x">]><Delete>&e;</Delete>',
        b'<!DOCTYPE a SYSTEM "http://localhost/x"><Delete/>',
        b'<!DOCTYPE a [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]><Delete/>',
        b"<Delete>&nbsp;</Delete>",
        b"<a>" * 100 + b"</a>" * 100,
        b"<Delete>\x00</Delete>",
        b"<Delete>\xff</Delete>",
        b"<Delete/><Delete/>",
        b"",
    ],
)
def test_a_dangerous_document_is_refused(document: bytes) -> None:
    with pytest.raises(MalformedXml):
        parse_xml(document)


def test_deep_json_is_refused() -> None:
    for body in (b'{"Content":' + b"[" * 100_000, b'{"configuration":' * 5_000 + b"1" + b"}" * 5_000):
        read(JSON[0], body=body)
        read(REST[0], body=body)


def test_large_requests_are_read_in_linear_time() -> None:
    started = time.process_time()
    read(QUERY[0], body=b"UserName=a&" + b"&".join(b"Tags.member.%d.Key=k" % n for n in range(19_000)))
    read(QUERY[0], body=b"&" * 1_000_000)
    read(QUERY[0], body=b".".join([b"a"] * 500_000) + b"=1")
    read(XML[1], path_params={"Bucket": "b"}, body=b"<Delete>" + b"<Object>\n</Object>\n" * 60_000 + b"</Delete>")
    read(
        XML[1],
        path_params={"Bucket": "b"},
        body=b"<Delete><Object><Key>" + b"x&lt;" * 300_000 + b"</Key></Object></Delete>",
    )
    read(JSON[0], body=b'{"Tags":[' + b",".join([b"{}"] * 100_000) + b"]}")
    assert time.process_time() - started < 5


@FEW
@given(st.text(max_size=40))
def test_any_text_makes_a_well_formed_answer(text: str) -> None:
    user = {"UserName": text, "Path": "/", "UserId": "u", "Arn": text, "CreateDate": datetime(2015, 2, 6, tzinfo=UTC)}
    answer = write_output(service("iam").operation("GetUser"), {"User": user}, "id")
    names = [
        element.text or "" for element in ElementTree.fromstring(answer.body).iter() if element.tag.endswith("UserName")
    ]
    harmless = all(c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff") for c in text)
    assert names == [text] or not harmless
    for protocol in ("query", "ec2", "rest-xml"):
        ElementTree.fromstring(write_error(None, protocol, "Code", text, 400, "id").body)


@FEW
@given(st.text(alphabet=st.characters(), max_size=20))
def test_a_header_can_not_end_itself(text: str) -> None:
    answer = write_output(service("s3").operation("HeadObject"), {"Metadata": {text: text}, "ETag": text}, "id")
    for header, content in answer.headers.items():
        assert not set(header + content) & set("\r\n\x00")


def test_shapes_that_many_threads_ask_for_first_are_compiled_once() -> None:
    operation = service("organizations").operation("DescribeHandshake")  # HandshakeResource contains itself
    handshake = {"Handshake": {"Resources": [{"Value": "a", "Resources": [{"Value": "b"}]}]}}
    for _ in range(20):
        write.json_writers.cache_clear()
        with ThreadPoolExecutor(8) as pool:
            answers = set(pool.map(lambda _: write_output(operation, handshake, "id").body, range(16)))
        assert answers == {b'{"Handshake":{"Resources":[{"Value":"a","Resources":[{"Value":"b"}]}]}}'}
