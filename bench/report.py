"""The tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Group
from rich.table import Table

from bench import deciding
from bench.serving import CONNECTIONS


def _table(title: str, columns: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left")
    return table


def served(rows: Sequence[dict[str, Any]]) -> Table:
    """Part 1."""
    columns = ["", "server", "req/s", "p50 ms", "p99 ms", "CPU µs", "of the floor", "x moto", "cores of others"]
    table = _table(f"Signed requests a second, {CONNECTIONS} connections; medians", columns)
    for row in rows:
        for name in (name for name in row if name != "scenario"):
            one, rate = row[name], row[name]["rate"]
            table.add_row(
                row["scenario"] if name == "floor" else "",
                name,
                f"{rate:,.0f}",
                f"{one['p50_ms']:.2f}",
                f"{one['p99_ms']:.2f}",
                f"{one['cpu_us']:.0f}",
                f"{rate / row['floor']['rate']:.0%}",
                f"{rate / row['moto']['rate']:,.1f}" if "moto" in row else "",
                f"{one['others']:.2f}",
            )
        table.add_section()
    return table


def decided(rows: Sequence[dict[str, Any]]) -> Group:
    """Part 2."""
    ours = {"hot": "hot", "stream": "stream", "whole": "built", "every_kind": "every kind", "cold": "cold"}
    own = _table("One decision, in microseconds; medians", ["policies", *ours.values(), "load ms", "x json.loads"])
    against = _table("Other engines, in microseconds; x: of our stream", ["policies", "engine", "", "x", "agreement"])
    columns = ["policies", "full explanation", "every kind"]
    told = _table("A full explanation, its suggestions tried, in microseconds; medians", columns)
    for row in rows:
        policies = f"{row['policies']:,}"
        told.add_row(policies, f"{row['explained_us']:,.0f}", f"{row['explained_every_kind_us']:,.0f}")
        own.add_row(policies, *(f"{row[way]:.2f}" for way in ours), f"{row['load_ms']:.1f}", f"{row['x_json']:.1f}")
        for name in deciding.PEERS:
            times = f"{row[name] / row['stream']:,.0f}"
            against.add_row(policies, name, f"{row[name]:,.1f}", times, f"{row[f'{name}_agrees']:.0%}")
    return Group(own, told, against)


def started(rows: Sequence[dict[str, Any]]) -> Table:
    """Part 3."""
    table = _table("From exec to the first signed answer; medians", ["server", "seconds", "memory MB (PSS)"])
    for row in rows:
        table.add_row(row["server"], f"{row['seconds']:.2f}", f"{row['memory_mb']:.0f}")
    return table
