"""For `make wheel-fast`: the way of a decision compiled by mypyc, beside its source. The build hook calls it.

Only with OSTIARY_COMPILED=true. Needs a C compiler and Python's headers; the wheel is for this kind of
machine and this version of Python.
"""

from __future__ import annotations

import os
import shutil
import sysconfig
import tempfile
from pathlib import Path
from typing import Any, Final

# What a decision runs through, and what reads a policy for it. Nobody waits for the rest (explanations, the grammar).
MODULES: Final = (
    *("arns", "batch", "combine", "compile", "conditions", "decision", "evaluate", "faults", "globs", "in_force"),
    *("layers", "operators", "parse", "placed", "places", "plan", "pool", "prefixes", "principals", "request"),
    *("scalars", "special", "statements", "variables"),
)
_LIBRARY: Final = "ostiary_policy"


class Compiled:
    """Adds the compiled modules to a wheel."""

    def add(self, root: str, build_data: dict[str, Any]) -> None:
        """Compile in a tree of its own, before the wheel is put together."""
        refuse_without_compiler()
        self._tree = Path(tempfile.mkdtemp(prefix="ostiary-compiled-"))
        shutil.copytree(Path(root, "src"), self._tree, dirs_exist_ok=True)
        made = compile_modules(self._tree)
        build_data["pure_python"], build_data["infer_tag"] = False, True
        build_data["force_include"].update({str(path): str(path.relative_to(self._tree / "made")) for path in made})

    def remove(self) -> None:
        """Remove the tree."""
        shutil.rmtree(self._tree)


def refuse_without_compiler() -> None:
    """Say what to install where something is missing."""
    compiler = (os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc").split()[0]
    if not (shutil.which(compiler) or shutil.which("cc")):
        raise SystemExit(f"wheel-fast: no C compiler (`{compiler}`); on Debian: sudo apt-get install gcc python3-dev")
    headers = Path(sysconfig.get_path("include"), "Python.h")
    if not headers.exists():
        raise SystemExit(f"wheel-fast: `{headers}` is missing; on Debian: sudo apt-get install gcc python3-dev")


def compile_modules(tree: Path) -> list[Path]:
    """Compile the modules of a source tree; where the results are, below `made` in the tree."""
    from mypyc.build import mypycify
    from setuptools import Distribution

    before = Path.cwd()
    os.chdir(tree)
    try:
        sources = [f"ostiary/policy/{name}.py" for name in MODULES]
        extensions = mypycify(sources, opt_level="3", debug_level="0", group_name=_LIBRARY)
        build = Distribution({"name": "ostiary", "ext_modules": extensions}).get_command_obj("build_ext")
        build.build_lib, build.build_temp = "made", "objects"
        build.ensure_finalized()
        build.run()
    finally:
        os.chdir(before)
    return sorted((tree / "made").rglob(f"*{sysconfig.get_config_var('EXT_SUFFIX')}"))


if __name__ == "__main__":
    refuse_without_compiler()
