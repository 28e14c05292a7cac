"""Music: a piano that plays a little jazz, and the drums of a crowd."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from a2i_tf.datasets.scenes.sounds.events import Grain
from a2i_tf.datasets.scenes.sounds.timeline import NUM_SAMPLES
from a2i_tf.datasets.scenes.sounds.tones import struck
from a2i_tf.datasets.scenes.world import SAMPLE_RATE, SECONDS

# ii - V - I - vi of a major key, as semitones above the key note: four-part chords.
_CHORDS = ((2, 5, 9, 12), (-5, 5, 11, 14), (0, 4, 7, 11), (-3, 4, 7, 12))
_SCALE = (0, 2, 4, 7, 9, 11, 12, 14, 16)
_NOTE_SECONDS = 1.3


def _piano_note(pitch_hz: float) -> Grain:
    partials = np.arange(1, 8)
    # Stiff strings stretch the partials a little.
    stretched = pitch_hz * partials * np.sqrt(1 + 0.0004 * partials**2)
    return struck(stretched, 2.4 / partials**0.7, 1.0 / partials**1.4, _NOTE_SECONDS)


def _lay(track: NDArray[np.float32], note: Grain, seconds: float, gain: float) -> None:
    target = track[int(seconds * SAMPLE_RATE) :][: note.size]
    target += note[: target.size] * np.float32(gain)


def piano(rng: np.random.Generator) -> NDArray[np.float32]:
    """Returns a piano over four jazz chords with a swung melody, float32 [NUM_SAMPLES]."""
    key_hz = 174.6 * 2 ** (rng.integers(-4, 8) / 12)
    beat = 60.0 / rng.uniform(84.0, 132.0)
    notes: dict[int, Grain] = {}

    def note(semitones: int) -> Grain:
        if semitones not in notes:
            notes[semitones] = _piano_note(key_hz * 2 ** (semitones / 12))
        return notes[semitones]

    track = np.zeros(NUM_SAMPLES, dtype=np.float32)
    for number in range(int(SECONDS / beat)):
        begin = number * beat
        if number % 2 == 0:
            for semitones in _CHORDS[number // 4 % len(_CHORDS)]:
                _lay(track, note(semitones), begin, 0.12)
        for swing in (0.0, 0.64):
            if rng.uniform() < 0.7:
                _lay(track, note(12 + int(rng.choice(_SCALE))), begin + swing * beat, 0.22)
    return track


def drum(rng: np.random.Generator) -> list[Grain]:
    """Returns strokes of a big drum."""
    skin = rng.uniform(120.0, 190.0)
    modes = np.array([1.0, 1.59, 2.14, 2.9])
    return [
        struck(skin * modes, [0.5, 0.3, 0.2, 0.1], [1.0, 0.6, 0.4, hit], 0.4) for hit in (0.2, 0.5)
    ]
