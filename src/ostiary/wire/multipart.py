"""Room `wire`: multipart/form-data as a browser sends it, read as it arrives: the fields, then one file that streams.

What follows the file is read past: S3 ignores it.

Source: RFC 7578; RFC 2046 section 5.1; Amazon S3 API Reference, "Browser-Based Uploads Using POST".
"""

from __future__ import annotations

import re
from typing import Final

MOST_FIELDS: Final = 20_480
"""Bytes before the file's content: fields, their heads and boundaries."""

_FORM: Final = re.compile(r"multipart/form-data(?:\s*;|\s*$)", re.IGNORECASE)
_PARAMETER: Final = re.compile(r""";\s*([A-Za-z0-9_*-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))""")
_BOUNDARY: Final = re.compile(r"[A-Za-z0-9'()+_,\-./:=? ]{0,69}[A-Za-z0-9'()+_,\-./:=?]")
_QUOTED: Final = re.compile(r"\\([\"\\])")


class NotAForm(Exception):
    """The content type is another one."""


class MalformedForm(Exception):
    """It can't be read as multipart/form-data."""


class FieldsTooLong(Exception):
    """More than `MOST_FIELDS` bytes came before the file."""


def is_form(content_type: str) -> bool:
    """Whether a Content-Type says multipart/form-data."""
    return _FORM.match(content_type) is not None


class FormReader:
    """Takes the body in as it arrives. When `file_begun` is true, the fields are complete and the next `feed`, of
    nothing or of more, gives the first bytes of the file.
    """

    def __init__(self, content_type: str, file_field: str = "file") -> None:
        """Raises `NotAForm`, `MalformedForm`."""
        if not is_form(content_type):
            raise NotAForm
        boundary = _parameters(content_type).get("boundary", "")
        if not _BOUNDARY.fullmatch(boundary):
            raise MalformedForm("no boundary")
        self._delimiter: Final = b"\r\n--" + boundary.encode("latin-1")
        self._file_field: Final = file_field
        self._pending = b"\r\n"  # the first boundary may stand at the very start
        self._size = 0
        self._name: str | None = None  # of the field being read; None before the first
        self._in_head = False
        self.fields: list[tuple[str, str]] = []
        """Names as sent and values, in order."""
        self.filename: str | None = None
        """Of the file; None when its part has none."""
        self.file_begun = self.file_ended = self.over = False

    def feed(self, data: bytes) -> list[bytes]:
        """Take in what arrived; give the file's bytes in it. Raises `MalformedForm`, `FieldsTooLong`."""
        if self.file_ended or self.over:
            return []
        if self.file_begun:
            return self._file(data)
        self._size += len(data)
        self._pending += data
        while not self.file_begun and not self.over and self._step():
            pass
        of_the_file = len(self._pending) if self.file_begun else 0
        if self._size - of_the_file > MOST_FIELDS:
            raise FieldsTooLong
        return []

    def finish(self) -> None:
        """Say that the body has ended. Raises `MalformedForm` when it broke off."""
        if not self.file_ended and not self.over:
            raise MalformedForm("the body ended early")

    def _step(self) -> bool:
        """Take one boundary or one head; whether there was one."""
        return self._head() if self._in_head else self._field()

    def _field(self) -> bool:
        end = self._pending.find(self._delimiter)
        after = end + len(self._delimiter)
        line = self._pending.find(b"\r\n", after) if end >= 0 else -1
        closed = end >= 0 and self._pending.startswith(b"--", after)
        if line < 0 and not closed:
            return False
        if not closed and self._pending[after:line].strip(b" \t"):
            raise MalformedForm("something follows a boundary")
        if self._name is not None:
            self.fields.append((self._name, _text(self._pending[:end])))
        if closed:
            self.over = True
            return True
        self._pending = self._pending[line:]  # with the line break: a head may be empty
        self._in_head = True
        return True

    def _head(self) -> bool:
        end = self._pending.find(b"\r\n\r\n")
        if end < 0:
            return False
        lines = _text(self._pending[:end]).split("\r\n")
        self._pending = self._pending[end + 4 :]
        self._in_head = False
        disposition = next((line for line in lines if line.lower().startswith("content-disposition:")), "")
        kind = disposition.partition(":")[2].partition(";")[0].strip().lower()
        said = _parameters(disposition)
        if kind != "form-data" or "name" not in said:
            raise MalformedForm("a part without its name")
        self._name = said["name"]
        if self._name.lower() == self._file_field:
            self.file_begun, self.filename = True, said.get("filename")
        return True

    def _file(self, data: bytes) -> list[bytes]:
        whole = self._pending + data
        end = whole.find(self._delimiter)
        if end >= 0:
            self.file_ended, self._pending = True, b""
            return [whole[:end]] if end else []
        begun = whole.find(b"\r", max(0, len(whole) - len(self._delimiter) + 1))  # perhaps a boundary
        cut = len(whole) if begun < 0 else begun
        self._pending = whole[cut:]
        return [whole[:cut]] if cut else []


def _parameters(header: str) -> dict[str, str]:
    """The parameters behind the semicolons; names in lower case, the first of each."""
    found: dict[str, str] = {}
    for name, quoted, plain in _PARAMETER.findall(header):
        found.setdefault(name.lower(), _unescaped(quoted) if quoted else plain)
    return found


def _unescaped(quoted: str) -> str:
    """As browsers write names: quotation marks as `%22`, line breaks as `%0D%0A`; others put a backslash before."""
    text = _QUOTED.sub(r"\1", quoted)
    return text.replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedForm("a field that is no UTF-8") from None
