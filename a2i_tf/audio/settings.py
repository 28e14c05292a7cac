"""What the MFCC front end computes, in physical units, and the two named settings."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from numpy.typing import NDArray

from a2i_tf.audio.filterbank import mel_filter_bank
from a2i_tf.config import Config

WINDOW_FUNCTIONS = ("hann", "rectangular")
MEL_STYLES = ("slaney", "psf")


@dataclasses.dataclass(frozen=True)
class MfccConfig(Config):
    """One MFCC recipe. Two exports with equal configurations compute equal features.

    The recipe: scale the waveform to `full_scale`, pre-emphasize, cut into frames, apply the
    window function, power spectrum, mel filter bank, natural logarithm of (x + `log_floor`),
    orthonormal DCT-II, lifter.

    Attributes:
        sample_rate: Samples a second, in Hz.
        window_seconds: Length of the waveform that becomes one feature matrix.
        frame_seconds: Length of one frame.
        hop_seconds: Distance between the starts of neighbouring frames.
        pad_end: Whether zeros follow the waveform so that a frame starts at every hop, as in
            `tf.signal.frame(pad_end=True)`. Otherwise only whole frames count.
        window_function: "hann" (periodic) or "rectangular".
        fft_length: Points of the Fourier transform; a power of two, at least one frame, because
            TFLite's built-in transform takes nothing else.
        num_mel_bins: Filters in the mel filter bank.
        mel_low_hz: Lower edge of the lowest filter.
        mel_high_hz: Upper edge of the highest filter.
        mel_style: "slaney" (librosa's default) or "psf" (python_speech_features' floor-binned
            filters on the HTK mel scale).
        num_mfccs: Coefficients kept, the lowest first.
        full_scale: The value that a sample of 1.0 stands for: 32768.0 gives the int16 range.
        pre_emphasis: `p` in y[t] = x[t] - p x[t-1]; 0 for none.
        normalize_power: Whether the power spectrum is divided by `fft_length`.
        log_floor: Added before each logarithm, so that silence stays finite.
        lifter: Length `L` of the sinusoidal lifter; 0 for none.
        log_energy: Whether the logarithm of a frame's total power replaces coefficient 0.

    Raises:
        ValueError: from the constructor, if a field is out of range.
    """

    sample_rate: int = 16_000
    window_seconds: float = 1.0
    frame_seconds: float = 0.032
    hop_seconds: float = 0.016
    pad_end: bool = False
    window_function: str = "hann"
    fft_length: int = 512
    num_mel_bins: int = 64
    mel_low_hz: float = 0.0
    mel_high_hz: float = 8_000.0
    mel_style: str = "slaney"
    num_mfccs: int = 40
    full_scale: float = 1.0
    pre_emphasis: float = 0.0
    normalize_power: bool = False
    log_floor: float = 1e-6
    lifter: int = 0
    log_energy: bool = False

    def __post_init__(self) -> None:
        """Checks every field, then what they mean together."""
        self._check_numbers()
        self._check_choices()
        self._check_lengths()
        self._check_mel()

    def _check_numbers(self) -> None:
        for name in ("sample_rate", "fft_length", "num_mel_bins", "num_mfccs", "lifter"):
            if not isinstance(getattr(self, name), int):
                raise ValueError(f"{name} must be a whole number, not {getattr(self, name)!r}")
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if not isinstance(value, str) and not math.isfinite(value):
                raise ValueError(f"{field.name} must be finite, not {value}")
        for name in (
            "sample_rate",
            "window_seconds",
            "frame_seconds",
            "hop_seconds",
            "fft_length",
            "num_mel_bins",
            "num_mfccs",
            "full_scale",
            "log_floor",
        ):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be above 0, not {getattr(self, name)}")
        if self.lifter < 0:
            raise ValueError(f"lifter must be 0 or above, not {self.lifter}")
        if not 0 <= self.pre_emphasis < 1:
            raise ValueError(f"pre_emphasis must be in [0, 1), not {self.pre_emphasis}")

    def _check_choices(self) -> None:
        if self.window_function not in WINDOW_FUNCTIONS:
            raise ValueError(
                f"window_function must be one of {', '.join(WINDOW_FUNCTIONS)}, "
                f"not {self.window_function!r}"
            )
        if self.mel_style not in MEL_STYLES:
            raise ValueError(
                f"mel_style must be one of {', '.join(MEL_STYLES)}, not {self.mel_style!r}"
            )

    def _check_lengths(self) -> None:
        if self.frame_step < 1 or self.frame_length < 1:
            raise ValueError("frame_seconds and hop_seconds must each hold at least one sample")
        if self.frame_length > self.window_samples:
            raise ValueError(
                f"frame_seconds ({self.frame_seconds}) is longer than "
                f"window_seconds ({self.window_seconds})"
            )
        if self.fft_length & (self.fft_length - 1) or self.fft_length < self.frame_length:
            raise ValueError(
                f"fft_length must be a power of two of at least {self.frame_length} samples "
                f"(one frame), not {self.fft_length}"
            )

    def _check_mel(self) -> None:
        if not 0 <= self.mel_low_hz < self.mel_high_hz <= self.sample_rate / 2:
            raise ValueError(
                f"mel_low_hz ({self.mel_low_hz}) and mel_high_hz ({self.mel_high_hz}) must rise "
                f"within 0 to {self.sample_rate / 2} Hz, half the sample rate"
            )
        if self.num_mfccs > self.num_mel_bins:
            raise ValueError(
                f"num_mfccs ({self.num_mfccs}) must not exceed num_mel_bins ({self.num_mel_bins})"
            )
        if not self._mel_filters_all_hear_something():
            raise ValueError(
                f"num_mel_bins ({self.num_mel_bins}) is too many for fft_length "
                f"({self.fft_length}): a filter falls between two frequencies and is always empty"
            )

    def _mel_filters_all_hear_something(self) -> bool:
        return bool(self.mel_filters().any(axis=0).all())

    def mel_filters(self) -> NDArray[np.float32]:
        """Returns the filter bank, [fft_length / 2 + 1, num_mel_bins]; see `mel_filter_bank`."""
        return mel_filter_bank(
            self.mel_style,
            sample_rate=self.sample_rate,
            fft_length=self.fft_length,
            num_mel_bins=self.num_mel_bins,
            low_hz=self.mel_low_hz,
            high_hz=self.mel_high_hz,
        )

    @property
    def window_samples(self) -> int:
        """Samples of the waveform that becomes one feature matrix."""
        return round(self.window_seconds * self.sample_rate)

    @property
    def frame_length(self) -> int:
        """Samples in a frame."""
        return round(self.frame_seconds * self.sample_rate)

    @property
    def frame_step(self) -> int:
        """Samples between the starts of neighbouring frames."""
        return round(self.hop_seconds * self.sample_rate)

    @property
    def num_frames(self) -> int:
        """Frames in one feature matrix."""
        if self.pad_end:
            return -(-self.window_samples // self.frame_step)
        return 1 + (self.window_samples - self.frame_length) // self.frame_step

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of one feature matrix: (num_frames, num_mfccs)."""
        return self.num_frames, self.num_mfccs


SCENE104 = MfccConfig(
    frame_seconds=0.25,
    hop_seconds=0.125,
    pad_end=True,
    window_function="rectangular",
    fft_length=4096,
    num_mel_bins=26,
    mel_style="psf",
    num_mfccs=13,
    full_scale=32_768.0,
    pre_emphasis=0.97,
    normalize_power=True,
    log_floor=2.0**-52,
    lifter=22,
    log_energy=True,
)
"""The 104 features of the Kaggle scene set: 8 frames of 13 coefficients from one second.

Equals, with `samples` the second as int16 and one zero after it for the eighth frame::

    python_speech_features.mfcc(
        np.append(samples, np.int16(0)), 16000, winlen=0.25, winstep=0.125, nfft=4096
    )

There, an exact zero is replaced by float64's epsilon before the logarithm. Here epsilon is added
to everything, which changes no other value that float32 can tell apart in the int16 range.
"""

FINE = MfccConfig()
"""61 frames of 40 coefficients from one second, fine enough in time for a click or a syllable.

Equals, with `samples` the second as float32 in [-1, 1]::

    power = librosa.feature.melspectrogram(
        y=samples, sr=16000, n_fft=512, hop_length=256, window="hann", center=False,
        power=2.0, n_mels=64, fmin=0.0, fmax=8000.0,
    )
    librosa.feature.mfcc(S=np.log(power + 1e-6), n_mfcc=40, dct_type=2, norm="ortho").T
"""

MFCC_SETTINGS: dict[str, MfccConfig] = {"scene104": SCENE104, "fine": FINE}
