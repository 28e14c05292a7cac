"""Restaurant: guests at round tables with white cloths, under warm hanging lamps."""

from __future__ import annotations

from math import cos, pi, sin

import numpy as np

from a2i_tf.datasets.scenes.pictures.canvas import Canvas, Colour, mix, shade
from a2i_tf.datasets.scenes.pictures.interior import Room, Surfaces, draw_shell, draw_tiles
from a2i_tf.datasets.scenes.pictures.palette import colour, colours, pick
from a2i_tf.datasets.scenes.pictures.people import (
    SHADOW,
    Look,
    presence,
    random_look,
    seat_thresholds,
    sitter,
)
from a2i_tf.datasets.scenes.pictures.waiters import draw_waiter, waiters_at
from a2i_tf.datasets.scenes.world import World

# Wall, panels, floor, ceiling, lamp shade, chair.
_PALETTES = (
    "8a2f3a 4a1f24 6b4230 3a1c22 f0b04a 5a2e22",
    "6b2438 33141f 7a4a30 2c1420 e8923a 8a5a34",
    "9c4a2f 5a2a1f 5d3a2c 3d211c f4c25a 3f2a24",
    "2f4a45 1e302e 6f4a34 1c2a2a f0b45a 7a3f2c",
    "74304a 3c1a2a 54342e 2b1624 f2a65a 9a6a42",
    "a85a3c 6a3222 45302c 42241e ffd074 2f2422",
)
_WARM = colour("ffdf9a")
_CLOTH = colour("fbf3e4")
_PLATE = colour("ffffff")
_WINE = colour("8a1f33")
_FOODS = (colour("d9773a"), colour("7a9a3f"), colour("c23b33"), colour("e8b94a"))
# Outside the window, from the top down.
_EVENINGS = (
    colours("3b4a7a 6a5a8f d98a6a"),
    colours("1f2f55 2f4570 4f6a94"),
    colours("d98a5a eeb06a f7d08a"),
)
_SEATS = 3
_ROWS_MOST, _COLUMNS_MOST = 6, 3
# Across the room, in a row and in the row behind it, which stands in its gaps.
_ACROSS = ((0.2, 0.8), (0.04, 0.5, 0.96))


def draw(canvas: Canvas, world: World, time_seconds: float) -> None:
    """Draws the restaurant of `world` at a time.

    Args:
        canvas: An empty canvas.
        world: A world of the class "restaurant".
        time_seconds: Seconds since the world began.
    """
    factors = world.factors_at(time_seconds)
    wall, panel, floor, ceiling, lamp, chair = pick(_PALETTES, world.rng("palette"))
    layout = world.rng("layout")
    room = Room.of_size(layout.uniform(0.38, 0.62), layout.uniform(0.36, 0.42), factors.room)
    window_side = -1 if layout.random() < 0.5 else 1
    draw_shell(canvas, room, Surfaces(wall, floor, ceiling), window_side)
    if layout.random() < 0.5:
        draw_tiles(canvas, room, shade(floor, 0.7), 8, 0.7)
    _draw_beams(canvas, room, panel)
    _draw_panels(canvas, room, panel)
    _draw_window(canvas, room, window_side, panel, layout)
    _draw_bar(canvas, room, panel, lamp, layout)
    _draw_tables(canvas, room, world, time_seconds, lamp, chair)


def _draw_beams(canvas: Canvas, room: Room, panel: Colour) -> None:
    for z, alpha in room.stations(0.1, 0.45, 0.08):
        canvas.polygon(room.front(z, 0.0, 0.0, 1.0, 0.045), shade(panel, 1.25), alpha)
        canvas.polygon(room.flat(0.045, 0.0, 1.0, z, z + 0.09), shade(panel, 0.8), alpha)


def _draw_panels(canvas: Canvas, room: Room, panel: Colour) -> None:
    for u in (0.0, 1.0):
        canvas.polygon(room.side(u, 0.66, 1.0, 0.0, room.depth), panel, 0.9)
        canvas.polygon(room.side(u, 0.65, 0.675, 0.0, room.depth), shade(panel, 1.7))
    canvas.polygon(room.front(room.depth, 0, 0.66, 1, 1), shade(panel, 1.1))
    canvas.polygon(room.front(room.depth, 0, 0.65, 1, 0.675), shade(panel, 1.7))


def _draw_window(
    canvas: Canvas, room: Room, side: int, frame: Colour, layout: np.random.Generator
) -> None:
    dusk = _EVENINGS[int(layout.integers(len(_EVENINGS)))]
    u = 0.0 if side < 0 else 1.0
    spots = layout.uniform(0, 1, (6, 2))
    tint = mix(colour("e8c9a0"), colour("5a8a8a"), float(layout.random()))
    for z, alpha in room.stations(0.06, 0.8, 0.2):
        near, far = z, min(z + 0.56, room.depth - 0.05)
        canvas.polygon(room.side(u, 0.14, 0.6, near - 0.03, far + 0.03), shade(frame, 0.6), alpha)
        for place, tint in enumerate(dusk):
            top = 0.17 + 0.135 * place
            canvas.polygon(room.side(u, top, top + 0.14, near, far), tint, alpha)
        for along, height in spots:
            x, y = room.point(u, 0.42 + 0.14 * height, near + (far - near) * along)
            canvas.ellipse(x, y, 0.008, 0.012, _WARM, 0.8 * alpha)
        middle = (near + far) / 2
        canvas.polygon(room.side(u, 0.17, 0.58, middle - 0.012, middle + 0.012), frame, alpha)
    other = 1.0 - u
    for z, alpha in room.stations(0.12, 0.7, 0.2):
        far = min(z + 0.36, room.depth - 0.05)
        canvas.polygon(room.side(other, 0.24, 0.54, z, far), colour("c99a4a"), alpha)
        canvas.polygon(room.side(other, 0.265, 0.515, z + 0.03, far - 0.03), tint, alpha)
        canvas.polygon(room.side(other, 0.41, 0.515, z + 0.03, far - 0.03), shade(tint, 0.6), alpha)


def _draw_bar(
    canvas: Canvas, room: Room, panel: Colour, lamp: Colour, layout: np.random.Generator
) -> None:
    z = room.depth
    canvas.polygon(room.front(z, 0.14, 0.16, 0.86, 0.7), shade(panel, 0.75))
    canvas.polygon(room.front(z, 0.17, 0.19, 0.83, 0.68), mix(lamp, panel, 0.35))
    tints = (
        colour("2f6a4a"),
        colour("8a2f2a"),
        colour("d9b04a"),
        colour("3a2a24"),
        colour("f0e4cc"),
    )
    width = 0.018 * room.scale(z)
    for level in (0.35, 0.52):
        canvas.polygon(room.front(z, 0.17, level, 0.83, level + 0.02), shade(panel, 0.9))
        for place in range(13):
            u = 0.2 + 0.05 * place
            tall = layout.uniform(0.08, 0.13)
            tint = tints[int(layout.integers(len(tints)))]
            canvas.line([room.point(u, level - tall, z), room.point(u, level, z)], tint, width)
    for u in (0.07, 0.93):
        x, y = room.point(u, 0.38, z)
        scale = room.scale(z)
        canvas.soft(x, y, 0.15 * scale, 0.2 * scale, _WARM, 0.7)
        canvas.ellipse(x, y, 0.025 * scale, 0.04 * scale, colour("fff1c8"))
    room.block(canvas, (0.1, 0.9), (0.68, 1.0), (z * 0.93, z), shade(panel, 1.25))


def _draw_tables(
    canvas: Canvas, room: Room, world: World, time_seconds: float, lamp: Colour, chair: Colour
) -> None:
    factors = world.factors_at(time_seconds)
    size = 0.6 + 0.55 * factors.nearness
    spots = world.rng("tables")
    first = int(spots.integers(2))
    thresholds = seat_thresholds(spots, _ROWS_MOST, _COLUMNS_MOST)
    looks = [[random_look(spots) for _ in range(_SEATS)] for _ in range(thresholds.size)]
    waiters = waiters_at(world, room, time_seconds)
    stations = room.stations(0.12, 0.5 * size, 0.28)[-_ROWS_MOST:]
    for row, (z, alpha) in enumerate(stations):
        nearest = len(stations) - 1 - row
        for place, u in enumerate(_ACROSS[(nearest + first) % 2]):
            number = _COLUMNS_MOST * nearest + place
            shift = 0.05 * sin(7.3 * number + first)
            share = (1.25 * factors.activity + 0.02 - thresholds[nearest, place]) / 0.25
            here = min(1.0, max(0.0, share))
            # An empty table is still laid; guests and dishes come with the activity.
            _draw_table(
                canvas, room, (u + shift, z), size, looks[number], chair, here, alpha, time_seconds
            )
            _draw_lamp(canvas, room, (u + shift, z), size, lamp, alpha)
        # Waiters stand before this row of tables and behind the next.
        behind = stations[row + 1][0] if row + 1 < len(stations) else -1.0
        before = z if row else room.depth
        for waiter in waiters:
            if behind < waiter.z <= before:
                draw_waiter(canvas, room, waiter, size, time_seconds)


def _draw_lamp(
    canvas: Canvas, room: Room, place: tuple[float, float], size: float, lamp: Colour, alpha: float
) -> None:
    u, z = place
    x, y = room.point(u, 0.3 - 0.05 * size, z)
    r = 0.075 * size * room.scale(z)
    canvas.line([room.point(u, 0.0, z), (x, y)], SHADOW, 0.006, 0.7 * alpha)
    canvas.soft(x, y + r, 3.2 * r, 3.2 * r, _WARM, 0.36 * alpha)
    canvas.polygon(
        [
            (x - 0.35 * r, y - 0.7 * r),
            (x + 0.35 * r, y - 0.7 * r),
            (x + r, y + 0.4 * r),
            (x - r, y + 0.4 * r),
        ],
        lamp,
        alpha,
    )
    canvas.ellipse(x, y + 0.4 * r, r, 0.25 * r, colour("fff6d8"), alpha)


def _draw_table(
    canvas: Canvas,
    room: Room,
    place: tuple[float, float],
    size: float,
    looks: list[Look],
    chair: Colour,
    here: float,
    alpha: float,
    time_seconds: float,
) -> None:
    u, z = place
    scale = room.scale(z)
    top = 1 - 0.25 * size
    x, y = room.point(u, top, z)
    floor_y = room.point(u, 1.0, z)[1]
    r = 0.19 * size * scale
    linen = mix(_CLOTH, chair, 0.12)
    flat = max(0.16, 1.15 * (top - room.y) * scale)
    canvas.soft(x, floor_y, 1.6 * r, 1.6 * r * flat, SHADOW, 0.7 * alpha)
    height = 0.3 * size * scale
    for seat, (look, angle) in enumerate(zip(looks, (0.5, 0.03, 0.97), strict=True)):
        sit_x, sit_y = x - 1.12 * r * cos(pi * angle), y - 0.55 * r * flat * sin(pi * angle)
        _draw_chair(
            canvas, (sit_x, sit_y), height, floor_y, shade(chair, 0.75 + 0.25 * scale), alpha
        )
        come = presence(here, seat, _SEATS) * alpha
        if come > 0:
            nod = 0.015 * height * sin(1.3 * time_seconds + 2.1 * seat + 9 * u)
            sitter(
                canvas,
                sit_x,
                sit_y + 0.1 * height,
                height * (0.5 + 0.5 * come) + nod,
                look,
                facing=(0.0, 1.0, -1.0)[seat],
                is_towards_us=True,
                alpha=min(1.0, 2 * come),
            )
    hem = floor_y - 0.12 * (floor_y - y)
    canvas.polygon(
        [(x - r, y), (x + r, y), (x + 1.06 * r, hem), (x - 1.06 * r, hem)],
        shade(linen, 0.84),
        alpha,
    )
    canvas.ellipse(x, hem, 1.06 * r, 0.75 * flat * r, shade(linen, 0.84), alpha)
    for fold in (-0.7, -0.25, 0.3, 0.75):
        canvas.polygon(
            [
                (x + fold * r, y),
                (x + (fold + 0.1) * r, hem + 0.6 * flat * r),
                (x + (fold - 0.1) * r, hem + 0.6 * flat * r),
            ],
            shade(linen, 0.7),
            0.8 * alpha,
        )
    canvas.ellipse(x, y, r, flat * r, _CLOTH, alpha)
    canvas.ellipse(x, y, 0.75 * r, 0.75 * flat * r, _WARM, 0.25 * alpha)
    _lay_table(canvas, (x, y), r, flat, here, alpha)


def _draw_chair(
    canvas: Canvas,
    place: tuple[float, float],
    height: float,
    floor_y: float,
    tint: Colour,
    alpha: float,
) -> None:
    x, y = place
    half, top, seat = 0.21 * height, y - 0.45 * height, y + 0.16 * height
    for side in (-1.0, 1.0):
        canvas.line(
            [(x + side * half, top), (x + side * half, floor_y)],
            shade(tint, 0.75),
            0.06 * height,
            alpha,
        )
    for slat in (-0.45, 0.0, 0.45):
        canvas.line([(x + slat * half, top), (x + slat * half, seat)], tint, 0.045 * height, alpha)
    canvas.rectangle(
        x - 1.15 * half,
        top - 0.05 * height,
        x + 1.15 * half,
        top + 0.07 * height,
        shade(tint, 1.35),
        alpha,
    )
    canvas.rectangle(
        x - 1.15 * half, seat, x + 1.15 * half, seat + 0.1 * height, shade(tint, 1.2), alpha
    )


def _lay_table(
    canvas: Canvas, place: tuple[float, float], r: float, flat: float, here: float, alpha: float
) -> None:
    x, y = place
    for seat, angle in enumerate((0.5, 0.05, 0.95)):
        plate_x, plate_y = x - 0.6 * r * cos(pi * angle), y - 0.55 * r * flat * sin(pi * angle)
        plate_y += 0.25 * r * flat
        come = presence(here, seat, _SEATS) * alpha
        if come > 0:
            canvas.ellipse(plate_x, plate_y, 0.26 * r, 0.26 * flat * r, shade(_CLOTH, 0.75), come)
            canvas.ellipse(plate_x, plate_y - 0.02 * r, 0.24 * r, 0.22 * flat * r, _PLATE, come)
            canvas.ellipse(
                plate_x, plate_y - 0.04 * r, 0.13 * r, 0.13 * flat * r, _FOODS[seat], come
            )
            glass = plate_x + 0.26 * r
            canvas.line(
                [(glass, plate_y), (glass, plate_y - 0.22 * r)], colour("c9d4da"), 0.03 * r, come
            )
            canvas.ellipse(glass, plate_y - 0.3 * r, 0.075 * r, 0.12 * r, _WINE, come)
    canvas.rectangle(x - 0.03 * r, y - 0.3 * r, x + 0.03 * r, y, colour("f4e4c0"), alpha)
    canvas.ellipse(x, y - 0.37 * r, 0.05 * r, 0.09 * r, colour("ffb03a"), alpha)
