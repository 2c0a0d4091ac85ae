"""What a request is for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from ostiary.services.s3.requests import S3Request
from ostiary.sigv4 import Family
from ostiary.wire.models import Operation, Service

_FAMILIES: Final = {
    "query": Family.QUERY,
    "ec2": Family.EC2,
    "json": Family.JSON,
    "rest-json": Family.REST_JSON,
}
_SOURCES: Final = {"iam-toolbox": "iam-toolbox"}
"""The services that CloudTrail does not name as they are signed for."""
_READ_WORDS: Final = ("Get", "List", "Describe", "Head", "Lookup", "Search", "Simulate", "Validate", "Check")


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A service and, where it could be told, one of its operations."""

    service: str = ""
    """botocore's name; empty when nothing tells."""
    signing_name: str = ""
    """The service's name in a credential scope."""
    protocol: str = "query"
    """The one the request came in."""
    operation: str = ""
    """Empty while it could not be told."""
    known: Service | None = None
    model: Operation | None = None
    path_params: Mapping[str, str] = {}
    form: Mapping[str, str] | None = None
    s3: S3Request | None = None

    @property
    def family(self) -> Family:
        """Whose vocabulary a refused signature is answered in."""
        return Family.S3 if self.service in ("s3", "s3control") else _FAMILIES.get(self.protocol, Family.QUERY)

    @property
    def event_source(self) -> str:
        """As CloudTrail names the service."""
        return f"{_SOURCES.get(self.service, self.signing_name) or 'unknown'}.amazonaws.com"

    @property
    def read_only(self) -> bool:
        """Whether the operation's name says that it changes nothing."""
        return self.operation.startswith(_READ_WORDS) or self.service == "sts"

    @property
    def data_event(self) -> bool:
        """Whether it concerns an object rather than the account's set-up."""
        return self.s3 is not None and self.s3.key is not None

    @property
    def output_shape(self) -> Any:
        """The model's shape of the answer."""
        return self.model.output if self.model else None

    @property
    def body_checksums(self) -> bool:
        """Whether x-amz-checksum-* headers speak of the body: not those of CompleteMultipartUpload."""
        return self.operation != "CompleteMultipartUpload"
