"""Does a model follow what it hears? Sounds made louder, mixed, and odd, and what it draws."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from a2i_tf.audio.settings import MfccConfig
from a2i_tf.audio.windows import cut_windows
from a2i_tf.datasets.pairs import Pair, PairsFolder
from a2i_tf.evaluation.factor_reader import FactorReader
from a2i_tf.evaluation.judge import Judge
from a2i_tf.evaluation.report import Score, score_by_source
from a2i_tf.evaluation.splits import OnStep
from a2i_tf.evaluation.streams import random_stream
from a2i_tf.evaluation.systems import evenly_spread, items_of_others
from a2i_tf.evaluation.waveforms import hear, load_windows
from a2i_tf.models.drawing import DrawingModel

# The factor of the built-in scenes that loudness belongs to: what is near is loud.
LOUDNESS_FACTOR = "nearness"
GAINS_DB: tuple[int, ...] = (-20, -15, -10, -5, 0, 5, 10)
_SWEPT_SOUNDS = 64
_MIXES = 128
_WHITE_NOISE_DEVIATION = 0.1


@dataclass(frozen=True)
class GainSweep:
    """What the same sounds look like at several gains.

    Attributes:
        factor: Name of the factor that is read from the pictures.
        gains_db: The gains.
        mean_reading: Its mean reading at every gain.
        spearman: Rank correlation of reading and gain, a sound at a time; 0 for a sound whose
            picture never changes.
        monotone: Whether the mean reading rises from every gain to the next.
        num_sounds: How many sounds.
    """

    factor: str
    gains_db: tuple[int, ...]
    mean_reading: tuple[float, ...]
    spearman: Score
    monotone: bool
    num_sounds: int

    def to_dict(self) -> dict[str, Any]:
        """Returns plain JSON types."""
        lists = {"gains_db": list(self.gains_db), "mean_reading": list(self.mean_reading)}
        return asdict(self) | lists


@dataclass(frozen=True)
class Mix:
    """What two sounds of different classes look like when both are heard at once.

    Attributes:
        both_raised: Share of mixes in which the judge finds each of both classes likelier than in
            the picture of the other sound alone.
        num_mixes: How many mixes.
    """

    both_raised: Score
    num_mixes: int


@dataclass(frozen=True)
class Controls:
    """What the controls found.

    Attributes:
        gain_sweep: None where the dataset has no sounds, or not the factor of loudness.
        mix: None where the dataset has no sounds, or a single class.
        odd_clips: By name, whether a picture of the right shape was drawn without an error.
        notes: Why something is left out or failed.
    """

    gain_sweep: GainSweep | None
    mix: Mix | None
    odd_clips: dict[str, bool]
    notes: tuple[str, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """Returns plain JSON types; what is left out is null."""
        return {
            "gain_sweep": self.gain_sweep and self.gain_sweep.to_dict(),
            "mix": self.mix and asdict(self.mix),
            "odd_clips": dict(self.odd_clips),
        }


def measure_controls(
    model: DrawingModel,
    folder: PairsFolder,
    pairs: tuple[Pair, ...],
    judge: Judge,
    reader: FactorReader | None,
    *,
    seed: int = 0,
    on_step: OnStep | None = None,
) -> Controls:
    """Runs all controls that the dataset allows.

    Args:
        model: The model.
        folder: The dataset.
        pairs: The test items; some of them are taken, evenly spread.
        judge: Names the classes.
        reader: Reads the factors; None where the dataset has none.
        seed: Seed of noise and mixes.
        on_step: Called with (what is done, steps done, steps in all of that kind).
    """
    tell = on_step or (lambda _what, _done, _total: None)
    notes: list[str] = []
    sweep = mix = None
    tell("controls", 0, 3)
    if folder.info.mfcc_setting is not None:
        notes.append("the dataset has features instead of sounds: no gain sweep, no mixes")
    else:
        if reader and LOUDNESS_FACTOR in reader.factor_names:
            sweep = sweep_gain(model, folder, pairs, reader, seed)
        tell("controls", 1, 3)
        mix = mix_sounds(model, folder, pairs, judge, seed)
        if sweep is None:
            notes.append(f"no test item has the factor {LOUDNESS_FACTOR}: no gain sweep")
        if mix is None:
            notes.append("the test items are all of one class: no mixes")
    tell("controls", 2, 3)
    odd_clips = draw_odd_clips(model, seed, notes.append)
    tell("controls", 3, 3)
    return Controls(sweep, mix, odd_clips, tuple(notes))


def sweep_gain(
    model: DrawingModel,
    folder: PairsFolder,
    pairs: tuple[Pair, ...],
    reader: FactorReader,
    seed: int,
) -> GainSweep | None:
    """Draws some test sounds at several gains, always with the noise of that sound.

    Returns:
        The sweep; None if no pair has the factor.
    """
    known = [
        pair
        for pair in pairs
        if LOUDNESS_FACTOR in pair.factors
        and reader.knows(folder.labels.index(pair.label), LOUDNESS_FACTOR)
    ]
    if not known:
        return None
    swept = [known[row] for row in evenly_spread(len(known), _SWEPT_SOUNDS)]
    config = model.config
    windows = load_windows(folder, swept, config.mfcc)
    noise = _noise(len(swept), config.noise_dim, seed, "gain sweep")
    labels = np.array([folder.labels.index(pair.label) for pair in swept])
    column = reader.factor_names.index(LOUDNESS_FACTOR)
    loudnesses = (windows * np.float32(10 ** (gain / 20)) for gain in GAINS_DB)
    readings = np.stack(
        [reader.read(_draw(model, heard, noise), labels)[:, column] for heard in loudnesses]
    ).astype(np.float64)
    mean_reading = readings.mean(axis=1)
    sources = np.array([pair.source for pair in swept])
    return GainSweep(
        factor=LOUDNESS_FACTOR,
        gains_db=GAINS_DB,
        mean_reading=tuple(mean_reading.tolist()),
        spearman=score_by_source(spearman_with_order(readings), sources),
        monotone=bool((np.diff(mean_reading) > 0).all()),
        num_sounds=len(swept),
    )


def spearman_with_order(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the rank correlation of every column with the order of the rows.

    Args:
        values: float64 [steps, n], at least 2 steps.

    Returns:
        float64 [n] in [-1, 1]; 0 for a column that is constant.
    """
    ranks = rankdata(values, axis=0)
    ranks -= ranks.mean(axis=0)
    order = np.arange(len(values)) - (len(values) - 1) / 2
    scale = np.sqrt((ranks**2).sum(axis=0) * (order**2).sum())
    return np.divide(order @ ranks, scale, out=np.zeros(values.shape[1]), where=scale > 0)


def mix_sounds(
    model: DrawingModel, folder: PairsFolder, pairs: tuple[Pair, ...], judge: Judge, seed: int
) -> Mix | None:
    """Draws the sums of two test sounds of different classes, and each alone with the same noise.

    Returns:
        How often both can be seen; None if there is only one class.
    """
    chosen = [pairs[row] for row in evenly_spread(len(pairs), _MIXES)]
    names = np.array([pair.label for pair in chosen])
    partners = items_of_others(names, random_stream(seed, "mix partners"))
    first = np.flatnonzero(names != names[partners])
    if not len(first):
        return None
    second = partners[first]
    windows = load_windows(folder, chosen, model.config.mfcc)
    noise = _noise(len(first), model.config.noise_dim, seed, "mix")
    heard = (windows[first] + windows[second], windows[first], windows[second])
    mixed, one, other = (judge.probabilities(_draw(model, sounds, noise)) for sounds in heard)
    labels = np.array([folder.labels.index(name) for name in names])
    rows = np.arange(len(first))
    raised = (mixed > other)[rows, labels[first]] & (mixed > one)[rows, labels[second]]
    sources = np.array([chosen[row].source for row in first])
    return Mix(score_by_source(raised.astype(np.float64), sources), len(first))


def draw_odd_clips(
    model: DrawingModel, seed: int, on_note: Callable[[str], None]
) -> dict[str, bool]:
    """Draws silence, white noise and a clip of one sample.

    Args:
        model: The model.
        seed: Seed of the noises.
        on_note: Called with one line about every clip that fails.

    Returns:
        By name, whether a picture of the right shape was drawn.
    """
    config = model.config
    noise = _noise(1, config.noise_dim, seed, "odd clips")
    drawn = {}
    for name, clip in _odd_clips(config.mfcc, seed).items():
        try:
            # Without this, features or pictures that aren't numbers would pass for black.
            with np.errstate(invalid="raise"):
                images = _draw(model, cut_windows(clip, config.mfcc.window_samples), noise)
            drawn[name] = images.shape == (1, config.image_size, config.image_size, 3)
        # Whatever goes wrong is what this control looks for.
        except Exception as error:
            reason = (str(error).splitlines() or [""])[0]
            on_note(f"{name.replace('_', ' ')} can't be drawn: {type(error).__name__}: {reason}")
            drawn[name] = False
    return drawn


def _odd_clips(config: MfccConfig, seed: int) -> dict[str, NDArray[np.float32]]:
    stream = random_stream(seed, "white noise")
    noise = stream.normal(0, _WHITE_NOISE_DEVIATION, config.window_samples)
    return {
        "silence": np.zeros(config.window_samples, np.float32),
        "white_noise": noise.astype(np.float32),
        "one_sample": np.array([0.5], np.float32),
    }


def _draw(
    model: DrawingModel, windows: NDArray[np.float32], noise: NDArray[np.float32]
) -> NDArray[np.uint8]:
    return model.draw(hear(windows, model.config.mfcc), noise)


def _noise(count: int, noise_dim: int, seed: int, purpose: str) -> NDArray[np.float32]:
    return random_stream(seed, purpose).standard_normal((count, noise_dim), dtype=np.float32)
