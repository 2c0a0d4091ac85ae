"""The tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from rich.console import Group
from rich.table import Table

from bench.engine import SIZES
from bench.peers import PEERS
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


_WAYS: Final = {"hot": "hot", "stream": "stream", "whole": "built", "every_kind": "every kind", "cold": "cold"}


def decided(found: dict[str, Any]) -> Group:
    """Part 2."""
    rows = {(row["engine"], row["policies"]): row for row in found["rows"]}
    forms = [form for form in ("plain", "compiled") if (form, SIZES[0]) in rows]
    parts: list[Any] = [_own(rows, forms), _told(rows, forms), _against(rows, forms), _held(found["memory"])]
    return Group(*parts, *(f"not installed: {name}" for name in found["missing"]))


def _own(rows: dict[tuple[str, int], dict[str, Any]], forms: Sequence[str]) -> Table:
    columns = ["policies", "form", *_WAYS.values(), "slowest", "load ms", "x json", "hot / floor", "all / hot"]
    table = _table("One decision, in microseconds; medians", columns)
    for size in SIZES:
        floor = rows["plain", size]["floor"]
        for form in forms:
            row = rows[form, size]
            times = (row["load_ms"], row["x_json"], row["hot"] / floor, row["every_kind"] / row["hot"])
            slowest = f"{row['worst']:,.0f}"
            shown = (f"{row[way]:.2f}" for way in _WAYS)
            table.add_row(f"{size:,}", form, *shown, slowest, *(f"{figure:.1f}" for figure in times))
    return table


def _told(rows: dict[tuple[str, int], dict[str, Any]], forms: Sequence[str]) -> Table:
    columns = ["policies", "form", "full explanation", "every kind"]
    table = _table("A full explanation, its suggestions tried, in microseconds; medians", columns)
    for size in SIZES:
        for form in forms:
            row = rows[form, size]
            times = (row["explained_us"], row["explained_every_kind_us"])
            table.add_row(f"{size:,}", form, *(f"{figure:,.0f}" for figure in times))
    return table


def _against(rows: dict[tuple[str, int], dict[str, Any]], forms: Sequence[str]) -> Table:
    columns = ["policies", "engine", "µs", *(f"x ({form})" for form in forms), "agreement"]
    table = _table("Other engines, in microseconds; x: of our stream", columns)
    for size in SIZES:
        for name in PEERS:
            row = rows.get((name, size))
            if row is not None:
                times = [f"{row['us'] / rows[form, size]['stream']:,.0f}" for form in forms]
                table.add_row(f"{size:,}", name, f"{row['us']:,.1f}", *times, f"{row['agrees']:.0%}")
        table.add_section()
    return table


def _held(memory: dict[str, dict[str, float]]) -> Table:
    table = _table(f"Memory for {SIZES[-1]:,} policies, MB", ["engine", "loaded", "after requests"])
    for name, held in memory.items():
        table.add_row(name, f"{held['loaded']:.1f}", f"{held['asked']:.1f}")
    return table


def started(rows: Sequence[dict[str, Any]]) -> Table:
    """Part 3."""
    table = _table("From exec to the first signed answer; medians", ["server", "seconds", "memory MB (PSS)"])
    for row in rows:
        table.add_row(row["server"], f"{row['seconds']:.2f}", f"{row['memory_mb']:.0f}")
    return table


def consoled(found: dict[str, Any]) -> Group:
    """Part 5."""
    rates = _table("Log-ins to the console", ["", "", "of the goal's base"])
    bare, only = found["argon2_a_second"], found["logins_a_second"]
    rates.add_row("bare Argon2 comparisons a second, one thread", f"{bare:.1f}", "")
    rates.add_row("log-ins a second", f"{only:.1f}", f"{only / bare:.2f}")
    rates.add_row("log-ins a second beside the API's load", f"{found['logins_beside_the_api']:.1f}", "")
    before, beside = found["api_p99_ms"], found["api_p99_ms_beside_logins"]
    rates.add_row("API p99 ms", f"{before:.2f}", "")
    rates.add_row("API p99 ms while log-ins run", f"{beside:.2f}", f"{beside / before:.2f}")
    if found["first_table_ms"] is not None:
        rates.add_row("/users to a full table in Chromium, nothing kept, ms", f"{found['first_table_ms']:.0f}", "")
    pages = _table("Pages, 10,000 users; KB packed with styles and scripts", ["page", "status", "KB", "ms"])
    for each in found["pages"]:
        pages.add_row(each["path"], str(each["status"]), f"{each['kb']:.1f}", f"{each['ms']:.1f}")
    return Group(rates, pages)
