"""An upload of 10,000 parts, the most that there may be: each kept, listed page by page, none too many, memory flat.

The parts are tiny, so that it ends with `EntityTooSmall`, as at AWS: all but the last must have 5 MiB.

`python -m tests.parts_s3 [PARTS]`; `make parts`.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from tests.live import Server

_MOST, _PAGE, _AT_ONCE = 10_000, 1_000, 8
_MAY_GROW = 48
"""MiB: SQLite's cache of the record, which each part is written to, has 32 of them and is full by then."""


def main(parts: int) -> None:
    with tempfile.TemporaryDirectory() as home:
        server = Server.start(Path(home) / "data")
        try:
            server.wait_for_s3()
            _upload(server, parts)
        finally:
            server.stop()


def _upload(server: Server, parts: int) -> None:
    s3 = server.client("s3", config={"max_pool_connections": _AT_ONCE, "retries": {"total_max_attempts": 1}})
    s3.create_bucket(Bucket="parts", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"})
    upload = {"Bucket": "parts", "Key": "large"}
    upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
    numbers = range(_MOST - parts + 1, _MOST + 1)

    def put(number: int) -> tuple[int, str]:
        return number, s3.upload_part(**upload, PartNumber=number, Body=f"part {number}".encode())["ETag"]

    before, began = _memory(server), time.monotonic()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        etags = dict(pool.map(put, numbers))
    print(f"{parts} parts uploaded in {time.monotonic() - began:.1f} s")
    for number in (0, _MOST + 1):
        error = _refusal(lambda number=number: put(number))
        assert error["Code"] == "InvalidArgument", error
        assert error["Message"] == f"Part number must be an integer between 1 and {_MOST}, inclusive", error
    began, listed, pages = time.monotonic(), [], 0
    for page in s3.get_paginator("list_parts").paginate(**upload):
        assert page["MaxParts"] == _PAGE and len(page["Parts"]) <= _PAGE
        listed += [(part["PartNumber"], part["ETag"], part["Size"]) for part in page["Parts"]]
        pages += 1
    assert listed == [(number, etags[number], len(f"part {number}")) for number in numbers]
    assert pages == -(-parts // _PAGE), pages
    print(f"{pages} pages listed in {time.monotonic() - began:.1f} s")
    whole = {"Parts": [{"PartNumber": number, "ETag": etag} for number, etag in etags.items()]}
    error = _refusal(lambda: s3.complete_multipart_upload(**upload, MultipartUpload=whole))
    assert error["Code"] == "EntityTooSmall", error
    grown = _memory(server) - before
    print(f"the server grew by {grown:.1f} MiB")
    assert grown <= _MAY_GROW, grown
    s3.abort_multipart_upload(**upload)
    assert _refusal(lambda: s3.list_parts(**upload))["Code"] == "NoSuchUpload"


def _memory(server: Server) -> float:
    """MiB of the server's own process."""
    told = Path(f"/proc/{server.process.pid}/smaps_rollup").read_text()
    return next(int(line.split()[1]) for line in told.splitlines() if line.startswith("Pss:")) / 1024


def _refusal(call: Callable[[], Any]) -> dict[str, str]:
    try:
        call()
    except ClientError as refused:
        found: dict[str, str] = refused.response["Error"]
        return found
    raise AssertionError("it was done")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else _MOST)
