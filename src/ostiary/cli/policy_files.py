"""cli: the files that `ostiary policy` reads: policy documents, and cases or requests in JSON or YAML."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import typer

from ostiary.policy import MalformedPolicy
from ostiary.policy.parse import Layout

if TYPE_CHECKING:
    import yaml

UNREADABLE: Final = 2
"""Exit code: an input can't be read."""
YAML_NAMES: Final = frozenset({".yaml", ".yml"})
CASE_NAMES: Final = frozenset({".json", *YAML_NAMES})

Step = str | int


def unreadable(message: str) -> NoReturn:
    """Say what can't be read, and end the command."""
    typer.echo(message, err=True)
    raise typer.Exit(UNREADABLE)


def text_of(path: Path) -> str:
    """The text of a file that the command can't do without."""
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        unreadable(f"{path}: {error.strerror}")
    except UnicodeDecodeError:
        unreadable(f"{path}: not UTF-8")


def show_fault(path: Path, text: str, fault: MalformedPolicy) -> None:
    """Print what is wrong with a document, its line, and a caret under the place."""
    finding = f" [{fault.finding}]" if fault.finding else ""
    typer.echo(f"{path}:{fault.line}:{fault.column}: {fault.code}: {fault.message}{finding}")
    lines = text.split("\n")
    if fault.line <= len(lines):
        line = lines[fault.line - 1].rstrip("\r")
        start = max(0, fault.column - 60)
        typer.echo("  " + line[start : start + 110].replace("\t", " "))
        typer.echo("  " + " " * (fault.column - 1 - start) + "^")


@dataclass(frozen=True)
class Written:
    """A value as it is written in a file, and the lines on which its parts begin."""

    path: Path
    text: str
    value: object
    node: Any = None
    """YAML: what the value was made of."""

    def line(self, steps: tuple[Step, ...]) -> int:
        """The line on which a part begins, from 1; that of the nearest part around it if there is no such part."""
        return _yaml_line(self.node, steps) if self.node is not None else nearest_line(self._lines, steps)

    @cached_property
    def _lines(self) -> dict[tuple[Step, ...], int]:
        return json_lines(self.text)


def json_lines(text: str) -> dict[tuple[Step, ...], int]:
    """The line on which each part of a JSON document begins, by the way to it."""
    layout = Layout(text)
    return {spot.path: layout.position(spot.shown).line for spot in layout.walk()}


def nearest_line(lines: Mapping[tuple[Step, ...], int], steps: tuple[Step, ...]) -> int:
    """The line of a part, or of the nearest part around it."""
    while steps and steps not in lines:
        steps = steps[:-1]
    return lines.get(steps, 1)


def read_written(path: Path) -> Written:
    """A JSON or YAML file, told by its name. Ends the command if it can't be read or has a key twice in one object."""
    text = text_of(path)
    return _read_yaml(path, text) if path.suffix in YAML_NAMES else _read_json(path, text)


def _read_json(path: Path, text: str) -> Written:
    try:
        return Written(path, text, json.loads(text, object_pairs_hook=_unique))
    except (ValueError, RecursionError) as error:
        unreadable(f"{path}: {error}")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key `{twice}` stands twice in one object")
    return found


def _read_yaml(path: Path, text: str) -> Written:
    import yaml

    loader = _yaml_loader()(text)
    try:
        node = loader.get_single_node()
        value = None if node is None else loader.construct_document(node)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        unreadable(f"{path}: {' '.join(str(error).split())}")
    return Written(path, text, value, node)


def _yaml_loader() -> type[yaml.SafeLoader]:
    """YAML as it is meant here: only true, false and null are other than text.

    A date like `2012-10-17`, an account like `012345678901` or an address mean themselves, as they do in JSON's quotes.
    """
    import yaml

    class Loader(yaml.SafeLoader):
        yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - the name is PyYAML's

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            seen: set[str] = set()
            for key, _ in node.value:
                if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                    if key.value in seen:
                        raise ValueError(
                            f"the key `{key.value}` stands twice in one object, line {key.start_mark.line + 1}"
                        )
                    seen.add(key.value)
            return super().construct_mapping(node, deep)

    for name, pattern, starts in (
        ("bool", "true|false", "tf"),
        ("null", "null|~|", ["n", "~", ""]),
        ("merge", "<<", "<"),
    ):
        Loader.add_implicit_resolver(f"tag:yaml.org,2002:{name}", re.compile(f"(?:{pattern})\\Z"), list(starts))
    return Loader


def _yaml_line(node: Any, steps: tuple[Step, ...]) -> int:
    import yaml

    for step in steps:
        inner = None
        if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            inner = node.value[step]
        elif isinstance(node, yaml.MappingNode):
            inner = next((value for key, value in node.value if key.value == step), None)
        if inner is None:
            break
        node = inner
    return int(node.start_mark.line) + 1
