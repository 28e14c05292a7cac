"""`a2i export`: a model that stands alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from a2i_tf.cli.console import messages, print_json, say, working

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from a2i_tf.export.exporter import ExportResult
    from a2i_tf.export.verify import Comparison
    from a2i_tf.export.weight_storage import TflitePrecision
    from a2i_tf.training.run import RunConfig

_NUM_CLIPS = 5


def export(
    run: Annotated[
        Path | None,
        typer.Option(help="Run to export. \\[default: the newest in runs/]", show_default=False),
    ] = None,
    to: Annotated[
        Path, typer.Option(help="Folder of versions; the TFLite files go beside it.")
    ] = Path("savedmodels/a2i"),
    tflite: Annotated[
        str, typer.Option(help="Precisions of TFLite files, or none: float32, float16, int8.")
    ] = "float32,float16,int8",
    bundle: Annotated[
        Path | None,
        typer.Option(
            help="Folder for Compose and Kubernetes files of TF Serving.", show_default=False
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Export a trained model: a SavedModel for TF Serving, and TFLite files.

    Every export is compared with the model on recordings of the test split before it is
    published; one that draws something else is refused.

    [bold]Examples[/]

    a2i export

    a2i export --run runs/0002-scenes-default --to /srv/models/a2i --tflite none

    a2i export --bundle deploy
    """
    from a2i_tf.training.run import MODEL_FOLDER, RUNS_FOLDER, latest_run, read_run

    precisions = parse_precisions(tflite)
    run = run or latest_run(RUNS_FOLDER)
    config = read_run(run)
    with working(f"exporting {run}: writing and comparing"):
        from a2i_tf.export.bundle import check_bundle_folder, write_bundle
        from a2i_tf.export.exporter import export_model
        from a2i_tf.models.drawing import read_drawing_model

        if bundle is not None:
            check_bundle_folder(bundle)
        model = read_drawing_model(run / MODEL_FOLDER)
        result = export_model(model, to, precisions, _clips(config))
    if not as_json:
        _print_comparisons(result)
        for path in (result.version_folder, *result.tflite_files.values()):
            say(f"wrote {path}")
    if bundle is not None:
        write_bundle(bundle, result.version_folder)
        say(f"wrote {bundle}: its README.md says how to deploy it")
    if as_json:
        print_json(_to_dict(result, bundle))


def parse_precisions(text: str) -> list[TflitePrecision]:
    """Reads "float32,int8" or "none".

    Raises:
        typer.BadParameter: if it names something else.
    """
    from a2i_tf.export.weight_storage import TFLITE_PRECISIONS

    names = [] if text == "none" else [name.strip() for name in text.split(",")]
    for name in names:
        if name not in TFLITE_PRECISIONS:
            raise typer.BadParameter(
                f"{name!r} is not one of {', '.join(TFLITE_PRECISIONS)}, nor none"
            )
    return [precision for precision in TFLITE_PRECISIONS if precision in names]


def _clips(config: RunConfig) -> list[NDArray[np.float32]]:
    """Returns recordings to compare on: of the test split, or noise where the data are gone."""
    import numpy as np

    from a2i_tf.audio.decode import load_waveform
    from a2i_tf.datasets.manifest import read_pairs

    rate = config.mfcc.sample_rate
    root = Path(config.data)
    if not root.is_dir():
        say(f"{root} is gone: comparing on noise instead of recordings")
        rng = np.random.default_rng(0)
        return [rng.uniform(-0.3, 0.3, rate * seconds).astype(np.float32) for seconds in (1, 3)]
    folder = read_pairs(root)
    if folder.info.mfcc_setting is not None:
        return [np.random.default_rng(0).uniform(-0.3, 0.3, rate * 2).astype(np.float32)]
    sounds = sorted({pair.sound for pair in folder.split("test") or folder.pairs})
    chosen = sounds[:: max(1, len(sounds) // _NUM_CLIPS)][:_NUM_CLIPS]
    return [load_waveform(root / name, rate)[: 3 * rate] for name in chosen]


def _print_comparisons(result: ExportResult) -> None:
    table = Table(title="difference from the model", title_justify="left")
    for column in ("export", "embedding, max", "image, max", "image, mean"):
        table.add_column(column, justify="left" if column == "export" else "right")
    for row in result.comparisons:
        table.add_row(row.name, *(_number(value) for value in _differences(row)))
    messages().print(table)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.1e}"


def _differences(row: Comparison) -> tuple[float | None, float, float]:
    return row.embedding_max, row.image_max, row.image_mean


def _to_dict(result: ExportResult, bundle: Path | None) -> dict[str, Any]:
    return {
        "savedmodel": str(result.version_folder),
        "tflite": {name: str(path) for name, path in result.tflite_files.items()},
        "bundle": None if bundle is None else str(bundle),
        "differences": {
            row.name: dict(
                zip(("embedding_max", "image_max", "image_mean"), _differences(row), strict=True)
            )
            for row in result.comparisons
        },
    }
