import dataclasses

import numpy as np
import pytest
from pairs_fixture import make_pairs_folder
from PIL import Image

from a2i_tf.audio.decode import load_waveform
from a2i_tf.audio.mfcc import mfcc
from a2i_tf.audio.settings import MFCC_SETTINGS
from a2i_tf.datasets import pipeline
from a2i_tf.datasets.manifest import read_pairs, write_pairs
from a2i_tf.datasets.pairs import DatasetInfo, PairsFolder, summarize
from a2i_tf.datasets.pipeline import load_arrays, make_examples
from a2i_tf.errors import A2IError

FINE = MFCC_SETTINGS["fine"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> PairsFolder:
    root = tmp_path_factory.mktemp("data") / "pairs"
    return make_pairs_folder(root, labels=("a", "b"), pairs_per_source=3)


@pytest.mark.parametrize("batch", [5, 256])
def test_features_are_those_of_the_window_and_images_those_of_the_file(folder, monkeypatch, batch):
    monkeypatch.setattr(pipeline, "_ARRAYS_BATCH", batch)
    pairs = folder.split("train")
    arrays = load_arrays(folder, pairs, FINE, 32)
    assert arrays.pairs == pairs
    for row, pair in enumerate(pairs):
        waveform = load_waveform(folder.root / pair.sound, FINE.sample_rate)
        start = round(pair.start_seconds * FINE.sample_rate)
        window = waveform[start : start + FINE.window_samples]
        np.testing.assert_allclose(arrays.mfcc[row], mfcc(window[None], FINE)[0], atol=1e-4)
        with Image.open(folder.root / pair.image) as image:
            np.testing.assert_array_equal(arrays.images[row], np.asarray(image.convert("RGB")))
        assert folder.labels[arrays.labels[row]] == pair.label


def test_smaller_images_average_areas(folder):
    pairs = folder.split("train")[:1]
    whole = load_arrays(folder, pairs, FINE, 32).images[0].astype(float)
    half = load_arrays(folder, pairs, FINE, 16).images[0]
    means = whole.reshape(16, 2, 16, 2, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(half, means, atol=0.51)


def test_no_python_function_runs_per_example(folder):
    examples = make_examples(folder, folder.split("train"), FINE, 32)
    assert "PyFunc" not in str(examples._as_serialized_graph())


def test_undecodable_picture_is_one_line(tmp_path):
    folder = make_pairs_folder(tmp_path, labels=("a",), sources_per_class=3)
    pair = folder.split("train")[0]
    (folder.root / pair.image).write_bytes(b"not a picture")
    with pytest.raises(A2IError, match="a sound or picture cannot be read") as caught:
        load_arrays(folder, folder.split("train"), FINE, 32)
    assert "\n" not in str(caught.value)


def test_pairs_that_share_a_window_have_its_features(folder):
    first, second, third = folder.split("train")[:3]
    alone = load_arrays(folder, (first, second, third), FINE, 32).mfcc
    shared = load_arrays(folder, (third, first, third, third, first), FINE, 32).mfcc
    np.testing.assert_allclose(shared, alone[[2, 0, 2, 2, 0]], atol=1e-4)


def test_features_in_place_of_audio(tmp_path, folder):
    rng = np.random.default_rng(0)
    setting = MFCC_SETTINGS["scene104"]
    pairs = tuple(
        dataclasses.replace(pair, sound=f"features/{pair.source}.npy") for pair in folder.pairs
    )
    rows = {pair.sound: rng.normal(size=(3, *setting.shape)).astype(np.float32) for pair in pairs}
    (tmp_path / "features").mkdir()
    for name, array in rows.items():
        np.save(tmp_path / name, array)
    (tmp_path / "images").symlink_to(folder.root / "images")
    info = dataclasses.replace(folder.info, mfcc_setting="scene104", **summarize(pairs))
    write_pairs(tmp_path, info, pairs)
    arrays = load_arrays(read_pairs(tmp_path), pairs, setting, 32)
    for pair, features in zip(pairs, arrays.mfcc, strict=True):
        np.testing.assert_array_equal(features, rows[pair.sound][round(pair.start_seconds)])
    with pytest.raises(A2IError, match=r"holds scene104 features of shape \(8, 13\)"):
        make_examples(read_pairs(tmp_path), pairs, FINE, 32)


def test_other_sample_rate_is_refused(folder):
    info = DatasetInfo.from_dict({**folder.info.to_dict(), "sample_rate": 22_050})
    with pytest.raises(A2IError, match="are at 22050 Hz, the model's at 16000 Hz"):
        make_examples(PairsFolder(folder.root, info, folder.pairs), folder.pairs, FINE, 32)


def test_other_window_is_refused(folder):
    info = DatasetInfo.from_dict({**folder.info.to_dict(), "window_seconds": 2.0})
    with pytest.raises(A2IError, match="windows are 2 s long, the model's 1 s"):
        make_examples(PairsFolder(folder.root, info, folder.pairs), folder.pairs, FINE, 32)


def test_empty_split_says_what_to_do(folder):
    with pytest.raises(A2IError, match="use more sources"):
        make_examples(folder, (), FINE, 32)
