"""Rows of houses along a street, with grids of windows that are lit at night."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from a2i_tf.datasets.scenes.pictures.canvas import Canvas, Colour, mix, shade
from a2i_tf.datasets.scenes.pictures.palette import colour
from a2i_tf.datasets.scenes.pictures.perspective import Perspective

_LIT = ((1.0, 0.82, 0.45), (1.0, 0.72, 0.36), (0.85, 0.92, 1.0))
_DARK = (0.0, 0.0, 0.0)
_GLASS = colour("6d8fa8")
_MOST_COLUMNS, _MOST_FLOORS = 4, 9
# Houses that look smaller than this show a strip of glass for each floor, not single windows.
_STRIPS_BELOW = 0.3


@dataclass(frozen=True)
class House:
    """One house of a row.

    Attributes:
        top: Height of its roof, as v; the street lies at v = 1.
        near: Depth of its near end.
        far: Depth of its far end.
        wall: Colour of its front.
        columns: Windows side by side.
        floors: Rows of windows above the shop.
        lamps: For each window, the night at which it is lit; above 1 it stays dark.
        awning: Colour of the awning over its shop.
    """

    top: float
    near: float
    far: float
    wall: Colour
    columns: int
    floors: int
    lamps: tuple[float, ...]
    awning: Colour


def row_of_houses(
    rng: np.random.Generator, walls: tuple[Colour, ...], awnings: tuple[Colour, ...], end: float
) -> list[House]:
    """Returns the houses along one side of a street, near ones first, down to depth `end`."""
    houses = []
    near = -0.5 - rng.uniform(0, 0.3)
    last = -1
    while near < end:
        length = rng.uniform(0.5, 1.0) * (1 + 0.25 * max(0.0, near))
        tint = int(rng.integers(len(walls) - 1))
        last = tint + (tint >= last >= 0)
        top = -rng.uniform(0.1, 1.9) - 0.3 * max(0.0, near)
        columns = int(rng.integers(2, _MOST_COLUMNS + 1))
        floors = int(np.clip(round((0.75 - top) * 3.4), 3, _MOST_FLOORS))
        lamps = tuple(rng.uniform(0.15, 2.3, columns * floors).tolist())
        awning = awnings[int(rng.integers(len(awnings)))]
        houses.append(House(top, near, near + length, walls[last], columns, floors, lamps, awning))
        near += length
    return houses


def draw_houses(
    canvas: Canvas,
    view: Perspective,
    houses: list[House],
    u: float,
    *,
    light: float,
    haze: Colour,
    night: float,
    flutter: float,
) -> None:
    """Draws a row of houses, from the far end to the near one.

    Args:
        canvas: The picture.
        view: Where we stand.
        houses: The row, near ones first.
        u: Where across the street their fronts stand; the street lies towards `view.x`.
        light: Brightness of the row, which is lower on the side in shade.
        haze: Colour into which the distance fades.
        night: How much of the night has come.
        flutter: How far the awnings are blown up.
    """
    outwards = -1 if u < view.x else 1
    for place, house in reversed(list(enumerate(houses))):
        pale = 0.54 * (1 - view.scale(max(0.0, house.near)))
        wall = mix(shade(house.wall, light), haze, pale)
        front = view.side(u, house.top, 1.0, house.near, house.far)
        if night > 0:
            # What stands in front hides the lit windows behind it.
            canvas.emit(front, _DARK)
        if place and house.top < houses[place - 1].top:
            # It rises above its nearer neighbour and shows us its side.
            end_wall = view.front(
                house.near, u, house.top, u + outwards, houses[place - 1].top + 0.05
            )
            if night > 0:
                canvas.emit(end_wall, _DARK)
            canvas.polygon(end_wall, mix(shade(house.wall, 0.62 * light), haze, pale))
        canvas.polygon(front, wall)
        canvas.polygon(
            view.side(
                u - outwards * 0.03, house.top - 0.05, house.top + 0.03, house.near, house.far
            ),
            mix(shade(house.wall, 1.15 * light), haze, pale),
        )
        glass = mix(shade(_GLASS, light), haze, pale)
        if view.scale(house.near) < _STRIPS_BELOW:
            _draw_strips(canvas, view, house, u, glass, night)
            continue
        _draw_windows(canvas, view, house, u, glass, night)
        _draw_shop(canvas, view, house, u, outwards, pale, haze, night, flutter)


def _draw_strips(
    canvas: Canvas, view: Perspective, house: House, u: float, glass: Colour, night: float
) -> None:
    """Draws the windows of a distant house: one strip for each floor."""
    step = (0.72 - house.top - 0.08) / house.floors
    for floor in range(house.floors):
        top = house.top + 0.08 + step * floor + 0.2 * step
        strip = view.side(u, top, top + 0.55 * step, house.near + 0.1, house.far - 0.1)
        canvas.polygon(strip, glass, 0.8)
        lit = _lit(house.lamps[floor], night)
        if lit > 0:
            canvas.emit(strip, _LIT[floor % len(_LIT)], 0.4 * lit)


def _lit(lamp: float, night: float) -> float:
    return min(1.0, max(0.0, 3 * (1.25 * night - lamp)))


def _draw_windows(
    canvas: Canvas, view: Perspective, house: House, u: float, glass: Colour, night: float
) -> None:
    step_z = (house.far - house.near) / house.columns
    step_v = (0.72 - house.top - 0.08) / house.floors
    for column in range(house.columns):
        near = house.near + step_z * (column + 0.2)
        far = near + step_z * 0.58
        edge = view.point(u, 0, near)[0], view.point(u, 0, far)[0]
        if max(edge) < 0 or min(edge) > 1:
            continue
        for floor in range(house.floors):
            top = house.top + 0.08 + step_v * floor + 0.2 * step_v
            bottom = top + 0.58 * step_v
            if view.point(u, bottom, near)[1] < 0 and view.point(u, bottom, far)[1] < 0:
                continue
            pane = view.side(u, top, bottom, near, far)
            canvas.polygon(pane, glass)
            lamp = house.lamps[column * house.floors + floor]
            lit = _lit(lamp, night)
            if lit > 0:
                # Lamps that are lit late are the bright ones, which keeps the windows uneven.
                canvas.emit(pane, _LIT[(column + floor * 2) % len(_LIT)], lit * (0.4 + 0.45 * lamp))


def _draw_shop(
    canvas: Canvas,
    view: Perspective,
    house: House,
    u: float,
    outwards: int,
    pale: float,
    haze: Colour,
    night: float,
    flutter: float,
) -> None:
    near, far = house.near + 0.04, house.far - 0.04
    pane = view.side(u, 0.8, 0.97, near, far)
    canvas.polygon(pane, mix(shade(_GLASS, 0.7), haze, pale))
    if night > 0:
        tint = _LIT[house.columns % len(_LIT)]
        canvas.emit(pane, tint, (0.25 + 0.07 * (house.floors % 5)) * min(1.0, 1.5 * night))
    reach = 0.13
    lip = 0.85 - 0.09 * flutter
    awning = [
        view.point(u, 0.75, near),
        view.point(u, 0.75, far),
        view.point(u - outwards * reach, lip, far),
        view.point(u - outwards * reach, lip, near),
    ]
    if night > 0:
        canvas.emit(awning, _DARK)
    canvas.polygon(awning, mix(house.awning, haze, pale))
