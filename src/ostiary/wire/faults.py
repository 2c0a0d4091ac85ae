"""Wire: what can be wrong with a request before any service sees it.

Source: AWS General Reference, "Common errors"; the protocols' pages of the Smithy specification.
"""

from __future__ import annotations


class WireFault(Exception):
    """A request that can't be read, or that its service model refuses; answered as it stands."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        """AWS's error code."""
        self.message = message
        """AWS's wording; never holds the value of a sensitive member."""
        self.status = status
        """The HTTP status."""


class Malformed(ValueError):
    """A value that can't be read as its shape; `parse` turns it into the protocol's own fault.

    The text never quotes the value, so that it can be shown whatever the member is.
    """

    def __init__(self, reason: str, *path: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = path
        """The members on the way to the value, outermost first."""

    def inside(self, member: str) -> Malformed:
        """The same, seen from the structure that holds `member`."""
        return type(self)(self.reason, member, *self.path)


class MalformedHeader(Malformed):
    """The same, in a header or the query string of a REST request."""
