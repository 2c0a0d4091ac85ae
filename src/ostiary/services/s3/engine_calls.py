"""Service S3: short requests of Ostiary's own to the engine, from threads.

Source: Amazon S3 API Reference, the operations named below.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote
from xml.etree import ElementTree
from xml.sax.saxutils import escape, unescape

from ostiary.engines.call import Answer, UpstreamError, call
from ostiary.engines.engine import Engine, Headers
from ostiary.services.faults import ServiceFault
from ostiary.services.operation import Call
from ostiary.services.s3.addresses import encode
from ostiary.services.s3.faults import engine_not_ready
from ostiary.services.s3.refusals import mended

_OF_EVERY_ERROR: Final = frozenset({"Code", "Message", "Resource", "RequestId", "HostId"})
_NAMESPACE: Final = "{http://s3.amazonaws.com/doc/2006-03-01/}"


def ask_engine(
    asking: Call, method: str, path: str, query: str = "", headers: Headers = (), body: bytes = b"", timeout: float = 10
) -> Answer:
    """One request and its whole answer. Raises ServiceUnavailable (503) while the engine can't be had."""
    engine, signer = engine_of(asking, unquote(path.split("/")[1])), asking.house.engine_signer
    address = engine.address() if engine is not None else None
    if address is None:
        raise engine_not_ready(engine.failure if engine is not None else None)
    try:
        return call(address, method, path, query, headers, body, signer=signer, timeout=timeout)
    except UpstreamError as error:
        raise engine_not_ready(str(error)) from None


def engine_of(asking: Call, bucket: str) -> Engine | None:
    """The engine that keeps a bucket; None when this server guards none."""
    engine = asking.house.engine
    return None if engine is None else engine.of(bucket)


def object_path(bucket: str, key: str) -> str:
    """The path of an object, in path style."""
    return f"/{encode(bucket)}/{encode(key, keep='/')}"


def read_tags(asking: Call, bucket: str, key: str, version: str | None) -> tuple[tuple[str, str], ...]:
    """The tags of an object; none when there is no such object."""
    query = "tagging=" if version is None else f"tagging=&versionId={encode(version)}"
    answer = ask_engine(asking, "GET", object_path(bucket, key), query)
    if answer.status == 404:
        return ()
    if answer.status != 200:
        raise engine_not_ready()
    document = elements(answer.body)
    return tuple((text(tag, "Key"), text(tag, "Value")) for tag in document.iter(f"{_NAMESPACE}Tag"))


def of_engine(status: int, body: bytes) -> ServiceFault | None:
    """An engine's refusal, to be told in our own answer, under our own request id; None where it is no S3 error."""
    try:
        told = elements(body)
    except ElementTree.ParseError:
        return None
    said = {each.tag.removeprefix(_NAMESPACE): each.text or "" for each in told}
    if told.tag.removeprefix(_NAMESPACE) != "Error" or not said.get("Code"):
        return None
    more = {name: value for name, value in said.items() if name not in _OF_EVERY_ERROR}
    return ServiceFault(said["Code"], said.get("Message", ""), status, more)


def refused_by(asking: Call, given: Answer) -> ServiceFault:
    """The same of a refusal that can't be passed on as it is."""
    found = of_engine(given.status, given.body)
    if found is None:
        return engine_not_ready(f"the engine answers with status {given.status}")
    return mended(asking.target.request, found)


def elements(body: bytes) -> ElementTree.Element:
    """An answer of the engine, read. The engine is ours and trusted; what clients send is read by `wire`."""
    return ElementTree.fromstring(body)  # noqa: S314


def text(element: ElementTree.Element, name: str) -> str:
    """The text of a child, with S3's namespace or without one."""
    found = element.find(f"{_NAMESPACE}{name}")
    if found is None:
        found = element.find(name)
    return "" if found is None else found.text or ""


def unescaped(value: bytes) -> str:
    """Text as it stands in an answer of the engine, between two tags."""
    known = {"&#34;": '"', "&#39;": "'", "&quot;": '"', "&apos;": "'", "&#x9;": "\t", "&#xA;": "\n", "&#xD;": "\r"}
    return unescape(value.decode("utf-8", "replace"), known)


def xml(value: str) -> str:
    """Text in an element; line breaks kept."""
    return escape(value, {"\r": "&#13;"})
