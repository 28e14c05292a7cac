"""Whether a clip far from the training sounds is told, by every form of a model."""

import dataclasses

import numpy as np
import pytest
from model_fixture import make_clip, make_model
from shared_data import esc10_clips, needs_esc10
from sound_files import tone

from a2i_tf.audio.decode import load_waveform
from a2i_tf.inference.run import LiveSynthesizer
from a2i_tf.inference.training_range import FAR_SCORE, range_warning, standard_scores
from a2i_tf.models.drawing import DrawingModel


def test_a_score_is_in_training_deviations():
    config = make_model().config
    mean, deviation = np.array(config.mfcc_mean), np.array(config.mfcc_deviation)
    steps = np.linspace(-3, 3, 13)
    scores = standard_scores((mean + steps * deviation).astype(np.float32), config)
    np.testing.assert_allclose(scores, steps, atol=1e-5)


@pytest.mark.parametrize(
    ("coefficient", "score", "words"),
    [
        (0, 4.5, "far louder"),
        (0, -4.5, "far quieter"),
        (7, -30.0, "spectrum"),
        (0, 3.9, None),
        (12, -3.9, None),
    ],
)
def test_the_furthest_score_is_named(coefficient, score, words):
    scores = np.linspace(-1, 1, 13, dtype=np.float32)
    scores[coefficient] = score
    warning = range_warning(scores)
    if words is None:
        assert warning is None
    else:
        assert words in warning
        assert f"MFCC {coefficient}: {abs(score):.1f}" in warning
        assert "\n" not in warning


def trained_on(clips):
    """Returns a model that knows the range of these clips, and nothing else."""
    model = make_model()
    live = LiveSynthesizer(model)
    windows = np.stack([clip[:16_000] for clip in clips])
    frames = live.encode_windows(windows).mfcc.reshape(-1, model.config.mfcc.num_mfccs)
    config = dataclasses.replace(
        model.config,
        mfcc_mean=tuple(map(float, frames.mean(axis=0))),
        mfcc_deviation=tuple(map(float, frames.std(axis=0))),
    )
    return LiveSynthesizer(DrawingModel(config, model.encoder, model.generator))


@needs_esc10
def test_recordings_of_one_kind_are_in_range_and_broken_ones_are_not():
    rain = [path for path in esc10_clips(400) if path.parent.name in ("rain", "sea_waves")][::2]
    clips = [load_waveform(path, 16_000, use_tensorflow=False) for path in rain]
    live = trained_on(clips[::2])

    def warned(some):
        scores = [standard_scores(live.hear(clip).mean_mfcc, live.config) for clip in some]
        return np.mean([np.abs(score).max() > FAR_SCORE for score in scores])

    assert warned(clips[1::2]) <= 0.05
    assert warned([clip / 32_768 for clip in clips]) == 1
    assert warned([np.zeros(16_000, np.float32), tone(1).astype(np.float32)]) == 1


def test_another_level_is_another_score():
    model = make_model()
    live = LiveSynthesizer(model)
    clip = make_clip(1.0)
    loud, quiet = (standard_scores(live.hear(g * clip).mean_mfcc, live.config) for g in (1, 0.01))
    assert loud[0] - quiet[0] == pytest.approx(
        2 * np.log(100) / model.config.mfcc_deviation[0], 0.01
    )
