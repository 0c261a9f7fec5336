"""What `list` does, and what it prints."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from .report import minute, said, show
from .running import Running

_MARKS = {
    "ready": click.style("✓", fg="green"),
    "loading": click.style("↻", fg="cyan"),
    "building": click.style("↻", fg="cyan"),
    "broken": click.style("✗", fg="red"),
    "failed": click.style("✗", fg="red"),
}


def show_functions(running: Running, project: str, *, as_json: bool) -> None:
    """Print how functions are doing. Raises ConfigError."""
    project = running.project(project)
    told = running.ask("GET", "/functions", project=project)
    columns = shutil.get_terminal_size((10_000, 24)).columns
    show(told, _lines(project, told["functions"], columns), as_json=as_json)


def _lines(project: str, functions: Sequence[Mapping[str, Any]], columns: int) -> Iterator[str]:
    if not functions:
        yield f"Project '{project}' has no functions yet."
        return
    rows = [(each["functionId"], each["runtime"], each["state"]) for each in functions]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    urls = max(len(each["url"] or "") for each in functions)
    is_narrow = sum(widths) + urls + 2 * 4 > columns
    for each, row in zip(functions, rows, strict=True):
        cells = "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        url = each["url"] or ""
        yield f"{_MARKS.get(each['state'], '·')} {cells}{'' if is_narrow else f'  {url}'}".rstrip()
        if url and is_narrow:
            yield f"    {url}"
        for line in _details(each):
            yield click.style(f"    {line}", dim=True)
        for line in said(each["error"] or ""):
            yield f"    {click.style(line, fg='red')}"


def _details(function: Mapping[str, Any]) -> Iterator[str]:
    if deployment := function["deployment"]:
        made = minute(deployment["createdAt"])
        yield f"deployment {deployment['id']} by {deployment['type']}, {made}"
    if function["folder"]:
        yield f"follows {_short(Path(function['folder']))}"
    if function["next"]:
        yield f"next run {minute(function['next'])}, {function['schedule']}"


def _short(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
