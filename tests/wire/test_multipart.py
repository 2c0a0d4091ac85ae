"""Forms are read the same however they arrive, and as another reader reads them."""

from __future__ import annotations

import email
import email.policy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.wire.multipart import MOST_FIELDS, FieldsTooLong, FormReader, MalformedForm, NotAForm

BOUNDARY = "----WebKitFormBoundary7MA4YWxkTrZu0gW"
KIND = f"multipart/form-data; boundary={BOUNDARY}"

names = st.text("abcXYZ-09", min_size=1, max_size=12).filter(lambda name: name.lower() != "file")
values = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=40)
contents = st.one_of(
    st.binary(max_size=400),
    st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"--", b"\r\n--", BOUNDARY[:9].encode(), b"x"]), max_size=60).map(
        b"".join
    ),
)


def written(fields: list[tuple[str, str]], content: bytes, filename: str = "a.bin") -> bytes:
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields
    ]
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n\r\n'
    return "".join([*parts, head]).encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()


def read(body: bytes, cuts: list[int]) -> tuple[FormReader, bytes]:
    reader, file, start = FormReader(KIND), b"", 0
    for cut in [*sorted(cut % (len(body) + 1) for cut in cuts), len(body)]:
        file += b"".join(reader.feed(body[start:cut]))
        start = cut
    file += b"".join(reader.feed(b""))
    reader.finish()
    return reader, file


@given(
    fields=st.lists(st.tuples(names, values), max_size=5),
    content=contents,
    cuts=st.lists(st.integers(0, 10_000), max_size=12),
)
@settings(max_examples=300, deadline=None)
def test_a_form_is_read_the_same_in_whatever_pieces_it_arrives(
    fields: list[tuple[str, str]], content: bytes, cuts: list[int]
) -> None:
    reader, file = read(written(fields, content), cuts)
    assert (reader.fields, file, reader.filename) == (fields, content, "a.bin")


def test_pythons_mail_reader_sees_the_same_fields() -> None:
    body = written([("key", "a b"), ("x-amz-meta-who", "me")], b"one")
    message = email.message_from_bytes(f"Content-Type: {KIND}\r\n\r\n".encode() + body, policy=email.policy.HTTP)
    parts = {str(part.get_param("name", header="content-disposition")): part for part in message.iter_parts()}
    reader, file = read(body, [])
    assert dict(reader.fields) == {name: part.get_content() for name, part in parts.items() if name != "file"}
    assert parts["file"].get_payload(decode=True) == file


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        ("text/plain", NotAForm),
        ("multipart/form-datas; boundary=x", NotAForm),
        ("multipart/form-data", MalformedForm),
        ('multipart/form-data; boundary=""', MalformedForm),
        (f"multipart/form-data; boundary={'x' * 71}", MalformedForm),
    ],
)
def test_what_is_no_form_is_no_form(kind: str, fault: type[Exception]) -> None:
    with pytest.raises(fault):
        FormReader(kind)


def test_quoted_boundaries_padding_and_names_of_any_case_are_understood() -> None:
    body = b"--b d \t\r\ncontent-DISPOSITION: Form-Data; NAME=key\r\n\r\nv\r\n--b d\r\nContent-Disposition: form-data; "
    body += b'name="File"\r\n\r\nxyz\r\n--b d--'
    reader = FormReader('Multipart/Form-Data; charset=utf-8; BOUNDARY="b d"')
    reader.feed(body)
    assert (reader.fields, reader.feed(b""), reader.filename) == ([("key", "v")], [b"xyz"], None)


def test_a_form_without_a_file_is_over_and_one_that_breaks_off_is_malformed() -> None:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="key"\r\n\r\nv\r\n--{BOUNDARY}'.encode()
    reader = FormReader(KIND)
    reader.feed(head + b"--\r\n")
    assert reader.over and not reader.file_begun
    reader.finish()
    broken = FormReader(KIND)
    broken.feed(written([], b"one")[:-40])
    with pytest.raises(MalformedForm):
        broken.finish()


@pytest.mark.parametrize(
    "body",
    [
        f"--{BOUNDARY}x\r\n\r\n\r\n".encode(),
        f"--{BOUNDARY}\r\n\r\n\r\nv\r\n--{BOUNDARY}--".encode(),
        f'--{BOUNDARY}\r\nContent-Disposition: attachment; name="key"\r\n\r\nv\r\n--{BOUNDARY}--'.encode(),
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="key"\r\n\r\n'.encode() + b"\xff\r\n--",
    ],
)
def test_parts_that_say_nothing_of_themselves_are_malformed(body: bytes) -> None:
    reader = FormReader(KIND)
    with pytest.raises(MalformedForm):
        reader.feed(body + BOUNDARY.encode() + b"--")
        reader.finish()


def test_fields_are_bounded_and_the_file_is_not() -> None:
    reader = FormReader(KIND)
    with pytest.raises(FieldsTooLong):
        for _ in range(100):
            reader.feed(f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="k"\r\n\r\n'.encode() + b"x" * 2_000)
    fine = FormReader(KIND)
    fine.feed(written([("key", "x")], b"y" * (MOST_FIELDS * 3)))
    assert fine.file_begun
