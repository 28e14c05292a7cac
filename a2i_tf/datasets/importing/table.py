"""Reading the CSV files that people write."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from a2i_tf.errors import A2IError


def read_columns(path: Path) -> list[str]:
    """Returns the names in a CSV file's first line; none if it can't be read."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return next(csv.reader(file), [])
    except (OSError, UnicodeDecodeError, csv.Error):
        return []


def read_table(path: Path, required: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
    """Reads a CSV file with a line of names, as UTF-8 with or without a byte-order mark.

    Returns:
        (number of the line, value by column, "" where there is none) of every row that isn't
        empty.

    Raises:
        A2IError: if the file can't be read, a required column is missing, or there are no rows.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, restval="")
            missing = [name for name in required if name not in (reader.fieldnames or ())]
            if missing:
                raise A2IError(
                    f"{path}: has no column {', '.join(missing)}; begin it with a line such as "
                    f"{','.join(required)}"
                )
            rows = [
                (reader.line_num, {name: (row[name] or "").strip() for name in row if name})
                for row in reader
            ]
    except FileNotFoundError as error:
        raise A2IError(f"{path}: no such file; check the spelling") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise A2IError(f"{path}: cannot be read as CSV in UTF-8: {error}") from error
    rows = [(line, row) for line, row in rows if any(row.values())]
    if not rows:
        raise A2IError(f"{path}: has no rows; add a line for every file")
    return rows
