"""What `dataset.csv` of the Kaggle set says, and whether it can be what it says."""

import csv

import numpy as np
import pytest
from kaggle_fixture import class_sound, make_members, read_table, set_mfcc, write_table
from shared_data import SHARED_DATA, esc10_clips, needs_esc10

from a2i_tf.audio.decode import load_waveform
from a2i_tf.audio.mfcc import mfcc
from a2i_tf.audio.settings import MFCC_SETTINGS
from a2i_tf.audio.windows import cut_windows
from a2i_tf.datasets.kaggle.rows import (
    COEFFICIENTS,
    MFCC_COLUMNS,
    WINDOWS,
    check_mfcc,
    read_rows,
    resemblance,
    sample_rows,
)
from a2i_tf.errors import A2IError

SCENE104 = MFCC_SETTINGS["scene104"]


@pytest.fixture(scope="module")
def table():
    return read_table(make_members()["dataset.csv"])


def lines(table):
    return write_table(table).decode().splitlines(keepends=True)


def test_rows_are_sorted_by_source_and_time(table):
    rows = read_rows(lines([table[0], *reversed(table[1:])]))
    assert len(rows) == len(table) - 1
    assert rows == sorted(rows, key=lambda row: (row.source, row.number))
    first = next(row for row in rows if row.image == "images/store4/store4-3.png")
    assert (first.id, first.label) == ("store4-00003", "grocery-store")


def test_numbers_in_names_of_sources_do_not_mix_seconds_up(table):
    renamed = [list(row) for row in table[:13]]
    for number, row in zip((0, 1, 2, 9, 10, 11), renamed[1:7], strict=True):
        row[0] = f"images/forest1/forest1{number}.png"
    for number, row in zip((0, 1, 2, 9, 10, 11), renamed[7:13], strict=True):
        row[0] = f"images/forest/forest{number}.png"
    rows = read_rows(lines(renamed))
    assert [row.image.removeprefix("images/") for row in rows] == [
        f"{source}/{source}{number}.png"
        for source in ("forest", "forest1")
        for number in (0, 1, 2, 9, 10, 11)
    ]


def test_samples_are_evenly_spaced_in_every_source(table):
    rows = read_rows(lines(table))
    assert sample_rows(rows, None) == sample_rows(rows, 5) == sample_rows(rows, 99) == rows
    sampled = sample_rows(rows, 2)
    assert {row.source for row in sampled} == {row.source for row in rows}
    assert [row.number for row in sampled if row.source == "river2"] == [0, 2]


@needs_esc10
def test_columns_of_a_recording_are_what_a2i_hears_in_it():
    clips = [load_waveform(path, 16_000, use_tensorflow=False) for path in esc10_clips(10)]
    steps = np.concatenate([cut_windows(clip, 16_000) for clip in clips]) * 32_768
    sounds = steps.round().clip(-32_768, 32_767).astype(np.int16)
    header = ["IMAGE", *MFCC_COLUMNS, "CLASS1", "CLASS2"]
    body = [
        [
            f"images/rain/rain{number}.png",
            *(f"{v:.6f}" for v in set_mfcc(sound)),
            "OUTDOORS",
            "RAIN",
        ]
        for number, sound in enumerate(sounds)
    ]
    rows = read_rows(lines([header, *body]))
    heard = mfcc(sounds.astype(np.float32) / 32_768, SCENE104)
    assert len(rows) >= 40
    np.testing.assert_allclose(np.stack([row.mfcc for row in rows]), heard, atol=1e-3, rtol=0)


@pytest.mark.skipif(not (SHARED_DATA / "kaggle_rows.csv").is_file(), reason="no rows here")
def test_real_rows_are_in_this_order_and_range():
    with (SHARED_DATA / "kaggle_rows.csv").open() as file:
        real = list(csv.DictReader(file))
    values = np.array([[float(row.get(name) or "nan") for name in MFCC_COLUMNS] for row in real])
    windows = values.reshape(-1, WINDOWS, COEFFICIENTS)
    # What the public columns leave: coefficients 6 to 9 of the first and the last window.
    known = ~np.isnan(windows).any(axis=0)
    both = known[0] & known[-1]
    assert both.sum() == 4
    assert resemblance(windows[:, 0, both], windows[:, -1, both]) > 0.6
    # Read by coefficient, the first eight columns would be one coefficient in all windows.
    assert resemblance(values[:, :7], values[:, 1:8]) < 0
    energy = windows[:, 0, 0]
    assert energy.min() > 11
    assert energy.max() < 22
    assert np.nanmax(np.abs(windows)) < 60


def test_values_of_another_order_or_kind_are_refused():
    right = np.stack([set_mfcc(class_sound(place, 0)) for place in range(9)])
    check_mfcc(right.reshape(-1, WINDOWS, COEFFICIENTS))
    by_window = right.reshape(-1, WINDOWS, COEFFICIENTS)
    by_coefficient = by_window.transpose(0, 2, 1).reshape(by_window.shape)
    with pytest.raises(A2IError, match="every 13th value has the median"):
        check_mfcc(by_coefficient)
    shuffled = by_window.copy()
    for row in shuffled:
        for window in row:
            np.random.default_rng(abs(int(window[1] * 1e4))).shuffle(window[1:])
    with pytest.raises(A2IError, match="neighbouring windows of a second .* in another order"):
        check_mfcc(shuffled)
    with pytest.raises(A2IError, match="MFCC reach"):
        check_mfcc(by_window + 300.0 * (np.arange(13) == 4))


@pytest.mark.parametrize(
    ("line", "column", "value", "message"),
    [
        (0, 104, "mfcc_x", "has no column mfcc_104"),
        (3, 7, "loud", "line 4: could not convert string to float: 'loud'"),
        (3, 7, "nan", "line 4: has no class, or a value that is no number"),
        (3, 106, "", "line 4: has no class"),
        (3, 0, "images/../forest0.png", "line 4: 'images/../forest0.png' is not images/"),
        (3, 0, "/etc/passwd", "line 4: '/etc/passwd' is not images/"),
        (3, 0, "images/beach/beach0.png", "has two rows of beach-00000"),
    ],
)
def test_bad_rows_are_named(table, line, column, value, message):
    spoilt = [list(row) for row in table]
    spoilt[line][column] = value
    with pytest.raises(A2IError, match=f"^dataset.csv.*{message}"):
        read_rows(lines(spoilt))


def test_a_table_cut_off_or_empty_is_named(table):
    with pytest.raises(A2IError, match="line 136: "):
        read_rows(lines([*table[:-1], table[-1][:50]]))
    with pytest.raises(A2IError, match="holds no rows"):
        read_rows(lines(table[:1]))
    with pytest.raises(A2IError, match="has no column IMAGE and 105 more"):
        read_rows([])
