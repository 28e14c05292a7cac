"""`a2i data`: what a pairs folder holds, and what is wrong with it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from a2i_tf.cli.console import counting, print_json, say, stages
from a2i_tf.errors import A2IError

if TYPE_CHECKING:
    from a2i_tf.datasets.contents import Amount, Contents
    from a2i_tf.datasets.finding import Finding
    from a2i_tf.datasets.pairs import PairsFolder

_SHEET_FILE = "contact-sheet.png"
_PLACES_SHOWN = 5


def data(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="DIR",
            help="The pairs folder. Without it: the only one in data/.",
            show_default=False,
        ),
    ] = None,
    sheet: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="Where the contact sheet goes, a PNG. Unless named: DIR/contact-sheet.png.",
            show_default=False,
        ),
    ] = None,
    check: Annotated[
        bool,
        typer.Option("--check", help="Look for what is wrong with it instead."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Show what a dataset holds: counts, and a sheet of pictures with their sounds.

    With --check: what is wrong with it, the heaviest first. It exits with 1 if there are errors:
    what makes training fail, or evaluation dishonest, such as a picture that lies in two splits.

    [bold]Examples[/]

    a2i data

    a2i data data/scenes --sheet scenes.png

    a2i data data/scenes --check
    """
    from a2i_tf.datasets.locate import only_dataset

    if check and sheet:
        raise typer.BadParameter("--check draws no contact sheet", param_hint="--sheet")
    root = folder or only_dataset()
    if check:
        _check(root, as_json)
    else:
        _show(root, sheet, as_json)


def _show(root: Path, sheet: Path | None, as_json: bool) -> None:
    from a2i_tf.datasets.contents import measure_contents
    from a2i_tf.datasets.manifest import read_pairs

    dataset = read_pairs(root)
    contents = measure_contents(dataset)
    if not as_json:
        _print_contents(dataset, contents)
    path = _write_sheet(dataset, sheet)
    if as_json:
        print_json(_describe(dataset, contents, path))


def _write_sheet(dataset: PairsFolder, sheet: Path | None) -> Path | None:
    """Draws the contact sheet; returns where it is, None where there is no room for it."""
    from a2i_tf.datasets.contact_sheet import (
        MAX_CLASSES,
        draw_contact_sheet,
        write_contact_sheet,
    )

    with counting("drawing the contact sheet") as count:
        drawn = draw_contact_sheet(dataset, count)
    path = sheet or dataset.root / _SHEET_FILE
    try:
        write_contact_sheet(path, drawn)
    except A2IError as error:
        # Nobody asked for it there: data may well be read-only.
        if sheet:
            raise
        say(f"no contact sheet: {error}; name another place with --sheet")
        return None
    number = len(dataset.labels)
    part = f", the first {MAX_CLASSES} of {number} classes" if number > MAX_CLASSES else ""
    say(f"contact sheet: {path}{part}")
    return path


def _print_contents(dataset: PairsFolder, contents: Contents) -> None:
    info = dataset.info
    sound = f"windows of {info.window_seconds:g} s"
    if info.mfcc_setting is None:
        sound += f" at {info.sample_rate} Hz"
    else:
        sound += f", MFCC only ({info.mfcc_setting})"
    facts = {
        "name": info.name,
        "licence": info.licence,
        "made with": ", ".join(f"{name} {value}" for name, value in info.made_with.items()),
        "pictures": f"{info.image_size} x {info.image_size}",
        "sound": f"{_duration(contents.total.seconds)} in {sound}",
    }
    console = Console(highlight=False)
    console.print(f"[bold]{escape(str(dataset.root))}[/]", soft_wrap=True)
    for name, fact in facts.items():
        console.print(f"  {name:<10}{escape(fact)}", soft_wrap=True)
    console.print(_table(contents))


def _table(contents: Contents) -> Table:
    table = Table(caption="pairs, and their sources in brackets", caption_justify="left")
    table.add_column("class")
    for column in ("all", *contents.by_split, "sound"):
        table.add_column(column, justify="right")
    for label, amount in contents.by_label.items():
        _add_row(table, label, amount, contents.by_label_and_split[label].values())
    table.add_section()
    _add_row(table, "all", contents.total, contents.by_split.values())
    return table


def _add_row(table: Table, name: str, total: Amount, splits: Any) -> None:
    amounts = (f"{amount.pairs} ({amount.sources})" for amount in (total, *splits))
    table.add_row(escape(name), *amounts, _duration(total.seconds))


def _duration(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))


def _describe(dataset: PairsFolder, contents: Contents, sheet: Path | None) -> dict[str, Any]:
    info = dataset.info
    return {
        "path": str(dataset.root),
        "name": info.name,
        "licence": info.licence,
        "made_with": info.made_with,
        "checksum": info.checksum,
        "image_size": info.image_size,
        "window_seconds": info.window_seconds,
        "sample_rate": info.sample_rate,
        "mfcc_setting": info.mfcc_setting,
        **contents.to_dict(),
        "contact_sheet": str(sheet) if sheet else None,
    }


def _check(root: Path, as_json: bool) -> None:
    with stages("reading the manifest") as show:
        from a2i_tf.datasets.inspection import inspect_folder

        findings = inspect_folder(root, show)
    if as_json:
        print_json(_describe_findings(root, findings))
    else:
        _print_findings(root, findings)
    if any(finding.weight == "error" for finding in findings):
        raise typer.Exit(1)


def _describe_findings(root: Path, findings: list[Finding]) -> dict[str, Any]:
    weights = [finding.weight for finding in findings]
    return {
        "path": str(root),
        "errors": weights.count("error"),
        "warnings": weights.count("warning"),
        "findings": [
            {
                "kind": finding.kind,
                "weight": finding.weight,
                "message": finding.title,
                "advice": finding.advice,
                "items": list(finding.items),
            }
            for finding in findings
        ],
    }


def _print_findings(root: Path, findings: list[Finding]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    colours = {"error": "bold red", "warning": "yellow"}
    for finding in findings:
        colour = colours[finding.weight]
        console.print(f"[{colour}]{finding.weight:<8}[/]{escape(finding.title)}")
        for item in finding.items[:_PLACES_SHOWN]:
            console.print(f"        - {escape(item)}")
        if len(finding.items) > _PLACES_SHOWN:
            console.print(f"        - and {len(finding.items) - _PLACES_SHOWN} more (--json)")
        console.print(f"        {escape(finding.advice)}")
    if not findings:
        console.print(f"{escape(str(root))}: nothing wrong with it")
