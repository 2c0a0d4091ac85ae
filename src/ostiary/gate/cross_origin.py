"""Answers to pages of other sites: what the bucket's CORS rules tell browsers, whatever the answer is.

Source: Amazon S3 User Guide, "Using cross-origin resource sharing"; WHATWG Fetch, "CORS protocol".
"""

from __future__ import annotations

from msgspec.structs import replace

from ostiary.authorization.book import Book
from ostiary.gate.request import HttpRequest, HttpResponse
from ostiary.gate.target import Target
from ostiary.services.outcome import Forward, Headers
from ostiary.services.s3.cors import shared_with
from ostiary.services.s3.operations import PREFLIGHT


def told_to_pages(book: Book, request: HttpRequest, target: Target) -> Headers:
    """What the answer to a request from a page of another site says to its browser."""
    if not request.header("origin") or target.s3 is None or target.operation == PREFLIGHT:
        return ()
    return shared_with(book.bucket(target.s3.bucket or ""), request.method, request.first_headers)


def shared(book: Book, request: HttpRequest, target: Target, outcome: HttpResponse | Forward) -> HttpResponse | Forward:
    """The outcome with the headers that let the page read it, if it came from one that may."""
    headers = told_to_pages(book, request, target)
    if not headers:
        return outcome
    if isinstance(outcome, Forward):
        return replace(outcome, cross_origin=headers)
    return replace(outcome, headers=(*outcome.headers, *headers))
