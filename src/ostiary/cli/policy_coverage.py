"""cli: which statements of the policies under test no case exercised."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from os.path import normpath
from pathlib import Path
from typing import Any

from ostiary.cli.policy_files import Written, json_lines, nearest_line
from ostiary.policy import MalformedPolicy, compile_policy, explain
from ostiary.policy.cases import CaseDocument, Load, case_documents, read_policies, read_request
from ostiary.policy.statements import Statement


@dataclass(slots=True)
class Covered:
    """A statement, the place where it is written, and whether it has matched."""

    path: Path
    line: int
    statement: Statement
    exercised: bool = False

    def shown(self) -> str:
        """`deny.json:7: Deny "NoSecrets"`; a statement without a Sid is named by its index from 0."""
        named = f'"{self.statement.sid}"' if self.statement.sid else f"statement {self.statement.index}"
        return f"{self.path}:{self.line}: {self.statement.effect.value} {named}"


class Coverage:
    """The statements of all cases. A document that several cases share, by its file or word for word, counts once."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[Covered, ...]] = {}

    def add(self, written: Written, steps: tuple[str | int, ...], case: dict[str, Any], load: Load) -> None:
        """Take in a case: its statements, and those of them that match its request. What can't be read is left out."""
        try:
            in_force = read_policies(case["policies"], load)
            request = read_request(case["request"])
            known = {
                (one.type, one.name): self._known(written, steps, one, load) for one in case_documents(case["policies"])
            }
        except (MalformedPolicy, OSError, ValueError, TypeError, AttributeError):
            return  # The case has failed, which is told elsewhere.
        for report in explain(in_force, request).types:
            for one in report.statements:
                if report.applies and one.matched:
                    source = one.statement.source
                    known[source.type, source.name][one.statement.statement_index].exercised = True

    def lines(self) -> Iterator[str]:
        """The statements that matched no request, in the order of files and lines; then how many did."""
        every = [one for statements in self._found.values() for one in statements]
        for one in sorted(every, key=lambda one: (str(one.path), one.line, one.statement.index)):
            if not one.exercised:
                yield f"not exercised: {one.shown()}"
        yield f"{sum(one.exercised for one in every)} of {len(every)} statements exercised"

    def _known(
        self, written: Written, steps: tuple[str | int, ...], one: CaseDocument, load: Load
    ) -> tuple[Covered, ...]:
        text = one.text(load)
        path = written.path if one.file is None else Path(normpath(written.path.parent / one.file))
        key = f"text {text}" if one.file is None else f"file {path.resolve()}"
        if key not in self._found:
            around = (*steps, "policies", *one.path)
            in_file = json_lines(text) if one.file is not None else None
            found: list[Covered] = []
            for statement in compile_policy(text).statements:
                within = ("Statement", statement.index)
                line = written.line((*around, *within)) if in_file is None else nearest_line(in_file, within)
                found.append(Covered(path, line, statement))
            self._found[key] = tuple(found)
        return self._found[key]
