import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf
from pairs_fixture import make_pairs_folder
from PIL import Image
from shared_data import SHARED_DATA

from a2i_tf.audio.settings import SCENE104
from a2i_tf.datasets.pipeline import Arrays, load_arrays
from a2i_tf.evaluation import judge_cache
from a2i_tf.evaluation.judge import Judge, augment_images, build_judge, train_judge
from a2i_tf.evaluation.judge_cache import load_or_train_judge


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_pairs_folder(tmp_path_factory.mktemp("judge") / "pairs")


@pytest.fixture(scope="module")
def splits(folder):
    return [
        load_arrays(folder, folder.split(split), SCENE104, 32)
        for split in ("train", "validation", "test")
    ]


@pytest.fixture(scope="module")
def judge(splits):
    return train_judge(*splits[:2], num_labels=3)


@pytest.fixture
def training(monkeypatch, judge):
    """Counts trainings, and replaces them by the one that was done already."""
    calls = []

    def train_once(*arguments):
        calls.append(arguments)
        return Judge(keras.models.clone_model(judge.network)) if len(calls) > 1 else judge

    monkeypatch.setattr(judge_cache, "train_judge", train_once)
    return calls


def without_rows(arrays):
    return Arrays((), arrays.mfcc[:0], arrays.images[:0], arrays.labels[:0])


def weights_equal(first, second):
    pairs = zip(first.network.get_weights(), second.network.get_weights(), strict=True)
    return all(np.array_equal(one, other) for one, other in pairs)


class BuildJudgeTest(tf.test.TestCase):
    def test_sizes(self):
        for size in (32, 64, 128):
            network = build_judge(size, num_labels=4)
            images = np.random.default_rng(0).integers(0, 256, (2, size, size, 3), dtype=np.uint8)
            self.assertAllClose(tf.reduce_sum(network(images), axis=1), [1.0, 1.0])

    def test_large_images_are_averaged_not_cropped(self):
        small = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)
        large = small.repeat(2, axis=1).repeat(2, axis=2)
        self.assertAllClose(build_judge(64, 4)(small), build_judge(128, 4)(large), atol=1e-5)

    def test_seed_makes_the_weights(self):
        first, again, other = (build_judge(32, 3, seed).get_weights() for seed in (0, 0, 1))
        self.assertAllEqual(first[0], again[0])
        self.assertNotAllEqual(first[0], other[0])


def test_separable_classes_are_told_apart(judge, splits):
    test = splits[2]
    assert judge.recognizes(test.images, test.labels).mean() == 1.0
    probabilities = judge.probabilities(test.images)
    assert probabilities.shape == (len(test.images), 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-5)
    assert judge.features(test.images).shape == (len(test.images), 128)


def test_it_says_what_its_training_labels_say(splits):
    # Trained on permuted labels, it must be wrong about every test image: nothing told it the
    # true ones.
    train, validation = (
        dataclasses.replace(arrays, labels=(arrays.labels + 1) % 3) for arrays in splits[:2]
    )
    test = splits[2]
    judge = train_judge(train, validation, num_labels=3)
    assert judge.recognizes(test.images, test.labels).mean() == 0.0


def test_same_seed_same_judge(judge, splits):
    assert weights_equal(train_judge(*splits[:2], num_labels=3), judge)


def test_without_validation_the_last_weights_are_kept_and_with_it_the_best(splits):
    train, validation, test = splits
    last = train_judge(train, without_rows(validation), num_labels=3)
    assert last.recognizes(test.images, test.labels).mean() == 1.0
    # What validates the contrary of what is learnt likes the first epoch best.
    contrary = dataclasses.replace(validation, labels=(validation.labels + 1) % 3)
    first = train_judge(train, contrary, num_labels=3)
    surer = [
        some.probabilities(test.images)[np.arange(len(test.labels)), test.labels].mean()
        for some in (first, last)
    ]
    assert surer[0] < surer[1]


def test_progress_is_told(splits, monkeypatch):
    monkeypatch.setattr("a2i_tf.evaluation.judge._MAX_EPOCHS", 2)
    told = []
    train_judge(*splits[:2], num_labels=3, on_epoch=lambda *step: told.append(step))
    assert told == [(1, 2), (2, 2)]


@pytest.mark.parametrize(
    "images",
    [np.zeros((1, 32, 32, 3), np.float32), np.zeros((1, 64, 64, 3), np.uint8)],
)
def test_wrong_images_are_refused(judge, images):
    with pytest.raises(ValueError, match="images"):
        judge.probabilities(images)


def test_a_kept_judge_is_used_again(folder, splits, training, tmp_path):
    first = load_or_train_judge(folder, *splits[:2], cache=tmp_path)
    again = load_or_train_judge(folder, *splits[:2], cache=tmp_path)
    assert len(training) == 1
    assert weights_equal(first, again)
    np.testing.assert_allclose(
        first.probabilities(splits[2].images), again.probabilities(splits[2].images), atol=1e-6
    )


def test_another_checksum_choice_or_label_trains_another(folder, splits, training, tmp_path):
    train, validation = splits[:2]
    load_or_train_judge(folder, train, validation, cache=tmp_path)
    changed = dataclasses.replace(folder.info, checksum="another")
    load_or_train_judge(
        dataclasses.replace(folder, info=changed), train, validation, cache=tmp_path
    )
    fewer = dataclasses.replace(train, pairs=train.pairs[1:])
    load_or_train_judge(folder, fewer, validation, cache=tmp_path)
    swapped = [dataclasses.replace(train.pairs[0], label=folder.labels[1]), *train.pairs[1:]]
    relabelled = dataclasses.replace(train, pairs=tuple(swapped))
    load_or_train_judge(folder, relabelled, validation, cache=tmp_path)
    assert train.pairs[0].label == folder.labels[0]
    assert len(training) == 4
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.parametrize("damage", ["no judge", "a flipped byte"])
def test_a_damaged_judge_is_replaced(folder, splits, training, tmp_path, damage):
    notes = []
    load_or_train_judge(folder, *splits[:2], cache=tmp_path)
    (kept,) = tmp_path.glob("*/judge.keras")
    contents = bytearray(kept.read_bytes())
    # Among the weights: not to zeros, as much of a small file is empty.
    contents[len(contents) // 2] ^= 0xFF
    kept.write_bytes(b"not a judge" if damage == "no judge" else contents)
    for _ in range(2):
        load_or_train_judge(folder, *splits[:2], cache=tmp_path, on_note=notes.append)
    assert len(training) == 2
    assert len(notes) == 1
    assert "damaged" in notes[0]


def test_a_folder_that_cant_be_written_costs_only_the_cache(folder, splits, training, tmp_path):
    notes = []
    in_the_way = tmp_path / "file"
    in_the_way.write_text("a file where the cache should be")
    judge = load_or_train_judge(folder, *splits[:2], cache=in_the_way, on_note=notes.append)
    assert len(training) == 1
    assert judge.recognizes(splits[2].images, splits[2].labels).mean() == 1.0
    assert "was not kept" in notes[0]


@pytest.mark.skipif(not (SHARED_DATA / "mnist.npz").is_file(), reason="MNIST is not here")
def test_it_reads_handwriting_with_little_training(monkeypatch):
    # A judge that mirrored what it learns from couldn't tell these apart so soon.
    monkeypatch.setattr("a2i_tf.evaluation.judge._PASSES", 5_000)
    known, test = (some_digits(part, count) for part, count in (("train", 5_000), ("test", 1_000)))
    judge = train_judge(known, without_rows(known), num_labels=10)
    assert judge.recognizes(test.images, test.labels).mean() > 0.94


def some_digits(part, count):
    with np.load(SHARED_DATA / "mnist.npz") as data:
        images, labels = data[f"{part}_images"], data[f"{part}_labels"].astype(np.int64)
    # The file is sorted by digit.
    rows = np.random.default_rng(0).choice(len(labels), count, replace=False)
    large = [np.asarray(Image.fromarray(image).resize((32, 32))) for image in images[rows]]
    colours = np.repeat(np.stack(large)[..., None], 3, axis=-1)
    return Arrays((), np.zeros((count, 1, 1), np.float32), colours, labels[rows])


class AugmentImagesTest(tf.test.TestCase):
    def test_solid_images_change_only_their_brightness(self):
        images = np.full((50, 16, 16, 3), 100, np.uint8)
        augmented = augment_images(images, np.random.default_rng(0))
        self.assertDTypeEqual(augmented, np.uint8)
        self.assertAllEqual(augmented.min(axis=(1, 2, 3)), augmented.max(axis=(1, 2, 3)))
        self.assertGreater(len(np.unique(augmented)), 10)

    def test_moves_are_small_and_mirror_nothing(self):
        images = np.zeros((400, 16, 16, 3), np.uint8)
        images[:, 8, 4] = 255
        places = augment_images(images, np.random.default_rng(0)).max(axis=3) > 0
        rows, columns = (np.array(list(map(np.argmax, places.any(axis)))) for axis in (2, 1))
        self.assertAllEqual(np.unique(rows), np.arange(6, 11))
        # Mirrored, column 4 would land at 11 ± 2.
        self.assertAllEqual(np.unique(columns), np.arange(2, 7))
