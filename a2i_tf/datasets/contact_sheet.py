"""A pairs folder at a glance: pictures of every class, each above the picture of its sound."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from a2i_tf.atomic import write_bytes
from a2i_tf.datasets.check import PICTURE_ERRORS
from a2i_tf.datasets.pairs import Pair, PairsFolder
from a2i_tf.datasets.quantity import quantity
from a2i_tf.datasets.sound_pictures import draw_sounds

MAX_CLASSES = 40
"""Rows of a sheet at most: 10,000 pixels are as high as a viewer scrolls with pleasure."""

_COLUMNS = 8
_PICTURE_PIXELS = 128
_SOUND_PIXELS = 52
_GAP_PIXELS = 10
_MARGIN_PIXELS = 18
_HEADING_PIXELS = 34
_CAPTION_PIXELS = 34
_HEADING_FONT = 17
_CAPTION_FONT = 11.5
_ROW_PIXELS = _HEADING_PIXELS + _PICTURE_PIXELS + 3 + _SOUND_PIXELS + _CAPTION_PIXELS
# Pictures stand out on it, by day and by night, and it reads well on a page of any colour.
_BACKGROUND = (38, 41, 46)
_EMPTY = (58, 62, 69)
_INK = (238, 239, 241)
_FAINT_INK = (170, 175, 183)

_Font = ImageFont.ImageFont | ImageFont.FreeTypeFont


def draw_contact_sheet(
    folder: PairsFolder, on_class: Callable[[int, int], None] | None = None
) -> Image.Image:
    """Draws up to eight pairs of a class, always the same ones, from sources spread evenly.

    What can't be read is left grey. Of very many classes, the first 40 are drawn, and a line below
    them says how many more there are.

    Args:
        folder: The dataset.
        on_class: Called with (classes drawn, classes in all) as the work goes on.
    """
    drawn = folder.labels[:MAX_CLASSES]
    rows = {label: choose_pairs(folder.labelled(label), _COLUMNS) for label in drawn}
    chosen = [pair for row in rows.values() for pair in row]
    sounds = iter(draw_sounds(folder, chosen))
    width = 2 * _MARGIN_PIXELS + _COLUMNS * (_PICTURE_PIXELS + _GAP_PIXELS) - _GAP_PIXELS
    height = 2 * _MARGIN_PIXELS + len(rows) * _ROW_PIXELS - _GAP_PIXELS
    more = len(folder.labels) - len(drawn)
    sheet = Image.new("RGB", (width, height + (_HEADING_PIXELS if more else 0)), _BACKGROUND)
    for place, (label, row) in enumerate(rows.items()):
        top = _MARGIN_PIXELS + place * _ROW_PIXELS
        _draw_heading(sheet, top, label, folder.labelled(label))
        for column, pair in enumerate(row):
            left = _MARGIN_PIXELS + column * (_PICTURE_PIXELS + _GAP_PIXELS)
            _draw_pair(sheet, left, top + _HEADING_PIXELS, folder, pair, next(sounds))
        if on_class:
            on_class(place + 1, len(rows))
    if more:
        _draw_text(sheet, height + _GAP_PIXELS, f"and {quantity(more, 'more class')}", "")
    return sheet


def write_contact_sheet(path: Path, sheet: Image.Image) -> None:
    """Writes the sheet as a PNG, whole or not at all.

    Raises:
        A2IError: if the disk is full or the folder can't be written to.
    """
    contents = io.BytesIO()
    sheet.save(contents, "PNG", optimize=True)
    write_bytes(path, contents.getvalue())


def choose_pairs(pairs: Sequence[Pair], number: int) -> list[Pair]:
    """Returns at most `number` pairs, from as many sources as can be, spread over each's length."""
    by_source: dict[str, list[Pair]] = {}
    for pair in sorted(pairs, key=lambda pair: (pair.source, pair.start_seconds, pair.id)):
        by_source.setdefault(pair.source, []).append(pair)
    number = min(number, len(pairs))
    sources = [list(by_source)[place] for place in _spread(len(by_source), number)]
    wanted = {source: sources.count(source) for source in sources}
    found = [
        by_source[source][place]
        for source, count in wanted.items()
        for place in _spread(len(by_source[source]), min(count, len(by_source[source])))
    ]
    # Where one source is too short for its share, the others make up for it.
    taken = {pair.id for pair in found}
    rest = [pair for pair in pairs if pair.id not in taken]
    return [*found, *(rest[place] for place in _spread(len(rest), number - len(found)))]


def _spread(length: int, number: int) -> list[int]:
    """Returns `number` places in a list of `length`, the middles of as many equal parts."""
    return [int((part + 0.5) * length / number) for part in range(number)]


def _draw_heading(sheet: Image.Image, top: int, label: str, pairs: Sequence[Pair]) -> None:
    sources = {pair.source for pair in pairs}
    amount = f"{quantity(len(pairs), 'pair')}, {quantity(len(sources), 'source')}"
    _draw_text(sheet, top + _HEADING_PIXELS - 12, label, amount)


def _draw_text(sheet: Image.Image, baseline: int, text: str, amount: str) -> None:
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(_HEADING_FONT)
    text = _shorten(text, font, sheet.width // 2)
    draw.text((_MARGIN_PIXELS, baseline), text, _INK, font, anchor="ls")
    left = _MARGIN_PIXELS + font.getlength(text) + 12
    small = ImageFont.load_default(_CAPTION_FONT + 1)
    draw.text((left, baseline), amount, _FAINT_INK, small, anchor="ls")


def _draw_pair(
    sheet: Image.Image,
    left: int,
    top: int,
    folder: PairsFolder,
    pair: Pair,
    sound: Image.Image | None,
) -> None:
    draw = ImageDraw.Draw(sheet)
    size = _PICTURE_PIXELS
    bottom = top + size + 3
    draw.rectangle((left, top, left + size - 1, top + size - 1), _EMPTY)
    draw.rectangle((left, bottom, left + size - 1, bottom + _SOUND_PIXELS - 1), _EMPTY)
    picture = _read_picture(folder.root / pair.image)
    if picture is not None:
        margin = ((size - picture.width) // 2, (size - picture.height) // 2)
        sheet.paste(picture, (left + margin[0], top + margin[1]))
    if sound is not None:
        # Values of MFCC are few and should look it.
        sheet.paste(sound.resize((size, _SOUND_PIXELS), Image.Resampling.NEAREST), (left, bottom))
    font = ImageFont.load_default(_CAPTION_FONT)
    lines = (pair.source, f"{pair.effective_split}, {pair.start_seconds:.10g} s")
    for number, (line, ink) in enumerate(zip(lines, (_INK, _FAINT_INK), strict=True)):
        where = (left, bottom + _SOUND_PIXELS + 4 + 13 * number)
        draw.text(where, _shorten(line, font, size), ink, font)


def _read_picture(path: Path) -> Image.Image | None:
    """Returns the picture in the size of a cell, or None if it can't be read."""
    try:
        with Image.open(path) as opened:
            picture = opened.convert("RGB")
    except PICTURE_ERRORS:
        return None
    scale = _PICTURE_PIXELS / max(picture.size)
    # Small pictures keep their pixels visible.
    method = Image.Resampling.NEAREST if scale > 1 else Image.Resampling.LANCZOS
    width, height = (max(1, round(side * scale)) for side in picture.size)
    return picture.resize((width, height), method)


def _shorten(text: str, font: _Font, width: int) -> str:
    """Puts a text on one line, its middle cut out where it's wider than `width` pixels."""
    text = shortened = " ".join(text.split())
    kept = len(text)
    while font.getlength(shortened) > width:
        kept -= 1
        shortened = f"{text[: (kept + 1) // 2]}…{text[len(text) - kept // 2 :]}"
    return shortened
