"""What is published for everybody, below the operations: the documents of the accounts' issuers of identity tokens.

Source: OpenID Connect Discovery 1.0, section 4; RFC 7517.
"""

from __future__ import annotations

import json
import re
from typing import Final

from ostiary.gate.request import HttpRequest, HttpResponse
from ostiary.services.issuer import DISCOVERY, KEYS, PREFIX, discovery_document, key_set
from ostiary.services.operation import House
from ostiary.services.s3.addresses import Endpoints, S3Refusal, read_address

_PAGE: Final = re.compile(
    rf"{re.escape(PREFIX)}([0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}})({re.escape(DISCOVERY)}|{re.escape(KEYS)})"
)
_REMEMBERED_SECONDS: Final = 3600


def published(house: House, head: HttpRequest, endpoints: Endpoints) -> HttpResponse | None:
    """The document that a request asks for; None when it asks for something else."""
    if not head.raw_path.startswith(PREFIX):
        return None
    page = _PAGE.fullmatch(head.raw_path)
    if page is None or head.method not in ("GET", "HEAD") or head.raw_query or head.header("authorization"):
        return None
    if _is_object(head, endpoints):
        return None
    with house.store.read() as tx:
        issuer = tx.issuers.by_issuer(page[1])
        if issuer is None:
            return HttpResponse(status=404, headers=(("content-type", "application/json"),), body=b"{}")
        found = discovery_document(house.settings, page[1]) if page[2] == DISCOVERY else key_set(tx, issuer)
    headers = (("content-type", "application/json"), ("cache-control", f"public, max-age={_REMEMBERED_SECONDS}"))
    return HttpResponse(status=200, headers=headers, body=json.dumps(found).encode())


def _is_object(head: HttpRequest, endpoints: Endpoints) -> bool:
    """Whether the host is a bucket's: then the path is a key. In path style no bucket can have such a name."""
    try:
        return read_address(head.header("host"), head.raw_path, endpoints).virtual_host
    except S3Refusal as refusal:
        return refusal.code != "InvalidBucketName"
