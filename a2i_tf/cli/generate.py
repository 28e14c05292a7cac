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

    from a2i_tf.inference.synthesizer import Synthesizer

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
    """
    chosen_seeds = parse_seeds(seeds)
    path = model or _default_model()
    with working(f"loading {path}"):
        synthesizer = _load(path)
    waveforms = [_read(clip, path, synthesizer) for clip in clips]
    with working("drawing"):
        images = [_draw(synthesizer, waveform, chosen_seeds) for waveform in waveforms]
    pictures = _write(clips, images, chosen_seeds, path, out)
    grid_path = _write_grid(out, images) if grid else None
    if as_json:
        print_json({"model": str(path), "pictures": pictures, "grid": grid_path})
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


def _load(path: Path) -> Synthesizer:
    from a2i_tf.inference.loading import load

    return load(path)


def _read(clip: Path, model: Path, synthesizer: Synthesizer) -> NDArray[np.float32]:
    from a2i_tf.audio.decode import load_waveform

    # A .tflite file is there for machines without TensorFlow.
    return load_waveform(
        clip, synthesizer.config.mfcc.sample_rate, use_tensorflow=model.suffix != ".tflite"
    )


def _draw(
    synthesizer: Synthesizer, waveform: NDArray[np.float32], seeds: Sequence[int]
) -> list[NDArray[np.uint8]]:
    from a2i_tf.inference.pixels import pixels

    embedding = synthesizer.encode(waveform)
    return [pixels(synthesizer.draw(embedding, seed)) for seed in seeds]


def _write(
    clips: Sequence[Path],
    images: Sequence[Sequence[NDArray[np.uint8]]],
    seeds: Sequence[int],
    model: Path,
    out: Path,
) -> list[dict[str, Any]]:
    from a2i_tf.atomic import write_bytes

    entries = []
    for clip, name, row in zip(clips, picture_names(clips), images, strict=True):
        for seed, image in zip(seeds, row, strict=True):
            recipe = {"model": str(model), "seed": seed, "clip": str(clip)}
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
