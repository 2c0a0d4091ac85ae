"""Wire: writes the directory of services anew, from the installed botocore: `python -m ostiary.wire.refresh`."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

import msgspec

from ostiary.wire.directory import Entry, Listing
from ostiary.wire.model_files import MetadataOnly, read_model, service_names


def entry(name: str) -> Entry:
    """One service, from the head of its model."""
    head = read_model(name, MetadataOnly).metadata
    return Entry(
        name=name,
        protocols=(head.protocol, *(p for p in head.protocols if p != head.protocol)),
        endpoint_prefix=head.endpoint_prefix,
        signing_name=head.signing_name or head.endpoint_prefix,
        api_version=head.api_version,
        target_prefix=head.target_prefix,
    )


def current() -> Listing:
    """The directory as the installed botocore has it."""
    return Listing(
        source="botocore API models, metadata only; Apache-2.0; refreshed by `python -m ostiary.wire.refresh`",
        botocore=version("botocore"),
        services=tuple(entry(name) for name in service_names()),
    )


def text(found: Listing) -> str:
    """The file: one service a line."""
    head = msgspec.json.encode({"source": found.source, "botocore": found.botocore}).decode()
    rows = ",\n".join(msgspec.json.encode(row).decode() for row in found.services)
    return f'{head[:-1]},"services":[\n{rows}\n]}}\n'


def main() -> None:
    """Write the file."""
    found = current()
    (Path(__file__).parent / "data" / "services.json").write_text(text(found), encoding="utf-8")
    sys.stdout.write(f"{len(found.services)} services of botocore {found.botocore}\n")


if __name__ == "__main__":
    main()
