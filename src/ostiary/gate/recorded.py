"""A call's parameters as the record keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ostiary.audit.redact import redacted
from ostiary.gate.target import Target


def parameters_for_record(target: Target, params: Mapping[str, Any]) -> Any:
    """Without secrets; of an S3 request the bucket, the key and what its query says."""
    if target.s3 is None:
        if not params:
            return None
        return redacted(params, target.model.input if target.model else None) or None
    s3 = target.s3
    named = {"bucketName": s3.bucket, "key": s3.key, **s3.query}
    if s3.copy_source is not None:
        named["x-amz-copy-source"] = s3.copy_source.header()
    return {name: value for name, value in named.items() if value is not None} or None
