"""Reading the CSV files that people write."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from a2i_tf.errors import A2IError


def read_table(path: Path, required: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
    """Reads a CSV file with a line of names, as UTF-8 with or without a byte-order mark.

    Values are separated by commas, or by semicolons as some spreadsheets do. Names may have
    capitals.

    Returns:
        (number of the line, value by column, "" where there is none) of every row that isn't
        empty.

    Raises:
        A2IError: if the file can't be read, a required column is missing, or there are no rows.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = _reader(file)
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


def _reader(file: TextIO) -> csv.DictReader[str]:
    names = file.readline()
    delimiter = ";" if ";" in names and "," not in names else ","
    file.seek(0)
    reader = csv.DictReader(file, restval="", delimiter=delimiter)
    reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or ()]
    return reader
