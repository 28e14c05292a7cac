"""A report as Markdown that fits into a terminal: several narrow tables, not one wide one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from a2i_tf.evaluation.controls import Controls, GainSweep
    from a2i_tf.evaluation.report import Score

_TABLES: dict[str, tuple[str, ...]] = {
    "The class": ("class_accuracy", "retrieval_class_r1", "retrieval_class_r10"),
    "The pair": ("retrieval_r1", "retrieval_r10", "ssim", "ssim_of_mean"),
    "The pictures": ("kid", "psnr", "hss", "dark_fraction"),
    "Their variety": ("diversity", "memorization"),
}
_FACTORS_TABLE = "The factors, mean and each"
_FACTOR_PREFIX = "factor_r2"
_MOST_COLUMNS = 4

_LESS_IS_BETTER = ("kid",)
_LIKE_REAL_IS_BETTER = ("dark_fraction", "diversity", "memorization")
_LEGEND = (
    "↑ more is better, ↓ less is better, → as near to the row `real` as can be. Mean over items ± "
    "standard deviation over the sources' means; docs/evaluation.md tells the exceptions."
)


def system_tables(systems: Mapping[str, Mapping[str, Score]]) -> list[str]:
    """Returns the lines of all tables, a system a row; a system without figures has none.

    Args:
        systems: Scores by the system's name, then by the metric's.
    """
    lines: list[str] = []
    for title, metrics in _filled_tables(systems):
        rows = [
            [name, *(_cell(scores.get(metric)) for metric in metrics)]
            for name, scores in systems.items()
            if any(metric in scores for metric in metrics)
        ]
        head = ["system", *(f"{_title(metric)} {_direction(metric)}" for metric in metrics)]
        lines += [title, "", *_table(head, rows), ""]
    return [*lines, _LEGEND]


def control_lines(controls: Controls) -> list[str]:
    """Returns what the controls found, as a list."""
    found = []
    if controls.gain_sweep:
        found.append(_gain_sweep_line(controls.gain_sweep))
    if controls.mix:
        found.append(
            f"mix of two sounds: both classes are likelier than for the other sound alone in "
            f"{controls.mix.both_raised.mean:.1%} of {controls.mix.num_mixes} mixes"
        )
    found += [
        f"{name.replace('_', ' ')}: {'draws a picture' if drawn else 'FAILS'}"
        for name, drawn in controls.odd_clips.items()
    ]
    return ["", "Controls, on the first model", "", *(f"- {line}" for line in found)]


def _filled_tables(
    systems: Mapping[str, Mapping[str, Score]],
) -> Iterator[tuple[str, Sequence[str]]]:
    measured = list(dict.fromkeys(metric for scores in systems.values() for metric in scores))
    for title, metrics in _TABLES.items():
        filled = [metric for metric in metrics if metric in measured]
        if filled:
            yield title, filled
    factors = [metric for metric in measured if metric.startswith(_FACTOR_PREFIX)]
    for start in range(0, len(factors), _MOST_COLUMNS):
        title = _FACTORS_TABLE if start == 0 else f"{_FACTORS_TABLE}, continued"
        yield title, factors[start : start + _MOST_COLUMNS]


def _gain_sweep_line(sweep: GainSweep) -> str:
    readings = ", ".join(
        f"{gain:+d} dB {reading:.2f}"
        for gain, reading in zip(sweep.gains_db, sweep.mean_reading, strict=True)
    )
    return (
        f"louder: {sweep.factor} reads {readings}; "
        f"{'rises all the way' if sweep.monotone else 'does not rise all the way'}, rank "
        f"correlation {sweep.spearman.mean:.2f} ± {sweep.spearman.spread:.2f}"
    )


def _title(metric: str) -> str:
    return metric.removeprefix(f"{_FACTOR_PREFIX}_")


def _direction(metric: str) -> str:
    if metric in _LESS_IS_BETTER:
        return "↓"
    return "→" if metric in _LIKE_REAL_IS_BETTER else "↑"


def _cell(score: Score | None) -> str:
    return "" if score is None else f"{score.mean:.3f} ± {score.spread:.3f}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return [_line(cells, widths) for cells in (head, rule, *rows)]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    name, *figures = cells
    padded = [name.ljust(widths[0])]
    padded += [figure.rjust(width) for figure, width in zip(figures, widths[1:], strict=True)]
    return "| " + " | ".join(padded) + " |"
