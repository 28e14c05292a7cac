"""A room in one-point perspective: walls, floor, ceiling, lamps, windows."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from a2i_tf.datasets.scenes.pictures.canvas import Canvas, Colour, Point, mix, shade
from a2i_tf.datasets.scenes.pictures.perspective import Perspective

# The back wall takes this share of the picture's width in the smallest and in the largest room.
_BACK_WALL_SCALES = (0.72, 0.15)
_SHADING_STEPS = 7
_WHITE = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Room(Perspective):
    """A room whose cross-section is the picture's frame; u, v = 0 and 1 are its four surfaces.

    Attributes:
        depth: Depth z of its back wall.
    """

    depth: float

    @classmethod
    def of_size(cls, x: float, y: float, room: float) -> Room:
        """Returns the room for the factor `room`, seen towards the vanishing point (x, y).

        The size of the back wall, not the depth, is what falls evenly with the factor.
        """
        small, large = _BACK_WALL_SCALES
        return cls(x, y, 1.0 / (small * (large / small) ** room) - 1.0)

    def stations(self, first: float, spacing: float, margin: float) -> list[tuple[float, float]]:
        """Returns depths at even distances, far ones first, each with an opacity.

        The last one fades in while the back wall recedes, so that the picture changes smoothly.
        """
        end = self.depth - margin
        count = max(0, ceil((end - first) / spacing + 0.5))
        depths = [first + spacing * place for place in range(count)]
        faded = [(z, min(1.0, (end - z) / (0.5 * spacing) + 1.0)) for z in reversed(depths)]
        return [(z, alpha) for z, alpha in faded if alpha > 0.0]


@dataclass(frozen=True)
class Surfaces:
    """Colours of a room's surfaces."""

    wall: Colour
    floor: Colour
    ceiling: Colour


def draw_shell(canvas: Canvas, room: Room, surfaces: Surfaces, bright_side: int) -> None:
    """Draws walls, floor and ceiling, paler with distance.

    Args:
        canvas: The picture.
        room: The room.
        surfaces: Its colours.
        bright_side: -1 if the left wall is the brighter one, 1 if the right.
    """
    wall, floor, ceiling = surfaces.wall, surfaces.floor, surfaces.ceiling
    near_scale, far_scale = 1.0, room.scale(room.depth)
    for step in range(_SHADING_STEPS):
        # Even steps in the picture, not in the room: else the last ones can't be told apart.
        scales = [
            near_scale + (far_scale - near_scale) * place / _SHADING_STEPS
            for place in (step, step + 1)
        ]
        near, far = (1.0 / scale - 1.0 for scale in scales)
        light = 0.78 + 0.26 * step / (_SHADING_STEPS - 1)
        sides = {-1: 1.0, 1: 1.0, -bright_side: 0.86}
        canvas.polygon(room.side(0, 0, 1, near, far), shade(wall, light * sides[-1]))
        canvas.polygon(room.side(1, 0, 1, near, far), shade(wall, light * sides[1]))
        canvas.polygon(room.flat(0, 0, 1, near, far), shade(ceiling, light))
        canvas.polygon(room.flat(1, 0, 1, near, far), shade(floor, light))
    back = mix(shade(wall, 1.1), _WHITE, 0.06)
    canvas.polygon(room.front(room.depth, 0, 0, 1, 1), back)


def draw_planks(canvas: Canvas, room: Room, colour: Colour, count: int, alpha: float) -> None:
    """Draws the seams of floor boards that run away from us."""
    for place in range(1, count):
        u = place / count
        ends: list[Point] = [room.point(u, 1, 0), room.point(u, 1, room.depth)]
        canvas.line(ends, colour, 0.004, alpha)


def draw_tiles(canvas: Canvas, room: Room, colour: Colour, columns: int, alpha: float) -> None:
    """Draws every second square of a checkered floor."""
    size = 1.0 / columns
    for row in range(ceil(room.depth / size)):
        near, far = row * size, min(room.depth, (row + 1) * size)
        # Far away the squares are smaller than a pixel, and grey is what one sees.
        if room.scale(near) - room.scale(far) < 0.006:
            rest = room.flat(1, 0, 1, near, room.depth)
            canvas.polygon(rest, colour, alpha * 0.5)
            return
        for column in range(row % 2, columns, 2):
            left = column * size
            canvas.polygon(room.flat(1, left, left + size, near, far), colour, alpha)


def draw_ceiling_lamp(
    canvas: Canvas,
    room: Room,
    across: tuple[float, float],
    depth: tuple[float, float],
    colour: Colour,
    alpha: float,
) -> None:
    """Draws a flat lamp on the ceiling with a faint halo."""
    left, right = across
    near, far = depth
    edge = 0.3 * (right - left)
    halo = room.flat(0.0, left - edge, right + edge, max(0.0, near - edge), far + edge)
    canvas.polygon(halo, colour, 0.25 * alpha)
    canvas.polygon(room.flat(0.01, left, right, near, far), colour, alpha)
