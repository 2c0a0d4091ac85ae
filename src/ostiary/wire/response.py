"""Wire: an answer as bytes, and the headers every answer has.

Source: S3 API reference, "Common response headers".
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class Response(msgspec.Struct, frozen=True):
    """An answer, ready for the door."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""

    def __repr__(self) -> str:
        return f"<Response {self.status}>"


def rest_headers(service: str, request_id: str, host_id: str) -> dict[str, str]:
    """The ids of the request, under the names the service has for them."""
    if service not in ("s3", "s3control"):
        return {"x-amzn-requestid": request_id}
    headers = {"x-amz-request-id": request_id}
    if host_id:
        headers["x-amz-id-2"] = host_id
    return headers
