"""Waiters who carry trays through a restaurant."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import cos, pi, sin

from a2i_tf.datasets.scenes.pictures.canvas import Canvas
from a2i_tf.datasets.scenes.pictures.interior import Room
from a2i_tf.datasets.scenes.pictures.palette import colour
from a2i_tf.datasets.scenes.pictures.people import Look, presence, random_look, walker
from a2i_tf.datasets.scenes.world import World

_LINEN, _BLACK, _SILVER = colour("f4f0e8"), colour("2a2530"), colour("d9dce0")
_DISH = colour("d9773a")
_MOST = 3
_PACE = 0.3


@dataclass(frozen=True)
class Waiter:
    """A waiter at one moment.

    Attributes:
        u: Place across the room.
        z: Depth in the room.
        look: Who it is.
        way: -1 on the way to the left, 1 to the right.
        here: How far the waiter has come in, in [0, 1].
    """

    u: float
    z: float
    look: Look
    way: int
    here: float


def waiters_at(world: World, room: Room, time_seconds: float) -> list[Waiter]:
    """Returns the waiters who are about at a time, more with activity."""
    activity = world.factors_at(time_seconds).activity
    rng = world.rng("waiters")
    waiters = []
    for rank in range(_MOST):
        look = replace(random_look(rng, (_LINEN, _BLACK)), trousers=_BLACK)
        across, along = (_PACE * time_seconds + phase for phase in rng.uniform(0, 2 * pi, 2))
        here = presence(activity - 0.08, rank, _MOST)
        if here > 0:
            z = room.depth * (0.6 + 0.26 * sin(0.8 * along))
            way = 1 if cos(across) > 0 else -1
            waiters.append(Waiter(0.5 + 0.32 * sin(across), z, look, way, here))
    return waiters


def draw_waiter(
    canvas: Canvas, room: Room, waiter: Waiter, size: float, time_seconds: float
) -> None:
    """Draws a waiter with apron and tray; `size` is that of the tables."""
    x, y = room.point(waiter.u, 1.0, waiter.z)
    h = 0.52 * size * room.scale(waiter.z) * (0.8 + 0.2 * waiter.here)
    alpha, way = min(1.0, 2 * waiter.here), waiter.way
    walker(canvas, x, y, h, waiter.look, 3 * time_seconds, facing=float(way), alpha=alpha)
    canvas.rectangle(x - 0.1 * h, y - 0.5 * h, x + 0.1 * h, y - 0.3 * h, _LINEN, alpha)
    hand_x, hand_y = x + way * 0.24 * h, y - 0.78 * h
    arm = [(x + way * 0.12 * h, y - 0.74 * h), (hand_x, hand_y)]
    canvas.line(arm, waiter.look.top, 0.06 * h, alpha)
    canvas.ellipse(hand_x, hand_y - 0.02 * h, 0.16 * h, 0.03 * h, _SILVER, alpha)
    canvas.ellipse(hand_x, hand_y - 0.06 * h, 0.07 * h, 0.05 * h, _DISH, alpha)
