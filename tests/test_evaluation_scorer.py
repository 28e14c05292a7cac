import itertools

import numpy as np
import pytest
from model_fixture import make_model
from pairs_fixture import make_pairs_folder

from a2i_tf.evaluation.baselines import real
from a2i_tf.evaluation.judge import Judge, build_judge
from a2i_tf.evaluation.scorer import SAMPLES_OF_A_SOUND, Scorer
from a2i_tf.evaluation.splits import load_splits
from a2i_tf.evaluation.streams import random_stream
from a2i_tf.evaluation.systems import model_system


@pytest.fixture(scope="module")
def model():
    return make_model()


@pytest.fixture(scope="module")
def scorer(tmp_path_factory, model):
    folder = make_pairs_folder(tmp_path_factory.mktemp("data") / "pairs")
    splits = load_splits(folder, model.config.mfcc, 32, lambda *_: None, lambda _: None)
    judge = Judge(build_judge(32, len(folder.labels)))
    return Scorer(judge.features(splits.train.images), splits.test, judge, None, seed=0)


def test_samples_are_told_by_their_mean_and_how_far_they_lie_apart(scorer, model):
    system, rows = model_system("model", model, scorer.test.mfcc), np.arange(12)
    drawn = scorer.draw(system)
    samples = system.draw_samples(rows, SAMPLES_OF_A_SOUND, random_stream(0, "samples"))
    np.testing.assert_array_equal(drawn.sample_means, samples.mean(axis=1).round())
    for group, distance in zip(samples, drawn.sample_distances, strict=True):
        features = scorer.judge.features(group)
        apart = [np.linalg.norm(a - b) for a, b in itertools.combinations(features, 2)]
        assert distance == pytest.approx(np.mean(apart), rel=1e-4)


def test_exchanged_pictures_are_those_of_other_sources(scorer):
    drawn = scorer.draw(real(scorer.test, scorer.test))
    given = scorer.exchange(drawn)
    sources = np.array([pair.source for pair in scorer.test.pairs])
    for own, others in ((drawn.images, given.images), (drawn.sample_means, given.sample_means)):
        came_from = [
            int(np.flatnonzero((own == picture).all(axis=(1, 2, 3)))[0]) for picture in others
        ]
        assert sorted(came_from) == list(range(len(own)))
        assert (sources != sources[came_from]).all()
    # Rounding depends on the place in a batch.
    features = scorer.judge.features(given.images)
    np.testing.assert_allclose(given.features, features, rtol=1e-4, atol=1e-5)


def test_what_is_drawn_for_others_is_as_dark_and_shows_other_things(scorer):
    drawn = scorer.draw(real(scorer.test, scorer.test))
    own, given = scorer.score(drawn), scorer.score(scorer.exchange(drawn))
    assert given["dark_fraction"].mean == pytest.approx(own["dark_fraction"].mean)
    for name in ("ssim", "ssim_of_mean", "retrieval_r1"):
        assert own[name].mean == pytest.approx(1)
        assert given[name].mean < 0.9
