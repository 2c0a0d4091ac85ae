"""Whatever arrives is anonymous or refused in words, and whatever is to be signed can be."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.sigv4 import (
    EMPTY_SHA256,
    Credentials,
    Family,
    Headers,
    SignatureFault,
    declaration,
    open_body,
    present,
    presign,
    sign,
    verify,
)

from .signed import at
from .test_signature_vectors import SECRET

NOW = at("20150830T123600Z")
ascii_text = st.text(st.characters(max_codepoint=255), max_size=30)
fragments = st.lists(
    st.one_of(
        ascii_text,
        st.sampled_from(
            [
                "AWS4-HMAC-SHA256 ",
                "Credential=",
                "A/20150830/r/s3/aws4_request",
                "A/20150830/r/iam/aws4_request",
                ", SignedHeaders=",
                "host;x-amz-date",
                ", Signature=",
                "0" * 64,
                "X-Amz-Algorithm=AWS4-HMAC-SHA256&",
                "X-Amz-Credential=A%2F20150830%2Fr%2Fs3%2Faws4_request&",
                "X-Amz-Date=20150830T123600Z&",
                "X-Amz-SignedHeaders=host&",
                "X-Amz-Expires=60&",
                "X-Amz-Signature=00&",
                "AWS A:b",
                "%",
                "%zz",
                "\n",
                "\U0001f600",
            ]
        ),
    ),
    max_size=8,
).map("".join)
header_names = st.sampled_from(
    [
        "authorization",
        "date",
        "host",
        "x-amz-date",
        "x-amz-content-sha256",
        "x-amz-security-token",
        "x-amz-trailer",
        "x-amz-decoded-content-length",
        "x-amz-checksum-crc32",
        "content-md5",
    ]
)
dates = st.sampled_from(["20150830T123600Z", "99991231T235959Z", "00010101T000000Z", "Sun, 30 Aug 2015 12:36:00 GMT"])


@settings(max_examples=400, deadline=None)
@given(fragments, fragments, st.lists(st.tuples(header_names, fragments | dates), max_size=6), st.binary(max_size=40))
@pytest.mark.parametrize("service", ["s3", "iam"])
def test_whatever_arrives_is_anonymous_or_refused(
    service: str, path: str, query: str, headers: list[tuple[str, str]], body: bytes
) -> None:
    try:
        presented = present("GET", path, query, headers)
        if presented is not None:
            declared = declaration(presented) if service == "s3" else None
            verify(
                presented,
                method="GET",
                raw_path=path,
                raw_query=query,
                headers=headers,
                payload_hash=declared.text if declared else EMPTY_SHA256,
                secret=SECRET,
                now=NOW,
                service=service,
            )
            pytest.fail("a proof made without the secret was believed")
        reader = open_body(None, None, headers)
        reader.feed(body)
        reader.finish()
    except SignatureFault as fault:
        for family in Family:
            assert fault.told(family).message


@settings(max_examples=200, deadline=None)
@given(fragments, fragments, fragments)
def test_whatever_the_path_and_query_a_signed_request_gets_as_far_as_its_signature(path, query, value) -> None:
    """No spelling of a path, query or header makes the canonical request itself fail."""
    credentials = Credentials(akid="A", secret=SECRET)
    sent: Headers = [("host", "h"), ("x-amz-meta-a", value)]
    where = {"method": "GET", "raw_path": path, "raw_query": query, "headers": sent}
    added = sign(credentials, **where, payload_hash=EMPTY_SHA256, now=NOW, region="r", service="s3")
    assert added[-1][0] == "authorization"
    assert "X-Amz-Signature=" in presign(credentials, **where, expires=60, now=NOW, region="r", service="iam")
