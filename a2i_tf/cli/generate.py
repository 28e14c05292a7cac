"""`a2i generate`: draw pictures of recordings."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from a2i_tf.cli.console import print_json, say, working
from a2i_tf.errors import A2IError
from a2i_tf.version import __version__

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from a2i_tf.inference.painter import Painter

_MAX_SEEDS = 1_000


def generate(
    clips: Annotated[
        list[Path], typer.Argument(metavar="CLIP...", help="Recordings in any usual format.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the pictures.")] = Path("out"),
    model: Annotated[
        Path | None,
        typer.Option(
            help="Run folder, SavedModel or .tflite file. \\[default: the newest run, else "
            "savedmodels/a2i]",
            show_default=False,
        ),
    ] = None,
    server: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Draw with a model on a server instead: http://HOST:8501 or grpc://HOST:8500.",
        ),
    ] = None,
    model_name: Annotated[str, typer.Option(help="Name of the model on the server.")] = "a2i",
    seeds: Annotated[
        str, typer.Option(help="Pictures per clip, such as 0-3 or 0,5,9: each seed is another.")
    ] = "0",
    grid: Annotated[
        bool, typer.Option("--grid", help="Also draw grid.png: a row a clip, a column a seed.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Draw the scenes that recordings were made in.

    The same clip, model and seed give the same pixels every time.

    [bold]Examples[/]

    a2i generate clip.wav

    a2i generate *.mp3 --seeds 0-3 --grid -o pictures/

    a2i generate clip.ogg --model savedmodels/a2i-float32.tflite --json

    a2i generate clip.m4a --server http://localhost:8501
    """
    chosen_seeds = parse_seeds(seeds)
    painter = _open(model, server, model_name)
    with working("drawing"):
        paintings = [painter.paint(clip, chosen_seeds) for clip in clips]
    images = [painting.images for painting in paintings]
    pictures = _write(clips, images, chosen_seeds, painter.name, out)
    grid_path = _write_grid(out, images) if grid else None
    warnings = [
        {"clip": str(clip), "warning": painting.warning}
        for clip, painting in zip(clips, paintings, strict=True)
        if painting.warning
    ]
    for entry in warnings:
        say(f"warning: {entry['clip']}: {entry['warning']}")
    if as_json:
        print_json(
            {"model": painter.name, "pictures": pictures, "grid": grid_path, "warnings": warnings}
        )
    else:
        for picture in [*(entry["picture"] for entry in pictures), grid_path]:
            if picture:
                say(picture)


def parse_seeds(text: str) -> list[int]:
    """Reads "0-3" or "0,5,9" as a list of seeds.

    Raises:
        typer.BadParameter: if it is neither, or asks for more than 1,000.
    """
    seeds: list[int] = []
    try:
        for part in text.split(","):
            first, _, last = part.strip().partition("-")
            numbers = range(int(first), int(last or first) + 1)
            if not numbers or len(seeds) + len(numbers) > _MAX_SEEDS:
                raise ValueError
            seeds.extend(numbers)
    except ValueError as error:
        raise typer.BadParameter(
            f"{text!r} is not a list of at most {_MAX_SEEDS} seeds, such as 0-3 or 0,5,9"
        ) from error
    return list(dict.fromkeys(seeds))


def _open(model: Path | None, server: str | None, model_name: str) -> Painter:
    if server is not None:
        if model is not None:
            raise typer.BadParameter("give --model or --server, not both")
        from a2i_tf.inference.server import connect

        with working(f"connecting to {server}"):
            return connect(server, model_name)
    from a2i_tf.inference.painter import LocalPainter

    path = model or _default_model()
    with working(f"loading {path}"):
        return LocalPainter(path)


def _default_model() -> Path:
    from a2i_tf.training.run import RUNS_FOLDER, latest_run

    exported = Path("savedmodels/a2i")
    try:
        return latest_run(RUNS_FOLDER)
    except A2IError:
        if exported.is_dir():
            return exported
        raise A2IError(
            "there is no model yet: neither in runs/ nor in savedmodels/a2i; run `a2i train`, or "
            "name one with --model"
        ) from None


def _write(
    clips: Sequence[Path],
    images: Sequence[Sequence[NDArray[np.uint8]]],
    seeds: Sequence[int],
    model: str,
    out: Path,
) -> list[dict[str, Any]]:
    from a2i_tf.atomic import write_bytes

    entries = []
    for clip, name, row in zip(clips, picture_names(clips), images, strict=True):
        for seed, image in zip(seeds, row, strict=True):
            recipe = {"model": model, "seed": seed, "clip": str(clip)}
            path = out / f"{name}-seed{seed}.png"
            write_bytes(path, _png_bytes(image, recipe))
            entries.append({**recipe, "picture": str(path)})
    return entries


def picture_names(clips: Sequence[Path]) -> list[str]:
    """Returns a name for every clip: its own without the ending, told apart where it must be."""
    stems = [clip.stem for clip in clips]
    counts = Counter(stems)
    names = []
    for clip, stem in zip(clips, stems, strict=True):
        name = stem if counts[stem] == 1 else f"{clip.parent.name}-{clip.name.replace('.', '-')}"
        while name in names:
            name += "-again"
        names.append(name)
    return names


def _png_bytes(image: NDArray[np.uint8], recipe: dict[str, Any]) -> bytes:
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("Software", f"a2i {__version__}")
    info.add_text("a2i", json.dumps(recipe))
    contents = io.BytesIO()
    Image.fromarray(image).save(contents, "PNG", pnginfo=info)
    return contents.getvalue()


def _write_grid(out: Path, images: Sequence[Sequence[NDArray[np.uint8]]]) -> str:
    import numpy as np

    from a2i_tf.grid import write_grid

    path = out / "grid.png"
    write_grid(path, np.array(images))
    return str(path)
