"""botocore's signature as the signer that engines are handed."""

from __future__ import annotations

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from ostiary.engines.engine import UNSIGNED_PAYLOAD, EngineAddress, Headers


def sign(address: EngineAddress, method: str, path: str, query: str, headers: Headers) -> Headers:
    url = f"{'https' if address.secure else 'http'}://{address.authority}{path}" + (f"?{query}" if query else "")
    request = AWSRequest(method, url, headers={**dict(headers), "x-amz-content-sha256": UNSIGNED_PAYLOAD})
    S3SigV4Auth(Credentials(address.akid, address.secret), "s3", address.region).add_auth(request)
    return [(name.lower(), value) for name, value in request.headers.items()]
