"""Everything that TensorFlow Serving needs beside an export: files for Compose and Kubernetes.

The files are the templates of `bundle_templates/`, filled in. A running server watches
`config/models.config`, so a bundle that is there already keeps its folder, and each of its files is
replaced as a whole.

Sources: `main.cc` and `server_core.cc` of
https://github.com/tensorflow/serving/tree/2.17.0/tensorflow_serving/model_servers for the options
and for what labels may do, and `Dockerfile` in tools/docker for what is in the image.
"""

from __future__ import annotations

import json
import math
import os
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

from a2i_tf.atomic import explain_os_errors, new_folder, write_bytes
from a2i_tf.errors import A2IError
from a2i_tf.inference.contract import read_contract

MODEL_NAME = "a2i"
# The first line of a bundle's README, by which the next export knows its own.
BUNDLE_MARKER = "<!-- made by a2i export --bundle -->"
IMAGE = "tensorflow/serving:2.17.0"
MAX_ENQUEUED_BATCHES = 8
BATCH_TIMEOUT_MICROS = 3_000

_TEMPLATES = Path(__file__).parent / "bundle_templates"
_README = Path("README.md")
_MODELS_CONFIG = Path("config", "models.config")
# A running server acts on what it finds in the last one, so all else is there by then.
_FILES = (
    _README,
    Path("docker-compose.yml"),
    Path("kubernetes.yaml"),
    Path("Dockerfile"),
    Path("config", "batching_parameters.txt"),
    Path("config", "monitoring.config"),
    _MODELS_CONFIG,
)
_METRICS_PATH = "/monitoring/prometheus/metrics"
_POLL_SECONDS = 10
_CPUS = 2
_USER = 65_534
# A picture costs by its pixels; this many take two cores about half a second.
_PIXELS_PER_CALL = 64 * 64 * 64
_MAX_BATCH_SIZE = 64
# TensorFlow Serving has no bound on requests; two clips of ten minutes in stereo fit in.
_MEMORY_MIB = 2_048
# Two versions are loaded at a time, and loading one holds its weights twice.
_MEMORY_PER_WEIGHTS = 4
# Rounded, so that two exports of one model don't differ by it.
_MEMORY_STEP_MIB = 64
_BYTES_PER_MIB = 2**20
_REST_TIMEOUT_MS = 60_000
_SPARE_REST_THREADS = 8


@dataclass(frozen=True)
class BundleSettings:
    """What the templates are filled in with.

    Attributes:
        version: The version that was exported; it gets the label canary.
        stable: The version that gets the label stable.
        models: The folder of versions, as seen from the bundle's folder unless it is absolute.
        run: Name of the run that the model is from.
        image_size: Width and height of its pictures in pixels.
        num_bytes: Size of the version folder's files.
    """

    version: int
    stable: int
    models: Path
    run: str
    image_size: int
    num_bytes: int

    @property
    def max_batch_size(self) -> int:
        """The most clips in one request, and in one call of the model."""
        return max(1, min(_MAX_BATCH_SIZE, _PIXELS_PER_CALL // self.image_size**2))

    @property
    def memory_mib(self) -> int:
        """What the server may take, in MiB."""
        weights_mib = _MEMORY_PER_WEIGHTS * self.num_bytes / _BYTES_PER_MIB
        return _MEMORY_MIB + _MEMORY_STEP_MIB * math.ceil(weights_mib / _MEMORY_STEP_MIB)


def check_bundle_folder(folder: Path) -> None:
    """Refuses a folder that holds something else than a bundle.

    Raises:
        A2IError: if it does, or can't be read.
    """
    with explain_os_errors(folder):
        if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
            return
        readme = folder / _README
        first = readme.read_bytes().partition(b"\n")[0] if readme.is_file() else b""
    if first.decode(errors="replace").strip() != BUNDLE_MARKER:
        raise A2IError(f"{folder}: holds something else than a bundle; name a new folder below it")


def write_bundle(folder: Path, version_folder: Path) -> None:
    """Writes the files that serve an export, or replaces them where there is a bundle already.

    The label stable stays where the bundle before had it, for as long as that version is there;
    other files in the folder stay as they are.

    Args:
        folder: Where to; a new folder, an empty one, or one that this function wrote.
        version_folder: The export: `<folder of versions>/<version>`.

    Raises:
        A2IError: if `folder` holds something else or can't be written.
    """
    check_bundle_folder(folder)
    contents = fill_templates(_settings(folder, version_folder))
    if (folder / _README).exists():
        for name, text in contents.items():
            write_bytes(folder / name, text.encode())
        return
    with new_folder(folder) as unpublished:
        for name, text in contents.items():
            write_bytes(unpublished / name, text.encode())


def fill_templates(settings: BundleSettings) -> dict[Path, str]:
    """Returns a bundle's files by their names inside it."""
    values = _values(settings)
    configs = {
        "models_config": _MODELS_CONFIG,
        "batching_parameters": Path("config", "batching_parameters.txt"),
        "monitoring_config": Path("config", "monitoring.config"),
    }
    for key, name in configs.items():
        values[key] = _indented(_fill(name, values).splitlines(), 4).lstrip()
    return {name: _fill(name, values) for name in _FILES}


def _settings(folder: Path, version_folder: Path) -> BundleSettings:
    destination, version = version_folder.parent, int(version_folder.name)
    config = read_contract(version_folder)
    stable = _stable_version(folder)
    if stable is None or not (destination / str(stable)).is_dir():
        stable = version
    return BundleSettings(
        version=version,
        stable=stable,
        models=_as_seen_from(folder, destination),
        run=config.run,
        image_size=config.image_size,
        num_bytes=sum(path.stat().st_size for path in version_folder.rglob("*") if path.is_file()),
    )


def _stable_version(folder: Path) -> int | None:
    """Returns what a bundle calls stable, or None where there is none yet."""
    path = folder / _MODELS_CONFIG
    with explain_os_errors(path):
        text = path.read_text(errors="replace") if path.is_file() else ""
    found = re.search(r'key:\s*"stable"\s*value:\s*(\d+)', text)
    return int(found[1]) if found else None


def _as_seen_from(folder: Path, destination: Path) -> Path:
    if destination.is_absolute():
        return destination
    return Path(os.path.relpath(destination, folder))


def _values(settings: BundleSettings) -> dict[str, object]:
    arguments = _arguments(settings)
    versions = sorted({settings.stable, settings.version})
    return {
        "marker": BUNDLE_MARKER,
        "name": MODEL_NAME,
        "image": IMAGE,
        "user": _USER,
        "cpus": _CPUS,
        "metrics_path": _METRICS_PATH,
        "poll_seconds": _POLL_SECONDS,
        "versions": _indented([f"versions: {version}" for version in versions], 8),
        "stable": settings.stable,
        "canary": settings.version,
        # Compose puts in what it finds behind a dollar.
        "models": json.dumps(str(settings.models)).replace("$", "$$"),
        "models_path": settings.models,
        "models_shell": shlex.quote(str(settings.models)),
        # Quoted, no name of a folder can end the line of a comment.
        "run": json.dumps(settings.run),
        "image_size": settings.image_size,
        "max_batch_size": settings.max_batch_size,
        "max_enqueued_batches": MAX_ENQUEUED_BATCHES,
        "batch_timeout_micros": BATCH_TIMEOUT_MICROS,
        "memory_mib": settings.memory_mib,
        "arguments": _indented([f"- {argument}" for argument in arguments], 6),
        "pod_arguments": _indented([f"- {argument}" for argument in arguments], 12),
        "health_check": _health_check(),
    }


def _arguments(settings: BundleSettings) -> list[str]:
    """Returns the options of `tensorflow_model_server`."""
    # A REST request holds a thread while it waits, so fewer of them would keep batches small.
    threads = 2 * settings.max_batch_size + _SPARE_REST_THREADS
    return [
        "--model_config_file=/config/models.config",
        f"--model_config_file_poll_wait_seconds={_POLL_SECONDS}",
        # No version is available yet when the server starts.
        "--allow_version_labels_for_unavailable_models=true",
        "--enable_batching=true",
        "--batching_parameters_file=/config/batching_parameters.txt",
        "--monitoring_config_file=/config/monitoring.config",
        f"--rest_api_num_threads={threads}",
        f"--rest_api_timeout_in_ms={_REST_TIMEOUT_MS}",
    ]


def _health_check() -> str:
    """Returns a line for bash that succeeds if the stable version can be asked."""
    request = [f"GET /v1/models/{MODEL_NAME}/labels/stable HTTP/1.1", "Host: localhost"]
    lines = r"\r\n".join([*request, "Connection: close", "", ""])
    return f"exec 3<>/dev/tcp/127.0.0.1/8501 && printf '{lines}' >&3 && grep -q '\"AVAILABLE\"' <&3"


def _fill(name: Path, values: dict[str, object]) -> str:
    return Template((_TEMPLATES / name).read_text()).substitute(values)


def _indented(lines: Sequence[str], spaces: int) -> str:
    return "\n".join(" " * spaces + line for line in lines)
