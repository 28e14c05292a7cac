import dataclasses

import keras
import numpy as np
import pytest
from model_fixture import make_model
from pairs_fixture import make_pairs_folder
from scipy.stats import spearmanr
from sklearn.linear_model import LinearRegression

from a2i_tf.audio.settings import SCENE104
from a2i_tf.datasets.pipeline import load_arrays
from a2i_tf.evaluation.controls import (
    GAINS_DB,
    draw_odd_clips,
    measure_controls,
    mix_sounds,
    spearman_with_order,
    sweep_gain,
)
from a2i_tf.evaluation.factor_reader import FactorReader
from a2i_tf.evaluation.judge import Judge
from a2i_tf.evaluation.picture_statistics import describe_pictures
from a2i_tf.evaluation.waveforms import hear, load_windows
from a2i_tf.models.drawing import DrawingModel


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder whose pairs have the factor of loudness."""
    made = make_pairs_folder(tmp_path_factory.mktemp("controls") / "pairs", sources_per_class=6)
    pairs = tuple(dataclasses.replace(pair, factors={"nearness": 0.5}) for pair in made.pairs)
    return dataclasses.replace(made, pairs=pairs)


@pytest.fixture(scope="module")
def pairs(folder):
    return folder.split("test")


def channels_model(kernel, bias):
    """Returns a model that fills the three channels with affine functions of the mean MFCC."""
    config = dataclasses.replace(make_model().config, embedding_dim=3, noise_dim=1)
    mfcc = keras.Input(SCENE104.shape)
    read = keras.layers.Dense(3, name="read")
    encoder = keras.Model(mfcc, read(keras.layers.GlobalAveragePooling1D()(mfcc)))
    read.set_weights([np.asarray(kernel, np.float32), np.asarray(bias, np.float32)])
    embedding, noise = keras.Input((3,)), keras.Input((1,))
    heard = keras.layers.Activation("tanh")(embedding) + 0 * noise
    image = keras.layers.UpSampling2D(32)(keras.layers.Reshape((1, 1, 3))(heard))
    return DrawingModel(config, encoder, keras.Model([embedding, noise], image))


@pytest.fixture(scope="module")
def loud_model():
    # The first coefficient is the log energy: about 10 here, by ln 10 more for every 10 dB.
    kernel = np.zeros((13, 3))
    kernel[0] = 0.1
    return channels_model(kernel, [-1, -1, -1])


@pytest.fixture(scope="module")
def deaf_model():
    return channels_model(np.zeros((13, 3)), [0, 0, 0])


@pytest.fixture(scope="module")
def classes_model(folder):
    """Paints every class in a channel of its own, by least squares on sounds and their mixes."""
    train = folder.split("train")
    windows = load_windows(folder, train, SCENE104)
    classes = np.eye(3)[[folder.labels.index(pair.label) for pair in train]]
    order = np.random.default_rng(0).permutation(len(train))
    mfcc = hear(np.concatenate([windows, windows + windows[order]]), SCENE104).mean(axis=1)
    targets = np.concatenate([classes, np.maximum(classes, classes[order])])
    known = np.pad(mfcc, [(0, 0), (0, 1)], constant_values=1)
    weights, *_ = np.linalg.lstsq(known, targets, rcond=None)
    return channels_model(weights[:-1], weights[-1])


@pytest.fixture(scope="module")
def brightness():
    """Reads nearness from how bright a picture is, whatever its class."""
    colours = np.random.default_rng(0).integers(0, 256, (40, 1, 1, 3), dtype=np.uint8)
    pictures = np.broadcast_to(colours, (40, 32, 32, 3))
    bright = np.sqrt(pictures / 255).mean(axis=(1, 2, 3))
    linear = LinearRegression().fit(describe_pictures(pictures).astype(np.float64), bright)
    return FactorReader(32, ("nearness",), {(label, "nearness"): linear for label in range(3)})


@pytest.fixture(scope="module")
def channels_judge():
    """Names a class by its channel."""
    image = keras.Input((32, 32, 3), dtype="uint8")
    mean = keras.layers.GlobalAveragePooling2D(name="features")(
        keras.layers.Rescaling(1 / 64)(image)
    )
    return Judge(keras.Model(image, keras.layers.Softmax()(mean)))


def test_windows_are_what_the_pipeline_hears(folder, pairs):
    heard = hear(load_windows(folder, pairs, SCENE104), SCENE104)
    expected = load_arrays(folder, pairs, SCENE104, 32).mfcc
    np.testing.assert_allclose(heard, expected, atol=1e-4)


def test_sounds_beyond_full_scale_are_clipped():
    square = np.sign(np.sin(np.arange(16_000) * 0.3 + 0.1)).astype(np.float32)[None]
    np.testing.assert_array_equal(hear(3 * square, SCENE104), hear(square, SCENE104))


def test_a_model_that_hears_loudness_passes_the_sweep(folder, pairs, loud_model, brightness):
    sweep = sweep_gain(loud_model, folder, pairs, brightness, seed=0)
    assert sweep.gains_db == GAINS_DB == (-20, -15, -10, -5, 0, 5, 10)
    assert sweep.monotone
    assert sweep.spearman.mean == pytest.approx(1)
    assert list(sweep.mean_reading) == sorted(sweep.mean_reading)
    assert sweep.num_sounds == len(pairs) == 24


def test_a_deaf_model_fails_the_sweep(folder, pairs, deaf_model, brightness):
    sweep = sweep_gain(deaf_model, folder, pairs, brightness, seed=0)
    assert not sweep.monotone
    assert sweep.spearman.mean == 0
    assert len(set(sweep.mean_reading)) == 1


def test_the_sweep_takes_only_pairs_that_have_the_factor(folder, pairs, loud_model, brightness):
    some = (pairs[0], *(dataclasses.replace(pair, factors={}) for pair in pairs[1:]))
    assert sweep_gain(loud_model, folder, some, brightness, seed=0).num_sounds == 1
    assert sweep_gain(loud_model, folder, some[1:], brightness, seed=0) is None


def test_the_sweep_takes_only_classes_that_the_reader_knows(folder, pairs, loud_model, brightness):
    one = folder.labels.index("brook")
    regressors = {(one, "nearness"): brightness.regressors[one, "nearness"]}
    reader = dataclasses.replace(brightness, regressors=regressors)
    sweep = sweep_gain(loud_model, folder, pairs, reader, seed=0)
    assert sweep.num_sounds == sum(pair.label == "brook" for pair in pairs) == 8
    assert np.isfinite(sweep.mean_reading).all()


def test_spearman_equals_scipy():
    values = np.random.default_rng(0).normal(size=(7, 30)).round(1)
    expected = [spearmanr(np.arange(7), column).statistic for column in values.T]
    np.testing.assert_allclose(spearman_with_order(values), expected, atol=1e-12)
    np.testing.assert_array_equal(spearman_with_order(np.ones((7, 2))), [0, 0])


def test_a_mix_shows_both_classes(folder, pairs, classes_model, channels_judge):
    mix = mix_sounds(classes_model, folder, pairs, channels_judge, seed=0)
    assert mix.num_mixes == 24
    assert mix.both_raised.mean > 0.8


def test_a_deaf_model_shows_neither(folder, pairs, deaf_model, channels_judge):
    assert mix_sounds(deaf_model, folder, pairs, channels_judge, seed=0).both_raised.mean == 0


def test_one_class_has_no_mixes(folder, pairs, deaf_model, channels_judge):
    one = tuple(pair for pair in pairs if pair.label == "brook")
    assert mix_sounds(deaf_model, folder, one, channels_judge, seed=0) is None


def test_odd_clips_are_drawn():
    notes = []
    drawn = draw_odd_clips(make_model(), 0, notes.append)
    assert drawn == {"silence": True, "white_noise": True, "one_sample": True}
    assert not notes


def test_odd_clips_that_fail_are_told():
    notes = []
    drawn = draw_odd_clips(channels_model(np.full((13, 3), np.nan), [0, 0, 0]), 0, notes.append)
    assert drawn == {"silence": False, "white_noise": False, "one_sample": False}
    assert [note.split(" can't")[0] for note in notes] == ["silence", "white noise", "one sample"]
    large = dataclasses.replace(make_model().config, image_size=64)
    wrong = dataclasses.replace(make_model(), config=large)
    assert not any(draw_odd_clips(wrong, 0, notes.append).values())


def test_all_controls_at_once(folder, pairs, loud_model, channels_judge, brightness):
    told = []
    controls = measure_controls(
        loud_model, folder, pairs, channels_judge, brightness, on_step=lambda *s: told.append(s)
    )
    found = controls.to_dict()
    assert list(found) == ["gain_sweep", "mix", "odd_clips"]
    assert found["gain_sweep"]["monotone"] is True
    assert list(found["gain_sweep"]["spearman"]) == ["mean", "spread"]
    assert list(found["mix"]) == ["both_raised", "num_mixes"]
    assert controls.notes == ()
    assert told == [("controls", done, 3) for done in range(4)]


def test_what_a_dataset_lacks_is_left_out_with_a_note(folder, pairs, deaf_model, channels_judge):
    controls = measure_controls(deaf_model, folder, pairs, channels_judge, None)
    assert controls.gain_sweep is None
    assert controls.mix is not None
    assert "nearness" in controls.notes[0]
    info = dataclasses.replace(folder.info, mfcc_setting="scene104")
    features = dataclasses.replace(folder, info=info)
    controls = measure_controls(deaf_model, features, pairs, channels_judge, None)
    assert (controls.gain_sweep, controls.mix) == (None, None)
    assert "features instead of sounds" in controls.notes[0]
    assert all(controls.odd_clips.values())
