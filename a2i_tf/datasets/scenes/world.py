"""A source of the built-in data: one seeded world that runs for 24 seconds.

A world is like one video. Its layout, palette, camera and microphone are drawn once, from named
random streams; its *factors*, the causes that sound and picture share, drift while it runs.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

CLASSES: tuple[str, ...] = (
    "beach",
    "city",
    "classroom",
    "football-match",
    "forest",
    "grocery-store",
    "jungle",
    "restaurant",
    "river",
)
INDOOR_CLASSES: frozenset[str] = frozenset({"classroom", "grocery-store", "restaurant"})
COMMON_FACTORS: tuple[str, ...] = ("activity", "nearness")
OUTDOOR_FACTORS: tuple[str, ...] = ("rain", "wind", "night")
INDOOR_FACTORS: tuple[str, ...] = ("room",)
FACTORS: tuple[str, ...] = COMMON_FACTORS + OUTDOOR_FACTORS + INDOOR_FACTORS

SECONDS = 24
SAMPLE_RATE = 16_000
IMAGE_SIZE = 128

_DRIFT_PERIODS_SECONDS = (19.0, 41.0)
_DRIFT_AMPLITUDE = 0.12
# Half of the worlds are dry and a third of them stand in full daylight: stretching the base
# beyond [0, 1] and clipping gives such worlds without a jump in between.
_BASE_RANGE: dict[str, tuple[float, float]] = {"rain": (-0.9, 1.1), "night": (-0.4, 1.2)}


@dataclass(frozen=True)
class Factors:
    """The shared causes at one moment, each in [0, 1]; 0 where the class doesn't have it.

    Attributes:
        activity: How many waves, cars, voices, calls, trolleys are heard and drawn.
        nearness: Level, brightness and dryness of the sound; size of the subject.
        rain: Outdoors. Hiss and drops; streaks and a grey sky.
        wind: Outdoors. Low modulated rumble; lean of trees, waves and flags.
        night: Outdoors. Crickets, owls and a quiet bed for birds and bustle; darkness, moon,
            lit windows.
        room: Indoors. Length of the reverberation; depth of the perspective.
    """

    activity: float
    nearness: float
    rain: float
    wind: float
    night: float
    room: float


class World:
    """One seeded source.

    Attributes:
        index: Number of the source in its dataset.
        seed: Seed of the dataset.
        label: One of `CLASSES`; the sources of a dataset take them in turn.
        name: Name of the source, such as `beach-0009`.
    """

    def __init__(self, index: int, seed: int) -> None:
        self.index = index
        self.seed = seed
        self.label = CLASSES[index % len(CLASSES)]
        self.name = f"{self.label}-{index:04d}"

    @property
    def is_indoor(self) -> bool:
        """Whether the scene lies under a roof."""
        return self.label in INDOOR_CLASSES

    @property
    def factor_names(self) -> tuple[str, ...]:
        """Names of the factors that this class has."""
        return COMMON_FACTORS + (INDOOR_FACTORS if self.is_indoor else OUTDOOR_FACTORS)

    def rng(self, *stream: str | int) -> np.random.Generator:
        """Returns a fresh generator for a named stream, such as `rng("palette")`.

        The same name always starts the same numbers, so that a picture can be drawn again
        without drawing those before it.
        """
        key = zlib.crc32("/".join(map(str, stream)).encode())
        return np.random.default_rng([self.seed, self.index, key])

    def factor_curve(self, name: str, times_seconds: NDArray[np.floating]) -> NDArray[np.float64]:
        """Returns a factor at the given times: same shape, in [0, 1], zero if not this class's."""
        if name not in self.factor_names:
            return np.zeros(np.shape(times_seconds))
        base, phases = self._drift[name]
        drift = sum(
            np.sin(2 * np.pi * np.asarray(times_seconds) / period + phase)
            for period, phase in zip(_DRIFT_PERIODS_SECONDS, phases, strict=True)
        )
        return np.clip(base + _DRIFT_AMPLITUDE * drift, 0.0, 1.0)

    def factors_at(self, time_seconds: float) -> Factors:
        """Returns all factors at one moment."""
        time = np.array(time_seconds)
        return Factors(**{name: float(self.factor_curve(name, time)) for name in FACTORS})

    @cached_property
    def _drift(self) -> dict[str, tuple[float, tuple[float, float]]]:
        rng = self.rng("factors")
        drift = {}
        for name in FACTORS:
            low, high = _BASE_RANGE.get(name, (0.0, 1.0))
            first, second = rng.uniform(0, 2 * np.pi, 2)
            drift[name] = (float(rng.uniform(low, high)), (float(first), float(second)))
        return drift
