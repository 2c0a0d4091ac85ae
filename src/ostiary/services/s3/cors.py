"""Service S3: what browsers ask before a request to another site. The engine keeps the rules and applies them.

Source: Amazon S3 API Reference, "OPTIONS object"; WHATWG Fetch, "CORS protocol".
"""

from __future__ import annotations

from typing import Final

from ostiary.services.faults import ServiceFault
from ostiary.services.operation import Call, operation
from ostiary.services.outcome import Forward
from ostiary.services.s3.access import s3_asks
from ostiary.services.s3.call import S3Call
from ostiary.services.s3.objects import refuse_inexact
from ostiary.services.s3.operations import PREFLIGHT
from ostiary.store.transaction import Transaction

_ASKED: Final = frozenset({"origin", "access-control-request-method", "access-control-request-headers"})


@operation("s3", PREFLIGHT, asks=s3_asks, anonymous=True)
def options_object(call: Call, _tx: Transaction) -> Forward:
    """Send the question on."""
    s3: S3Call = call.target
    if not s3.request.header("origin"):
        raise ServiceFault("BadRequest", "Insufficient information. Origin request header needed.", 400)
    if not s3.request.header("access-control-request-method"):
        raise ServiceFault("BadRequest", "Invalid Access-Control-Request-Method: null", 400)
    refuse_inexact(call)
    headers = [each for each in s3.request.headers if each[0] in _ASKED]
    return Forward(method="OPTIONS", raw_path=s3.request.forward_path, raw_query="", headers=headers, body=b"")
