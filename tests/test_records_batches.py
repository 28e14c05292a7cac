import numpy as np
import pytest
from pairs_fixture import make_pairs_folder

from a2i_tf.audio.settings import MFCC_SETTINGS
from a2i_tf.datasets.hearing import vary_hearing
from a2i_tf.datasets.pipeline import load_arrays
from a2i_tf.datasets.records import batches as records_batches
from a2i_tf.datasets.records import index as records_index
from a2i_tf.datasets.records.batches import make_training_batches
from a2i_tf.datasets.records.preparation import prepare_records

FINE = MFCC_SETTINGS["fine"]
COUNT = 30
EXAMPLE_BYTES = 4 * 61 * 40 + 3 * 32 * 32


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("data") / "pairs"
    return make_pairs_folder(root, labels=("a", "b"), pairs_per_source=5)


@pytest.fixture(scope="module")
def records(folder):
    """Thirty examples in eight shards."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records_index, "_SHARD_BYTES", 4 * EXAMPLE_BYTES)
        found, _ = prepare_records(
            folder, FINE, 32, on_stage=lambda _: None, on_count=lambda *_: None
        )
    assert found.index.num_examples == COUNT
    assert len(found.shard_paths) == 8
    return found


def read_epochs(records, seed, epochs=1, batch_size=3):
    """Returns the pictures of some epochs: float32 [epochs, COUNT, 32, 32, 3]."""
    batches = make_training_batches(records, batch_size, seed).take(epochs * COUNT // batch_size)
    return np.concatenate([images for _, images in batches.as_numpy_iterator()]).reshape(
        epochs, COUNT, 32, 32, 3
    )


def test_batches_are_shuffled_by_seed(records):
    once, again, other = (read_epochs(records, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(once, again)
    assert not np.array_equal(once, other)
    assert once.dtype == np.float32
    assert once.min() >= -1
    assert once.max() <= 1


def test_every_iterator_starts_with_the_same_order(records):
    batches = make_training_batches(records, 3, seed=0).prefetch(8).take(2)
    first, second = (list(batches.as_numpy_iterator()) for _ in range(2))
    np.testing.assert_array_equal(first[1][1], second[1][1])


@pytest.mark.parametrize("buffer", [1, 8, COUNT])
def test_every_epoch_has_all_examples_in_another_order(records, monkeypatch, buffer):
    monkeypatch.setattr(records_batches, "_SHUFFLE_BYTES", buffer * EXAMPLE_BYTES)
    first, second = read_epochs(records, seed=0, epochs=2)
    contents = [{picture.tobytes() for picture in epoch} for epoch in (first, second)]
    assert len(contents[0]) == COUNT
    assert contents[0] == contents[1]
    assert not np.array_equal(first, second)


def test_features_belong_to_their_pictures(folder, records):
    arrays = load_arrays(folder, folder.split("train"), FINE, 32)
    known = dict(zip((image.tobytes() for image in arrays.images), arrays.mfcc, strict=True))
    assert len(known) == COUNT
    for mfcc, images in make_training_batches(records, 1, 1).take(COUNT).as_numpy_iterator():
        picture = np.rint((images[0] + 1) * 127.5).astype(np.uint8)
        np.testing.assert_allclose(mfcc[0], known[picture.tobytes()], atol=1e-3)


def test_no_python_function_runs_per_example(records):
    assert "PyFunc" not in str(make_training_batches(records, 2, seed=0)._as_serialized_graph())


def test_what_training_makes_of_batches_is_not_autotuned_either(records):
    batches = make_training_batches(records, 4, seed=0)
    statistics = records.index.statistics
    varied = vary_hearing(batches, records.index.config.mfcc, statistics, seed=0).prefetch(2)
    assert batches.options().autotune.enabled is False
    assert varied.options().autotune.enabled is False
    assert varied.take(3).cache().repeat().options().autotune.enabled is False


def test_graph_holds_no_examples(records):
    graph = make_training_batches(records, 2, seed=0)._as_serialized_graph()
    assert len(graph.numpy()) < 2 * EXAMPLE_BYTES
