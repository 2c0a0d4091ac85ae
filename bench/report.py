"""The tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from bench.serving import CONNECTIONS, PEERS


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
        for name in PEERS:
            one, rate = row[name], row[name]["rate"]
            table.add_row(
                row["scenario"] if name == PEERS[0] else "",
                name,
                f"{rate:,.0f}",
                f"{one['p50_ms']:.2f}",
                f"{one['p99_ms']:.2f}",
                f"{one['cpu_us']:.0f}",
                f"{rate / row['floor']['rate']:.0%}",
                f"{rate / row['moto']['rate']:.1f}",
                f"{one['others']:.2f}",
            )
        table.add_section()
    return table


def decided(rows: Sequence[dict[str, Any]]) -> Table:
    """Part 2."""
    columns = ["policies", "hot µs", "stream µs", "with the request built µs", "moto µs", "x (stream)", "agreement"]
    table = _table("One decision; medians", columns)
    for row in rows:
        table.add_row(
            f"{row['policies']:,}",
            f"{row['hot']:.2f}",
            f"{row['stream']:.2f}",
            f"{row['whole']:.2f}",
            f"{row['moto']:,.1f}",
            f"{row['moto'] / row['stream']:,.0f}",
            f"{row['agreement']:.0%}",
        )
    return table


def started(rows: Sequence[dict[str, Any]]) -> Table:
    """Part 3."""
    table = _table("From exec to the first signed answer; medians", ["server", "seconds", "memory MB (PSS)"])
    for row in rows:
        table.add_row(row["server"], f"{row['seconds']:.2f}", f"{row['memory_mb']:.0f}")
    return table
