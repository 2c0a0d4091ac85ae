"""S3's paths: each request names one operation or none."""

from __future__ import annotations

import pytest

from ostiary.wire.faults import WireFault
from ostiary.wire.models import service
from ostiary.wire.routes import match_rest

COPY = {"x-amz-copy-source": "/b/k"}


@pytest.mark.parametrize(
    ("method", "path", "query", "headers", "operation"),
    [
        ("GET", "/", {}, {}, "ListBuckets"),
        ("GET", "/b", {}, {}, "ListObjects"),
        ("GET", "/b/", {"list-type": "2", "x-id": "ListObjectsV2"}, {}, "ListObjectsV2"),
        ("GET", "/b", {"list-type": "1"}, {}, None),
        ("GET", "/b", {"versions": ""}, {}, "ListObjectVersions"),
        ("GET", "/b", {"uploads": ""}, {}, "ListMultipartUploads"),
        ("GET", "/b", {"analytics": "", "id": "1"}, {}, "GetBucketAnalyticsConfiguration"),
        ("GET", "/b", {"analytics": ""}, {}, "ListBucketAnalyticsConfigurations"),
        ("GET", "/b", {"acl": "", "policy": ""}, {}, None),
        ("HEAD", "/b", {}, {}, "HeadBucket"),
        ("HEAD", "/b/k", {"partNumber": "2"}, {}, "HeadObject"),
        ("GET", "/b/k", {"partNumber": "2", "versionId": "v"}, {}, "GetObject"),
        ("GET", "/b/k", {"uploadId": "u"}, {}, "ListParts"),
        ("GET", "/b/k", {"response-content-type": "a/b", "utm_source": "mail"}, {}, "GetObject"),
        ("GET", "/b/k", {"attributes": ""}, {}, "GetObjectAttributes"),
        ("PUT", "/b/k", {}, {}, "PutObject"),
        ("PUT", "/b/k", {"x-id": "PutObject"}, {}, "PutObject"),
        ("PUT", "/b/k", {}, COPY, "CopyObject"),
        ("PUT", "/b/k", {"uploadId": "u", "partNumber": "1"}, {}, "UploadPart"),
        ("PUT", "/b/k", {"uploadId": "u", "partNumber": "1"}, COPY, "UploadPartCopy"),
        ("PUT", "/b/k", {"uploadId": "u"}, {}, None),
        ("PUT", "/b/k", {"partNumber": "1"}, COPY, None),
        ("PUT", "/b/k", {"acl": ""}, {}, "PutObjectAcl"),
        ("PUT", "/b", {"policyStatus": ""}, {}, None),
        ("DELETE", "/b", {}, {}, "DeleteBucket"),
        ("DELETE", "/b", {"acl": ""}, {}, None),
        ("DELETE", "/b", {"versioning": ""}, {}, None),
        ("DELETE", "/b/k", {"acl": ""}, {}, None),
        ("DELETE", "/b/k", {"uploadId": "u"}, {}, "AbortMultipartUpload"),
        ("DELETE", "/b/k", {"versionId": "v"}, {}, "DeleteObject"),
        ("POST", "/b", {"delete": ""}, {}, "DeleteObjects"),
        ("POST", "/b", {}, {}, None),
        ("POST", "/b/k", {"uploads": ""}, {}, "CreateMultipartUpload"),
        ("POST", "/b/k", {"uploadId": "u"}, {}, "CompleteMultipartUpload"),
        ("POST", "/b/k", {"select": "", "select-type": "2"}, {}, "SelectObjectContent"),
        ("PATCH", "/b/k", {}, {}, None),
    ],
)
def test_a_request_to_s3_names_one_operation_or_none(
    method: str, path: str, query: dict[str, str], headers: dict[str, str], operation: str | None
) -> None:
    found = match_rest(service("s3"), method, path, query, headers)
    assert (found.operation.name if found else None) == operation


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/b/a/b", "a/b"),
        ("/b/a//b", "a//b"),
        ("/b//a", "/a"),
        ("/b/dir/", "dir/"),
        ("/b/a%2Fb", "a/b"),
        ("/b/a%20b+c", "a b+c"),
        ("/b/%C3%A9", "é"),
        ("/b/..", ".."),
        ("/b/%2525", "%25"),
    ],
)
def test_a_key_is_decoded_once_and_kept_as_it_is(path: str, key: str) -> None:
    found = match_rest(service("s3"), "GET", path, {}, {})
    assert found is not None
    assert found.path_params == {"Bucket": "b", "Key": key}


def test_a_path_that_is_no_utf8_is_refused() -> None:
    with pytest.raises(WireFault, match="InvalidURI"):
        match_rest(service("s3"), "GET", "/b/%ff", {}, {})


def test_a_label_of_a_path_holds_no_slash_unless_it_is_greedy() -> None:
    analyzer = service("accessanalyzer")
    found = match_rest(analyzer, "GET", "/analyzer/a%2Fb/archive-rule/r", {}, {})
    assert found is not None
    assert (found.operation.name, found.path_params) == ("GetArchiveRule", {"analyzerName": "a/b", "ruleName": "r"})
    assert match_rest(analyzer, "GET", "/analyzer/a/b/archive-rule/r", {}, {}) is None
    assert match_rest(analyzer, "GET", "/analyzer/", {}, {}) is None
