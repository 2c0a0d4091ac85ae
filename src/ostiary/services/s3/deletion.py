"""Service S3: DeleteObjects, answered key by key.

Source: Amazon S3 API Reference, DeleteObjects.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from typing import Any, Final

from ostiary.authorization.judge import Ask
from ostiary.services.faults import ServiceFault
from ostiary.services.operation import Call, operation
from ostiary.services.s3.access import asks_of, buckets_of, s3_facts
from ostiary.services.s3.call import S3Call
from ostiary.services.s3.conditions import body_facts
from ostiary.services.s3.engine_calls import ask_engine, elements, engine_of, text, xml
from ostiary.services.s3.faults import access_denied, engine_not_ready, locked, malformed_xml
from ostiary.store.transaction import Transaction

_MOST: Final = 1000
_SECONDS: Final = 120
_BYPASS: Final = "x-amz-bypass-governance-retention"
Wanted = tuple[str, str | None]


def _each_on_its_own(_call: Call, _tx: Transaction) -> Iterable[Ask]:
    """Nothing is asked for the whole: every key is judged by itself."""
    return ()


@operation("s3", "DeleteObjects", asks=_each_on_its_own, blocking=True)
def delete_objects(call: Call, tx: Transaction) -> dict[str, Any]:
    """Delete what the caller may delete; say for every other key why not."""
    s3: S3Call = call.target
    known = buckets_of(call, s3)
    objects = body_facts(call.operation, call.params)
    if not objects.deletes or len(objects.deletes) > _MOST:
        raise malformed_xml()
    allowed, errors = _judge_each(call, tx, known, objects)
    deleted: list[dict[str, Any]] = []
    if allowed:
        done, failed = _delete(call, s3.request.bucket or "", allowed)
        deleted, errors = done, errors + failed
        _forget(call, tx, s3.request.bucket or "", done)
    quiet = bool((call.params.get("Delete") or {}).get("Quiet"))
    return {"Deleted": [] if quiet else deleted, "Errors": errors}


def _judge_each(call: Call, tx: Transaction, known: Any, objects: Any) -> tuple[list[Wanted], list[dict[str, Any]]]:
    asks = asks_of(call, tx, s3_facts(call, call.target, known, objects), known)
    bucket = call.target.request.bucket
    engine = engine_of(call, bucket or "")
    refused: dict[str, bool] = {}
    for ask in asks:
        judgement = call.house.judge.judge(call.caller, ask, call.facts)
        call.further.append(judgement)
        refused[f"{ask.action} {ask.resource}"] = not judgement.allowed
    allowed: list[Wanted] = []
    errors: list[dict[str, Any]] = []
    for key, version in objects.deletes:
        action = "s3:DeleteObject" if version is None else "s3:DeleteObjectVersion"
        resource = f"arn:aws:s3:::{bucket}/{key}"
        bypass = refused.get(f"s3:BypassGovernanceRetention {resource}", False)
        if refused.get(f"{action} {resource}", True) or bypass:
            errors.append(_error(key, version, access_denied()))
            continue
        why = "This server guards no S3 engine." if engine is None else engine.unable(key, filled=False)
        if why is None:
            allowed.append((key, version))
        else:
            errors.append(_error(key, version, ServiceFault("NotImplemented", why, 501)))
    return allowed, errors


def _error(key: str, version: str | None, fault: ServiceFault) -> dict[str, Any]:
    named = {"Key": key, "Code": fault.code, "Message": fault.message}
    return named if version is None else {**named, "VersionId": version}


def _delete(call: Call, bucket: str, wanted: list[Wanted]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    body = "".join(
        f"<Object><Key>{xml(key)}</Key>{'' if version is None else f'<VersionId>{xml(version)}</VersionId>'}</Object>"
        for key, version in wanted
    )
    document = f'<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{body}</Delete>'.encode()
    digest = base64.b64encode(hashlib.md5(document, usedforsecurity=False).digest()).decode()
    bypass = call.target.request.header(_BYPASS)
    headers = [("content-type", "application/xml"), ("content-md5", digest)]
    headers += [(_BYPASS, bypass)] if bypass is not None else []
    given = ask_engine(call, "POST", f"/{bucket}", "delete=", headers, document, _SECONDS)
    if given.status != 200:
        raise engine_not_ready()
    root = elements(given.body)
    done: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    for element in root:
        kind = element.tag.rsplit("}", 1)[-1]
        if kind == "Deleted":
            done.append({"Key": text(element, "Key"), **_optional(element)})
        elif kind == "Error":
            key, version = text(element, "Key"), text(element, "VersionId") or None
            version = version or next((each[1] for each in wanted if each[0] == key and each[1]), None)
            code, message = text(element, "Code"), text(element, "Message")
            fault = locked() if code == "AccessDenied" else ServiceFault(code, message, 400)
            failed.append(_error(key, version, fault))
    return done, failed


def _forget(call: Call, tx: Transaction, bucket: str, done: list[dict[str, Any]]) -> None:
    """Forget what is kept of objects that are gone for good: those that leave no delete marker and had no versions."""
    gone = [each["Key"] for each in done if "VersionId" not in each and not each.get("DeleteMarker")]
    kept = [key for key in gone if tx.object_access.any(bucket, key)]
    if kept:
        with call.house.store.write() as writing:
            for key in kept:
                writing.object_access.remove_older(bucket, key, but="", before=call.now + 1)


def _optional(element: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in ("VersionId", "DeleteMarkerVersionId"):
        if value := text(element, name):
            found[name] = value
    if marker := text(element, "DeleteMarker"):
        found["DeleteMarker"] = marker == "true"
    return found
