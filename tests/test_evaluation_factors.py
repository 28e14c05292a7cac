import dataclasses

import numpy as np
import pytest
from scipy.ndimage import convolve
from sklearn.metrics import r2_score

from a2i_tf.datasets.pairs import Pair
from a2i_tf.datasets.pipeline import Arrays
from a2i_tf.evaluation.factor_reader import train_factor_reader, wear_out
from a2i_tf.evaluation.factors import factor_scores, factor_targets
from a2i_tf.evaluation.picture_statistics import describe_pictures

NAMES = ("rain", "night")


def make_pair(source="source", **factors):
    return Pair("id", source, "label", 0.0, "sound", "image", factors)


def made_up(noise=0.1, seed=0):
    """Returns readings, targets and sources of 20 sources with 6 items; 10 sources have night."""
    rng = np.random.default_rng(seed)
    sources = np.repeat([f"s{n}" for n in range(20)], 6)
    targets = rng.random((20, 2)).repeat(6, axis=0)
    targets[60:, 1] = np.nan
    readings = np.nan_to_num(targets) + rng.normal(0, noise, targets.shape)
    return readings, targets, sources


def score(readings, targets, sources, seed=0, names=NAMES):
    return factor_scores(readings, targets, sources, np.random.default_rng(seed), names)


def test_targets_are_nan_where_a_class_has_no_such_factor():
    pairs = [make_pair(night=0.25), make_pair(rain=1.0, night=0.0), make_pair()]
    nan = np.nan
    np.testing.assert_array_equal(
        factor_targets(pairs, NAMES), [[nan, 0.25], [1.0, 0.0], [nan, nan]]
    )
    assert factor_targets([], NAMES).shape == (0, 2)
    assert factor_targets(pairs, ()).shape == (3, 0)


def test_scores_equal_scikit_learn():
    readings, targets, sources = made_up()
    scores = score(readings, targets, sources)
    expected = [
        r2_score(targets[:, 0], readings[:, 0]),
        r2_score(targets[:60, 1], readings[:60, 1]),
    ]
    assert list(scores) == ["rain", "night", "mean"]
    assert scores["rain"].mean == pytest.approx(expected[0])
    assert scores["night"].mean == pytest.approx(expected[1])
    assert scores["mean"].mean == pytest.approx(np.mean(expected))


def test_perfect_and_useless_readings():
    _, targets, sources = made_up()
    perfect = score(np.nan_to_num(targets), targets, sources)
    assert {(s.mean, s.spread) for s in perfect.values()} == {(1.0, 0.0)}
    mean = np.broadcast_to(np.nanmean(targets, axis=0), targets.shape)
    for found in score(mean, targets, sources).values():
        assert found.mean == pytest.approx(0, abs=1e-9)
    assert score(1 - np.nan_to_num(targets), targets, sources)["mean"].mean < -1


def test_spread_equals_a_bootstrap_of_whole_sources():
    readings, targets, sources = made_up(noise=0.2)
    rng = np.random.default_rng(1)
    items = {source: np.flatnonzero(sources == source) for source in np.unique(sources)}
    drawn = [
        np.concatenate([items[source] for source in rng.choice(list(items), len(items))])
        for _ in range(400)
    ]
    expected = np.std([r2_score(targets[rows, 0], readings[rows, 0]) for rows in drawn])
    # 50 resamples tell a deviation within about a tenth.
    assert score(readings, targets, sources)["rain"].spread == pytest.approx(expected, rel=0.35)


def test_items_of_one_source_are_one_observation():
    readings, targets, _ = made_up(noise=0.2)
    alone = np.array([f"item{n}" for n in range(len(readings))])
    # Errors that a source's items share make the spread by source the larger one.
    readings[:, 0] = targets[:, 0] + np.random.default_rng(2).normal(0, 0.2, 20).repeat(6)
    _, _, sources = made_up()
    by_source, by_item = (score(readings, targets, s)["rain"].spread for s in (sources, alone))
    assert by_source > 1.5 * by_item > 0


def test_what_doesnt_vary_is_left_out():
    readings, targets, sources = made_up()
    targets[:, 1] = 0.3
    scores = score(readings, targets, sources)
    assert list(scores) == ["rain", "mean"]
    assert scores["rain"] == scores["mean"]
    assert score(readings, np.full_like(targets, np.nan), sources) == {}


def test_one_source_has_no_spread():
    readings, targets, _ = made_up()
    scores = score(readings, targets, np.full(len(readings), "only"))
    assert scores["rain"].spread == 0
    assert np.isfinite(scores["rain"].mean)


def test_same_stream_same_scores():
    assert score(*made_up()) == score(*made_up())
    assert score(*made_up(), seed=1)["rain"].mean == score(*made_up())["rain"].mean


def test_factor_of_few_sources_has_a_finite_spread():
    # Some resamples hold none of the three sources: they say nothing about the factor.
    readings, targets, sources = made_up()
    targets[18:, 1] = np.nan
    scores = score(readings, targets, sources)
    assert all(np.isfinite([s.mean, s.spread]).all() for s in scores.values())


READ = ("light", "stripes")


def make_split(count, seed):
    """Makes pictures of two classes, four a source.

    In class 0, "light" is how bright the picture is, and it has no "stripes". In class 1, "light"
    is how dark it is, and "stripes" how fine its stripes are.
    """
    rng = np.random.default_rng(seed)
    light, stripes = rng.random(count), rng.random(count)
    labels = np.arange(count) // 4 % 2
    phase = np.arange(32)[None, :] + rng.integers(0, 32, (count, 1))
    wave = labels[:, None] * np.sin(2 * np.pi * phase * (1 + 5 * stripes[:, None]) / 32)
    rows = 40 + 150 * np.where(labels, 1 - light, light)[:, None] + 30 * wave
    images = np.broadcast_to(rows[:, :, None, None], (count, 32, 32, 3)).astype(np.uint8)
    pairs = tuple(
        make_pair(f"{seed}-{n // 4}", light=light[n], **({"stripes": stripes[n]} if label else {}))
        for n, label in enumerate(labels)
    )
    return Arrays(pairs, np.zeros((count, 1, 1), np.float32), images, labels)


def some_rows(arrays, rows):
    pairs = tuple(arrays.pairs[row] for row in rows)
    return Arrays(pairs, arrays.mfcc[rows], arrays.images[rows], arrays.labels[rows])


@pytest.fixture(scope="module")
def splits():
    return [make_split(count, seed) for seed, count in enumerate((400, 80, 200))]


@pytest.fixture(scope="module")
def reader(splits):
    return train_factor_reader(*splits[:2], READ)


def test_reader_sees_brightness_and_detail(reader, splits):
    test = splits[2]
    readings = reader.read(test.images, test.labels)
    assert readings.dtype == np.float32
    targets = factor_targets(test.pairs, READ)
    np.testing.assert_array_equal(np.isnan(readings), np.isnan(targets))
    assert r2_score(targets[:, 0], readings[:, 0]) > 0.9
    striped = test.labels == 1
    assert r2_score(targets[striped, 1], readings[striped, 1]) > 0.9


def test_pictures_are_read_as_ones_of_the_given_class(reader):
    images = np.full((1, 32, 32, 3), 150, np.uint8)
    readings = reader.read(images.repeat(3, axis=0), np.array([0, 1, 2]))[:, 0]
    np.testing.assert_allclose(readings[:2], [110 / 150, 40 / 150], atol=0.1)
    # Nothing is known of class 2.
    assert np.isnan(readings[2])
    assert [reader.knows(label, "stripes") for label in (0, 1, 2)] == [False, True, False]


def test_readings_stay_between_0_and_1(reader):
    images = np.random.default_rng(0).integers(0, 256, (50, 32, 32, 3), dtype=np.uint8)
    images[:10], images[10:20] = 0, 255
    readings = reader.read(images, np.ones(50, np.int64))
    assert 0 <= readings.min() <= readings.max() <= 1


def test_same_pictures_same_reader(reader, splits):
    test = splits[2]
    again = train_factor_reader(*splits[:2], READ).read(test.images, test.labels)
    np.testing.assert_array_equal(again, reader.read(test.images, test.labels))


@pytest.mark.parametrize("rows", [[], [0], list(range(4))])
def test_reader_does_without_much_validation(splits, rows):
    train, validation, test = splits
    reader = train_factor_reader(train, some_rows(validation, rows), READ)
    readings = reader.read(test.images, test.labels)
    assert r2_score(factor_targets(test.pairs, READ)[:, 0], readings[:, 0]) > 0.9


def test_the_width_is_chosen_on_the_validation_split(splits):
    # The pictures follow the true light closely; of noise, the widest kernel makes least.
    train, validation, _ = splits
    rng = np.random.default_rng(0)
    noise = tuple(make_pair(pair.source, light=rng.random()) for pair in validation.pairs)
    chosen = [
        train_factor_reader(train, held_out, ("light",)).regressors[0, "light"].regressor_[-1]
        for held_out in (validation, dataclasses.replace(validation, pairs=noise))
    ]
    assert chosen[0].gamma > chosen[1].gamma


def test_worn_pictures_are_read_as_crisp_ones_are(splits):
    train, validation, test = splits
    reader = train_factor_reader(train, validation, ("light",))
    worn = wear_out(test.images, np.random.default_rng(3))
    crisp, blurred = reader.read(test.images, test.labels), reader.read(worn, test.labels)
    assert np.abs(worn.astype(int) - test.images).max() > 8
    assert np.abs(blurred - crisp).mean() < 0.04


def test_what_cant_be_learned_is_read_as_its_mean(splits):
    train, validation, test = splits
    # Of class 0 a single source, of class 1 a single value.
    rows = np.r_[0:4, np.flatnonzero(train.labels == 1)]
    few = some_rows(train, rows)
    lights = [pair.factors["light"] for pair in few.pairs[:4]]
    pairs = tuple(make_pair(pair.source, light=0.25) for pair in few.pairs[4:])
    few = dataclasses.replace(few, pairs=few.pairs[:4] + pairs)
    readings = train_factor_reader(few, validation, ("light", "nothing")).read(
        test.images, test.labels
    )
    np.testing.assert_allclose(readings[test.labels == 0, 0], np.mean(lights), rtol=1e-6)
    np.testing.assert_array_equal(readings[test.labels == 1, 0], 0.25)
    assert np.isnan(readings[:, 1]).all()


@pytest.mark.parametrize(
    "images", [np.zeros((1, 32, 32, 3), np.float32), np.zeros((1, 64, 64, 3), np.uint8)]
)
def test_reader_refuses_wrong_images(reader, images):
    with pytest.raises(ValueError, match="images"):
        reader.read(images, np.zeros(1, np.int64))


def some_pictures(size, count=3):
    return np.random.default_rng(0).integers(0, 256, (count, size, size, 3), dtype=np.uint8)


def unpack(statistics):
    """Returns float32 [n, 3 scales, 7 statistics, 3 planes, 6 strips]."""
    return statistics.reshape(len(statistics), 3, 7, 3, 6)


def test_statistics_equal_scipy():
    images = some_pictures(64)
    red, green, blue = np.moveaxis(np.sqrt(images / 255), -1, 0)
    planes = np.stack([(red + green + blue) / 3, red - green, blue - green], 1)
    slope, bend = np.array([1, 0, -1]), np.array([-1, 2, -1])
    kernels = [slope[None, :], slope[:, None], bend[None, :], bend[:, None]]
    for scale, found in enumerate(np.moveaxis(unpack(describe_pictures(images)), 1, 0)):
        shape = (3, 3, 64 >> scale, 1 << scale, 64 >> scale, 1 << scale)
        small = planes.reshape(shape).mean(axis=(3, 5))
        right, under, wide, high = (convolve(small, kernel[None, None]) for kernel in kernels)
        expected = [small, np.abs(right), np.abs(under)]
        expected += [part for b in (wide, high) for part in (np.maximum(b, 0), np.maximum(-b, 0))]
        strips = np.array_split(np.stack(expected, 1)[..., 1:-1, 1:-1], 6, axis=-2)
        means = np.stack([strip.mean(axis=(-2, -1)) for strip in strips], -1)
        np.testing.assert_allclose(found, means, atol=1e-5)


def test_statistics_of_one_colour():
    images = np.full((1, 32, 32, 3), (0, 64, 255), np.uint8)
    found = unpack(describe_pictures(images))[0]
    half = np.sqrt(64 / 255)
    colour = np.array([(half + 1) / 3, -half, 1 - half])[None, :, None]
    np.testing.assert_allclose(found[:, 0], np.broadcast_to(colour, (3, 3, 6)), atol=1e-6)
    np.testing.assert_allclose(found[:, 1:], 0, atol=1e-6)


def test_large_pictures_are_averaged_not_cropped():
    small = some_pictures(64)
    large = small.repeat(2, axis=1).repeat(2, axis=2)
    np.testing.assert_allclose(describe_pictures(large), describe_pictures(small), atol=1e-6)


def test_mirrored_pictures_look_alike_and_others_do_not_mix():
    images = some_pictures(32, count=40)
    found = describe_pictures(images)
    assert found.shape == (40, 378)
    assert found.dtype == np.float32
    np.testing.assert_allclose(describe_pictures(images[:, :, ::-1]), found, atol=1e-5)
    np.testing.assert_allclose(describe_pictures(images[30:31])[0], found[30], atol=1e-6)
