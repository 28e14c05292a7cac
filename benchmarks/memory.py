"""Prints how much memory training takes on all of a dataset, against 2,000 of its pairs.

    python -m benchmarks.memory data/scenes [--records PATH]

Both runs are whole `a2i train` commands, records and all; what they take at most is the kernel's
count of resident memory. Where the records aren't there yet, writing them counts too.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from a2i_tf.datasets.manifest import read_pairs, write_pairs
from a2i_tf.datasets.pairs import PairsFolder, summarize

_FEW_PAIRS = 2_000
_STEPS = 30
_TRAIN = ("train", "--preset", "default", "--image-size", "64", "--steps", str(_STEPS))


def make_part(folder: PairsFolder, root: Path, number: int) -> PairsFolder:
    """Makes a dataset of about `number` pairs, whole sources drawn by lot, and links the files.

    Args:
        folder: The dataset.
        root: An empty folder.
        number: Pairs to take.
    """
    sources = list(dict.fromkeys(pair.source for pair in folder.pairs))
    share = min(1.0, number / len(folder.pairs))
    chosen = set(random.Random(0).sample(sources, max(1, round(share * len(sources)))))
    pairs = [pair for pair in folder.pairs if pair.source in chosen]
    for name in {Path(file).parts[0] for pair in pairs for file in (pair.sound, pair.image)}:
        (root / name).symlink_to((folder.root / name).resolve())
    info = {**folder.info.to_dict(), **summarize(pairs)}
    write_pairs(root, type(folder.info).from_dict(info), pairs)
    return read_pairs(root)


def peak_megabytes(data: Path, run: Path, records: str | None) -> float:
    """Trains in a process of its own and returns its largest resident memory in MB."""
    place = ["--records", records] if records else []
    command = [sys.executable, "-m", "a2i_tf", *_TRAIN, "--data", str(data), "--run-dir", str(run)]
    process = subprocess.Popen([*command, *place])
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{data}: training failed")
    # Linux counts kibibytes.
    return usage.ru_maxrss * 1024 / 1e6


def main() -> None:
    """Measures and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--records")
    arguments = parser.parse_args()
    table = Table("pairs", "peak of memory", "against the fewest", title_justify="left")
    table.title = f"{_STEPS} steps, 64 px, {os.cpu_count()} cores"
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        (root / "part").mkdir()
        whole = read_pairs(arguments.data)
        part = make_part(whole, root / "part", _FEW_PAIRS)
        fewest = peak_megabytes(part.root, root / "few", arguments.records)
        most = peak_megabytes(whole.root, root / "all", arguments.records)
    for folder, peak in ((part, fewest), (whole, most)):
        table.add_row(f"{len(folder.pairs):,}", f"{peak:,.0f} MB", f"{peak / fewest:.2f}")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
