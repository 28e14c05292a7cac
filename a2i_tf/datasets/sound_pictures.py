"""What sounds look like: log-mel spectrograms, or MFCC where there is nothing else."""

from __future__ import annotations

import wave
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from a2i_tf.audio.filterbank import hann_window, slaney_filter_bank
from a2i_tf.datasets.pairs import Pair, PairsFolder

_FRAME_SECONDS = 0.03
_NUM_FRAMES = 128
_NUM_MEL_BINS = 48
_LOW_HZ = 50.0
_RANGE_DB = 60.0
_MFCC_DEVIATIONS = 2.5
# Nine colours of matplotlib's inferno (CC0, Nathaniel Smith and Stefan van der Walt): even in
# lightness, and told apart by those who don't see red or green.
_INFERNO = (
    (0, 0, 4), (31, 12, 72), (85, 15, 109), (136, 34, 106), (186, 54, 85),
    (227, 89, 51), (249, 140, 10), (249, 201, 50), (252, 255, 164),
)  # fmt: skip


def draw_sounds(folder: PairsFolder, pairs: Sequence[Pair]) -> list[Image.Image | None]:
    """Draws the windows of `pairs`: time to the right, pitch (or order of coefficient) upwards.

    All share one scale, so that a loud one looks brighter than a quiet one. That of spectrograms
    reaches 60 dB down; MFCC are shown as deviations from the mean of each coefficient.

    Args:
        folder: The dataset.
        pairs: The windows to draw.

    Returns:
        RGB pictures in the order of `pairs`, a pixel a value; None where a sound can't be read.
    """
    values = [_read_values(folder, pair) for pair in pairs]
    known = [matrix for matrix in values if matrix is not None]
    if not known:
        return [None for _ in pairs]
    scale = _scale_decibels if folder.info.mfcc_setting is None else _scale_mfcc
    pictures = map(_paint, scale(known))
    return [None if matrix is None else next(pictures) for matrix in values]


def _read_values(folder: PairsFolder, pair: Pair) -> NDArray[np.float64] | None:
    """Returns what is drawn, [time, pitch or coefficient], or None if it can't be read."""
    try:
        if folder.info.mfcc_setting is not None:
            rows = np.load(folder.root / pair.sound, mmap_mode="r")
            values = np.array(rows[round(pair.start_seconds / folder.info.window_seconds)], float)
            return values if values.ndim == 2 else None
        waveform = _read_window(folder, pair)
    except (OSError, EOFError, ValueError, IndexError, wave.Error):
        return None
    return _mel_decibels(waveform, folder.info.sample_rate)


def _read_window(folder: PairsFolder, pair: Pair) -> NDArray[np.float64]:
    with wave.open(str(folder.root / pair.sound)) as sound:
        if sound.getsampwidth() != 2:
            raise ValueError("not 16-bit")
        sound.setpos(round(pair.start_seconds * sound.getframerate()))
        octets = sound.readframes(round(folder.info.window_seconds * sound.getframerate()))
        samples = np.frombuffer(octets, "<i2").reshape(-1, sound.getnchannels())
    if not len(samples):
        raise EOFError("the window lies behind the end")
    return samples.mean(axis=1) / 32_768


def _mel_decibels(waveform: NDArray[np.float64], sample_rate: int) -> NDArray[np.float64]:
    """Returns mel power in dB: float64 [128, 48]."""
    length = round(_FRAME_SECONDS * sample_rate)
    fft_length = 2 ** int(np.ceil(np.log2(length)))
    padded = np.pad(waveform, (length // 2, length))
    starts = np.linspace(0, len(waveform) - 1, _NUM_FRAMES).astype(int)
    frames = padded[starts[:, None] + np.arange(length)] * hann_window(length)
    power = np.abs(np.fft.rfft(frames, fft_length)) ** 2
    bank = slaney_filter_bank(sample_rate, fft_length, _NUM_MEL_BINS, _LOW_HZ, sample_rate / 2)
    # Far below the quietest bit of a 16-bit file.
    return 10 * np.log10(power @ bank + 1e-12)


def _scale_decibels(matrices: Sequence[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
    top = float(np.quantile(np.concatenate(matrices), 0.998))
    return [((matrix - top) / _RANGE_DB + 1).clip(0, 1) for matrix in matrices]


def _scale_mfcc(matrices: Sequence[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
    frames = np.concatenate(matrices)
    mean, deviation = frames.mean(axis=0), np.maximum(frames.std(axis=0), 1e-6)
    reach = 2 * _MFCC_DEVIATIONS
    return [((matrix - mean) / deviation / reach + 0.5).clip(0, 1) for matrix in matrices]


def _paint(values: NDArray[np.float64]) -> Image.Image:
    """Turns [time, pitch] in [0, 1] into colours, pitch upwards."""
    anchors = np.linspace(0, 1, len(_INFERNO))
    channels = [
        np.interp(values.T[::-1], anchors, levels) for levels in zip(*_INFERNO, strict=True)
    ]
    return Image.fromarray(np.stack(channels, axis=-1).round().astype(np.uint8))
