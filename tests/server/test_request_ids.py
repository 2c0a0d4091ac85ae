"""Request ids are UUIDs in the order of time."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from ostiary.doors.api.app import new_request_id

NOW = datetime(2026, 11, 23, 12, 0, 0, 250_000, tzinfo=UTC)


def test_an_id_is_a_uuid_of_version_7() -> None:
    text = new_request_id(NOW)
    read = uuid.UUID(text)
    assert str(read) == text
    assert (read.version, read.variant) == (7, uuid.RFC_4122)
    assert read.int >> 80 == 1_795_435_200_250


def test_ids_of_one_moment_differ() -> None:
    assert len({new_request_id(NOW) for _ in range(10_000)}) == 10_000


def test_a_later_id_sorts_later() -> None:
    assert new_request_id(NOW) < new_request_id(NOW + timedelta(milliseconds=1))
