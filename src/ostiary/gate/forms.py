"""An upload by an HTML form: its fields are read before anybody is recognised, its file streams after that.

Source: Amazon S3 API Reference, "POST Object" and "Error responses"; texts as clients have seen them from AWS.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ostiary.services.faults import ServiceFault
from ostiary.services.s3.addresses import S3Refusal
from ostiary.services.s3.faults import of_refusal
from ostiary.services.s3.post_policies import Sizes
from ostiary.sigv4 import BodyReader
from ostiary.wire.multipart import MOST_FIELDS, FieldsTooLong, FormReader, MalformedForm, NotAForm

_MALFORMED: Final = "The body of your POST request is not well-formed multipart/form-data."


def open_form(content_type: str) -> FormReader:
    """The reader of a form. Raises `ServiceFault`."""
    try:
        return FormReader(content_type)
    except NotAForm:
        message = "At least one of the pre-conditions you specified did not hold"
        condition = {"Condition": "Bucket POST must be of the enclosure-type multipart/form-data"}
        raise ServiceFault("PreconditionFailed", message, 412, condition) from None
    except MalformedForm:
        raise malformed() from None


def read_on(form: FormReader, data: bytes) -> list[bytes]:
    """Take in what arrived. Raises `ServiceFault`."""
    try:
        return form.feed(data)
    except MalformedForm:
        raise malformed() from None
    except FieldsTooLong:
        message = "Your POST request fields preceeding the upload file was too large."
        limit = {"MaxPostPreDataLengthBytes": str(MOST_FIELDS)}
        raise ServiceFault("MaxPostPreDataLengthExceeded", message, 400, limit) from None


def malformed() -> ServiceFault:
    """What came is no form."""
    return ServiceFault("MalformedPOSTRequest", _MALFORMED, 400)


def no_file() -> ServiceFault:
    """The form ended without a file."""
    message = "POST requires exactly one file upload per request."
    return ServiceFault("InvalidArgument", message, 400, {"ArgumentName": "file", "ArgumentValue": "0"})


class FileBody:
    """The file of a form, held to its digests and to the sizes that the policy allows. A `BodyReader`."""

    def __init__(self, form: FormReader, inner: BodyReader, sizes: Sizes) -> None:
        self._form, self._inner, self._sizes, self._size = form, inner, sizes, 0

    def feed(self, data: bytes) -> list[bytes]:
        """Take in what arrived; give the file's bytes in it. Raises `ServiceFault`, `SignatureFault`."""
        parts = read_on(self._form, data)
        self._size += sum(map(len, parts))
        self._judge(ended=False)
        return [part for each in parts for part in self._inner.feed(each)]

    def finish(self) -> Mapping[str, str]:
        """Say that the body has ended. Raises `ServiceFault`, `SignatureFault` when the file is not as it must be."""
        try:
            self._form.finish()
        except MalformedForm:
            raise malformed() from None
        self._judge(ended=True)
        return self._inner.finish()

    def _judge(self, *, ended: bool) -> None:
        try:
            self._sizes.check(self._size, ended=ended)
        except S3Refusal as refusal:
            raise of_refusal(refusal) from None
