"""Opening a model, whatever form it has."""

from __future__ import annotations

from pathlib import Path

from a2i_tf.errors import A2IError
from a2i_tf.inference.synthesizer import Synthesizer
from a2i_tf.models.config import CONFIG_FILE

_EXPECTED = "a run folder, an exported SavedModel, or a .tflite file"
_SAVED_MODEL_FILE = "saved_model.pb"
_MODEL_FOLDER = "model"


def load(path: str | Path) -> Synthesizer:
    """Loads a trained model.

    TensorFlow is imported only for the forms that need it: a `.tflite` file does not.

    Args:
        path: A run folder (or the `model` folder in it), a SavedModel that `a2i export` wrote (or
            the folder of its versions, of which the highest is taken), or a `.tflite` file.

    Returns:
        A `Synthesizer`; all forms of one model draw the same pictures.

    Raises:
        A2IError: if there is nothing, or something else, or a damaged model, or one from another
            version of a2i.
    """
    path = Path(path)
    try:
        return _load(path)
    except PermissionError as error:
        raise A2IError(f"{path}: permission denied; make the model readable to you") from error


def _load(path: Path) -> Synthesizer:
    if not path.exists():
        raise A2IError(f"{path}: no such file or folder; give {_EXPECTED}")
    if not path.is_dir():
        return _load_file(path)
    if folder := _find_savedmodel(path):
        from a2i_tf.inference.savedmodel import load_savedmodel

        return load_savedmodel(folder)
    from a2i_tf.inference.run import load_run_model

    return load_run_model(_find_run_model(path))


def _load_file(path: Path) -> Synthesizer:
    if path.suffix != ".tflite":
        raise A2IError(f"{path}: is not a model; give {_EXPECTED}")
    from a2i_tf.inference.tflite import load_tflite

    return load_tflite(path)


def _find_savedmodel(path: Path) -> Path | None:
    """Returns the folder itself, its highest numeric version, or None."""
    if (path / _SAVED_MODEL_FILE).is_file():
        return path
    versions = [
        folder
        for folder in path.iterdir()
        if folder.name.isdecimal() and (folder / _SAVED_MODEL_FILE).is_file()
    ]
    return max(versions, key=lambda folder: int(folder.name), default=None)


def _find_run_model(path: Path) -> Path:
    """Returns the run's model folder; decides before TensorFlow is imported for nothing."""
    if (path / _MODEL_FOLDER / CONFIG_FILE).is_file():
        return path / _MODEL_FOLDER
    if (path / "encoder.keras").is_file():
        return path
    if (path / CONFIG_FILE).is_file():
        raise A2IError(f"{path}: this run has no model yet; let the training end or resume it")
    raise A2IError(f"{path}: holds no model; give {_EXPECTED}")
