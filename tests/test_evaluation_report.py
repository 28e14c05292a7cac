import dataclasses
import json

import numpy as np
import pytest
from metric_names import PICTURE_METRICS, SAMPLE_METRICS

from a2i_tf.evaluation.controls import Controls, GainSweep, Mix
from a2i_tf.evaluation.report import (
    Report,
    Score,
    only_finite,
    score_by_source,
    score_over_seeds,
)

ALL_METRICS = (
    *PICTURE_METRICS,
    *SAMPLE_METRICS,
    "factor_r2",
    *(f"factor_r2_{name}" for name in ("activity", "nearness", "rain", "wind", "night", "room")),
)


@pytest.fixture
def report():
    scores = {name: Score(0.5, 0.25) for name in ALL_METRICS}
    sweep = GainSweep("nearness", (-20, 0, 10), (0.1, 0.5, 0.9), Score(0.75, 0.125), True, 64)
    return Report(
        dataset="scenes",
        checksum="c0ffee",
        num_test=24,
        judge_accuracy=0.95,
        factors=("activity", "nearness", "rain", "wind", "night", "room"),
        systems={
            "model": scores,
            "default (3 seeds)": scores,
            "audio_regressor": {"factor_r2": Score(0.7, 0.1)},
            "real": scores | {"class_accuracy": Score(0.95, 0.0)},
        },
        controls=Controls(
            sweep,
            Mix(Score(0.625, 0.1), 128),
            {"silence": True, "white_noise": True, "one_sample": False},
        ),
        notes=("one sample can't be drawn: ValueError: why",),
        picture=np.zeros((8, 8, 3), np.uint8),
    )


def table_rows(markdown):
    """Returns the cells of all table rows, without the rules under the heads."""
    lines = [line for line in markdown.splitlines() if line.startswith("| ")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [cells for cells in rows if set("".join(cells)) - set("-:")]


def test_json_has_stable_keys(report):
    told = report.to_dict()
    assert list(told) == [
        "dataset",
        "checksum",
        "split",
        "n_test",
        "judge",
        "factors",
        "systems",
        "controls",
        "notes",
    ]
    assert told["split"] == "source"
    assert told["judge"] == {"accuracy_on_real_test": 0.95, "weak": False}
    assert told["systems"]["model"]["kid"] == {"mean": 0.5, "spread": 0.25}
    assert told["systems"]["audio_regressor"] == {"factor_r2": {"mean": 0.7, "spread": 0.1}}
    assert told["controls"] == {
        "gain_sweep": {
            "factor": "nearness",
            "gains_db": [-20, 0, 10],
            "mean_reading": [0.1, 0.5, 0.9],
            "spearman": {"mean": 0.75, "spread": 0.125},
            "monotone": True,
            "num_sounds": 64,
        },
        "mix": {"both_raised": {"mean": 0.625, "spread": 0.1}, "num_mixes": 128},
        "odd_clips": {"silence": True, "white_noise": True, "one_sample": False},
    }
    assert json.loads(json.dumps(told, allow_nan=False)) == told


def test_controls_that_are_left_out_are_null(report):
    controls = dataclasses.replace(report.controls, gain_sweep=None, mix=None)
    told = dataclasses.replace(report, controls=controls)
    assert told.to_dict()["controls"]["gain_sweep"] is None
    assert told.to_dict()["controls"]["mix"] is None
    assert "louder" not in told.to_markdown()
    assert "mix of two" not in told.to_markdown()


def test_markdown_tells_the_judge_first(report):
    assert report.to_markdown().startswith("The judge names 95.0% of the real test images.\n")
    weak = dataclasses.replace(report, judge_accuracy=0.89)
    assert "it is weak" in weak.to_markdown().splitlines()[0]


def test_markdown_has_every_metric_once_with_its_direction(report):
    heads = [cells[1:] for cells in table_rows(report.to_markdown()) if cells[0] == "system"]
    titles = dict(title.split() for head in heads for title in head)
    assert set(titles) == {name.removeprefix("factor_r2_") for name in ALL_METRICS}
    assert sum(map(len, heads)) == len(ALL_METRICS)
    assert titles["class_accuracy"] == titles["rain"] == "↑"
    assert titles["kid"] == "↓"
    assert titles["dark_fraction"] == titles["diversity"] == titles["memorization"] == "→"


def test_markdown_fits_into_a_terminal(report):
    for line in report.to_markdown().splitlines():
        if line.startswith("|"):
            assert len(line) <= 100


def test_markdown_has_a_row_a_system_and_none_without_figures(report):
    rows = table_rows(report.to_markdown())
    classes = rows[: rows.index(next(r for r in rows[1:] if r[0] == "system"))]
    assert classes[1:] == [
        ["model", "0.500 ± 0.250", "0.500 ± 0.250", "0.500 ± 0.250"],
        ["default (3 seeds)", "0.500 ± 0.250", "0.500 ± 0.250", "0.500 ± 0.250"],
        ["real", "0.950 ± 0.000", "0.500 ± 0.250", "0.500 ± 0.250"],
    ]
    assert ["audio_regressor", "0.700 ± 0.100", "", "", ""] in rows


def test_markdown_without_factors_has_no_table_of_them(report):
    systems = {
        name: {metric: score for metric, score in scores.items() if "factor" not in metric}
        for name, scores in report.systems.items()
    }
    told = dataclasses.replace(report, systems=systems).to_markdown()
    assert "The factors" not in told
    assert "audio_regressor" not in told


def test_markdown_lists_controls_and_notes(report):
    told = report.to_markdown()
    assert (
        "- louder: nearness reads -20 dB 0.10, +0 dB 0.50, +10 dB 0.90; rises all the way, "
        "rank correlation 0.75 ± 0.12\n" in told
    )
    assert "in 62.5% of 128 mixes\n" in told
    assert "- white noise: draws a picture\n- one sample: FAILS\n" in told
    assert told.endswith("- one sample can't be drawn: ValueError: why\n")


def test_spread_is_over_sources_not_items():
    # Source a has mean 0.5, source b has mean 1: 0.75 ± 0.25 by source.
    values = np.array([0.0, 1.0, 1.0, 1.0])
    sources = np.array(["a", "a", "b", "b"])
    assert score_by_source(values, sources) == Score(mean=0.75, spread=0.25)
    assert score_by_source(values[:2], sources[:2]) == Score(mean=0.5, spread=0.0)


def test_items_without_a_value_are_left_out():
    values = np.array([0.0, np.nan, 1.0, np.nan])
    sources = np.array(["a", "a", "b", "c"])
    assert score_by_source(values, sources) == Score(mean=0.5, spread=0.5)
    assert not score_by_source(values[1:2], sources[1:2]).is_finite


def test_only_numbers_are_told():
    scores = {"a": Score(1.0, 0.0), "b": Score(np.inf, 0.0), "c": Score(0.0, np.nan)}
    assert only_finite(scores) == {"a": Score(1.0, 0.0)}
    infinite = score_by_source(np.array([np.inf, 1.0]), np.array(["a", "b"]))
    assert not infinite.is_finite


def test_seeds_together_are_the_mean_of_their_means():
    runs = [{"ssim": Score(mean, 9.0), "kid": Score(mean, 9.0)} for mean in (1.0, 2.0, 6.0)]
    del runs[1]["kid"]
    together = score_over_seeds(runs)
    assert list(together) == ["ssim"]
    assert together["ssim"].mean == 3
    # The sample deviation: (4 + 1 + 9) / 2.
    assert together["ssim"].spread == pytest.approx(np.sqrt(7))


def test_judge_is_weak_under_nine_tenths(report):
    assert not dataclasses.replace(report, judge_accuracy=0.9).judge_is_weak
    assert dataclasses.replace(report, judge_accuracy=0.89).to_dict()["judge"]["weak"]
