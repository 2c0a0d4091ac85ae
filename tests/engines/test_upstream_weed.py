"""The forwarding client against the real weed: what arrives, and what must leave no object."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ostiary.engines.call import call
from ostiary.engines.engine import EngineAddress
from ostiary.engines.upstream import BodyMismatch, Upstream

from .sending import stream
from .signing import sign


def test_bodies_go_both_ways_as_they_are(run: Any, weed: EngineAddress) -> None:
    call(weed, "PUT", "/upload", signer=sign)
    data = os.urandom(9_000_000)

    async def main() -> None:
        upstream = Upstream(signer=sign)
        pieces = [data[at : at + 100_000] for at in range(0, len(data), 100_000)]
        for path, length in (("/upload/known", len(data)), ("/upload/chunked", None)):
            put = await upstream.request(weed, "PUT", path, body=stream(*pieces), length=length)
            assert (put.status, await put.read()) == (200, b"")
            response = await upstream.request(weed, "GET", path)
            hashed = hashlib.sha256()
            async for part in response.parts():
                hashed.update(part)
            assert hashed.digest() == hashlib.sha256(data).digest()
        head = await upstream.request(weed, "HEAD", "/upload/known")
        assert (head.status, dict(head.headers)["content-length"]) == (200, str(len(data)))
        assert await head.read() == b""
        ranged = await upstream.request(weed, "GET", "/upload/known", headers=[("range", "bytes=5-9")])
        assert (ranged.status, await ranged.read()) == (206, data[5:10])
        etag = dict(ranged.headers)["etag"]
        same = await upstream.request(weed, "GET", "/upload/known", headers=[("if-none-match", etag)])
        assert (same.status, await same.read()) == (304, b"")
        gone = await upstream.request(weed, "DELETE", "/upload/known")
        assert (gone.status, await gone.read()) == (204, b"")
        missing = await upstream.request(weed, "GET", "/upload/known")
        assert missing.status == 404
        assert b"NoSuchKey" in await missing.read()
        await upstream.close()

    run(main())


def test_a_key_a_query_and_a_header_arrive_signed_and_whole(run: Any, weed: EngineAddress, s3: Any) -> None:
    call(weed, "PUT", "/upload", signer=sign)

    async def main() -> None:
        upstream = Upstream(signer=sign)
        headers = [("x-amz-meta-color", "a  b"), ("content-type", "text/x-test")]
        put = await upstream.request(weed, "PUT", "/upload/a%20b%2Bc", headers=headers, body=b"hi")
        assert put.status == 200
        await put.read()
        listed = await upstream.request(weed, "GET", "/upload", "list-type=2&prefix=a%20")
        assert b"<Key>a b+c</Key>" in await listed.read()
        await upstream.close()

    run(main())
    assert s3.head_object(Bucket="upload", Key="a b+c")["ContentType"] == "text/x-test"


@pytest.mark.parametrize("length", [1_000_000, None], ids=["known length", "chunked"])
def test_a_body_that_breaks_off_makes_no_object(run: Any, weed: EngineAddress, length: int | None) -> None:
    call(weed, "PUT", "/upload", signer=sign)
    path = f"/upload/broken-{length}"

    async def broken() -> AsyncIterator[bytes]:
        yield b"x" * 400_000
        await asyncio.sleep(0.1)
        raise ConnectionResetError("the client went away")

    async def main() -> None:
        upstream = Upstream(signer=sign)
        with pytest.raises(ConnectionResetError):
            await upstream.request(weed, "PUT", path, body=broken(), length=length)
        await asyncio.sleep(0.2)
        after = await upstream.request(weed, "GET", path)
        assert after.status == 404
        after.release()

    run(main())


@pytest.mark.parametrize("parts", [[b"abc"], [b"abcdef", b"gh"]], ids=["shorter", "longer"])
def test_a_body_of_another_length_than_announced_makes_no_object(
    run: Any, weed: EngineAddress, parts: list[bytes]
) -> None:
    call(weed, "PUT", "/upload", signer=sign)

    async def main() -> None:
        upstream = Upstream(signer=sign)
        with pytest.raises(BodyMismatch):
            await upstream.request(weed, "PUT", "/upload/mismatch", body=stream(*parts), length=6)
        await asyncio.sleep(0.1)
        after = await upstream.request(weed, "GET", "/upload/mismatch")
        assert after.status == 404
        after.release()

    run(main())


@pytest.mark.parametrize("body", [b"", b"abcdef", b"abc"], ids=["nothing", "all", "half"])
@pytest.mark.parametrize("length", [6, None], ids=["known length", "chunked"])
def test_a_body_whose_checksum_is_wrong_at_its_very_end_makes_no_object(
    run: Any, weed: EngineAddress, length: int | None, body: bytes
) -> None:
    call(weed, "PUT", "/upload", signer=sign)
    call(weed, "PUT", "/upload/checked", body=b"before", signer=sign)

    async def checked() -> AsyncIterator[bytes]:
        yield body[:3]
        yield body[3:]
        yield b""
        await asyncio.sleep(0.1)
        raise ArithmeticError("the hash is wrong")

    async def main() -> None:
        upstream = Upstream(signer=sign)
        with pytest.raises(ArithmeticError):
            await upstream.request(weed, "PUT", "/upload/checked", body=checked(), length=length)
        await asyncio.sleep(0.1)
        after = await upstream.request(weed, "GET", "/upload/checked")
        assert (after.status, await after.read()) == (200, b"before")

    run(main())
