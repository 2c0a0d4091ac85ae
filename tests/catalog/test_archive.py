"""catalog: the archive gives back what was put in, part by part, and says when it is damaged."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.catalog.archive import Archive, Damaged, packed

parts = st.lists(st.binary(max_size=200).map(lambda part: part.replace(b"\0", b"")), min_size=1, max_size=5)


@given(head=st.binary(max_size=100), frames=st.dictionaries(st.text(max_size=8), parts, max_size=5))
def test_what_was_packed_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, head: bytes, frames: dict[str, list[bytes]]
) -> None:
    path = tmp_path_factory.mktemp("archive") / "a.bin"
    path.write_bytes(packed(head, frames))
    archive = Archive(path)
    assert archive.head() == head
    assert list(archive.keys()) == sorted(frames)
    for key, put in frames.items():
        assert list(archive.parts(key)) == put
        assert [archive.part(key, number) for number in range(len(put) + 1)] == [*put, None]


def test_parts_longer_than_a_chunk_are_whole(tmp_path: Path) -> None:
    put = [os.urandom(200_000).replace(b"\0", b"."), b"", b"x" * 300_000, b"end"]
    (tmp_path / "a.bin").write_bytes(packed(b"", {"k": put}))
    assert list(Archive(tmp_path / "a.bin").parts("k")) == put


def test_a_key_that_is_not_there_has_no_parts(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(packed(b"", {"k": [b"v"]}))
    assert Archive(tmp_path / "a.bin").part("other") is None


def test_the_order_of_putting_in_does_not_show() -> None:
    assert packed(b"", {"a": [b"1"], "b": [b"2"]}) == packed(b"", {"b": [b"2"], "a": [b"1"]})


def test_a_part_with_a_nul_is_refused() -> None:
    with pytest.raises(ValueError, match="NUL"):
        packed(b"", {"k": [b"a\0b"]})


@pytest.mark.parametrize("content", [b"", b"ostiary\x01", b"another kind of file altogether"])
def test_another_kind_of_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.bin").write_bytes(content)
    with pytest.raises(Damaged):
        Archive(tmp_path / "a.bin")


@pytest.mark.parametrize("missing", [1, 5, 100])
def test_a_truncated_file_is_noticed(tmp_path: Path, missing: int) -> None:
    whole = packed(b"head", {"k": [os.urandom(500).replace(b"\0", b".")]})
    (tmp_path / "a.bin").write_bytes(whole[:-missing])
    with pytest.raises(Damaged):
        Archive(tmp_path / "a.bin").part("k")


def test_an_archive_that_is_replaced_is_read_on_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(packed(b"old", {"k": [b"old"]}))
    archive = Archive(path)
    (tmp_path / "new").write_bytes(packed(b"new", {"j": [b"new" * 100], "k": [b"new"]}))
    (tmp_path / "new").replace(path)
    assert (archive.head(), archive.part("k")) == (b"old", b"old")


def test_threads_do_not_disturb_each_other(tmp_path: Path) -> None:
    frames = {str(number): [bytes([65 + number]) * 100_000] for number in range(8)}
    (tmp_path / "a.bin").write_bytes(packed(b"", frames))
    archive = Archive(tmp_path / "a.bin")
    wrong: list[str] = []

    def read(key: str) -> None:
        wrong.extend(key for _ in range(20) if archive.part(key) != frames[key][0])

    threads = [threading.Thread(target=read, args=(key,)) for key in frames]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
