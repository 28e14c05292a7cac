import numpy as np
import pytest
from model_fixture import make_model

from a2i_tf.evaluation.systems import System, evenly_spread, items_of_others, model_system


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def heard():
    return rng(5).normal(0, 3, (6, 8, 13)).astype(np.float32)


@pytest.fixture(scope="module")
def system(heard):
    return model_system("model", make_model(), heard)


@pytest.mark.parametrize("sizes", [(24,) * 50, (1, 2, 3), (4, 4), (1,) * 9, (5, 3, 2)])
@pytest.mark.parametrize("seed", range(5))
def test_every_item_gets_one_of_another_source(sizes, seed):
    sources = rng(seed).permutation(np.repeat([f"source {n}" for n in range(len(sizes))], sizes))
    partners = items_of_others(sources, rng(seed))
    assert sorted(partners) == list(range(len(sources)))
    assert (sources != sources[partners]).all()


@pytest.mark.parametrize("sizes", [(7, 2), (6,), (2,), (5, 1, 1)])
def test_a_source_of_more_than_half_still_gives_another_item(sizes):
    sources = np.repeat([str(n) for n in range(len(sizes))], sizes)
    partners = items_of_others(sources, rng())
    assert sorted(partners) == list(range(len(sources)))
    assert (partners != np.arange(len(sources))).all()


def test_a_single_item_has_no_other():
    np.testing.assert_array_equal(items_of_others(np.array(["a"]), rng()), [0])


def test_other_seeds_give_other_partners():
    sources = np.repeat([str(n) for n in range(8)], 6)
    first, again, other = (items_of_others(sources, rng(seed)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).mean() > 0.5


def test_evenly_spread_reaches_over_all_rows():
    np.testing.assert_array_equal(evenly_spread(10, 5), [0, 2, 4, 6, 8])
    np.testing.assert_array_equal(evenly_spread(10, 3), [0, 3, 6])
    np.testing.assert_array_equal(evenly_spread(4, 9), [0, 1, 2, 3])


def test_a_model_draws_what_it_hears_from_the_noise_it_is_given(system, heard):
    rows = np.array([4, 1])
    noise = rng(3).standard_normal((2, 128), dtype=np.float32)
    expected = make_model().draw(heard[rows], noise)
    np.testing.assert_array_equal(system.draw(rows, rng(3)), expected)


def test_samples_of_one_sound_differ_by_their_noise_alone(system, heard):
    samples = system.draw_samples(np.array([2, 0]), 3, rng(7))
    assert samples.shape == (2, 3, 32, 32, 3)
    noise = rng(7).standard_normal((6, 128), dtype=np.float32)
    again = make_model().draw(heard[[2, 2, 2, 0, 0, 0]], noise)
    np.testing.assert_array_equal(samples.reshape(6, 32, 32, 3), again)
    assert not np.array_equal(samples[0, 0], samples[0, 1])


def test_what_does_not_vary_repeats_itself():
    pictures = rng().integers(0, 256, (5, 4, 4, 3), dtype=np.uint8)
    system = System("same", lambda rows, _: pictures[rows], varies=False)
    samples = system.draw_samples(np.array([3, 1]), 4, rng())
    assert samples.shape == (2, 4, 4, 4, 3)
    for sample in range(4):
        np.testing.assert_array_equal(samples[:, sample], pictures[[3, 1]])
