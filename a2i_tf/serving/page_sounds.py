"""The page's examples: short clips of worlds of the built-in data that nobody trains on.

`python -m a2i_tf.serving.page_sounds` writes them anew. They ship as files, because a server that
synthesized them would need seconds for what is 70 kB.
"""

from __future__ import annotations

import io
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from a2i_tf.atomic import write_bytes
from a2i_tf.datasets.scenes.sounds.soundtrack import render_sound
from a2i_tf.datasets.scenes.world import SAMPLE_RATE, World

FOLDER = Path(__file__).with_name("page")
# `a2i fetch scenes` begins with seed 0.
_SEED = 2026
_START_SECONDS = 6
_SECONDS = 3
_FADE_SECONDS = 0.25
_BITS_PER_SECOND = 20_000
# Sources by the names of the files.
_CLIPS = {
    "beach": (9,),
    "city": (10,),
    "classroom": (11,),
    "football": (12,),
    "grocery": (14,),
    "restaurant": (7,),
    "walk": (9, 10, 7, 14),
}


def render_clip(name: str) -> NDArray[np.float32]:
    """Synthesizes one of the examples.

    Args:
        name: A key of the table above; "walk" goes through four worlds, the others stay in one.

    Returns:
        float32 [num_samples] in [-1, 1] at 16 kHz.
    """
    scenes = [_excerpt(World(index, _SEED)) for index in _CLIPS[name]]
    clip = scenes[0]
    for scene in scenes[1:]:
        clip = _crossfade(clip, scene)
    return clip


def write_clips(folder: Path = FOLDER) -> None:
    """Writes every example as Ogg Opus, `NAME.ogg`."""
    for name in _CLIPS:
        write_bytes(folder / f"{name}.ogg", _opus_bytes(render_clip(name)))


def _excerpt(world: World) -> NDArray[np.float32]:
    start = _START_SECONDS * SAMPLE_RATE
    return render_sound(world)[start : start + _SECONDS * SAMPLE_RATE]


def _crossfade(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
    """Joins two clips at equal power; the second begins before the first has ended."""
    overlap = round(_FADE_SECONDS * SAMPLE_RATE)
    rise = np.sin(np.linspace(0, np.pi / 2, overlap, dtype=np.float32))
    joint = first[-overlap:] * rise[::-1] + second[:overlap] * rise
    return np.concatenate([first[:-overlap], np.clip(joint, -1, 1), second[overlap:]])


def _opus_bytes(waveform: NDArray[np.float32]) -> bytes:
    contents = io.BytesIO()
    with av.open(contents, "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=SAMPLE_RATE, layout="mono")
        stream.bit_rate = _BITS_PER_SECOND
        samples = (np.clip(waveform, -1, 1) * 32_767).astype(np.int16)[np.newaxis]
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    return contents.getvalue()


if __name__ == "__main__":
    write_clips()
