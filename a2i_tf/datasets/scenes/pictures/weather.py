"""Weather and time of day, shared by the outdoor scenes: the sky, rain and nightfall.

A scene is painted in daylight colours over `draw_sky`; `apply_weather` then grades the finished
picture. As night rises from 0 to 1 the sun sinks through a warm dusk, then the moon climbs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from a2i_tf.datasets.scenes.pictures.canvas import Canvas, Colour, mix, shade
from a2i_tf.datasets.scenes.world import Factors, World

_RAIN_GREY: Colour = (0.60, 0.65, 0.70)
_DUSK_ZENITH: Colour = (0.42, 0.38, 0.62)
_DUSK_HORIZON: Colour = (1.0, 0.64, 0.38)
_MOONLIGHT: Colour = (0.95, 0.96, 0.88)
# What daylight is multiplied by at night=1: little, and most of it blue.
_NIGHT_GAIN = np.array([0.080, 0.109, 0.240], dtype=np.float32)
# Moonlight lifts the dark tones a little, so that silhouettes stay apart.
_NIGHT_LIFT = 0.4
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)
_RAIN_STREAKS = 150
_STARS = 70
_CLOUDS = 7
_PUFFS = 6
_WISPS = 11
_WISP_ALONG = np.linspace(0.0, 1.0, 7)
_MOONRISE = 0.45


@dataclass(frozen=True)
class _SkyLayout:
    """What never changes in a world's sky."""

    palette: SkyColours
    tint: tuple[float, float, float]
    sun: tuple[float, float]
    moon: tuple[float, float]
    moon_radius: float
    stars: NDArray[np.float64]
    fair_clouds: int
    clouds: list[list[float]]
    wisps: list[list[float]]
    rain: NDArray[np.float64]


@dataclass(frozen=True)
class SkyColours:
    """The colours of a world's sky, which water mirrors and distance fades into."""

    zenith: Colour
    horizon: Colour
    cloud_light: Colour
    cloud_shade: Colour
    sun: Colour


_SKIES: tuple[SkyColours, ...] = (
    SkyColours((0.22, 0.52, 0.82), (0.80, 0.91, 0.95), (1.0, 0.99, 0.96), (0.72, 0.80, 0.89),
               (1.0, 0.97, 0.80)),
    SkyColours((0.30, 0.66, 0.74), (0.96, 0.92, 0.78), (1.0, 0.97, 0.90), (0.76, 0.82, 0.80),
               (1.0, 0.95, 0.74)),
    SkyColours((0.42, 0.60, 0.82), (0.99, 0.84, 0.72), (1.0, 0.95, 0.90), (0.84, 0.76, 0.80),
               (1.0, 0.92, 0.72)),
    SkyColours((0.16, 0.42, 0.70), (0.68, 0.86, 0.92), (0.99, 1.0, 1.0), (0.66, 0.76, 0.86),
               (1.0, 0.98, 0.86)),
    SkyColours((0.54, 0.60, 0.82), (0.96, 0.88, 0.90), (1.0, 0.97, 0.97), (0.80, 0.76, 0.86),
               (1.0, 0.94, 0.82)),
    SkyColours((0.36, 0.62, 0.78), (0.98, 0.88, 0.62), (1.0, 0.96, 0.84), (0.86, 0.80, 0.72),
               (1.0, 0.90, 0.62)),
)  # fmt: skip


def sky_colours(world: World, factors: Factors) -> SkyColours:
    """Returns the sky of a world under its present rain and dusk, before nightfall is graded."""
    layout = _layout(world)
    palette = layout.palette
    dusk = 4 * factors.night * (1 - factors.night) * (1 - 0.7 * factors.rain)

    def weathered(colour: Colour, evening: Colour, warmth: float) -> Colour:
        red, green, blue = (c * t for c, t in zip(colour, layout.tint, strict=True))
        warm = mix((red, green, blue), evening, warmth * dusk)
        grey = shade(_RAIN_GREY, 0.75 + 0.35 * sum(warm) / 3)
        return mix(warm, grey, 0.88 * factors.rain)

    return SkyColours(
        zenith=weathered(palette.zenith, _DUSK_ZENITH, 0.75),
        horizon=weathered(palette.horizon, _DUSK_HORIZON, 0.85),
        cloud_light=weathered(palette.cloud_light, (1.0, 0.78, 0.66), 0.8),
        cloud_shade=weathered(palette.cloud_shade, (0.62, 0.48, 0.62), 0.8),
        sun=weathered(palette.sun, (1.0, 0.72, 0.42), 0.9),
    )


def draw_sky(
    canvas: Canvas,
    world: World,
    time_seconds: float,
    horizon: float = 0.5,
    *,
    has_clouds: bool = True,
) -> None:
    """Paints the sky down to `horizon`, with its sun or moon, stars and drifting clouds.

    Whatever is painted afterwards covers the moon and the stars.

    Args:
        canvas: Canvas to paint on, before anything else.
        world: Source whose palette, clouds and factors are used.
        time_seconds: Moment in the source.
        horizon: Height of the horizon, as a fraction of the picture.
        has_clouds: Whether clouds are painted; a scene may hide them anyway.
    """
    factors = world.factors_at(time_seconds)
    colours = sky_colours(world, factors)
    canvas.gradient(
        [
            (0.0, colours.zenith),
            (0.55 * horizon, mix(colours.zenith, colours.horizon, 0.55)),
            (horizon, colours.horizon),
        ],
        bottom=min(1.0, horizon + 0.02),
    )
    _draw_stars(canvas, world, factors, horizon)
    _draw_sun(canvas, world, factors, colours, horizon)
    _draw_moon(canvas, world, factors, horizon)
    if has_clouds:
        _draw_clouds(canvas, world, factors, colours, time_seconds, horizon)
        _draw_wisps(canvas, world, factors, colours, time_seconds, horizon)
    canvas.hang_backdrop()


def moon_place(world: World, night: float, horizon: float) -> tuple[float, float]:
    """Returns x and y of the moon; y lies below the horizon while it isn't night yet."""
    x, height = _layout(world).moon
    risen = _smooth((night - _MOONRISE) / 0.4)
    return x, float(horizon * (1 - height * risen) + 0.12 * (1 - risen))


def apply_weather(
    pixels: NDArray[np.float32],
    world: World,
    time_seconds: float,
    lights: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Grades a picture painted in daylight: rain, nightfall, then the lights.

    Args:
        pixels: float32 [size, size, 3] in [0, 1].
        world: Source whose factors are used.
        time_seconds: Moment in the source.
        lights: Layer of lights of the same shape, from `Canvas.lights`.

    Returns:
        float32 [size, size, 3] in [0, 1].
    """
    factors = world.factors_at(time_seconds)
    gain = _NIGHT_GAIN ** np.float32(factors.night**1.4)
    graded = _soak(pixels, factors.rain)
    if factors.night > 0.0:
        lift = np.float32(_NIGHT_LIFT * factors.night)
        graded = graded * (1 + lift - lift * graded)
        if lights is None:
            graded = graded * gain
        else:
            shining = lights * np.float32(min(1.0, 1.4 * factors.night))
            # A light shows what stands around it; near its source its own colour lies on top.
            graded = graded * (gain + 0.9 * shining)
            haze = shining * (0.35 + 0.65 * np.minimum(shining, 1.0))
            graded = graded + haze * (1 - np.minimum(graded, 1.0))
    if factors.rain > 0.0:
        streaks = _streaks(world, factors, time_seconds, pixels.shape[0])
        graded = graded + streaks[..., None] * (0.06 + 0.5 * gain)
    return np.clip(graded, 0.0, 1.0)


@lru_cache(maxsize=16)
def _layout(world: World) -> _SkyLayout:
    palette, rng = world.rng("palette", "sky"), world.rng("layout", "sky")
    sun_x, sun_height, aside, moon_height, moon_radius = rng.uniform(
        [0.12, 0.45, 0.3, 0.45, 0.035], [0.88, 0.82, 0.7, 0.8, 0.055]
    ).tolist()
    red, green, blue = (1 + palette.uniform(-0.04, 0.04, 3)).tolist()
    return _SkyLayout(
        palette=_SKIES[int(palette.integers(len(_SKIES)))],
        tint=(red, green, blue),
        sun=(sun_x, sun_height),
        # Never where the sun has just gone down.
        moon=(0.1 + (sun_x + aside - 0.1) % 0.8, moon_height),
        moon_radius=moon_radius,
        stars=rng.uniform(0, 1, (3, _STARS)),
        fair_clouds=int(rng.integers(2, 5)),
        clouds=rng.uniform(0, 1, (_CLOUDS, 4 + _PUFFS)).tolist(),
        rain=rng.uniform(0, 1, (_RAIN_STREAKS, 4)),
        wisps=rng.uniform(0, 1, (_WISPS, 4)).tolist(),
    )


def _smooth(amount: float) -> float:
    amount = min(1.0, max(0.0, amount))
    return amount * amount * (3 - 2 * amount)


def _draw_stars(canvas: Canvas, world: World, factors: Factors, horizon: float) -> None:
    visible = _smooth((factors.night - 0.45) / 0.5) * (1 - factors.rain)
    if visible <= 0.0:
        return
    xs, heights, magnitudes = _layout(world).stars
    strengths = visible * (0.15 + 0.75 * magnitudes)
    canvas.sparkle(xs, horizon * 0.95 * heights**1.3, (0.85, 0.9, 1.0), strengths)


def _draw_sun(
    canvas: Canvas, world: World, factors: Factors, colours: SkyColours, horizon: float
) -> None:
    x, height = _layout(world).sun
    sunk = _smooth(factors.night / 0.6)
    y = horizon * (1 - height * (1 - sunk)) + 0.14 * sunk
    bright = 1 - 0.95 * factors.rain
    radius = 0.045 + 0.02 * sunk
    for size, alpha in ((7.0, 0.32), (3.2, 0.45)):
        canvas.soft(x, y, size * radius, size * radius, colours.sun, alpha * bright)
    canvas.ellipse(x, y, radius, radius, mix(colours.sun, (1.0, 1.0, 0.94), 0.6), bright**2)
    afterglow = bright * (1 - _smooth((factors.night - 0.45) / 0.35))
    if factors.night > 0.0 and afterglow > 0.0:
        canvas.glow(x, y, 0.45, (0.9, 0.42, 0.2), 0.65 * afterglow)
        canvas.glow(x, y, 1.6 * radius, (1.0, 0.7, 0.4), afterglow)


def _draw_moon(canvas: Canvas, world: World, factors: Factors, horizon: float) -> None:
    if factors.night < _MOONRISE:
        return
    x, y = moon_place(world, factors.night, horizon)
    radius = _layout(world).moon_radius
    bright = 1 - 0.75 * factors.rain
    canvas.glow(x, y, 0.34, (0.22, 0.30, 0.46), 0.75 * bright)
    canvas.disc_light(x, y, radius, _MOONLIGHT, 0.25 + 0.75 * bright)
    canvas.disc_light(x - 0.3 * radius, y + 0.1 * radius, 0.3 * radius, _MOONLIGHT, -0.12)
    canvas.disc_light(x + 0.35 * radius, y - 0.3 * radius, 0.22 * radius, _MOONLIGHT, -0.12)


def _draw_clouds(
    canvas: Canvas,
    world: World,
    factors: Factors,
    colours: SkyColours,
    time_seconds: float,
    horizon: float,
) -> None:
    layout = _layout(world)
    for number, (start, height, width, speed, *bumps) in enumerate(layout.clouds):
        # Rain fills the sky with clouds beyond those that a fair day has.
        presence = min(1.0, max(0.0, layout.fair_clouds - number + 4 * factors.rain))
        if presence <= 0.0:
            continue
        reach = (0.13 + 0.15 * width) * (0.6 + 0.4 * presence) * (1 + 0.35 * factors.rain)
        # Wind draws the clouds out.
        reach *= 1 + 0.7 * factors.wind
        x = (start + (0.004 + 0.008 * speed) * time_seconds + 0.12 * factors.wind) % 1.0
        x = x * (1 + 2 * reach) - reach
        y = horizon * (0.12 + 0.62 * height)
        flat = (0.8 - 0.35 * height) * (1 - 0.62 * factors.wind)
        _draw_cloud(canvas, (x, y), reach, flat, bumps, colours, presence * 0.92)


def _draw_wisps(
    canvas: Canvas,
    world: World,
    factors: Factors,
    colours: SkyColours,
    time_seconds: float,
    horizon: float,
) -> None:
    """Streaks the sky with cloud that the wind has torn to long, rising shreds."""
    for rank, (start, height, length, speed) in enumerate(_layout(world).wisps):
        there = min(1.0, max(0.0, factors.wind * _WISPS - rank))
        if there <= 0.0:
            break
        reach = (0.3 + 0.4 * length) * (0.5 + 0.5 * factors.wind)
        x = (start + (0.01 + 0.02 * speed) * time_seconds) % 1.0 * (1 + reach) - reach
        y = horizon * (0.06 + 0.8 * ((0.618 * rank + height) % 1.0))
        rise = 0.16 * reach * _WISP_ALONG**2
        half = 0.012 * there * np.sin(np.pi * _WISP_ALONG**1.4) * (0.6 + 0.4 * length)
        xs = x + reach * _WISP_ALONG
        upper = np.stack([xs, y - rise - half], axis=-1)
        lower = np.stack([xs, y - rise + 0.6 * half], axis=-1)
        canvas.polygon(np.concatenate([upper, lower[::-1]]), colours.cloud_light)


def _draw_cloud(
    canvas: Canvas,
    place: tuple[float, float],
    reach: float,
    flat: float,
    bumps: list[float],
    colours: SkyColours,
    alpha: float,
) -> None:
    x, y = place
    puffs = []
    for number, bump in enumerate(bumps):
        across = 2 * number / (_PUFFS - 1) - 1
        size = reach * (0.22 + 0.2 * bump) * (1.15 - 0.6 * across * across)
        puffs.append((x + across * reach * 0.8, y - flat * size * (0.3 + 0.7 * bump), size))
    for lift, colour in (
        (0.0, colours.cloud_shade),
        (0.22, mix(colours.cloud_shade, colours.cloud_light, 0.6)),
        (0.42, colours.cloud_light),
    ):
        for puff_x, puff_y, size in puffs:
            scale = size * (1 - 0.55 * lift)
            canvas.ellipse(
                puff_x - 0.25 * lift * size, puff_y - lift * flat * size, scale, scale * flat,
                colour, alpha,
            )  # fmt: skip


def _soak(pixels: NDArray[np.float32], rain: float) -> NDArray[np.float32]:
    if rain <= 0.0:
        return pixels
    grey = (pixels @ _LUMINANCE)[..., None]
    faded = pixels + (grey - pixels) * np.float32(0.5 * rain)
    rows = np.linspace(0, 1, pixels.shape[0], dtype=np.float32)
    # The middle of a picture is its distance, which rain hides most.
    mist = (0.38 * rain * np.exp(-(((rows - 0.45) / 0.22) ** 2)) + 0.05 * rain)[:, None, None]
    faded = faded + (np.array(_RAIN_GREY, dtype=np.float32) - faded) * mist.astype(np.float32)
    return faded * np.float32(1 - 0.2 * rain)


def _streaks(world: World, factors: Factors, time_seconds: float, size: int) -> NDArray[np.float32]:
    """Returns how much rain lies over each pixel: float32 [size, size] in [0, 1]."""
    side = 2 * size
    layer = Image.new("L", (side, side))
    pen = ImageDraw.Draw(layer)
    lean = 0.10 + 0.55 * factors.wind
    count = round(_RAIN_STREAKS * (0.15 + 0.85 * factors.rain))
    for x, y, depth, ink in _layout(world).rain[:count].tolist():
        length = (0.06 + 0.12 * depth) * (0.6 + 0.4 * factors.rain)
        top = (y + (1.1 + 0.9 * depth) * time_seconds) % 1.0 * 1.2 - 0.2
        left = (x + lean * top) % 1.3 - 0.2
        pen.line(
            [left * side, top * side, (left + lean * length) * side, (top + length) * side],
            fill=round(255 * (0.3 + 0.5 * ink) * (0.45 + 0.55 * factors.rain)),
            width=1 + (depth > 0.3),
        )
    return np.asarray(layer.reduce(2), dtype=np.float32) / 255.0
