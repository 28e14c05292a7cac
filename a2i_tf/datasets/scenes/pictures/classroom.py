"""Classroom: pupils at their desks, seen from the back, before a board."""

from __future__ import annotations

from math import cos, sin

import numpy as np

from a2i_tf.datasets.scenes.pictures.canvas import Canvas, Colour, mix, shade
from a2i_tf.datasets.scenes.pictures.interior import (
    Room,
    Surfaces,
    draw_ceiling_lamp,
    draw_planks,
    draw_shell,
)
from a2i_tf.datasets.scenes.pictures.palette import colour, colours, pick
from a2i_tf.datasets.scenes.pictures.people import (
    SHADOW,
    raised_arm,
    random_look,
    seat_thresholds,
    sitter,
    walker,
)
from a2i_tf.datasets.scenes.world import World

# Wall, floor, ceiling, desk, accent of the frames.
_PALETTES = (
    "f2dfb3 c58f5c f7f0dc d89c52 8a5a34",
    "cfe0d0 b98a5e f3f1e4 c9894a 5d6f57",
    "f4cdb0 a9794f faeddc dba662 9a5638",
    "c5dbe6 c2a077 eef3f3 d8a768 4f6d84",
    "ecd9c9 8f6f57 f5eee6 c77f4e 6a4436",
    "e7e2a9 a8895b f6f4dc c48a4a 6d6a35",
)
_BOARDS = tuple(map(colour, ("2f5d4a", "26473f", "2b3038", "f6f6f2", "35634a", "f2f4f5")))
_SKY = colour("a9d8ee")
_LEAVES = (colour("6fa35c"), colour("8fb56a"), colour("d9a24a"))
_SUN = colour("fff1c2")
_POSTERS = colours("d9694f 4f8fb0 e8b84a 6fa06a 8f6fa0 e39a7a")
_ROWS_MOST = 9
_COLUMNS = 3


def draw(canvas: Canvas, world: World, time_seconds: float) -> None:
    """Draws the classroom of `world` at a time.

    Args:
        canvas: An empty canvas.
        world: A world of the class "classroom".
        time_seconds: Seconds since the world began.
    """
    factors = world.factors_at(time_seconds)
    wall, floor, ceiling, desk, frame = pick(_PALETTES, world.rng("palette"))
    layout = world.rng("layout")
    room = Room.of_size(layout.uniform(0.4, 0.6), layout.uniform(0.36, 0.44), factors.room)
    window_side = -1 if layout.random() < 0.5 else 1
    draw_shell(canvas, room, Surfaces(wall, floor, ceiling), window_side)
    draw_planks(canvas, room, shade(floor, 0.75), 12, 0.5)
    _draw_lamps(canvas, room)
    _draw_windows(canvas, room, window_side, frame, layout)
    _draw_wall_posters(canvas, room, -window_side, frame, world.rng("posters"))
    _draw_board(canvas, room, layout, frame, time_seconds)
    _draw_desks(canvas, room, world, time_seconds, desk)


def _draw_lamps(canvas: Canvas, room: Room) -> None:
    for z, alpha in room.stations(0.15, 0.75, 0.1):
        for left in (0.22, 0.64):
            draw_ceiling_lamp(canvas, room, (left, left + 0.14), (z, z + 0.4), _SUN, alpha)


def _draw_windows(
    canvas: Canvas, room: Room, side: int, frame: Colour, layout: np.random.Generator
) -> None:
    u = 0.0 if side < 0 else 1.0
    leaves = _LEAVES[int(layout.integers(len(_LEAVES)))]
    for z, alpha in room.stations(-0.12, 0.62, 0.12):
        near, far = max(0.0, z), z + 0.46
        if far > room.depth - 0.02:
            far = room.depth - 0.02
        canvas.polygon(room.side(u, 0.13, 0.62, near, far), frame, alpha)
        near, far = near + 0.02, far - 0.02
        canvas.polygon(room.side(u, 0.155, 0.6, near, far), _SKY, alpha)
        canvas.polygon(room.side(u, 0.155, 0.3, near, far), mix(_SKY, _SUN, 0.5), alpha)
        canvas.polygon(room.side(u, 0.44, 0.6, near, far), leaves, alpha)
        middle = (near + far) / 2
        canvas.polygon(room.side(u, 0.155, 0.6, middle - 0.015, middle + 0.015), frame, alpha)
        # The sun falls through the window onto the floor.
        shift = -side
        patch = [
            room.point(u + shift * 0.08, 1, near + 0.1),
            room.point(u + shift * 0.46, 1, near + 0.28),
            room.point(u + shift * 0.46, 1, far + 0.28),
            room.point(u + shift * 0.08, 1, far + 0.1),
        ]
        if far + 0.28 < room.depth:
            canvas.polygon(patch, _SUN, 0.5 * alpha)


def _draw_wall_posters(
    canvas: Canvas, room: Room, side: int, frame: Colour, posters: np.random.Generator
) -> None:
    u = 0.0 if side < 0 else 1.0
    tints = posters.permutation(len(_POSTERS))
    for number, (z, alpha) in enumerate(reversed(room.stations(0.06, 0.5, 0.3))):
        tint = _POSTERS[int(tints[number % len(_POSTERS)])]
        canvas.polygon(room.side(u, 0.28, 0.55, z, z + 0.26), colour("fdf8ea"), alpha)
        canvas.polygon(room.side(u, 0.3, 0.46, z + 0.02, z + 0.24), tint, alpha)
        canvas.polygon(room.side(u, 0.4, 0.46, z + 0.02, z + 0.24), shade(tint, 0.7), alpha)
    canvas.polygon(room.side(u, 0.84, 1.0, 0.0, room.depth), frame, 0.35)


def _draw_board(
    canvas: Canvas, room: Room, layout: np.random.Generator, frame: Colour, time_seconds: float
) -> None:
    z = room.depth
    board = _BOARDS[int(layout.integers(len(_BOARDS)))]
    chalk = colour("f5f1e0") if sum(board) < 1.5 else colour("2c5f9e")
    left, right, top, bottom = 0.16, 0.84, 0.24, 0.66
    canvas.polygon(room.front(z, left - 0.03, top - 0.03, right + 0.03, bottom + 0.04), frame)
    canvas.polygon(room.front(z, left, top, right, bottom), board)
    canvas.polygon(room.front(z, left, top, right, top + 0.06), shade(board, 0.85))
    width = 0.012 * room.scale(z)
    for row in range(5):
        start = left + 0.05
        length = layout.uniform(0.12, 0.3)
        y = top + 0.1 + 0.065 * row
        canvas.line([room.point(start, y, z), room.point(start + length, y, z)], chalk, width, 0.85)
    accent = colour("f2b84b") if sum(board) < 1.5 else colour("cf4b3c")
    _draw_figure(canvas, room, int(layout.integers(4)), accent, width * 1.3)
    clock = room.point(layout.uniform(0.3, 0.7), 0.12, z)
    radius = 0.055 * room.scale(z)
    canvas.ellipse(*clock, radius, radius, frame)
    canvas.ellipse(*clock, radius * 0.8, radius * 0.8, colour("fdfaf0"))
    canvas.line(
        [(clock[0], clock[1] - radius * 0.6), clock, (clock[0] + radius * 0.4, clock[1])],
        colour("333333"),
        0.006,
    )
    teacher_x = 0.16 + 0.68 * (0.5 + 0.42 * sin(0.35 * time_seconds + layout.uniform(0, 6)))
    foot = room.point(teacher_x, 1.0, z * 0.94)
    walker(
        canvas,
        *foot,
        0.56 * room.scale(z * 0.94),
        random_look(layout),
        2.0 * time_seconds,
        facing=1.0 if layout.random() < 0.5 else -1.0,
    )


def _draw_figure(canvas: Canvas, room: Room, kind: int, tint: Colour, width: float) -> None:
    """Draws what the lesson is about: geometry, a curve, the sun, a sum."""
    middle_u, middle_v = 0.67, 0.45
    if kind == 0:
        places = [(-0.1, 0.1), (0.1, 0.1), (0.0, -0.11), (-0.1, 0.1)]
    elif kind == 1:
        places = [(0.025 * k - 0.1, 0.09 * sin(0.9 * k)) for k in range(9)]
    elif kind == 2:
        places = [(0.085 * cos(0.6 * k), 0.085 * sin(0.6 * k)) for k in range(12)]
    else:
        places = [(-0.1, -0.1), (-0.1, 0.1), (0.1, 0.1), (-0.1, 0.1), (0.08, -0.09)]
    points = [room.point(middle_u + u, middle_v + v, room.depth) for u, v in places]
    canvas.line(points, tint, width)


def _draw_desks(
    canvas: Canvas, room: Room, world: World, time_seconds: float, desk: Colour
) -> None:
    factors = world.factors_at(time_seconds)
    size = 0.72 + 0.6 * factors.nearness
    seats = world.rng("seats")
    thresholds = seat_thresholds(seats, _ROWS_MOST, _COLUMNS)
    people = [random_look(seats) for _ in range(thresholds.size)]
    phases = seats.uniform(0, 6.28, thresholds.size).tolist()
    spacing = 0.52 * size
    stations = room.stations(0.08, spacing, 0.3)[-_ROWS_MOST:]
    for row, (z, alpha) in enumerate(stations):
        nearest = len(stations) - 1 - row
        for column in range(_COLUMNS):
            seat = nearest * _COLUMNS + column
            u = 0.5 + (column - 1) * 0.36 * (0.76 + 0.24 * size)
            _draw_desk(canvas, room, u, z, size, desk, alpha)
            _draw_chair(canvas, room, u, z, size, desk, alpha)
            here = min(1.0, (1.12 * factors.activity + 0.03 - thresholds[nearest, column]) / 0.12)
            if here <= 0:
                continue
            look = people[seat]
            x, y = room.point(u, 1 - 0.13 * size, z - 0.06)
            height = 0.3 * size * room.scale(z - 0.06) * (0.75 + 0.25 * here)
            shown = alpha * min(1.0, 1.5 * here)
            sway = 0.02 * height * sin(0.9 * time_seconds + phases[seat])
            sitter(canvas, x + sway, y, height, look, alpha=shown)
            _draw_chair_back(canvas, room, u, z, size, desk, shown)
            eager = 1.3 * factors.activity - 0.4 + 0.25 * sin(0.8 * time_seconds + phases[seat])
            if seat % 2 == 0 and eager > 0:
                raised_arm(
                    canvas,
                    x + sway,
                    y,
                    height,
                    look,
                    -1 if column == 2 else 1,
                    min(1.0, 2.5 * eager) * here,
                )


def _draw_desk(
    canvas: Canvas, room: Room, u: float, z: float, size: float, desk: Colour, alpha: float
) -> None:
    half, top = 0.13 * size, 1 - 0.25 * size
    x, y = room.point(u, 1.0, z + 0.1)
    canvas.ellipse(
        x, y, half * room.scale(z) * 1.2, 0.05 * size * room.scale(z), SHADOW, 0.25 * alpha
    )
    for side in (-1, 1):
        leg = u + side * half * 0.85
        canvas.line(
            [room.point(leg, top, z + 0.1), room.point(leg, 1.0, z + 0.1)],
            shade(desk, 0.45),
            0.02 * size * room.scale(z),
            alpha,
        )
    room.block(
        canvas,
        (u - half, u + half),
        (top, top + 0.035 * size),
        (z + 0.04, z + 0.2 * size + 0.04),
        desk,
        alpha,
    )
    canvas.polygon(
        room.flat(top - 0.002, u - 0.05 * size, u + 0.06 * size, z + 0.08, z + 0.04 + 0.13 * size),
        colour("fbf7ea"),
        alpha,
    )


def _draw_chair(
    canvas: Canvas, room: Room, u: float, z: float, size: float, desk: Colour, alpha: float
) -> None:
    half, seat = 0.075 * size, z - 0.05
    width = 0.016 * size * room.scale(seat)
    for side in (-1, 1):
        leg = [
            room.point(u + side * half, 1 - 0.24 * size, seat),
            room.point(u + side * half, 1.0, seat),
        ]
        canvas.line(leg, shade(desk, 0.4), width, alpha)
    canvas.polygon(
        room.front(seat, u - half, 1 - 0.12 * size, u + half, 1 - 0.09 * size),
        shade(desk, 0.6),
        alpha,
    )
    _draw_chair_back(canvas, room, u, z, size, desk, alpha)


def _draw_chair_back(
    canvas: Canvas, room: Room, u: float, z: float, size: float, desk: Colour, alpha: float
) -> None:
    half, seat = 0.085 * size, z - 0.05
    canvas.polygon(
        room.front(seat, u - half, 1 - 0.25 * size, u + half, 1 - 0.16 * size),
        shade(desk, 0.78),
        alpha,
    )
    canvas.polygon(
        room.front(seat, u - half, 1 - 0.25 * size, u + half, 1 - 0.235 * size),
        shade(desk, 0.95),
        alpha,
    )
