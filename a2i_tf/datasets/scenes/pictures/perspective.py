"""One-point perspective: a street or a room seen along its axis.

A place is (u, v, z): u to the right and v down, as fractions of the picture at depth z = 0, and z
away from the viewer in the same unit.
"""

from __future__ import annotations

from dataclasses import dataclass

from a2i_tf.datasets.scenes.pictures.canvas import Canvas, Colour, Point, shade


@dataclass(frozen=True)
class Perspective:
    """A viewpoint.

    Attributes:
        x: Vanishing point, from the left of the picture.
        y: Vanishing point, from the top of the picture: the height of the eyes.
    """

    x: float
    y: float

    def scale(self, z: float) -> float:
        """Returns how large things at depth z look, compared with those at depth 0."""
        return 1.0 / (1.0 + z)

    def point(self, u: float, v: float, z: float) -> Point:
        """Returns where in the picture a place lies."""
        scale = 1.0 / (1.0 + z)
        return (self.x + (u - self.x) * scale, self.y + (v - self.y) * scale)

    def side(self, u: float, top: float, bottom: float, near: float, far: float) -> list[Point]:
        """Returns a vertical rectangle that runs away from the viewer, such as a side wall."""
        return [
            self.point(u, top, near),
            self.point(u, top, far),
            self.point(u, bottom, far),
            self.point(u, bottom, near),
        ]

    def flat(self, v: float, left: float, right: float, near: float, far: float) -> list[Point]:
        """Returns a level rectangle, such as a floor."""
        return [
            self.point(left, v, near),
            self.point(right, v, near),
            self.point(right, v, far),
            self.point(left, v, far),
        ]

    def front(self, z: float, left: float, top: float, right: float, bottom: float) -> list[Point]:
        """Returns an upright rectangle that faces the viewer, such as a back wall."""
        return [
            self.point(left, top, z),
            self.point(right, top, z),
            self.point(right, bottom, z),
            self.point(left, bottom, z),
        ]

    def block(
        self,
        canvas: Canvas,
        across: tuple[float, float],
        up: tuple[float, float],
        depth: tuple[float, float],
        colour: Colour,
        alpha: float = 1.0,
    ) -> None:
        """Draws the visible faces of a box: lit from above, its sides in shade.

        Args:
            canvas: The picture.
            across: Left and right end.
            up: Upper and lower end, as v.
            depth: Near and far end.
            colour: Colour of the front.
            alpha: Opacity.
        """
        left, right = across
        top, bottom = up
        near, far = depth
        if left > self.x:
            canvas.polygon(self.side(left, top, bottom, near, far), shade(colour, 0.72), alpha)
        elif right < self.x:
            canvas.polygon(self.side(right, top, bottom, near, far), shade(colour, 0.72), alpha)
        if top > self.y:
            canvas.polygon(self.flat(top, left, right, near, far), shade(colour, 1.2), alpha)
        canvas.polygon(self.front(near, left, top, right, bottom), colour, alpha)
