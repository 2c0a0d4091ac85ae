"""`ostiary explain REQUEST_ID`: why a request was allowed or denied, and what would change it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.text import Text
from rich.tree import Tree

from ostiary.cli.installation import DEFAULT_DATA, AsJson, Data
from ostiary.cli.record import console, open_record, text

if TYPE_CHECKING:
    from ostiary.audit.explanation import AskExplained, EventExplained
    from ostiary.policy import Explanation, Matched, StatementReport, TestReport, TypeReport
    from ostiary.store.database import Store

app = typer.Typer()

PATIENCE: Final = 1.0
"""Seconds to wait for a request that was made just now: events of reads are written in batches."""
_STYLES: Final = {"allowed": "green", "implicitDeny": "yellow", "explicitDeny": "red"}
_WORDS: Final = {"allowed": "allowed", "implicitDeny": "denied: nothing allows it", "explicitDeny": "denied explicitly"}


@app.command()
def explain(
    request_id: Annotated[str, typer.Argument(help="As the answer to the request, or the error, names it.")],
    data: Data = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Say why a request was allowed or denied. Exit code 1 if the record has no such request."""
    store = open_record(data)
    try:
        events = _wait_for(store, request_id)
    finally:
        store.close()
    if not events:
        typer.echo(f"ostiary: the record has no request `{request_id}`; `ostiary events` lists the latest", err=True)
        raise typer.Exit(1)
    if as_json:
        typer.echo(json.dumps([event.as_dict() for event in events], indent=2))
        return
    output = console()
    for event in events:
        for part in _shown(event):
            output.print(part)


def _wait_for(store: Store, request_id: str) -> tuple[EventExplained, ...]:
    from ostiary.audit.explanation import explained

    until = time.monotonic() + PATIENCE
    while True:
        with store.read() as tx:
            found = explained(tx, request_id)
        if found or time.monotonic() >= until:
            return found
        time.sleep(0.05)


def _shown(event: EventExplained) -> Iterator[Text | Tree]:
    record: Any = event.record
    who = record["userIdentity"]
    named = who.get("arn") or who.get("accountId") or who.get("accessKeyId") or ""
    yield text(("who   ", "bold"), f"{who['type']} {named}")
    yield text(("what  ", "bold"), f"{record['eventSource'].split('.')[0]}:{record['eventName']}")
    yield text(("when  ", "bold"), f"{record['eventTime']} from {record['sourceIPAddress']}")
    yield text(("then  ", "bold"), _outcome(record))
    if not event.asks:
        yield text("No policy was asked: the request ended before that, or it needs no permission.")
    for ask in event.asks:
        yield text()
        yield _ask(ask)


def _outcome(record: Any) -> Text:
    if "errorCode" not in record:
        return text(("done", "green"))
    return text((f"{record['errorCode']}: {record.get('errorMessage', '')}", "red"))


def _ask(ask: AskExplained) -> Tree:
    style = _STYLES[ask.recorded]
    tree = Tree(text((_WORDS[ask.recorded], f"bold {style}"), f"  {ask.action} on {ask.resource}"))
    explanation = ask.explanation
    if explanation is None:
        tree.add(text("a policy of that moment is not in the record any more"))
        return tree
    if not ask.agrees:
        tree.add(text((f"this release would decide otherwise: {explanation.decision.verdict.value}", "bold red")))
    for matched in explanation.decision.matched:
        branch = tree.add(text(("decided by ", "bold"), _place(ask, matched)))
        branch.add(text((ask.text_of(matched), style)))
    if not explanation.types:
        tree.add(text("no policy applies: the root user is allowed in its own account"))
    for report in explanation.types:
        _add_type(tree, ask, report)
    if explanation.missing_keys:
        tree.add(text(("missing context keys ", "bold"), ", ".join(explanation.missing_keys)))
    _add_suggestions(tree, explanation)
    return tree


def _add_suggestions(tree: Tree, explanation: Explanation) -> None:
    from ostiary.cli.suggestion_words import SHOWN, heading, reach, rest, rewritten

    found = explanation.suggestions
    if not found:
        return
    branch = tree.add(text((heading(explanation.decision.verdict), "bold")))
    for one in found[:SHOWN]:
        leaf = branch.add(text(one.text, (f"  ({reach(one)})", "dim")))
        for statement in rewritten(one):
            leaf.add(text((statement, "dim")))
    if len(found) > SHOWN:
        branch.add(text((rest(len(found)), "dim")))


def _add_type(tree: Tree, ask: AskExplained, report: TypeReport) -> None:
    verdict = report.verdict.value if report.applies else "does not apply"
    branch = tree.add(text((f"{report.type.value} policies: ", "bold"), (verdict, _STYLES.get(verdict, "dim"))))
    if not report.statements:
        branch.add(text(("there is none", "dim")))
    for source, statements in groupby(report.statements, key=lambda one: one.statement.source):
        others = 0
        for one in statements:
            if one.action:
                _add_statement(branch, ask, one)
            else:
                others += 1
        if others:
            words = "statement speaks" if others == 1 else "statements speak"
            branch.add(text((f"{_policy(source)}: {others} {words} of other actions", "dim")))


def _add_statement(branch: Tree, ask: AskExplained, one: StatementReport) -> None:
    says = ("matches", "bold") if one.matched else "does not match"
    leaf = branch.add(text(f"{one.statement.effect.value} in {_place(ask, one.statement)}: ", says))
    for part in one.failed:
        if part != "condition":
            leaf.add(text(f"{part}: {_compared(ask, one, part)}"))
    for test in one.tests:
        if not test.holds:
            leaf.add(text(_test(test)))


def _compared(ask: AskExplained, one: StatementReport, part: str) -> str:
    asked, name, wanted = ask.compared(one.statement, part)
    told = f", the statement {name} {json.dumps(wanted)}" if name else ""
    return f"the request has {asked or 'nobody'}{told}"


def _test(test: TestReport) -> str:
    wanted = ", ".join(test.wanted)
    if test.found is None:
        return f"condition {test.operator} {test.key}: the request has no such key, the statement wants {wanted}"
    found = test.found if isinstance(test.found, str) else f"[{', '.join(test.found)}]"
    return f"condition {test.operator} {test.key}: the request has {found}, the statement wants {wanted}"


def _place(ask: AskExplained, one: Matched) -> str:
    named = f'"{one.sid}"' if one.sid else f"statement {one.statement_index + 1}"
    return f"{_policy(one.source)}, {named}, line {ask.line_of(one)}"


def _policy(source: Any) -> str:
    version = f" {source.version}" if source.version else ""
    return f"{source.arn or source.name}{version}" + (f" of {source.owner}" if source.owner else "")
