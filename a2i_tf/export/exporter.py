"""Exporting a model: make, verify, and only then publish."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from a2i_tf.atomic import explain_os_errors, new_folder, write_bytes
from a2i_tf.errors import A2IError
from a2i_tf.export.savedmodel import write_savedmodel
from a2i_tf.export.tflite import build_tflite
from a2i_tf.export.verify import TOLERANCES, Comparison, compare, compare_served
from a2i_tf.export.weight_storage import TFLITE_PRECISIONS, TflitePrecision
from a2i_tf.inference.run import LiveSynthesizer
from a2i_tf.inference.savedmodel import load_savedmodel
from a2i_tf.inference.tflite import load_tflite
from a2i_tf.models.drawing import DrawingModel


@dataclass(frozen=True)
class ExportResult:
    """What was written, and how close it is to the model.

    Attributes:
        version_folder: The SavedModel.
        tflite_files: The TFLite files, by precision.
        comparisons: One row for each way to draw with them.
    """

    version_folder: Path
    tflite_files: dict[TflitePrecision, Path]
    comparisons: tuple[Comparison, ...]


def export_model(
    model: DrawingModel,
    destination: Path,
    tflite: Sequence[TflitePrecision],
    clips: Sequence[NDArray[np.float32]],
) -> ExportResult:
    """Exports a model as a SavedModel and as TFLite files.

    Everything is made and compared with the model in temporary places first. Existing versions of
    the SavedModel stay; existing TFLite files are replaced.

    Args:
        model: The model.
        destination: Folder of versions; `<destination>/<highest version + 1>/` is written, and
            `<destination>-<precision>.tflite` beside it.
        tflite: The precisions wanted, possibly none.
        clips: What to compare on: at least one, each float32 [num_samples] at the model's rate.

    Raises:
        A2IError: if an export doesn't draw what the model draws, or can't be written. Nothing is
            left behind.
    """
    _check(destination, tflite, clips)
    live = LiveSynthesizer(model)
    folder = destination / str(_next_version(destination))
    files = {
        precision: destination.parent / f"{destination.name}-{precision}.tflite"
        for precision in tflite
    }
    with _no_empty_folder_left(destination), new_folder(folder) as unpublished:
        write_savedmodel(unpublished, model)
        comparisons = _verify_savedmodel(live, unpublished, clips)
        with _staging_folder(destination) as staging:
            staged = _write_tflite(staging, model, tflite)
            comparisons += [
                _verify_tflite(live, precision, path, clips) for precision, path in staged.items()
            ]
            for precision, path in staged.items():
                path.replace(files[precision])
    return ExportResult(folder, files, tuple(comparisons))


def _check(destination: Path, tflite: Sequence[str], clips: Sequence[NDArray[np.float32]]) -> None:
    unknown = [precision for precision in tflite if precision not in TFLITE_PRECISIONS]
    if unknown:
        raise A2IError(
            f"there is no TFLite precision {', '.join(unknown)}; "
            f"choose among {', '.join(TFLITE_PRECISIONS)}"
        )
    if not clips:
        raise A2IError("an export is compared with the model on clips; give at least one")
    if not destination.name:
        raise A2IError(f"{destination}: has no name of its own; export to a folder below it")


def _next_version(destination: Path) -> int:
    with explain_os_errors(destination):
        names = [path.name for path in destination.iterdir()] if destination.is_dir() else []
    return max((int(name) for name in names if name.isdecimal()), default=0) + 1


@contextlib.contextmanager
def _no_empty_folder_left(folder: Path) -> Iterator[None]:
    """Removes the folder of versions again if an export made it, and then failed."""
    existed = folder.exists()
    try:
        yield
    except BaseException:
        if not existed:
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise


@contextlib.contextmanager
def _staging_folder(destination: Path) -> Iterator[Path]:
    """Yields a temporary folder on the file system of `destination`, so that renames are atomic."""
    with tempfile.TemporaryDirectory(
        dir=destination.parent, prefix=f".{destination.name}."
    ) as name:
        yield Path(name)


def _write_tflite(
    folder: Path, model: DrawingModel, precisions: Sequence[TflitePrecision]
) -> dict[TflitePrecision, Path]:
    staged = {}
    for precision, contents in build_tflite(model, precisions).items() if precisions else ():
        staged[precision] = folder / f"{precision}.tflite"
        write_bytes(staged[precision], contents)
    return staged


def _verify_savedmodel(
    live: LiveSynthesizer, folder: Path, clips: Sequence[NDArray[np.float32]]
) -> list[Comparison]:
    loaded = load_savedmodel(folder)
    comparisons = [
        compare("SavedModel", live, loaded, clips, TOLERANCES["float32"]),
        compare_served("SavedModel serving_default", live, loaded, clips),
    ]
    for comparison in comparisons:
        comparison.require()
    return comparisons


def _verify_tflite(
    live: LiveSynthesizer,
    precision: TflitePrecision,
    path: Path,
    clips: Sequence[NDArray[np.float32]],
) -> Comparison:
    name = f"TFLite {precision}"
    comparison = compare(name, live, load_tflite(path), clips, TOLERANCES[precision])
    comparison.require()
    return comparison
