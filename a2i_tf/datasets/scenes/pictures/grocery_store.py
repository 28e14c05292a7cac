"""Grocery store: shelves full of goods along an aisle, shoppers with their trolleys."""

from __future__ import annotations

from math import sin

import numpy as np

from a2i_tf.datasets.scenes.pictures.canvas import Canvas, Colour, mix, shade
from a2i_tf.datasets.scenes.pictures.interior import (
    Room,
    Surfaces,
    draw_ceiling_lamp,
    draw_shell,
    draw_tiles,
)
from a2i_tf.datasets.scenes.pictures.palette import colour, colours, pick
from a2i_tf.datasets.scenes.pictures.people import SHADOW, presence, random_look, walker
from a2i_tf.datasets.scenes.world import World

# Wall, floor, dark tile, ceiling, shelf, sign.
_PALETTES = (
    "f4ead2 f3e9d6 c9b79c f7f5ec f2f0ea d94f3d",
    "dcebe6 e9f1ee a8c3bd f2f8f6 f0f4f2 2f8f6b",
    "f7dfc8 f6ead9 d99a7a fbf3e8 f5ede2 2f6f9f",
    "dfe6f2 eceff5 a9b6cf f5f7fb eef1f6 e0a528",
    "f2e3ea f5ecef c9a5b4 faf4f6 f4edf0 8a3f6d",
    "e9ecd0 f2f2e0 b4bd8a f8f8ec f2f2e6 d9772b",
)
_GOODS = colours(
    "d94f3d e88d3a f2c14e 6fa84f 2f8f6b 3a8fb7 2f5f9f 8a4f8f e27a8f f4ead2 a85f3a c9d94f 5fb7a8 "
    "b8323a"
)
_LAMP = colour("ffffff")
_LEVELS = 5
_AISLE = (0.19, 0.81)
_SHELF_TOP, _SHELF_BOTTOM = 0.2, 0.97
# The shelves begin behind us, which lets them leave the picture at its sides.
_SHELF_NEAR = -0.52
_SHOPPERS = 13


def draw(canvas: Canvas, world: World, time_seconds: float) -> None:
    """Draws the grocery store of `world` at a time.

    Args:
        canvas: An empty canvas.
        world: A world of the class "grocery-store".
        time_seconds: Seconds since the world began.
    """
    factors = world.factors_at(time_seconds)
    wall, floor, tile, ceiling, shelf, sign = pick(_PALETTES, world.rng("palette"))
    layout = world.rng("layout")
    room = Room.of_size(layout.uniform(0.38, 0.62), layout.uniform(0.36, 0.46), factors.room)
    draw_shell(canvas, room, Surfaces(wall, floor, ceiling), -1)
    draw_tiles(canvas, room, tile, int(layout.choice([6, 8, 10])), 0.8)
    _draw_back(canvas, room, shelf, sign, layout)
    for z, alpha in room.stations(0.0, 0.6, 0.05):
        for left in (0.28, 0.66):
            draw_ceiling_lamp(canvas, room, (left, left + 0.06), (z, z + 0.42), _LAMP, alpha)
    for side, u in zip((-1, 1), _AISLE, strict=True):
        _draw_shelf(canvas, room, u, side, (shelf, sign), world)
    _draw_signs(canvas, room, sign)
    _draw_shoppers(canvas, room, world, time_seconds)
    _draw_front_trolley(canvas, world, time_seconds, sign)


def _draw_back(
    canvas: Canvas, room: Room, shelf: Colour, sign: Colour, layout: np.random.Generator
) -> None:
    z = room.depth
    canvas.polygon(room.front(z, 0.0, 0.1, 1.0, 0.24), sign)
    cold = mix(colour("bfe3ee"), sign, 0.08)
    for place in range(5):
        left = place / 5
        canvas.polygon(room.front(z, left + 0.012, 0.28, left + 0.188, 0.95), shade(shelf, 0.6))
        canvas.polygon(room.front(z, left + 0.022, 0.3, left + 0.178, 0.93), cold)
        for level in range(4):
            top = 0.34 + 0.15 * level
            tint = _GOODS[int(layout.integers(len(_GOODS)))]
            canvas.polygon(room.front(z, left + 0.035, top, left + 0.165, top + 0.1), tint, 0.8)


def _draw_shelf(
    canvas: Canvas, room: Room, u: float, side: int, tints: tuple[Colour, Colour], world: World
) -> None:
    shelf, sign = tints
    near, far = _SHELF_NEAR, room.depth
    light = 1.0 if side < 0 else 0.93
    canvas.polygon(
        room.side(u, _SHELF_TOP, _SHELF_BOTTOM + 0.03, near, far), mix(shade(shelf, 0.6), sign, 0.3)
    )
    canvas.polygon(room.flat(_SHELF_BOTTOM + 0.03, u, u - side * 0.06, near, far), SHADOW, 0.3)
    height = (_SHELF_BOTTOM - _SHELF_TOP) / _LEVELS
    for level in range(_LEVELS):
        bottom = _SHELF_TOP + (level + 1) * height
        _draw_goods(canvas, room, u, bottom, height, light, world.rng("goods", side, level))
        canvas.polygon(room.side(u, bottom - 0.004, bottom + 0.022, near, far), shade(shelf, light))
        canvas.polygon(room.side(u, bottom + 0.022, bottom + 0.045, near, far), SHADOW, 0.35)
    canvas.polygon(room.side(u, _SHELF_TOP - 0.07, _SHELF_TOP, near, far), shade(sign, light))
    canvas.polygon(room.side(u, _SHELF_TOP - 0.07, _SHELF_TOP - 0.05, near, far), shelf)
    if world.rng("fridge").integers(3) == side + 1:
        _draw_doors(canvas, room, u, shelf)


def _draw_doors(canvas: Canvas, room: Room, u: float, frame: Colour) -> None:
    for z, alpha in room.stations(_SHELF_NEAR, 0.3, 0.0):
        far = min(room.depth, z + 0.3)
        canvas.polygon(
            room.side(u, _SHELF_TOP, _SHELF_BOTTOM, z, far), colour("cfeef6"), 0.22 * alpha
        )
        canvas.polygon(room.side(u, _SHELF_TOP, _SHELF_BOTTOM, z, z + 0.03), frame, alpha)
        canvas.polygon(
            room.side(u, _SHELF_TOP, _SHELF_BOTTOM, z + 0.06, z + 0.1), _LAMP, 0.4 * alpha
        )


def _draw_goods(
    canvas: Canvas,
    room: Room,
    u: float,
    bottom: float,
    height: float,
    light: float,
    goods: np.random.Generator,
) -> None:
    z = _SHELF_NEAR
    while z < room.depth:
        tint = shade(_GOODS[int(goods.integers(len(_GOODS)))], light)
        tall = height * goods.uniform(0.58, 0.84)
        width = goods.uniform(0.06, 0.15)
        facings = int(goods.integers(2, 5))
        has_cap, has_label = goods.random(2) < (0.35, 0.6)
        end = min(z + width * facings, room.depth)
        if room.scale(z) - room.scale(end) < 0.02:
            # Too far away for single packets: a patch of colour is what one sees.
            end = min(z + 3 * width * facings, room.depth)
            canvas.polygon(room.side(u, bottom - tall, bottom, z, end), tint)
            z = end
            continue
        canvas.polygon(room.side(u, bottom - tall, bottom, z, end - 0.008), tint)
        if has_label:
            canvas.polygon(
                room.side(u, bottom - 0.62 * tall, bottom - 0.3 * tall, z, end - 0.008),
                mix(tint, _LAMP, 0.65),
            )
        if has_cap:
            canvas.polygon(
                room.side(u, bottom - 1.14 * tall, bottom - 0.9 * tall, z, end - 0.008),
                shade(tint, 0.7),
            )
        for place in range(1, facings):
            seam = z + width * place
            if seam < end:
                canvas.polygon(
                    room.side(u, bottom - 1.14 * tall, bottom, seam - 0.008, seam + 0.004),
                    shade(tint, 0.5),
                )
        z = end


def _draw_signs(canvas: Canvas, room: Room, sign: Colour) -> None:
    for z, alpha in room.stations(0.5, 1.1, 0.15):
        cord = [room.point(0.5, 0.0, z), room.point(0.5, 0.1, z)]
        canvas.line(cord, shade(sign, 0.5), 0.006, alpha)
        canvas.polygon(room.front(z, 0.38, 0.06, 0.62, 0.17), sign, alpha)
        canvas.polygon(room.front(z, 0.42, 0.1, 0.58, 0.13), _LAMP, 0.9 * alpha)


def _draw_shoppers(canvas: Canvas, room: Room, world: World, time_seconds: float) -> None:
    factors = world.factors_at(time_seconds)
    rng = world.rng("shoppers")
    size = 0.5 * (0.8 + 0.5 * factors.nearness)
    # Those who are near take more room in the picture, hence the even spacing of the roots.
    roots = (np.arange(_SHOPPERS) + rng.uniform(0.1, 0.9, _SHOPPERS)) / _SHOPPERS
    places = (0.1 + 0.85 * roots**1.5)[::-1]
    ranks = rng.permutation(_SHOPPERS)
    for place, rank in zip(places, ranks, strict=True):
        look = random_look(rng)
        u, phase, speed = rng.uniform(0.25, 0.4), rng.uniform(0, 6.28), rng.uniform(0.2, 0.4)
        # Every second one keeps to the other side of the aisle.
        u = u if rank % 2 else 1.0 - u
        has_trolley, tint = rng.random() < 0.75, _GOODS[int(rng.integers(len(_GOODS)))]
        here = presence(factors.activity, int(rank), _SHOPPERS)
        if here <= 0:
            continue
        z = room.depth * (place + 0.04 * sin(speed * time_seconds + phase))
        u += 0.05 * sin(0.7 * speed * time_seconds + 2 * phase)
        x, y = room.point(u, 1.0, z)
        height = size * room.scale(z) * (0.8 + 0.2 * here)
        walker(
            canvas,
            x,
            y,
            height,
            look,
            2.5 * time_seconds + phase,
            alpha=min(1.0, 2 * here),
            facing=1.0 if phase > 3.14 else -1.0,
        )
        if has_trolley:
            way = 1 if phase > 3.14 else -1
            trolley(
                canvas,
                x + way * 0.42 * height,
                y + 0.02 * height,
                0.42 * height,
                tint,
                _GOODS,
                0.5,
                min(1.0, 2 * here),
            )


def _draw_front_trolley(canvas: Canvas, world: World, time_seconds: float, sign: Colour) -> None:
    factors = world.factors_at(time_seconds)
    rng = world.rng("trolley")
    x = rng.uniform(0.34, 0.66) + 0.02 * sin(0.5 * time_seconds + rng.uniform(0, 6.28))
    size = 0.17 + 0.3 * factors.nearness
    goods = tuple(_GOODS[int(rng.integers(len(_GOODS)))] for _ in range(5))
    trolley(canvas, x, 0.97, size, sign, goods, factors.activity, 1.0)


def trolley(
    canvas: Canvas,
    x: float,
    y: float,
    size: float,
    tint: Colour,
    goods: tuple[Colour, ...],
    filling: float,
    alpha: float,
) -> None:
    """Draws a shopping trolley of width `size` with its wheels at (x, y).

    Goods are piled up in it by `filling`, from 0 to 1.
    """
    s = size
    wire = colour("59636e")
    canvas.ellipse(x, y, 0.55 * s, 0.06 * s, SHADOW, 0.35 * alpha)
    top, bottom = y - 0.86 * s, y - 0.34 * s
    for place, good in enumerate(goods[:5]):
        left = x - 0.4 * s + place * 0.16 * s
        lift = (0.2, 0.08, 0.3, 0.06, 0.16)[place] * s * (2.2 * filling - 0.3)
        if place % 2:
            canvas.ellipse(left + 0.09 * s, top - lift, 0.12 * s, 0.12 * s, good, alpha)
        else:
            canvas.rectangle(left, top - lift, left + 0.17 * s, bottom, good, alpha)
            canvas.rectangle(left, top - lift, left + 0.05 * s, bottom, shade(good, 0.75), alpha)
            canvas.rectangle(
                left,
                top - 0.6 * lift,
                left + 0.17 * s,
                top - 0.3 * lift,
                mix(good, _LAMP, 0.7),
                alpha,
            )
    corners = [
        (x - 0.48 * s, top),
        (x + 0.48 * s, top),
        (x + 0.36 * s, bottom),
        (x - 0.36 * s, bottom),
    ]
    canvas.polygon(corners, colour("dfe6ea"), 0.42 * alpha)
    width = max(0.005, 0.03 * s)
    if s < 0.08:
        # Too far away to see its wires.
        canvas.line([(x - 0.48 * s, top), (x + 0.48 * s, top)], tint, 2 * width, alpha)
        return
    for share in (0.0, 0.33, 0.66, 1.0):
        half = (0.48 - 0.12 * share) * s
        level = top + share * (bottom - top)
        canvas.line([(x - half, level), (x + half, level)], wire, width * 0.7, alpha)
    for place in range(7):
        share = place / 3 - 1
        canvas.line(
            [(x + 0.48 * s * share, top), (x + 0.36 * s * share, bottom)], wire, width * 0.5, alpha
        )
    for side in (-1, 1):
        canvas.line(
            [(x + side * 0.36 * s, bottom), (x + side * 0.4 * s, y - 0.06 * s)], wire, width, alpha
        )
        canvas.ellipse(
            x + side * 0.4 * s, y - 0.04 * s, 0.055 * s, 0.055 * s, colour("2a2d33"), alpha
        )
    canvas.line([(x - 0.4 * s, y - 0.14 * s), (x + 0.4 * s, y - 0.14 * s)], wire, width, alpha)
    canvas.line(
        [(x - 0.54 * s, top - 0.03 * s), (x + 0.54 * s, top - 0.03 * s)], tint, 2 * width, alpha
    )
