"""The key that is judged is the key that is sent on, whatever is written in the path."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import unquote

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from ostiary.services.s3.actions import asks
from ostiary.services.s3.addresses import S3Refusal
from ostiary.services.s3.conditions import S3Facts
from ostiary.services.s3.requests import read_request

FACTS = S3Facts(at=datetime(2026, 11, 23, tzinfo=UTC))
RAW = "ü".encode().decode("latin-1")
PIECES = f"/ // . .. %2F %2f %2E %2e%2E + %20 %2B %25 %252F %00 a B ~ %7E %C3%BC {RAW} ; = @ : %3F %23 \\ %5C ' ( * ! &"
pieces = st.sampled_from(PIECES.split())
keys = st.lists(pieces, min_size=1, max_size=12).map("".join)


@given(key=keys, virtual=st.booleans(), bucket=st.sampled_from(["box", "my.dotted.box", "a-b"]))
@example(key="a/../secret", virtual=False, bucket="box")
@example(key="/a", virtual=True, bucket="box")
@example(key="a%2Fb/", virtual=True, bucket="my.dotted.box")
@settings(max_examples=500, deadline=None)
def test_the_key_is_decoded_once_and_written_so_that_it_can_only_be_read_as_itself(
    key: str, virtual: bool, bucket: str
) -> None:
    host = f"{bucket}.s3.eu-west-1.amazonaws.com" if virtual else "127.0.0.1:4700"
    path = f"/{key}" if virtual else f"/{bucket}/{key}"
    try:
        request = read_request("GET", host, path, "", [])
    except S3Refusal:
        assume(False)
        raise
    meant = unquote(key.encode("latin-1").decode("utf-8"), errors="strict")
    assert (request.bucket, request.key) == (bucket, meant)
    [ask] = [each for each in asks(request, FACTS) if each.action == "s3:GetObject"]
    assert ask.resource == f"arn:aws:s3:::{bucket}/{meant}"
    sent = request.forward_path
    assert sent.startswith(f"/{bucket}/") and unquote(sent.removeprefix(f"/{bucket}/")) == meant
    assert sent.isascii() and not set(sent) & set("?#\\ +;")
    again = read_request("GET", "127.0.0.1:4700", sent, "", [])
    assert (again.bucket, again.key, again.forward_path) == (bucket, meant, sent)
