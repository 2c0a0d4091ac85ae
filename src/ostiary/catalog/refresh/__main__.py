"""catalog: `python -m ostiary.catalog.refresh`: the data files, made anew from the newest published packages.

The same packages give the same bytes.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from ostiary.catalog.managed_policies import POLICIES_FILE
from ostiary.catalog.refresh.changes import policy_changes, reference_changes
from ostiary.catalog.refresh.packages import (
    CURRENT,
    DEPENDENCIES,
    DESCRIPTIONS,
    EVERY_PACKAGE,
    HISTORY,
    REFERENCE,
    Package,
    Unavailable,
    Wanted,
    fetch,
    open_package,
)
from ostiary.catalog.refresh.policies import compile_policies
from ostiary.catalog.refresh.reference import compile_reference
from ostiary.catalog.service_reference import REFERENCE_FILE
from ostiary.catalog.sources import DATA, SOURCES_FILE, Source


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 when the files were written, 1 when a package was not to be had (nothing is touched then)."""
    asked = _arguments(arguments)
    console = Console(highlight=False, soft_wrap=True)
    with ExitStack() as stack:
        folder = asked.packages or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ostiary-catalog-")))
        try:
            with _progress() as progress:
                if asked.packages is None:
                    _fetch_all(folder, progress)
                made = _made(folder, progress)
        except Unavailable as unavailable:
            Console(stderr=True, highlight=False, soft_wrap=True).print(str(unavailable), markup=False)
            return 1
        new = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ostiary-catalog-")))
        _write(made, new)
        for line in _changes(asked.into, new):
            console.print(line, markup=False)
        _write(made, asked.into)
    return 0


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m ostiary.catalog.refresh", description=__doc__)
    parser.add_argument(
        "--from", dest="packages", type=Path, metavar="DIR", help="use the packages in DIR instead of downloading them"
    )
    parser.add_argument(
        "--into", type=Path, default=DATA, metavar="DIR", help="write there instead of into the installed package"
    )
    return parser.parse_args(arguments)


def _progress() -> Progress:
    """What is being done just now, on a terminal; elsewhere nothing."""
    console = Console(stderr=True)
    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def _fetch_all(folder: Path, progress: Progress) -> None:
    for wanted in EVERY_PACKAGE:
        task = progress.add_task(f"downloading {wanted.name}", total=1)
        fetch(wanted, folder)
        progress.advance(task)


def _made(folder: Path, progress: Progress) -> dict[str, bytes]:
    """Every file, by its path in the data folder."""
    task = progress.add_task("reading the packages", total=1)
    package = {wanted: open_package(wanted, folder) for wanted in EVERY_PACKAGE}
    progress.advance(task)
    task = progress.add_task("packing the service authorization reference", total=1)
    reference = compile_reference(package[REFERENCE], package[DEPENDENCIES])
    progress.advance(task)
    task = progress.add_task("packing the managed policies (about a minute)", total=1)
    policies = compile_policies(package[HISTORY], package[CURRENT], package[DESCRIPTIONS])
    progress.advance(task)
    return {
        POLICIES_FILE: policies.archive,
        REFERENCE_FILE: reference.archive,
        SOURCES_FILE: _sources(package, {**policies.as_of, **reference.as_of}),
        **{
            f"licenses/{wanted.licence_file}": package[wanted].licence_text.strip().encode() + b"\n"
            for wanted in EVERY_PACKAGE
        },
    }


def _sources(packages: Mapping[Wanted, Package], as_of: Mapping[str, date | None]) -> bytes:
    listed = [
        Source(
            name=wanted.name,
            version=package.version,
            licence=wanted.licence,
            as_of=as_of[wanted.name],
            gives=wanted.gives,
            homepage=wanted.homepage,
        )
        for wanted, package in packages.items()
    ]
    return msgspec.json.format(msgspec.json.encode(listed), indent=2) + b"\n"


def _changes(before: Path, after: Path) -> Iterator[str]:
    yield from policy_changes(before / POLICIES_FILE, after / POLICIES_FILE)
    yield from reference_changes(before / REFERENCE_FILE, after / REFERENCE_FILE)


def _write(files: Mapping[str, bytes], folder: Path) -> None:
    """Put the files in place, each at once: a server that has the old one open goes on reading it."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"{path.name}.new")
        fresh.write_bytes(content)
        fresh.replace(path)


if __name__ == "__main__":
    raise SystemExit(main())
