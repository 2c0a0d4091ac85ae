"""cli: `ostiary policy test`: users' own decision cases, and which statements no case exercised."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from ostiary.cli.policy_coverage import Coverage
from ostiary.cli.policy_files import CASE_NAMES, Written, read_written, unreadable
from ostiary.cli.policy_words import outcome, reason
from ostiary.policy import Explanation, MalformedPolicy, Verdict, decide, explain
from ostiary.policy.cases import is_case, read_policies, read_request

_VERDICTS = tuple(one.value for one in Verdict)


def test(
    directory: Annotated[
        Path, typer.Argument(help="A directory with *.json, *.yaml and *.yml files of decision cases, or one file.")
    ],
    show_coverage: Annotated[
        bool, typer.Option("--coverage", help="List the statements of the policies that no case exercised.")
    ] = False,
) -> None:
    """Run decision cases and report those whose outcome differs from what they expect."""
    if not directory.exists():
        unreadable(f"{directory}: no such file or directory")
    coverage = Coverage() if show_coverage else None
    counts: dict[Path, list[int]] = {}
    ignored = 0
    for path in _case_files(directory):
        written = read_written(path)
        for steps, entry in _entries(written):
            if not is_case(entry):
                ignored += 1
                continue
            difference = _difference(entry, beside(path))
            counts.setdefault(path, [0, 0])[difference is not None] += 1
            if difference is not None:
                typer.echo(f"{_title(entry, written, steps)}: {difference}")
            if coverage is not None:
                coverage.add(written, steps, entry, beside(path))
    if ignored:
        typer.echo(f"{ignored} entries are no decision cases and were ignored", err=True)
    for line in (*_summary(counts), *(coverage.lines() if coverage is not None else ())):
        typer.echo(line)
    passed, failed = (sum(count[at] for count in counts.values()) for at in (0, 1))
    typer.echo(f"{passed} passed, {failed} failed")
    raise typer.Exit(1 if failed else 0)


def beside(path: Path) -> Callable[[str], str]:
    """Reads the documents that a case names as files: relative to the file the case stands in."""

    def load(name: str) -> str:
        return (path.parent / name).read_bytes().decode("utf-8")

    return load


def _case_files(directory: Path) -> list[Path]:
    if directory.is_file():
        return [directory]
    return sorted(path for path in directory.rglob("*") if path.suffix in CASE_NAMES and path.is_file())


def _entries(written: Written) -> Iterator[tuple[tuple[str | int, ...], object]]:
    """The entries of a file, each with the way to it."""
    if isinstance(written.value, list):
        for at, entry in enumerate(written.value):
            yield (at,), entry
    else:
        yield (), written.value


def _title(case: dict[str, Any], written: Written, steps: tuple[str | int, ...]) -> str:
    title = str(case["id"]) if "id" in case else f"{written.path}:{written.line(steps)}"
    return f"{title} ({case['rule']})" if "rule" in case else title


def _difference(case: dict[str, Any], load: Callable[[str], str]) -> str | None:
    """What a case expects, what it got, and why; None if they agree."""
    expected = case["expected"]
    if expected["decision"] not in _VERDICTS:
        return f"expected `{expected['decision']}`, which is none of {', '.join(_VERDICTS)}"
    try:
        in_force, request = read_policies(case["policies"], load), read_request(case["request"])
    except MalformedPolicy as fault:
        where = f" at {fault.pointer}" if fault.pointer else ""
        return f"expected {expected['decision']}, could not be read: {fault.code}: {fault.message}{where}"
    except OSError as error:
        return f"expected {expected['decision']}, could not be read: {error.filename}: {error.strerror}"
    except (ValueError, TypeError, AttributeError) as error:
        return f"expected {expected['decision']}, could not be read: {error}"
    decision = decide(in_force, request)
    by = None if decision.decided_by is None else decision.decided_by.value
    wanted = (expected["decision"], expected.get("decided_by", by))
    if (decision.verdict.value, by) == wanted:
        return None
    why = "; ".join(_reasons(explain(in_force, request))) or "no statement in force"
    looked_for = outcome(expected["decision"], expected.get("decided_by"))
    return f"expected {looked_for}, got {outcome(decision.verdict.value, by)}: {why}"


def _reasons(explanation: Explanation) -> Iterator[str]:
    for report in explanation.types:
        for one in report.statements:
            yield f"{one.statement.source.name} statement {one.statement.statement_index} {reason(one)}"


def _summary(counts: dict[Path, list[int]]) -> Iterator[str]:
    """One line a file, if there are several."""
    if len(counts) > 1:
        for path, (passed, failed) in counts.items():
            yield f"{path}: {passed} passed, {failed} failed"
