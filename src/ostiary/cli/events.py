"""`ostiary events`: the latest requests of the record, to find one for `ostiary explain`."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from ostiary.audit.reading import Reading
from ostiary.cli.installation import DEFAULT_DATA, Data
from ostiary.cli.record import console, open_record, text

app = typer.Typer()


@app.command()
def events(
    data: Data = DEFAULT_DATA,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print whole events, one a line.")] = False,
) -> None:
    """List the latest requests, the newest last."""
    store = open_record(data)
    try:
        with store.read() as tx:
            reading = Reading(tx)
            found = [reading.whole(record.body) for record in reversed(tx.events.latest(limit))]
    finally:
        store.close()
    if as_json:
        for event in found:
            typer.echo(json.dumps(event))  # in ASCII: no control character reaches a terminal
        return
    table = Table(box=None, pad_edge=False)
    for column in ("request", "time", "who", "what", "outcome"):
        table.add_column(column, overflow="fold", no_wrap=column in ("request", "time"))
    for event in found:
        table.add_row(*_row(event))
    console().print(table)


def _row(event: dict[str, Any]) -> tuple[Text, ...]:
    who = event["userIdentity"]
    named = who.get("arn", "").split(":", 5)[-1] or who.get("accessKeyId") or who["type"]
    error = event.get("errorCode")
    return (
        text(event["requestID"]),
        text(event["eventTime"]),
        text(named),
        text(f"{event['eventSource'].split('.')[0]}:{event['eventName']}"),
        text((error, "red")) if error else text(("done", "green")),
    )
