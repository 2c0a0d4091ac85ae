"""What the record says of objects."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from botocore.exceptions import ClientError

from tests.guarded.conftest import S3World
from tests.guarded.test_forms import post
from tests.live import BIN

pytestmark = [pytest.mark.server, pytest.mark.client, pytest.mark.xdist_group("guarded")]


def events(guarded: S3World, bucket: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Those about a bucket's objects, by name and key, the latest of each."""
    time.sleep(0.3)
    command = [str(BIN / "ostiary"), "events", "--data", str(guarded.server.data), "--json"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = [json.loads(line) for line in told.splitlines()]
    mine = [each for each in found if (each["requestParameters"] or {}).get("bucketName") == bucket]
    return {(each["eventName"], each["requestParameters"].get("key", "")): each for each in mine}


def test_each_request_about_an_object_is_a_data_event_with_who_what_and_how_much(guarded: S3World) -> None:
    bucket, client = guarded.bucket(), guarded.s3(guarded.server.root, config={"signature_version": "s3v4"})
    for key, size in (("small", 1_000), ("large", 3_000_000)):
        client.put_object(Bucket=bucket, Key=key, Body=b"x" * size)
        url = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": key})
        with urllib.request.urlopen(url) as answer:
            assert len(answer.read()) == size
    form = client.generate_presigned_post(bucket, "form")
    assert post(form["url"], form["fields"], b"abc")[0] == 204
    with pytest.raises(ClientError):
        client.get_object(Bucket=bucket, Key="missing")
    with pytest.raises(ClientError):
        guarded.s3(()).get_object(Bucket=bucket, Key="small")
    with pytest.raises(ClientError):
        client.put_object(Bucket=bucket, Key="bad", Body=b"x", ContentMD5="CY9rzUYh03PK3k6DJie09g==")
    found = events(guarded, bucket)
    for name, key, method, received, sent in (
        ("PutObject", "large", "AuthHeader", 3_000_000, 0),
        ("GetObject", "large", "QueryString", 0, 3_000_000),
        ("PutObject", "small", "AuthHeader", 1_000, 0),
    ):
        event = found[name, key]
        assert (event["eventCategory"], event["managementEvent"]) == ("Data", False)
        assert event["resources"][0]["ARN"] == f"arn:aws:s3:::{bucket}/{key}"
        assert event["additionalEventData"] == {
            "SignatureVersion": "SigV4",
            "AuthenticationMethod": method,
            "bytesTransferredIn": received,
            "bytesTransferredOut": sent,
        }
    assert found["PostObject", "form"]["additionalEventData"]["AuthenticationMethod"] == "HtmlForm"
    assert found["GetObject", "missing"]["errorCode"] == "NoSuchKey"
    assert found["GetObject", "small"]["errorCode"] == "AccessDenied"
    assert found["GetObject", "small"]["userIdentity"]["accountId"] == "ANONYMOUS_PRINCIPAL"
    assert found["PutObject", "bad"]["errorCode"] == "BadDigest"


def test_what_the_engine_refuses_is_told_and_recorded_under_our_own_request_id(guarded: S3World) -> None:
    bucket, client = guarded.bucket(), guarded.s3(guarded.server.root, config={"signature_version": "s3v4"})
    upload = {"Bucket": bucket, "Key": "a"}
    for url, code in (
        (client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "missing"}), "NoSuchKey"),
        (client.generate_presigned_url("get_bucket_tagging", Params={"Bucket": bucket}), "NoSuchTagSet"),
        (client.generate_presigned_url("list_parts", Params={**upload, "UploadId": "no"}), "NoSuchUpload"),
    ):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(url)
        document, headers = ElementTree.fromstring(refused.value.read()), refused.value.headers
        assert (document.findtext("Code"), document.findtext("RequestId")) == (code, headers["x-amz-request-id"])
        assert document.findtext("HostId") == headers["x-amz-id-2"]
        assert document.findtext("Resource") == urlsplit(url).path.rstrip("/")
    missing = events(guarded, bucket)["GetObject", "missing"]
    assert missing["errorMessage"] == "The specified key does not exist."
